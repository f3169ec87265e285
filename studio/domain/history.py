"""The history of a project: actions and their edits, and the pure arithmetic of taking edits back.

Enter: edits as the store keeps them, newest first, and what they touched as it stands now (`Scene`). Leaves: the scene as it was before
them, or `Crossed`: what has been changed since. Edits of a new subject: a branch in `_taken_back`, and its record in `Scene`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, get_type_hints

from studio.domain.errors import UserError
from studio.domain.line import Line, LineStatus, SpeakerProfile
from studio.domain.plain import from_plain

LINE, SPEAKER, PROJECT = "line", "speaker", "project"


class ChangeKind(StrEnum):
    """JOB: what a machine wrote for the person who asked for it, as one action however long it took."""

    EDIT = "edit"
    JOB = "job"
    UNDO = "undo"
    REDO = "redo"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class EditRecord:
    """One entry of the history. `line_id` is the id of its `subject` (a line, a speaker, or the project itself); `field` a field of that
    record, or the subject's own word where a whole one came (`before` None) or went.

    `before` and `after` are JSON-ready (`to_plain`); entries of one action share `change_id`; `seq` grows with time.
    """

    seq: int
    change_id: str
    line_id: str
    by: str
    at: str
    field: str
    before: Any
    after: Any
    subject: str = LINE

    @property
    def is_whole(self) -> bool:
        return self.field == self.subject


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """One action with its edits, oldest first. `undoes`: the action it took back; `undone_by`: the one that took this back, None while it
    stands. `seq` 0: an action of before actions were kept, whose title is derived. `has_more`: it has more edits than were asked for."""

    id: str
    seq: int
    by: str
    at: str
    kind: ChangeKind
    title: str
    undoes: str | None
    undone_by: str | None
    edits: tuple[EditRecord, ...]
    has_more: bool = False

    @property
    def first_seq(self) -> int:
        return min((edit.seq for edit in self.edits), default=0)

    @property
    def last_seq(self) -> int:
        """Of its last edit: the place in time that “after this action” means."""
        return max((edit.seq for edit in self.edits), default=0)


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo or redo did: the action it made, the sentence for it, and the lines that changed, in no order."""

    change_id: str
    kind: ChangeKind
    title: str
    line_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Crossing:
    """A field that does not stand any more as an action left it."""

    subject: str
    subject_id: str
    field: str


class ChangedSince(UserError):
    """An action cannot be taken back: something it changed has been changed again. `change_id`: that action, so that it can be passed over."""

    def __init__(self, sentence: str, change_id: str) -> None:
        self.change_id = change_id
        super().__init__(sentence)

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (str(self), self.change_id)


class Crossed(Exception):
    """Raised within the arithmetic; the store makes a sentence of it."""

    def __init__(self, crossing: Crossing) -> None:
        self.crossing = crossing
        super().__init__(crossing)


@dataclass(frozen=True, slots=True)
class Beside:
    """What stood beside a whole line or speaker that went: its place among its equals, and a line's wordings as stored."""

    ordinal: int
    candidates: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """What edits are about: lines and speakers by id (absent ones are None), fields of the project as kept in the history."""

    lines: Mapping[str, Line | None] = field(default_factory=dict)
    speakers: Mapping[str, SpeakerProfile | None] = field(default_factory=dict)
    project: Mapping[str, Any] = field(default_factory=dict)
    beside: Mapping[str, Beside] = field(default_factory=dict)


def taken_back(scene: Scene, edits: Iterable[EditRecord], *, is_strict: bool = True) -> Scene:
    """The scene without these edits, which come newest first. Raises Crossed where one does not stand any more as it was made;
    not `is_strict`, it is taken back all the same."""
    now = Scene(dict(scene.lines), dict(scene.speakers), dict(scene.project), {})
    for edit in edits:
        _take_back(now, edit, is_strict)
    return now


def _take_back(now: Scene, edit: EditRecord, is_strict: bool) -> None:
    if edit.subject == PROJECT:
        if is_strict and now.project.get(edit.field) != edit.after:
            raise Crossed(Crossing(PROJECT, edit.line_id, edit.field))
        now.project[edit.field] = edit.before
        return
    shape, records = (Line, now.lines) if edit.subject == LINE else (SpeakerProfile, now.speakers)
    stands = records.get(edit.line_id)
    if edit.is_whole:
        if is_strict and stands != from_plain(shape, edit.after):
            raise Crossed(Crossing(edit.subject, edit.line_id, edit.field))
        records[edit.line_id] = from_plain(shape, edit.before)
        if edit.before is not None:
            now.beside[edit.line_id] = beside_of(edit.before)
        return
    kind = _hints(shape)[edit.field]
    if stands is None and is_strict:
        raise Crossed(Crossing(edit.subject, edit.line_id, edit.subject))
    if stands is None:
        return
    if is_strict and getattr(stands, edit.field) != from_plain(kind, edit.after):
        raise Crossed(Crossing(edit.subject, edit.line_id, edit.field))
    records[edit.line_id] = replace(stands, **{edit.field: from_plain(kind, edit.before)})


def beside_of(plain: Mapping[str, Any]) -> Beside:
    """What was kept beside a whole line; nothing in histories of before it was kept."""
    kept = plain.get("beside") or {}
    return Beside(kept.get("ordinal", 0), tuple(kept.get("candidates", ())))


def locked_lines(before: Scene, after: Scene) -> tuple[Line, ...]:
    """Lines that are locked, would stay so, and would be changed all the same: somebody has set them in stone since."""
    pairs = ((line, after.lines.get(key)) for key, line in before.lines.items())
    return tuple(
        line for line, then in pairs if line is not None and then is not None and line.status is LineStatus.LOCKED is then.status and line != then
    )


def _hints(shape: type) -> dict[str, Any]:
    return get_type_hints(shape)


# what an action is called

_WORDS = {
    "take_id": "Take",
    "target_text": "Translation",
    "source_text": "Source text",
    "span": "Times",
    "speaker_id": "Speaker",
    "pauses": "Pauses",
    "guidance": "Guidance",
    "voice": "Voice",
    "status": "Status",
    "notes": "Flags",
}
LINE_FIELDS = tuple(item.name for item in fields(Line) if item.name != "id")


def field_word(subject: str, name: str) -> str:
    """What an editor calls a field, in the middle of a sentence: “translation”, “name”."""
    if subject == LINE:
        return _WORDS.get(name, name).lower()
    if subject == SPEAKER:
        return {"pitch_hz": "pitch", "sheet": "character sheet"}.get(name, name)
    return name.removeprefix("settings.").replace("_", " ")


def title_of(edits: Iterable[EditRecord], numbers: Mapping[str, int]) -> str:
    """A sentence for an action nobody named: “Translation of line 12”. `numbers`: of lines, as far as they are known."""
    edits = tuple(edits)
    about = [edit for edit in edits if edit.subject == LINE]
    if not about:
        return _title_beside(edits)
    ids = list(dict.fromkeys(edit.line_id for edit in about))
    wholes = [edit for edit in about if edit.is_whole]
    if wholes and len({edit.line_id for edit in wholes}) == len(ids):
        came = all(edit.before is None for edit in wholes)
        went = all(edit.after is None for edit in wholes)
        word = "New" if came else "Deleted" if went else "Replaced"
        return f"{word} {lines_word(ids, numbers)}"
    names = {edit.field for edit in about}
    name = next((name for name in _WORDS if name in names), "")
    last = next((edit.after for edit in reversed(about) if edit.field == name), None)
    alike = len({str(edit.after) for edit in about if edit.field == name}) == 1
    tail = f": {last}" if name == "status" and alike else ""
    return f"{_WORDS.get(name, 'Change')} of {lines_word(ids, numbers)}{tail}"


def _title_beside(edits: tuple[EditRecord, ...]) -> str:
    if not edits:
        return "Nothing changed"
    first = edits[0]
    if first.subject == SPEAKER:
        known = first.after if first.after is not None else first.before
        if first.is_whole:
            return f"{'New' if first.before is None else 'Removed'} speaker “{(known or {}).get('name', '')}”"
        return f"{field_word(SPEAKER, first.field).capitalize()} of a speaker"
    return f"Project: {', '.join(dict.fromkeys(field_word(PROJECT, edit.field) for edit in edits))}"


def lines_word(ids: list[str], numbers: Mapping[str, int]) -> str:
    """“line 12” for one line whose number is known, else “a line” or “5 lines”."""
    if len(ids) == 1:
        return f"line {numbers[ids[0]]}" if ids[0] in numbers else "a line"
    return f"{len(ids)} lines"

"""What the desk asks of the history: undo, redo, looking back, restoring, edits that meet another's, and the pulse. Part of `Desk`.

Enter: plain values of a JSON body. Leave: views. A new verb is a method here and its name in `HISTORY_CALLS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from studio.domain.errors import BadSetting
from studio.domain.history import LINE, SPEAKER, ChangedSince, ChangeRecord, EditRecord, Undone, field_word
from studio.domain.line import LineStatus
from studio.domain.revising import Beginning, Conflict
from studio.domain.timing import TimeSpan
from studio.domain.project import frame_mark, job_step
from studio.service import Studio
from studio.ui.history_views import ChangeView, ConflictView, DoneView, EditView, HappenedView, HistoryView, PulseView
from studio.ui.present import job_view

PAGE_CHANGES = 40
NAMED_LINES = 40
_PAGE_NAMES = {"target_text": "target", "source_text": "source"}
_LINE_NAMES = {"target": "target_text", "source": "source_text", "speaker_id": "speaker_id", "take_id": "take_id"}


class HistoryDesk:
    _studio: Studio
    _project_id: str

    def undo(self, passing: Sequence[str] = ()) -> DoneView:
        """Take back one's own last action; where it cannot be, the answer says why and names it, to be passed over next time."""
        return self._done(lambda: self._studio.undo(self._project_id, _ids(passing)))

    def redo(self, passing: Sequence[str] = ()) -> DoneView:
        return self._done(lambda: self._studio.redo(self._project_id, _ids(passing)))

    def restore(self, change_id: str, line_id: str | None = None) -> DoneView:
        """The project, or one line, as it was right after an action."""
        if line_id is not None:
            return self._done(lambda: self._studio.restore_line(self._project_id, line_id, change_id))
        return self._done(lambda: self._studio.restore(self._project_id, change_id))

    def bring_back(self, line_id: str) -> DoneView:
        """A deleted line, as it was."""
        return self._done(lambda: self._studio.bring_back(self._project_id, line_id))

    def history(self, line_id: str | None = None, before_seq: int | None = None) -> HistoryView:
        found = self._studio.history(self._project_id, line_id, limit=PAGE_CHANGES, before_seq=before_seq)
        names = {one.id: one.name for one in self._studio.speakers(self._project_id)}
        return HistoryView(tuple(_change_view(one, names, self._studio.user) for one in found), len(found) < PAGE_CHANGES)

    def pulse(self, since: int | None = None) -> PulseView:
        """Whether anything happened: cheap enough for every second, it builds no row."""
        pulse = self._studio.pulse(self._project_id, since)
        changes = tuple(HappenedView(key, _by(by, self._studio.user), ids if len(ids) <= NAMED_LINES else ()) for key, by, ids in pulse.happened.changes)
        mark = f"{pulse.happened.seq}.{job_step(pulse.job)}.{self._studio.notes_mark(self._project_id)}"
        return PulseView(mark, job_view(pulse.job), frame_mark(pulse.project, pulse.job), pulse.happened.seq, changes)

    def conflict_views(self, line_id: str, conflicts: Sequence[Conflict]) -> tuple[ConflictView, ...]:
        return tuple(
            ConflictView(
                line_id, _PAGE_NAMES.get(one.field, one.field), _shown(one.mine), _shown(one.theirs), one.met.value, _by(one.by, self._studio.user), one.at, one.change_id
            )
            for one in conflicts
        )

    def _done(self, work: Callable[[], Undone]) -> DoneView:
        try:
            done = work()
        except ChangedSince as error:
            return DoneView("", "", error.change_id, is_done=False, sentence=str(error))
        return DoneView(done.kind.value, done.title, done.change_id, done.line_ids[:NAMED_LINES])


def beginning(base: Mapping[str, Any] | None, change_id: str | None) -> Beginning:
    """What an edit of the page began from, in the words of the records. Raises BadSetting for what no page sends."""
    if base is not None and not isinstance(base, Mapping):
        raise BadSetting("An edit says what it began from as names and values.")
    given = dict(base or {})
    values: dict[str, Any] = {_LINE_NAMES[name]: value for name, value in given.items() if name in _LINE_NAMES}
    try:
        if "status" in given:
            values["status"] = LineStatus(given["status"])
        if "start_ms" in given and "end_ms" in given:
            values["span"] = TimeSpan(given["start_ms"], given["end_ms"])
    except (ValueError, TypeError) as error:
        raise BadSetting("An edit began from a state that no line can have; load the page again.") from error
    return Beginning(values, change_id)


def _ids(passing: Sequence[str]) -> frozenset[str]:
    return frozenset(str(one) for one in list(passing)[:100])


def _by(name: str, user: str) -> str:
    """ "" for oneself."""
    return "" if name == user else name


def _shown(value: Any) -> Any:
    return {"start_ms": value.start_ms, "end_ms": value.end_ms} if isinstance(value, TimeSpan) else value if isinstance(value, str) else None


def _change_view(change: ChangeRecord, names: Mapping[str, str], user: str) -> ChangeView:
    ids = list(dict.fromkeys(edit.line_id for edit in change.edits if edit.subject == LINE))
    return ChangeView(
        id=change.id,
        seq=change.last_seq,
        by=_by(change.by, user),
        at=change.at,
        kind=change.kind.value,
        title=change.title,
        is_undone=change.undone_by is not None,
        edits=tuple(_edit_view(edit, names) for edit in change.edits),
        line_id=ids[0] if len(ids) == 1 else None,
        has_more=change.has_more,
    )


def _edit_view(edit: EditRecord, names: Mapping[str, str]) -> EditView:
    return EditView(
        edit.subject, edit.line_id, edit.field, field_word(edit.subject, edit.field), _value(edit, edit.before, names), _value(edit, edit.after, names)
    )


def _value(edit: EditRecord, value: Any, names: Mapping[str, str]) -> Any:
    """A value as an editor reads it."""
    if value is None or isinstance(value, str) and edit.field not in ("speaker_id", "take_id"):
        return value
    if edit.subject == LINE and edit.is_whole:
        return " · ".join(part for part in (value.get("source_text", ""), value.get("target_text", "")) if part)
    if edit.subject == SPEAKER and edit.is_whole:
        return value.get("name", "")
    if edit.field == "speaker_id":
        return names.get(value, "somebody who is gone")
    if edit.field == "take_id":
        return "a take"
    if edit.field == "span":
        return {"start_ms": value["start_ms"], "end_ms": value["end_ms"]}
    if edit.field == "voice":
        return value.get("voice", "")
    if edit.field == "guidance":
        return ", ".join(f"{name.removesuffix('_scale')} {scale:g}" for name, scale in value.items())
    if edit.field == "pauses":
        return ", ".join(f"{pause['start_ms'] / 1000:.2f}–{pause['end_ms'] / 1000:.2f} s" for pause in value)
    if edit.field == "notes":
        return " ".join(value)
    return _settings(value)


def _settings(value: Any) -> str:
    """A part of the settings, short: its names and values."""
    if not isinstance(value, Mapping):
        return str(value)
    parts = (f"{name.replace('_', ' ')} {len(one) if isinstance(one, list) else one}" for name, one in value.items())
    return ", ".join(parts)


HISTORY_CALLS: dict[str, Callable[..., Any]] = {
    "undo": HistoryDesk.undo,
    "redo": HistoryDesk.redo,
    "restore": HistoryDesk.restore,
    "bring_back": HistoryDesk.bring_back,
    "history": HistoryDesk.history,
}

"""Sign-off: which lines an approval of a speaker, a scene or a selection would take in, and why it should wait for some. Part of `Studio`.

Enter: ids of the user's own project, and the words an approval is given to. Leave: `SignOff`, a plan that asks nothing of anybody, and the
approval, or any other status, as one action.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from studio.domain.errors import NotReady
from studio.domain.line import Line, LineStatus
from studio.domain.notes import open_counts
from studio.domain.project import Project
from studio.domain.scene_cuts import scene_of
from studio.domain.views import LineRow
from studio.lip_verbs import LipVerbs
from studio.review import is_over
from studio.store.changes import Action

MAX_NAMED = 12  # lines in one sentence
_CLOSED = (LineStatus.APPROVED, LineStatus.LOCKED)


@dataclass(frozen=True, slots=True)
class StatusDone:
    """How many lines got the status, and a sentence about those that did not, because they read otherwise by now."""

    changed_count: int
    passed_over: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignOff:
    """Lines of a sign-off by id, each in one place: `ready` has nothing against it; `over` is over budget, `noted` has open notes: asked,
    not forbidden; `empty` has no translation, `locked` and `approved` need none: never taken in."""

    ready: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    locked: tuple[str, ...] = ()
    approved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Giving:
    """How a status is given: as which action, to which words (None: to any), and whether lines closed meanwhile stay closed."""

    action: Action
    seen: Mapping[str, str] | None = None
    opens_nothing: bool = False


class SignOffVerbs(LipVerbs):
    def plan_sign_off(self, project_id: str, rows: Iterable[LineRow], *, speaker_id: str | None = None, scene_line_id: str | None = None) -> SignOff:
        """What approving would take in: of one speaker, of the scene a line stands in, or all of `rows` (the project's rows)."""
        project, listed = self._own(project_id), tuple(rows)
        lines = tuple(row.line for row in listed)
        scene = None if scene_line_id is None else {line.id for line in scene_of(lines, scene_line_id)}
        noted = open_counts(self._shop.notes.notes(project.id), lines)
        groups: dict[str, list[str]] = {name: [] for name in SignOff.__dataclass_fields__}
        for row in listed:
            if (speaker_id is None or row.line.speaker_id == speaker_id) and (scene is None or row.line.id in scene):
                groups[_standing(row, noted.get(row.line.id, 0))].append(row.line.id)
        return SignOff(**{name: tuple(ids) for name, ids in groups.items()})

    def approve_lines(self, project_id: str, line_ids: Iterable[str], *, seen: Mapping[str, str] | None = None) -> StatusDone:
        """Approve lines as one action that undo takes back; empty and locked ones are passed over, and those that read otherwise than
        `seen`, as in `set_status`. Raises NotReady where none can be."""
        project, wanted = self._own(project_id), frozenset(line_ids)
        lines = self._shop.lines.cast(project.id).lines
        able = [line.id for line in lines if line.id in wanted and line.status not in _CLOSED and line.target_text.strip()]
        if not able:
            raise NotReady("None of these lines can be approved: they are empty, locked, or approved already.")
        return self._give(project, able, LineStatus.APPROVED, _Giving(Action(self.user, "Approved {lines}"), seen, opens_nothing=True))

    def set_status(self, project_id: str, line_ids: Iterable[str], status: LineStatus, *, seen: Mapping[str, str] | None = None) -> StatusDone:
        """Give many lines one status, as one action; lines that are gone are passed over. `seen`: the translations as the person saw them,
        by line id: an approval or a lock is given to those words only, and where others stand by now the line is left and told."""
        return self._give(self._own(project_id), tuple(dict.fromkeys(line_ids)), status, _Giving(Action(self.user), seen))

    def _give(self, project: Project, line_ids: Iterable[str], status: LineStatus, how: _Giving) -> StatusDone:
        held = how.seen if how.seen is not None and status in _CLOSED else {}
        given: list[str] = []
        other: list[str] = []

        def change(line: Line) -> Line:
            if line.status is status or (how.opens_nothing and line.status in _CLOSED):
                return line
            if held.get(line.id, line.target_text) != line.target_text:
                other.append(line.id)
                return line
            given.append(line.id)
            return replace(line, status=status)

        self._shop.lines.edit_many(project.id, dict.fromkeys(line_ids, change), by=how.action)
        return StatusDone(len(given), self._read_otherwise(project, other, status))

    def _read_otherwise(self, project: Project, line_ids: Collection[str], status: LineStatus) -> tuple[str, ...]:
        if not line_ids:
            return ()
        lines = self._shop.lines.cast(project.id).lines
        numbers = [str(number) for number, line in enumerate(lines, start=1) if line.id in line_ids]
        if len(numbers) == 1:
            return (f"The translation of line {numbers[0]} has been changed since you looked, so it was not {status.value}; read it again.",)
        listed = ", ".join(numbers[:MAX_NAMED]) + (" …" if len(numbers) > MAX_NAMED else "")
        return (f"The translations of {len(numbers)} lines have been changed since you looked, so these were not {status.value}: {listed}. Read them again.",)


def _standing(row: LineRow, open_notes: int) -> str:
    if row.line.status in _CLOSED:
        return row.line.status.value
    if not row.line.target_text.strip():
        return "empty"
    return "over" if is_over(row) else "noted" if open_notes else "ready"

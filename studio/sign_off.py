"""Sign-off: which lines an approval of a speaker, a scene or a selection would take in, and why it should wait for some. Part of `Studio`.

Enter: ids of the user's own project. Leave: `SignOff`, a plan that asks nothing of anybody, and the approval as one action.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from studio.domain.errors import NotReady
from studio.domain.line import LineStatus
from studio.domain.notes import open_counts
from studio.domain.scene_cuts import scene_of
from studio.domain.views import LineRow
from studio.lip_verbs import LipVerbs
from studio.review import is_over
from studio.store.changes import Action
from studio.store.lines import LineChange


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

    def approve_lines(self, project_id: str, line_ids: Iterable[str]) -> int:
        """Approve lines as one action that undo takes back; empty and locked ones are passed over. Returns how many became approved.
        Raises NotReady where none can be."""
        project, wanted = self._own(project_id), frozenset(line_ids)
        passed = (LineStatus.APPROVED, LineStatus.LOCKED)
        lines = [line for line in self._shop.lines.cast(project.id).lines if line.id in wanted and line.status not in passed and line.target_text.strip()]
        if not lines:
            raise NotReady("None of these lines can be approved: they are empty, locked, or approved already.")
        change = LineChange(revised=tuple(replace(line, status=LineStatus.APPROVED) for line in lines))
        self._shop.lines.change_lines(project.id, change, by=Action(self.user, "Approved {lines}"))
        return len(lines)


def _standing(row: LineRow, open_notes: int) -> str:
    if row.line.status in (LineStatus.LOCKED, LineStatus.APPROVED):
        return row.line.status.value
    if not row.line.target_text.strip():
        return "empty"
    return "over" if is_over(row) else "noted" if open_notes else "ready"

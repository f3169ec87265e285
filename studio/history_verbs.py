"""The verbs of a history that lasts: undo, redo, looking back, restoring, and edits that meet another's. Part of `Studio`.

Enter: ids of projects the user works in. Leave: records of `domain/history.py` and `domain/revising.py`. Everything raised is a StudioError.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from studio.domain.errors import NotFound, NotReady
from studio.domain.history import LINE, ChangeRecord, Undone
from studio.domain.line import Line, SpeakerProfile
from studio.domain.project import Job, Project
from studio.domain.revising import TEXTS, TYPED_BY, Beginning, Conflict, Met, Revised, met_by
from studio.line_verbs import LineEdit, LineVerbs, Revising
from studio.preferences import watched
from studio.store.changes import Action
from studio.store.history import Happened
from studio.store.lines import Follow

MAX_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Pulse:
    """What was edited since a moment, and the project and its work as they stand."""

    happened: Happened
    project: Project
    job: Job | None


class HistoryVerbs(LineVerbs):
    def history(self, project_id: str, line_id: str | None = None, *, limit: int = 50, before_seq: int | None = None) -> tuple[ChangeRecord, ...]:
        """Actions of everybody, the latest first; of one line, only what they did to it. `before_seq`: older than a `last_seq`."""
        many = max(1, min(limit, MAX_SHOWN))
        return self._shop.lines.changes(self._own(project_id).id, line_id, limit=many, before_seq=before_seq)

    def undo(self, project_id: str, passing: Collection[str] = ()) -> Undone:
        """Take back one's own last action that stands. Raises ChangedSince where another has changed the same since (nothing is
        overwritten; `passing` names actions to go past), NotReady where there is none."""
        project = self._own(project_id)
        change_id = self._shop.lines.next_undo(project.id, self.user, passing)
        if change_id is None:
            raise NotReady("There is nothing of yours to undo." if not passing else "There is nothing else of yours to undo.")
        return self._take_back(project, change_id)

    def redo(self, project_id: str, passing: Collection[str] = ()) -> Undone:
        """Take back one's own last undo, as long as nothing new was done since. Raises as `undo`."""
        project = self._own(project_id)
        change_id = self._shop.lines.next_redo(project.id, self.user, passing)
        if change_id is None:
            raise NotReady("There is nothing to redo.")
        return self._take_back(project, change_id)

    def restore(self, project_id: str, change_id: str) -> Undone:
        """The project as it was right after an action, whoever changed what since; itself one action that can be undone."""
        return self._restore(self._own(project_id), change_id, None)

    def restore_line(self, project_id: str, line_id: str, change_id: str) -> Undone:
        """One line as it was right after an action; it comes back if it was deleted since. Raises BadSetting for a locked line."""
        return self._restore(self._own(project_id), change_id, line_id)

    def bring_back(self, project_id: str, line_id: str) -> Undone:
        """A deleted line as it was, with its wordings; the rest of the action that took it stays as it is. Raises NotReady where it is there."""
        project = self._own(project_id)
        last = self._shop.lines.last_edit(project.id, line_id, LINE)
        if last is None:
            raise NotFound("line", line_id)
        if last.after is not None:
            raise NotReady("This line is here already.")
        return self._shop.lines.restore(project.id, last.change_id, by=self.user, line_id=line_id, is_before=True)

    def pulse(self, project_id: str, since: int | None) -> Pulse:
        """Whether anything happened since a moment: cheap enough to be asked every second."""
        project = self._own(project_id)
        return Pulse(self._shop.lines.happened(project.id, since), project, self._shop.jobs.latest(project.id))

    def speakers(self, project_id: str) -> tuple[SpeakerProfile, ...]:
        return self._shop.lines.speakers(self._own(project_id).id)

    def revise_from(self, project_id: str, line_id: str, edit: LineEdit, began: Beginning) -> Revised:
        """`revise_line` for an edit that began from a state of the line somebody may have changed since: what meets another's change is
        not written but told, and a translation that was typed is kept among the wordings."""
        project = self._own(project_id)
        if began.change_id is not None and (len(began.change_id) != 32 or not began.change_id.isalnum()):
            raise NotFound("action", began.change_id)
        found: list[Conflict] = []

        def narrowed(line: Line, edit: LineEdit) -> LineEdit:
            found[:] = met_by(line, edit.asked(), began.values)
            if found and edit.take_id is not None:
                return LineEdit()  # a take comes with its words and its voice, or not at all
            names = {conflict.field for conflict in found}
            return replace(edit, **dict.fromkeys(names - edit.clear), clear=edit.clear - names)

        def keep_typed(connection: Any, before: Line, after: Line) -> None:
            for typed in (conflict.mine for conflict in found if conflict.field == TEXTS[0] and conflict.mine.strip()):
                self._shop.lines.keep_aside(connection, line_id, typed, f"{TYPED_BY}{self.user}")

        try:
            how = Revising(Action(self.user, id=began.change_id), narrowed=narrowed, follow=keep_typed)
            row = self._revise(project, line_id, edit, how)
        except NotFound as error:
            if error.kind != "line":
                raise
            return Revised(None, self._gone(project, line_id, edit, error))
        return Revised(row, tuple(self._told(project, line_id, conflict) for conflict in found))

    # within

    def _take_back(self, project: Project, change_id: str) -> Undone:
        change = self._shop.lines.change(project.id, change_id)
        ids = {edit.line_id for edit in change.edits if edit.subject == LINE and edit.field == "target_text"}
        return self._shop.lines.take_back(project.id, change_id, by=self.user, follows=self._follows(project, ids))

    def _restore(self, project: Project, change_id: str, line_id: str | None) -> Undone:
        ids = self._shop.lines.touched_since(project.id, change_id) if line_id is None else {line_id}
        return self._shop.lines.restore(project.id, change_id, by=self.user, line_id=line_id, follows=self._follows(project, ids))

    def _follows(self, project: Project, line_ids: Collection[str]) -> dict[str, Follow]:
        """What keeps the choices of lines whose words go back, where the project keeps any."""
        if not project.settings.learning.keep_choices:
            return {}
        follows = {line_id: watched(self._shop, project, line_id, by=self.user, is_pick=False) for line_id in line_ids}
        return {line_id: follow for line_id, follow in follows.items() if follow is not None}

    def _told(self, project: Project, line_id: str, conflict: Conflict) -> Conflict:
        name = conflict.field if conflict.met is Met.CHANGED else "status"
        last = self._shop.lines.last_edit(project.id, line_id, name)
        return conflict if last is None else replace(conflict, by=last.by, at=last.at, change_id=last.change_id)

    def _gone(self, project: Project, line_id: str, edit: LineEdit, error: NotFound) -> tuple[Conflict, ...]:
        """What was asked of a line that somebody deleted meanwhile. Raises the error for one that never was."""
        last = self._shop.lines.last_edit(project.id, line_id, LINE)
        if last is None or last.after is not None:
            raise error
        return tuple(Conflict(name, mine, None, Met.DELETED, last.by, last.at, last.change_id) for name, mine in edit.asked().items())

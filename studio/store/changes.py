"""Actions and their edits as rows: what every change of a project writes beside itself, in the same transaction.

Enter: an `Author` (a project and an `Action`) and records before and after. Leaves: one row of `changes` and its `line_edits`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, tuple_, update

from studio.domain.history import LINE, PROJECT, SPEAKER, Beside, ChangeKind, ChangeRecord, EditRecord, lines_word, title_of
from studio.domain.history import LINE_FIELDS as _FIELDS
from studio.domain.line import Line, SpeakerProfile
from studio.domain.plain import to_plain
from studio.store.database import new_id, utc_now
from studio.store.schema import CHANGES, LINE_EDITS, LINES

_SPEAKER_FIELDS = ("name", "voice", "pitch_hz", "sheet")


@dataclass(frozen=True, slots=True)
class Action:
    """Who does what. `title` "": derived from the edits; “{lines}” in it becomes “line 12” or “5 lines”,
    “{line}” the first of them.

    `id`: an action to go on with, where it is this person's, stands, and (but for a job's) is the project's latest; else a new one of
    that id, or of a fresh id where that one is taken. `undoes`: the action that this one takes back.
    """

    by: str
    title: str = ""
    kind: ChangeKind = ChangeKind.EDIT
    id: str | None = None
    undoes: str | None = None


By = str | Action  # whoever only names a person does an action of its own


@dataclass(frozen=True, slots=True)
class Author:
    """Who makes a change, as part of which action, and in which project."""

    project_id: str
    by: By

    @property
    def action(self) -> Action:
        return self.by if isinstance(self.by, Action) else Action(self.by)


class EditLog:
    """Collects the edits of one action and writes them, with the action, in one go."""

    def __init__(self, author: Author) -> None:
        self.author = author
        self._project_id, self._action, self._at = author.project_id, author.action, utc_now()
        self._rows: list[dict[str, Any]] = []

    def revised(self, before: Line, after: Line) -> None:
        for name, old, new in _differences(before, after, _FIELDS):
            self._add(LINE, after.id, name, old, new)

    def added(self, line: Line) -> None:
        self._add(LINE, line.id, LINE, None, to_plain(line))

    def removed(self, line: Line, beside: Beside) -> None:
        self._add(LINE, line.id, LINE, {**to_plain(line), "beside": to_plain(beside)}, None)

    def speaker(self, before: SpeakerProfile | None, after: SpeakerProfile | None, ordinal: int = 0) -> None:
        """A speaker who came (`before` None), went (`after` None), or was changed."""
        if before is not None and after is not None:
            for name, old, new in _differences(before, after, _SPEAKER_FIELDS):
                self._add(SPEAKER, after.id, name, old, new)
        elif before is not None:
            self._add(SPEAKER, before.id, SPEAKER, {**to_plain(before), "beside": to_plain(Beside(ordinal))}, None)
        elif after is not None:
            self._add(SPEAKER, after.id, SPEAKER, None, to_plain(after))

    def project(self, name: str, before: Any, after: Any) -> None:
        if before != after:
            self._add(PROJECT, self._project_id, name, before, after)

    def write(self, connection: Connection, *, is_kept: bool = False) -> str | None:
        """The id of the action; None where nothing changed, and then nothing is written, unless the action `is_kept` all the same."""
        if not self._rows and not is_kept:
            return None
        change_id = self._held(connection)
        if self._rows:
            connection.execute(insert(LINE_EDITS), [{**row, "change_id": change_id} for row in self._rows])
        title = self._title(connection, change_id)
        connection.execute(update(CHANGES).where(CHANGES.c.id == change_id).values(title=title, at=self._at))
        return change_id

    def _held(self, connection: Connection) -> str:
        """The action to write under: one to go on with, or a new row."""
        action = self._action
        known = None if action.id is None else connection.execute(select(CHANGES).where(CHANGES.c.id == action.id)).first()
        if known is not None and self._goes_on(connection, known):
            return known.id
        change_id = action.id if action.id is not None and known is None else new_id()
        values = {"by": action.by, "at": self._at, "kind": action.kind.value, "title": "", "undoes": action.undoes}
        connection.execute(insert(CHANGES).values(id=change_id, project_id=self._project_id, **values))
        return change_id

    def _goes_on(self, connection: Connection, known: Row[Any]) -> bool:
        if (known.project_id, known.by, known.kind) != (self._project_id, self._action.by, self._action.kind.value) or known.undone_by:
            return False
        if self._action.kind is ChangeKind.JOB:
            return True
        last = select(CHANGES.c.id).where(CHANGES.c.project_id == self._project_id).order_by(CHANGES.c.seq.desc()).limit(1)
        return connection.execute(last).scalar() == known.id

    def _title(self, connection: Connection, change_id: str) -> str:
        query = select(LINE_EDITS).where(LINE_EDITS.c.change_id == change_id).order_by(LINE_EDITS.c.seq)
        given = self._action.title
        if given and "{line" not in given:
            return given
        if "{line}" in given:
            first = next(row["line_id"] for row in self._rows if row["subject"] == LINE)
            return given.replace("{line}", lines_word([first], self._numbers(connection, [first])))
        if given:
            mine = (LINE_EDITS.c.change_id == change_id) & (LINE_EDITS.c.subject == LINE)
            ids = list(connection.execute(select(LINE_EDITS.c.line_id).where(mine).distinct()).scalars())
            return given.replace("{lines}", lines_word(ids, self._numbers(connection, ids)))
        edits = [edit_of(row) for row in connection.execute(query)]
        return title_of(edits, self._numbers(connection, list({edit.line_id for edit in edits if edit.subject == LINE})))

    def _numbers(self, connection: Connection, ids: Sequence[str]) -> dict[str, int]:
        """The number of the one line an action is about: as it stands now, or, of one that went, as it stood."""
        if len(ids) != 1:
            return {}
        row = connection.execute(select(LINES).where(LINES.c.id == ids[0])).first()
        place = (row.start_ms, row.end_ms, row.ordinal) if row is not None else self._place(ids[0])
        if place is None:
            return {}
        columns = tuple_(LINES.c.start_ms, LINES.c.end_ms, LINES.c.ordinal)
        before = select(func.count()).select_from(LINES).where(LINES.c.project_id == self._project_id, columns < tuple_(*place))
        return {ids[0]: connection.execute(before).scalar_one() + 1}

    def _place(self, line_id: str) -> tuple[int, int, int] | None:
        for row in reversed(self._rows):
            if row["line_id"] == line_id and row["field"] == LINE and row["before"] is not None:
                span = row["before"]["span"]
                return span["start_ms"], span["end_ms"], row["before"]["beside"]["ordinal"]
        return None

    def _add(self, subject: str, subject_id: str, name: str, before: Any, after: Any) -> None:
        shared = {"project_id": self._project_id, "by": self._action.by, "at": self._at, "subject": subject}
        self._rows.append({**shared, "line_id": subject_id, "field": name, "before": before, "after": after})


def edit_of(row: Row[Any]) -> EditRecord:
    return EditRecord(row.seq, row.change_id, row.line_id, row.by, row.at, row.field, row.before, row.after, row.subject)


def change_of(row: Row[Any], edits: Sequence[EditRecord]) -> ChangeRecord:
    return ChangeRecord(row.id, row.seq, row.by, row.at, ChangeKind(row.kind), row.title, row.undoes, row.undone_by, tuple(edits))


def _differences(before: Any, after: Any, names: Sequence[str]) -> Iterator[tuple[str, Any, Any]]:
    for name in names:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield name, to_plain(old), to_plain(new)

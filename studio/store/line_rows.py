"""Rows of the lines table to `Line` and back, and the history entries between two states of a line. No transaction here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select

from studio.domain.errors import NotFound
from studio.domain.line import Line, LineStatus, VoiceRef
from studio.domain.plain import to_plain
from studio.domain.settings import Guidance
from studio.domain.timing import TimeSpan
from studio.store.database import new_id, utc_now
from studio.store.schema import LINE_EDITS, LINES, PROJECTS
from studio.store.text import storable

WHOLE_LINE = "line"
_FIELDS = tuple(item.name for item in fields(Line) if item.name != "id")


@dataclass(frozen=True, slots=True)
class EditRecord:
    """One entry of the history. `field` is a field of Line, or "line" where a whole line came (`before` None) or went.

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


@dataclass(frozen=True, slots=True)
class Author:
    """Who makes a change, and in which project."""

    project_id: str
    by: str


class EditLog:
    """Collects the history entries of one action and writes them in one go."""

    def __init__(self, author: Author) -> None:
        self._shared = {"project_id": author.project_id, "by": author.by, "at": utc_now(), "change_id": new_id()}
        self._rows: list[dict[str, Any]] = []

    def revised(self, before: Line, after: Line) -> None:
        for name, old, new in _differences(before, after):
            self._add(after.id, name, old, new)

    def added(self, line: Line) -> None:
        self._add(line.id, WHOLE_LINE, None, to_plain(line))

    def removed(self, line: Line) -> None:
        self._add(line.id, WHOLE_LINE, to_plain(line), None)

    def write(self, connection: Connection) -> None:
        if self._rows:
            connection.execute(insert(LINE_EDITS), self._rows)

    def _add(self, line_id: str, name: str, before: Any, after: Any) -> None:
        self._rows.append({**self._shared, "line_id": line_id, "field": name, "before": before, "after": after})


def hold_project(connection: Connection, project_id: str) -> None:
    """Make other writers of this project's lines wait for this transaction. Raises NotFound when there is no project.

    SQLite has one writer at a time anyway and ignores the lock.
    """
    query = select(PROJECTS.c.id).where(PROJECTS.c.id == project_id)
    if connection.execute(query.with_for_update(key_share=True)).first() is None:
        raise NotFound("project", project_id)


def lines_query(project_id: str) -> Select[Any]:
    """All lines of a project in timeline order."""
    table = LINES.c
    return select(LINES).where(table.project_id == project_id).order_by(table.start_ms, table.end_ms, table.ordinal, table.id)


def line_columns(line: Line) -> dict[str, Any]:
    """What a line looks like in its row, without project, ordinal and revision."""
    return {
        "id": line.id,
        "start_ms": line.span.start_ms,
        "end_ms": line.span.end_ms,
        "speaker_id": line.speaker_id,
        "source_text": storable(line.source_text, "The line's text"),
        "target_text": storable(line.target_text, "The line's translation"),
        "status": line.status.value,
        "voice": to_plain(line.voice),
        "guidance": to_plain(line.guidance),
        "take_id": line.take_id,
        "notes": list(line.notes),
        "pauses": to_plain(line.pauses),
    }


def line_of(row: Row[Any]) -> Line:
    return Line(
        row.id,
        TimeSpan(row.start_ms, row.end_ms),
        row.speaker_id,
        row.source_text,
        row.target_text,
        LineStatus(row.status),
        None if row.voice is None else VoiceRef(**row.voice),
        None if row.guidance is None else Guidance(**row.guidance),
        row.take_id,
        tuple(row.notes),
        None if row.pauses is None else tuple(TimeSpan(**pause) for pause in row.pauses),
    )


def edit_of(row: Row[Any]) -> EditRecord:
    return EditRecord(row.seq, row.change_id, row.line_id, row.by, row.at, row.field, row.before, row.after)


def twice_named(ids: Sequence[str]) -> set[str]:
    """The ids that occur more than once."""
    return {key for key in set(ids) if ids.count(key) > 1} if len(set(ids)) < len(ids) else set()


def _differences(before: Line, after: Line) -> Iterator[tuple[str, Any, Any]]:
    for name in _FIELDS:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield name, to_plain(old), to_plain(new)

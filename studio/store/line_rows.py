"""Rows of the lines table to `Line` and back. No transaction here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from studio.domain.errors import NotFound
from studio.domain.line import Line, LineStatus, VoiceRef
from studio.domain.plain import to_plain
from studio.domain.settings import Guidance
from studio.domain.timing import TimeSpan
from studio.store.schema import LINES, PROJECTS
from studio.store.text import storable


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


def twice_named(ids: Sequence[str]) -> set[str]:
    """The ids that occur more than once."""
    return {key for key in set(ids) if ids.count(key) > 1} if len(set(ids)) < len(ids) else set()

"""What a project looks like since it was last looked at: change numbers of all that its rows are made of, and the lines that changed.

`LineStore` is the class to use; this is one part of it. Whoever keeps rows in memory asks here whether they still stand: the numbers are the
database's own, so that several processes on one database stay right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from studio.domain.history import LINE
from studio.domain.line import Line, SpeakerProfile
from studio.domain.reference_voice import ReferenceVoice
from studio.store.database import reading
from studio.store.line_rows import line_of, lines_query
from studio.store.schema import LINE_EDITS, LINES, STAGE_RESULTS
from studio.store.speaker_rows import read_speakers
from studio.store.voice_rows import read_references

MANY_LINES = 200  # more changed lines than this are read with all others
_SINGLE_RESULTS = ("ingest", "speech", "faces", "presence")  # one row per project each
_RESULTS_PER_TAKE = "sync"


@dataclass(frozen=True, slots=True)
class ProjectMark:
    """Equal marks, equal rows, as far as the database decides them (the project's own record and candidates left aside)."""

    edit_seq: int
    speakers: tuple[SpeakerProfile, ...]
    references: tuple[ReferenceVoice, ...]
    results: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class StoredLine:
    """A line with what parts it from another at the same time."""

    line: Line
    ordinal: int

    @property
    def place(self) -> tuple[int, int, int, str]:
        return self.line.span.start_ms, self.line.span.end_ms, self.ordinal, self.line.id


@dataclass(frozen=True, slots=True)
class Look:
    """A project at one moment. `lines`: those that changed since the moment asked for; `is_whole`: all there are, in timeline order."""

    mark: ProjectMark
    lines: tuple[StoredLine, ...]
    is_whole: bool


class LookRecords:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def look(self, project_id: str, since: int | None = None) -> Look:
        """What there is, or what changed since the edit `since` (an `edit_seq`). Lines that came or went are cause to tell all."""
        with reading(self._engine) as connection:
            mark = _mark(connection, project_id)
            ids = None if since is None else _changed(connection, project_id, since, mark.edit_seq)
            if ids is None:
                return Look(mark, tuple(StoredLine(line_of(row), row.ordinal) for row in connection.execute(lines_query(project_id))), True)
            rows = connection.execute(select(LINES).where(LINES.c.project_id == project_id, LINES.c.id.in_(ids))) if ids else ()
            return Look(mark, tuple(StoredLine(line_of(row), row.ordinal) for row in rows), False)


def _mark(connection: Connection, project_id: str) -> ProjectMark:
    edits = select(func.max(LINE_EDITS.c.seq)).where(LINE_EDITS.c.project_id == project_id)
    table = STAGE_RESULTS.c
    single = select(table.stage, table.unit, table.fingerprint, table.created_at).where(table.project_id == project_id, table.stage.in_(_SINGLE_RESULTS))
    # the clocks of two workers may differ, but no two measurements last exactly as long
    per_take = select(func.count(), func.max(table.created_at), func.sum(table.seconds)).where(table.project_id == project_id, table.stage == _RESULTS_PER_TAKE)
    results = (*sorted(tuple(row) for row in connection.execute(single)), tuple(connection.execute(per_take).one()))
    seq = connection.execute(edits).scalar() or 0
    return ProjectMark(seq, read_speakers(connection, project_id), read_references(connection, project_id), results)


def _changed(connection: Connection, project_id: str, since: int, now: int) -> Sequence[str] | None:
    """The lines edited after `since`; None where that is no answer: lines came or went, too many changed, or the history was cut."""
    if now == since:
        return ()
    after = (LINE_EDITS.c.project_id == project_id) & (LINE_EDITS.c.seq > since) & (LINE_EDITS.c.subject == LINE)
    rows = connection.execute(select(LINE_EDITS.c.line_id, LINE_EDITS.c.field).where(after).distinct()).all()
    ids = {row.line_id for row in rows}
    is_plain = now > since and len(ids) <= MANY_LINES and all(row.field != LINE for row in rows)
    return sorted(ids) if is_plain else None

"""What the database of a studio says, read by somebody who is not the studio. Enter: a database address. Leave: plain values for `ledger.py`.

`watch_job_ends` puts a trigger beside the jobs that notes every end of a job, so that one that ended twice is seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, select, text

from bench.load.ledger import JobEnd, Kept
from studio.domain.plain import to_plain
from studio.store.line_rows import line_of
from studio.store.schema import JOBS, LINE_EDITS, LINES, NOTES, PROJECTS, STAGE_RESULTS, TAKES

_BLOB = re.compile(r"([0-9a-f]{64})\.[a-z0-9]{1,5}")
_ENDS = "CREATE TABLE IF NOT EXISTS load_job_ends (job_id VARCHAR(32), state VARCHAR(16))"
_OVER = "NEW.state IN ('done', 'failed', 'cancelled') AND OLD.state NOT IN ('done', 'failed', 'cancelled')"
_NOTED = "INSERT INTO load_job_ends VALUES (NEW.id, NEW.state);"
_WATCH = {
    "sqlite": (_ENDS, f"CREATE TRIGGER IF NOT EXISTS load_watch AFTER UPDATE OF state ON jobs WHEN {_OVER} BEGIN {_NOTED} END"),
    "postgresql": (
        _ENDS,
        f"CREATE OR REPLACE FUNCTION load_note() RETURNS trigger AS $$ BEGIN {_NOTED} RETURN NEW; END $$ LANGUAGE plpgsql",
        f"CREATE TRIGGER load_watch AFTER UPDATE OF state ON jobs FOR EACH ROW WHEN ({_OVER}) EXECUTE FUNCTION load_note()",
    ),
}


class Truth:
    """A reader of its own; `close` it."""

    def __init__(self, url: str) -> None:
        self._engine: Engine = create_engine(url, connect_args={"timeout": 30} if url.startswith("sqlite") else {})

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            yield connection

    def watch_job_ends(self) -> None:
        with self._engine.begin() as connection:
            for statement in _WATCH[self._engine.dialect.name]:
                connection.execute(text(statement))

    def history(self) -> list[Kept]:
        """Every edit of every line, in the order they were written."""
        with self._reading() as connection:
            rows = connection.execute(select(LINE_EDITS).where(LINE_EDITS.c.subject == "line").order_by(LINE_EDITS.c.seq))
            return [Kept(row.project_id, row.line_id, row.by, row.field, row.before, row.after) for row in rows]

    def lines(self) -> dict[str, dict[str, Any]]:
        with self._reading() as connection:
            return {row.id: dict(to_plain(line_of(row))) for row in connection.execute(select(LINES))}

    def notes(self) -> list[tuple[str, str, str]]:
        with self._reading() as connection:
            return [(row.project_id, row.by, row.text) for row in connection.execute(select(NOTES))]

    def jobs(self) -> dict[str, JobEnd]:
        with self._reading() as connection:
            ends: dict[str, int] = {}
            for (job_id,) in connection.execute(text("SELECT job_id FROM load_job_ends")):
                ends[job_id] = ends.get(job_id, 0) + 1
            rows = connection.execute(select(JOBS))
            return {row.id: JobEnd(row.id, row.state, row.message, row.is_user_error, ends.get(row.id, 0)) for row in rows}

    def open_jobs(self) -> int:
        with self._reading() as connection:
            return len(connection.execute(select(JOBS.c.id).where(JOBS.c.state.in_(("queued", "running")))).all())

    def doubled_takes(self) -> list[str]:
        """Takes kept twice: the same sound of the same line, made at the same wish."""
        with self._reading() as connection:
            rows = connection.execute(select(TAKES.c.id, TAKES.c.line_id, TAKES.c.fingerprint, TAKES.c.fitted_blob, TAKES.c.text))
            seen: dict[tuple[str, ...], int] = {}
            for row in rows:
                key = (row.line_id, row.fingerprint, row.fitted_blob, row.text)
                seen[key] = seen.get(key, 0) + 1
        return [f"line {key[0][:8]} has {count} equal takes" for key, count in seen.items() if count > 1]

    def owners_of_files(self) -> dict[str, set[str]]:
        """Project ids by the sha256 of each stored file they name."""
        found: dict[str, set[str]] = {}
        with self._reading() as connection:
            named = [(row.id, f"{row.source} {row.bed_blob}") for row in connection.execute(select(PROJECTS.c.id, PROJECTS.c.source, PROJECTS.c.bed_blob))]
            named += [(row.project_id, f"{row.raw_blob} {row.fitted_blob}") for row in connection.execute(select(TAKES.c.project_id, TAKES.c.raw_blob, TAKES.c.fitted_blob))]
            named += [(row.project_id, str(row.result)) for row in connection.execute(select(STAGE_RESULTS.c.project_id, STAGE_RESULTS.c.result))]
        for project_id, content in named:
            for mark in _BLOB.findall(content):
                found.setdefault(mark, set()).add(project_id)
        return found

    def is_sound(self) -> bool:
        if self._engine.dialect.name != "sqlite":
            return True
        with self._reading() as connection:
            return connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"

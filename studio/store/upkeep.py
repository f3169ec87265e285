"""Giving disk space back: blobs that no row names any more. Enter: the database and the blob folder. Leaves: what was freed.

A blob counts as named when its key stands anywhere in a row of a project that was not purged: as source, bed, take, or
recording of a voice, or inside the JSON of a stage result. Young blobs are left alone, for a job may have written them and not yet its row.
"""

from __future__ import annotations

import logging
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, Text, cast, select
from sqlalchemy.sql.elements import ColumnElement

from studio.store.blobs import BlobStore
from studio.store.database import reading
from studio.store.projects import ProjectStore
from studio.store.schema import JOBS, PROJECTS, REFERENCE_VOICES, STAGE_RESULTS, TAKES

YOUNG_S = 2 * 24 * 3600
_KEYS = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{1,5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Freed:
    projects: int
    blobs: int
    size_bytes: int


def free_space(engine: Engine, blobs: BlobStore, *, deleted_before: str, young_s: float = YOUNG_S) -> Freed:
    """Purge projects deleted before an ISO 8601 UTC time, then remove the blobs nobody names; nothing while a job runs."""
    if _is_working(engine):
        return Freed(0, 0, 0)
    purged = ProjectStore(engine).purge(deleted_before)
    before_s = time.time() - young_s
    old = blobs.older_than(before_s)  # listed before the rows are read: what comes later is young
    with reading(engine) as connection:
        named = _named_keys(connection)
    removed = (blobs.remove(key, before_s) for key in old if key not in named)
    sizes = [size_bytes for size_bytes in removed if size_bytes is not None]
    return Freed(purged, len(sizes), sum(sizes))


def free_deleted(engine: Engine, blobs: BlobStore, *, kept_days: int) -> None:
    """`free_space` for a server's start: a deleted project can be brought back by hand for `kept_days`."""
    before = datetime.now(UTC) - timedelta(days=kept_days)
    freed = free_space(engine, blobs, deleted_before=before.isoformat())
    logging.getLogger(__name__).info("freed %d projects, %d files, %d bytes", freed.projects, freed.blobs, freed.size_bytes)


def _is_working(engine: Engine) -> bool:
    with reading(engine) as connection:
        return connection.execute(select(JOBS.c.id).where(JOBS.c.state == "running")).first() is not None


def _named_keys(connection: Connection) -> set[str]:
    columns: tuple[ColumnElement[str], ...] = (
        cast(PROJECTS.c.source, Text),
        PROJECTS.c.bed_blob,
        TAKES.c.raw_blob,
        TAKES.c.fitted_blob,
        REFERENCE_VOICES.c.blob,
        cast(STAGE_RESULTS.c.result, Text),
    )
    named: set[str] = set()
    for column in columns:
        for content in connection.execute(select(column).where(column.is_not(None))).scalars():
            named.update(_KEYS.findall(content))
    return named

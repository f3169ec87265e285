"""Which stored files the rows of the database name, by project. Enter: a condition on projects. Leave: keys of blobs.

A blob counts as named when its key stands anywhere in a row: as source, bed, take, recording of a voice, inside the JSON of a stage result, or
as an upload that is being put in its place. A table that names blobs is added here.
"""

from __future__ import annotations

import re
from typing import Any
from sqlalchemy import ColumnElement, CompoundSelect, Connection, Text, cast, select, union

from studio.store.schema import PROJECTS, REFERENCE_VOICES, STAGE_RESULTS, TAKES, UPLOADS

_KEYS = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{1,5}", re.ASCII)
_BATCH_ROWS = 2000


def named_keys(connection: Connection, of: ColumnElement[bool]) -> set[str]:
    """Keys that rows of those projects name; `of` is a condition on `PROJECTS`."""
    columns = connection.execute(column_keys(of)).scalars()
    return {key for key in columns if key is not None} | written_keys(connection, of)


def column_keys(of: ColumnElement[bool]) -> CompoundSelect[Any]:
    """The keys that stand in columns of their own, each once, as a query of one column `key`."""
    projects = select(PROJECTS.c.id).where(of)
    return union(
        select(PROJECTS.c.bed_blob.label("key")).where(of),
        select(TAKES.c.raw_blob).where(TAKES.c.project_id.in_(projects)),
        select(TAKES.c.fitted_blob).where(TAKES.c.project_id.in_(projects)),
        select(REFERENCE_VOICES.c.blob).where(REFERENCE_VOICES.c.project_id.in_(projects)),
    )


def written_keys(connection: Connection, of: ColumnElement[bool]) -> set[str]:
    """The keys that stand inside JSON: of sources and of what stages have found."""
    projects, results = select(PROJECTS.c.id).where(of), cast(STAGE_RESULTS.c.result, Text)
    named: set[str] = set()
    for query in (
        select(cast(PROJECTS.c.source, Text)).where(of),
        select(results).where(STAGE_RESULTS.c.project_id.in_(projects), results.like("%.%")),
    ):
        for content in connection.execution_options(yield_per=_BATCH_ROWS).execute(query).scalars():
            named.update(_KEYS.findall(content or ""))
    return named


def arriving_keys(connection: Connection) -> set[str]:
    """Keys of uploads that are being put in their place."""
    return set(connection.execute(select(UPLOADS.c.blob).where(UPLOADS.c.blob.is_not(None))).scalars())

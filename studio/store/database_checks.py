"""A look at a database that changes nothing: is it there, which schema, does its clock agree with ours. For `studio doctor`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import make_url

from studio.store.database import connect_database, translated
from studio.store.dumps import kind_of
from studio.store.migrate import knows, stored_version
from studio.store.schema import SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class DatabaseSeen:
    """`schema` None: nothing there yet. `skew_s`: how far its clock is ahead of ours; a file has none."""

    kind: str
    schema: str | None
    needed: str
    skew_s: float = 0.0

    @property
    def is_known(self) -> bool:
        """Whether this program can bring the schema up to date."""
        return knows(self.schema)


def look_at_database(url: str) -> DatabaseSeen:
    """Raises StudioError where the database does not answer, BadSetting for an address that cannot be one."""
    kind = "SQLite" if kind_of(url) == "sqlite" else "PostgreSQL"
    if kind == "SQLite" and not Path(str(make_url(url).database)).exists():
        return DatabaseSeen(kind, None, SCHEMA_VERSION)
    engine = connect_database(url)
    try:
        with translated(engine):
            schema, skew_s = stored_version(engine), 0.0
            if kind == "PostgreSQL":
                with engine.connect() as connection:
                    skew_s = float(connection.scalar(text("SELECT extract(epoch FROM clock_timestamp())")) or 0.0) - time.time()
    finally:
        engine.dispose()
    return DatabaseSeen(kind, schema, SCHEMA_VERSION, skew_s)

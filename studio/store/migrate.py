"""Bringing a database to the current schema: an Engine in, the same Engine with tables of SCHEMA_VERSION out.

All steps run in one transaction under a lock, so two studios that start together never race and a kill leaves the old
schema whole. Extend by a new file in `migrations/versions`; alembic is imported only when there is something to do.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from sqlalchemy import Connection, Engine, inspect, text

from studio.domain.errors import NotReady, StudioError
from studio.store.schema import SCHEMA_VERSION

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
_POSTGRES_LOCK = 0x4C49504C  # any number, as long as every studio uses the same


def migrate(engine: Engine) -> None:
    """Raises StudioError when the database was written by a newer Lipline."""
    if stored_version(engine) == SCHEMA_VERSION:
        return
    with _one_at_a_time(engine), engine.connect().execution_options(is_writer=True) as connection, connection.begin():
        version = _version(connection)  # again: another process may have been first
        if version != SCHEMA_VERSION:
            _upgrade(connection, version)


def downgrade(engine: Engine) -> str:
    """One step back, for who must return to the Lipline before; returns the schema it is now. What only the newer one kept is gone.

    Raises NotReady where the database is not of today's schema. Nobody else may have it open."""
    from alembic import command

    with _one_at_a_time(engine), engine.connect().execution_options(is_writer=True) as connection, connection.begin():
        version = _version(connection)
        if version != SCHEMA_VERSION:
            raise NotReady(f"Only a database of schema {SCHEMA_VERSION} can go one step back, and this one has {version}; nothing was changed.")
        config = _config(connection)
        command.downgrade(config, "-1")
        return _version(connection) or ""


def stored_version(engine: Engine) -> str | None:
    """Schema version in the database, or None for an empty one."""
    with engine.connect() as connection, connection.begin():
        return _version(connection)


def knows(schema: str | None) -> bool:
    """Whether this Lipline can bring a database of that schema up to date."""
    return any(path.name.startswith(f"{schema}_") for path in (MIGRATIONS / "versions").glob("*.py"))


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _upgrade(connection: Connection, version: str | None) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
    config = _config(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in known:
        raise StudioError(
            f"This database was last used by a newer Lipline (its schema is {version}, this one knows {SCHEMA_VERSION}); "
            "nothing was changed. Install that version, or start with another home."
        )
    command.upgrade(config, SCHEMA_VERSION)


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _lock_file(path: Path) -> TextIO:
    try:
        return path.open("a")
    except OSError as error:
        raise StudioError(f"The file {path} cannot be written ({error.strerror}); check that the folder belongs to you.") from error


@contextmanager
def _one_at_a_time(engine: Engine) -> Iterator[None]:
    if engine.dialect.name == "sqlite":
        with _lock_file(Path(f"{engine.url.database}.lock")) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        return
    with engine.connect() as connection, connection.begin():
        connection.execute(text("SET LOCAL lock_timeout = 0"))  # another studio's migration may take its time
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK})
        yield

"""One moment of a whole database as one file, and back. Enter: a database URL and a path. Leaves: the file, and what stands in it.

Nobody has to stop for it: SQLite copies itself within one read transaction, and pg_dump takes the same exported snapshot in which rows and
blobs are counted. The database is read as it is and never migrated, so that a backup can be made before an upgrade.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, func, inspect, select, table, text, true
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError

from studio.domain.errors import BadSetting, OutOfSpace, StudioError
from studio.store.database import connect_database, reading, translated
from studio.store.named import arriving_keys, named_keys
from studio.store.schema import METADATA, SCHEMA_VERSION

FILE_NAMES = {"sqlite": "studio.db", "postgresql": "studio.pgdump"}
PROGRAMS = Path("/usr/lib/postgresql")  # where Debian keeps the programs of each version
PROGRAM_TIMEOUT_S = 6 * 3600
# what a restored studio must not take up again: open logins, processes (and half uploads)
_PASSING = ("sessions", "login_attempts", "workers", "gpu_leases")
_OF_PASSING = re.compile(rf" TABLE DATA \S+ (?:{'|'.join(_PASSING)}) ")  # a line of `pg_restore --list`


@dataclass(frozen=True, slots=True)
class Dumped:
    """`blobs`: keys of the files that rows name; None for a database of another schema, where nobody can tell."""

    kind: str
    schema: str
    rows: dict[str, int]
    blobs: frozenset[str] | None


def kind_of(url: str) -> str:
    return "sqlite" if make_url(url).get_backend_name() == "sqlite" else "postgresql"


def dump(url: str, into: Path) -> Dumped:
    """Write the database to the file `into`. Raises StudioError where there is none, or where it cannot be read whole."""
    return _dump_sqlite(url, into) if kind_of(url) == "sqlite" else _dump_postgres(url, into)


def load(file: Path, kind: str, url: str, rows: dict[str, int]) -> None:
    """Fill the empty database at `url` from a file of `dump`, and hold its rows against `rows`. Raises StudioError, BadSetting."""
    if kind_of(url) != kind:
        raise BadSetting(f"This backup was made of {_named(kind)}; restore it into {_named(kind)}.")
    if kind == "sqlite":
        _load_sqlite(file, url, rows)
    else:
        _load_postgres(file, url, rows)


def require_studio(url: str) -> None:
    """Raises BadSetting where there is no file to read; a server tells so by itself."""
    path = Path(str(make_url(url).database))
    if kind_of(url) == "sqlite" and not path.is_file():
        raise BadSetting(f"There is no studio at {path.parent}: it has no {path.name}. Name its home with --home.")


def is_empty(url: str) -> bool:
    """Whether there is nothing at `url` that a restore would overwrite, nor a journal left there, which SQLite would play into what is restored."""
    if kind_of(url) == "sqlite":
        return not any(Path(f"{make_url(url).database}{end}").exists() for end in ("", "-wal", "-journal"))
    with _opened(url) as engine, engine.connect() as connection:
        return not set(inspect(connection).get_table_names()) & set(METADATA.tables)


def _dump_sqlite(url: str, into: Path) -> Dumped:
    require_studio(url)
    path = Path(str(make_url(url).database))
    into.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(path, timeout=60)) as source, closing(sqlite3.connect(into)) as target:
            source.backup(target)  # in one step: one moment, whatever is written meanwhile
            target.execute("PRAGMA journal_mode=DELETE")
            damage = target.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
            raise OutOfSpace(str(into.parent)) from error
        raise StudioError(f"The database {path} could not be copied ({error}); look at the disk, and try again.") from error
    if damage != "ok":
        raise StudioError(f"The database {path} is damaged ({damage}); restore it from the last backup. No new backup was made.")
    with _plain(into) as connection:
        return _described(connection, "sqlite")


def _load_sqlite(file: Path, url: str, rows: dict[str, int]) -> None:
    place = Path(str(make_url(url).database))
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = place.with_name(f"{place.name}.restoring")
    try:
        shutil.copyfile(file, draft)
        draft.chmod(0o600)
        with _plain(draft) as connection:
            _hold_against(connection, rows)
            _forget_passing(connection)
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        if not is_empty(url):
            raise BadSetting(f"A studio was begun at {place.parent} meanwhile, and is left as it is; restore into another home.")
        os.replace(draft, place)
    except OSError as error:
        raise StudioError(f"{place} could not be written ({error.strerror}); make room or choose another home, and restore again.") from error
    finally:
        draft.unlink(missing_ok=True)


def _dump_postgres(url: str, into: Path) -> Dumped:
    with _opened(url) as engine, reading(engine) as connection:
        snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
        found = _described(connection, "postgresql")
        _run("pg_dump", ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={into}"], engine.url)
    return found


def _load_postgres(file: Path, url: str, rows: dict[str, int]) -> None:
    chosen = file.with_name("chosen.list")
    with _opened(url) as engine:
        listed = _run("pg_restore", ["--list", str(file)], engine.url).splitlines()
        chosen.write_text("\n".join(line for line in listed if not _OF_PASSING.search(line)) + "\n", encoding="utf-8")  # old logins never come in, whatever goes wrong after
        options = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", f"--use-list={chosen}"]
        _run("pg_restore", [*options, str(file)], engine.url)
        with engine.connect() as connection, connection.begin():
            _hold_against(connection, rows)
            _forget_passing(connection)


def _described(connection: Connection, kind: str) -> Dumped:
    there = inspect(connection).get_table_names()
    if "alembic_version" not in there:
        raise BadSetting("This database holds no studio; check the address given with --home or --database.")
    schema = str(connection.scalar(text("SELECT version_num FROM alembic_version")))
    blobs = frozenset(named_keys(connection, true()) | arriving_keys(connection)) if schema == SCHEMA_VERSION else None
    return Dumped(kind, schema, _counted(connection, there), blobs)


def _counted(connection: Connection, names: list[str]) -> dict[str, int]:
    return {name: connection.scalar(select(func.count()).select_from(table(name))) or 0 for name in sorted(names)}


def _hold_against(connection: Connection, rows: dict[str, int]) -> None:
    found = _counted(connection, inspect(connection).get_table_names())
    if wrong := sorted(name for name in {*found, *rows}.difference(_PASSING) if found.get(name) != rows.get(name)):
        raise StudioError(f"The restored database differs from the backup in {', '.join(wrong[:5])}; the backup is not whole. Take an earlier one.")


def _forget_passing(connection: Connection) -> None:
    there = set(inspect(connection).get_table_names())
    for name in _PASSING:
        if name in there:
            connection.execute(text(f"DELETE FROM {name}"))
    if "uploads" in there:
        connection.execute(text("DELETE FROM uploads WHERE blob IS NULL"))


@contextmanager
def _plain(path: Path) -> Iterator[Connection]:
    """An SQLite file as it is: one file, no write-ahead log beside it."""
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.connect() as connection, connection.begin():
            yield connection
    except DBAPIError as error:
        raise StudioError(f"{path.name} of the backup cannot be read ({error.orig}); take an earlier one.") from error
    finally:
        engine.dispose()


@contextmanager
def _opened(url: str) -> Iterator[Engine]:
    engine = connect_database(url)
    try:
        with translated(engine):
            yield engine
    finally:
        engine.dispose()


def _run(program: str, arguments: list[str], url: URL) -> str:
    """What one of PostgreSQL's own programs writes; the password goes through the environment, where `ps` does not show it."""
    address = url.set(drivername="postgresql", password=None).render_as_string()
    environment = os.environ | ({"PGPASSWORD": str(url.password)} if url.password is not None else {})
    argv = [_program(program), "--no-password", f"--dbname={address}", *arguments]
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, env=environment, timeout=PROGRAM_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StudioError(f"{program} did not run ({type(error).__name__}); install the PostgreSQL programs of your server's version.") from error
    if done.returncode != 0:
        told = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise StudioError(f"{program} failed: {told[0] if told else 'it said nothing'}. Its version must not be older than the server's.")
    return done.stdout.decode("utf-8", "replace")


def _program(name: str) -> str:
    """From the PATH, else the newest version that Debian has installed."""
    newest = sorted(PROGRAMS.glob(f"*/bin/{name}"), key=lambda path: path.parent.parent.name.zfill(4))
    found = shutil.which(name) or (str(newest[-1]) if newest else None)
    if found is None:
        raise BadSetting(f"{name} is not installed, and a PostgreSQL database is copied with it; install postgresql-client.")
    return found


def _named(kind: str) -> str:
    return "an SQLite home" if kind == "sqlite" else "a PostgreSQL database"

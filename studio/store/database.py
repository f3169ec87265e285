"""Opening the database: an URL in, an Engine out whose schema is current. `reading` and `writing` are its transactions.

SQLite files run in WAL mode with foreign keys and synchronous=FULL, so a committed edit survives a power cut; writers queue
for up to BUSY_WAIT_MS. PostgreSQL, for several servers on one database, needs only its URL (`postgres.py`). A question that takes
many looks at the database asks them of `one_moment`: one transaction instead of dozens, and one answer that fits together.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast
from uuid import uuid4

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from studio.domain.errors import BadSetting, Hiccup, OutOfSpace, StudioError
from studio.store import postgres
from studio.store.migrate import migrate

BUSY_WAIT_MS = 20_000


@dataclass(slots=True)
class _Moment:
    """An open transaction that reads, and what was already asked in it. It belongs to the thread that opened it, until that writes or a
    question of it fails. `held` has the connection; `readers` use it just now."""

    engine: Engine
    connection: Connection
    thread_id: int
    held: ExitStack
    is_over: bool = False
    readers: int = 0
    found: dict[Hashable, Any] = field(default_factory=dict)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        self.readers += 1
        try:
            yield self.connection
        except DBAPIError:
            self.is_over = True  # PostgreSQL answers nothing more in it
            raise
        finally:
            self.readers -= 1

    def end(self) -> None:
        """Give the connection back before another is wanted: threads that hold one and wait for one would wait for each other."""
        self.is_over = True
        if not self.readers:
            self.held.close()


Found = TypeVar("Found")
_MOMENT: ContextVar[_Moment | None] = ContextVar("moment", default=None)


def open_database(url: str) -> Engine:
    """Open (and create or migrate) the database at `url`, e.g. "sqlite:////home/me/lipline/studio.db".

    Raises BadSetting for an URL that cannot be used, StudioError when the file is no database or from a newer Lipline.
    """
    engine = _engine(_parsed(url))
    try:
        with translated(engine):
            migrate(engine)
    except StudioError:
        engine.dispose()
        raise
    return engine


def connect_database(url: str) -> Engine:
    """The database at `url` as it is: nothing is created or migrated. Raises BadSetting for an URL that cannot be used."""
    return _engine(_parsed(url))


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent picture of the database; writes nothing, waits for nobody. Inside of `one_moment`, the picture of that moment."""
    moment = _now(engine)
    if moment is not None:
        with translated(engine), moment.read() as connection:
            yield connection
        return
    with _reading_anew(engine) as connection:
        yield connection


@contextmanager
def one_moment(engine: Engine) -> Iterator[None]:
    """All that this thread reads inside, through any store, shows the database as at one moment; only what it reads after a write of its
    own is fresh. One opened inside of another is a moment of its own. For short questions: it holds a connection, until that write."""
    with ExitStack() as held:
        connection = held.enter_context(_reading_anew(engine))
        before = _MOMENT.set(_Moment(engine, connection, threading.get_ident(), held))
        try:
            yield
        finally:
            _MOMENT.reset(before)


def once(engine: Engine, key: Hashable, ask: Callable[[], Found]) -> Found:
    """What `ask` answers; within one moment it is asked once for each `key`, since nothing it could find changes there."""
    moment = _now(engine)
    if moment is None:
        return ask()
    if key not in moment.found:
        moment.found[key] = ask()
    return cast("Found", moment.found[key])


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction: all of it is durable when the block has been left, or none of it happened."""
    moment = _now(engine)
    if moment is not None:
        moment.end()
    with translated(engine), engine.connect().execution_options(is_writer=True) as connection, connection.begin():
        yield connection


@contextmanager
def translated(engine: Engine) -> Iterator[None]:
    """Turn the driver's errors into sentences. IntegrityError passes: it is a mistake of ours, or the caller knows it."""
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        raise _sentence(engine.url, error) from error
    except PoolTimeout as error:
        raise Hiccup("The studio has more work at once than it can keep apart; nothing was changed. Try again in a moment.") from error


def _now(engine: Engine) -> _Moment | None:
    moment = _MOMENT.get()
    is_ours = moment is not None and moment.engine is engine and moment.thread_id == threading.get_ident() and not moment.is_over
    return moment if is_ours else None


@contextmanager
def _reading_anew(engine: Engine) -> Iterator[Connection]:
    with translated(engine), engine.connect() as connection:
        moment = postgres.one_moment(connection) if engine.dialect.name == "postgresql" else connection
        with moment.begin():
            yield moment


def new_id() -> str:
    """A uuid4 as 32 hex digits."""
    return uuid4().hex


def utc_now() -> str:
    """ISO 8601 with microseconds, so that text order is time order."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise BadSetting("That is not a database address; use sqlite:////path/to/studio.db or postgresql://user@host/name.") from error
    if parsed.get_backend_name() in postgres.NAMES:
        return postgres.with_driver(parsed)
    if parsed.get_backend_name() != "sqlite":
        raise BadSetting(f"The studio keeps its projects in SQLite or PostgreSQL, not {parsed.get_backend_name()}; check the database address.")
    if parsed.database in (None, "", ":memory:"):
        raise BadSetting("The database address names no file, so nothing would be kept; use sqlite:////path/to/studio.db.")
    return parsed


def _engine(url: URL) -> Engine:
    options: dict[str, Any] = {"json_serializer": _compact_json, "pool_pre_ping": url.get_backend_name() != "sqlite"}
    options |= {"pool_size": 10, "max_overflow": 50}  # more than the threads of the page; long work has threads beside them, and waits its turn for one
    if url.get_backend_name() == "sqlite":
        options["connect_args"] = {"timeout": BUSY_WAIT_MS / 1000}
        _make_folder(Path(str(url.database)).parent)
    else:
        options["connect_args"] = postgres.NETWORK
    try:
        engine = create_engine(url, **options)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise BadSetting(f"PostgreSQL needs psycopg, which is not installed ({error}); pip install -r requirements-cluster.txt, or use a sqlite address.") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_sqlite_connect)
        event.listen(engine, "begin", _on_sqlite_begin)
    else:
        postgres.prepare(engine)
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(f"The folder {folder} for the database cannot be made ({error.strerror}); choose another home.") from error


def _compact_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _on_sqlite_connect(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # BEGIN is ours to send: the driver's own begins too late to read and write in one
    for pragma in (f"busy_timeout={BUSY_WAIT_MS}", "journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _on_sqlite_begin(connection: Connection) -> None:
    # A writer takes its lock at the start: a reader that turns writer halfway is refused without waiting.
    is_writer = connection.get_execution_options().get("is_writer", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")


def _sentence(url: URL, error: DBAPIError) -> StudioError:
    if url.get_backend_name() != "sqlite":
        return postgres.sentence(url.set(drivername=postgres.NAMES[0]).render_as_string(hide_password=True), error)
    place = str(url.database)
    code = getattr(error.orig, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF
    if primary == sqlite3.SQLITE_FULL:
        return OutOfSpace(place)
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Hiccup(f"The database {place} is busy with another program; nothing was changed. Try again in a moment.")
    if primary in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return StudioError(f"The database {place} is damaged or is no database; restore it from a copy, or start with another home.")
    if primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return StudioError(f"The database {place} cannot be written; check that the folder belongs to you, or start with another home.")
    return StudioError(f"The database {place} failed ({error.orig}); nothing was changed. Try again, and see the log if it stays.")

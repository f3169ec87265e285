"""What is PostgreSQL's own: how its connections are made, and what its errors mean in a sentence. `database.py` alone uses this.

Any server of version 12 or later will do. A password is best left to libpq (PGPASSWORD, ~/.pgpass), since an address is seen by `ps`.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DataError, DBAPIError

from studio.domain.errors import BadSetting, Hiccup, OutOfSpace, StudioError

NAMES = ("postgresql", "postgres")
DRIVER = "postgresql+psycopg"
LOCK_WAIT_MS = 20_000
STATEMENT_MS = 300_000  # no page waits so long; a purge of many projects may take a while
# a server that vanished is noticed, and not waited for by every thread of the page
NETWORK = {"connect_timeout": 10, "keepalives_idle": 20, "keepalives_interval": 5, "keepalives_count": 4, "tcp_user_timeout": 30_000}
_LIMITS = f"SET lock_timeout = {LOCK_WAIT_MS}; SET statement_timeout = {STATEMENT_MS}; SET client_encoding = 'UTF8'"
_BUSY = ("55P03", "40P01", "40001")
_REFUSED = ("28000", "28P01")
# at the login the driver passes on the server's words alone, without their number
_NO_DATABASE = re.compile(r'database "[^"]*" does not exist')
_NO_LOGIN = re.compile(r'role "[^"]*" does not exist|authentication failed|no password supplied|no pg_hba\.conf entry')
_ENDED = ("57P01", "57P02", "57P03")


def with_driver(url: URL) -> URL:
    """The same address, for the driver that the studio uses."""
    return url.set(drivername=DRIVER)


def prepare(engine: Engine) -> None:
    """Limits for every connection of this engine."""
    event.listen(engine, "connect", _on_connect)


def one_moment(connection: Connection) -> Connection:
    """For a connection that has not begun: it sees one moment from its first statement on, and changes nothing."""
    return connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def sentence(place: str, error: DBAPIError) -> StudioError:
    """`place`: the address without its password."""
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if state == "53100":
        return OutOfSpace(place)
    if state in _BUSY:
        return Hiccup(f"The database {place} is busy with other work on the same rows; nothing was changed. Try again in a moment.")
    if state == "57014":
        return StudioError(f"The database {place} took more than {STATEMENT_MS // 1000} s over one question and was stopped; nothing was changed.")
    if state == "3D000" or (not state and _NO_DATABASE.search(str(error.orig))):
        return BadSetting(f"There is no database at {place}; make it (createdb), or check the address.")
    if state in _REFUSED or (not state and _NO_LOGIN.search(str(error.orig))):
        return BadSetting(f"The database server refused the login at {place}; check name and password (PGPASSWORD or ~/.pgpass).")
    if state == "42501":
        return BadSetting(f"The login of {place} may not do what the studio needs; make it the owner of its database.")
    if state == "53300":
        return Hiccup(f"The database server of {place} takes no more connections; nothing was changed. Raise its max_connections, or run fewer programs.")
    if isinstance(error, DataError):  # a NUL in a name, a number beyond all measure: some page or program sent it
        return BadSetting("A text or number that was sent is none that can be kept; nothing was changed. Send it without control characters.")
    if state in _ENDED or not state or state.startswith("08"):
        return Hiccup(f"The database {place} cannot be reached ({_first_line(error)}). What was confirmed before is kept; try again in a moment.")
    return StudioError(f"The database {place} failed ({_first_line(error)}); nothing was changed. Try again, and see the log if it stays.")


def _first_line(error: DBAPIError) -> str:
    lines = str(error.orig).strip().splitlines()
    return lines[0] if lines else "no reason given"


def _on_connect(connection: Any, _record: object) -> None:
    was, connection.autocommit = connection.autocommit, True
    connection.execute(_LIMITS)
    connection.autocommit = was

"""Notes in the database that its files are being copied, so that nothing which a copy names goes meanwhile. A database in; a note while it lasts.

`upkeep.py` heeds them. A copy that was killed leaves its note behind, which counts for nothing NOTE_LIFE_S after it was renewed last.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, Engine, select

from studio.domain.errors import OutOfSpace, StudioError
from studio.store.database import connect_database, new_id, translated, utc_now
from studio.store.dumps import require_studio
from studio.store.migrate import stored_version
from studio.store.schema import SCHEMA_VERSION, SERVER_VALUES
from studio.store.server_values import ServerValues

NOTE_LIFE_S = 6 * 3600.0  # longer than the database, or one file, takes to copy
RENEWED_EVERY_S = 600.0
_MARK = "copying "


@contextmanager
def copying(url: str) -> Iterator[Callable[[], None]]:
    """Note, before the database is copied, that a copy of it and its files is under way; call what it gives now and then. Nothing is noted in
    a database of another schema, whose own Lipline knows no notes, nor on a disk too full for one. Raises StudioError where no studio is."""
    require_studio(url)
    engine = connect_database(url)
    try:
        with translated(engine):
            is_todays = stored_version(engine) == SCHEMA_VERSION
        if not is_todays:
            yield lambda: None
            return
        note = _Note(engine)
        with suppress(OutOfSpace):  # a full disk is the very moment to make a backup; one that lost a file says so
            note.write()
        try:
            yield note.renew
        finally:
            with suppress(StudioError):  # it ends by itself
                note.tear_up()
    finally:
        engine.dispose()


def oldest_copy(connection: Connection) -> str | None:
    """Since when the longest copy has been under way; None while there is none."""
    lately = time.time() - NOTE_LIFE_S
    notes = connection.execute(select(SERVER_VALUES.c.value).where(SERVER_VALUES.c.name.startswith(_MARK))).scalars()
    return min((note["since"] for note in notes if note["renewed_s"] > lately), default=None)


class _Note:
    """A row of its own for each copy, so that two at once do not write over each other."""

    def __init__(self, engine: Engine) -> None:
        self._values, self._name, self._since = ServerValues(engine), _MARK + new_id(), utc_now()
        self._renewed_s = 0.0

    def write(self) -> None:
        self._renewed_s = time.time()
        self._values.put(self._name, {"since": self._since, "renewed_s": self._renewed_s})

    def renew(self) -> None:
        if time.time() > self._renewed_s + RENEWED_EVERY_S:
            with suppress(StudioError):  # the next file asks again
                self.write()

    def tear_up(self) -> None:
        self._values.put(self._name, None)

"""What all page servers of one studio share, one row a value: the key that signs links, what an administrator has set.

Enter: a name and a JSON value. Leaves: what is kept under it, the same for every server on the database. To keep a further value: take a new name.
"""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import Connection, Engine, delete, select

from studio.store.database import reading, writing
from studio.store.schema import SERVER_VALUES
from studio.store.upsert import add_rows, put_row

SECRET_BYTES = 32


class ServerValues:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, name: str, default: Any = None) -> Any:
        """The value kept under a name, `default` where there is none."""
        with reading(self._engine) as connection:
            kept = _kept(connection, name)
        return default if kept is None else kept

    def put(self, name: str, value: Any) -> None:
        """Keep a JSON value; None takes it away. Durable when it returns."""
        with writing(self._engine) as connection:
            if value is None:
                connection.execute(delete(SERVER_VALUES).where(SERVER_VALUES.c.name == name))
            else:
                put_row(connection, SERVER_VALUES, {"name": name}, {"value": value})

    def secret(self, name: str) -> bytes:
        """A random key, made by whoever asks first and the same for everybody afterwards. Never leave it in a log or a page."""
        kept = self.get(name)
        if kept is None:
            with writing(self._engine) as connection:
                add_rows(connection, SERVER_VALUES, [{"name": name, "value": secrets.token_hex(SECRET_BYTES)}])
                kept = _kept(connection, name)  # another server may have been quicker
        return bytes.fromhex(kept)


def _kept(connection: Connection, name: str) -> Any:
    return connection.execute(select(SERVER_VALUES.c.value).where(SERVER_VALUES.c.name == name)).scalar()

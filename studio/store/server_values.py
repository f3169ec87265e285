"""What all page servers of one studio share, one row a value: the key that signs links, what an administrator has set.

Enter: a name and a JSON value. Leaves: what is kept under it, the same for every server on the database. To keep a further value: take a new name.
"""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import Connection, Engine, delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from studio.store.database import reading, writing
from studio.store.schema import SERVER_VALUES

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
            elif not _added(connection, name, value):
                connection.execute(update(SERVER_VALUES).where(SERVER_VALUES.c.name == name).values(value=value))

    def secret(self, name: str) -> bytes:
        """A random key, made by whoever asks first and the same for everybody afterwards. Never leave it in a log or a page."""
        kept = self.get(name)
        if kept is None:
            with writing(self._engine) as connection:
                _added(connection, name, secrets.token_hex(SECRET_BYTES))
                kept = _kept(connection, name)  # another server may have been quicker
        return bytes.fromhex(kept)


def _kept(connection: Connection, name: str) -> Any:
    return connection.execute(select(SERVER_VALUES.c.value).where(SERVER_VALUES.c.name == name)).scalar()


def _added(connection: Connection, name: str, value: Any) -> bool:
    """Whether the name was free; one that is taken is left as it is, without a failure of the transaction."""
    insert = postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
    return connection.execute(insert(SERVER_VALUES).values(name=name, value=value).on_conflict_do_nothing()).rowcount == 1

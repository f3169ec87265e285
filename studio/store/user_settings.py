"""What people set up for themselves, one row each: `UserSettings` is the class to use.

Enter: a user's name and a `PersonSettings`. Leave: the same record, the defaults where nothing was ever set.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, Engine, select

from studio.domain.person import PersonSettings
from studio.domain.plain import from_plain, to_plain
from studio.store.database import reading, writing
from studio.store.projects import ensure_user
from studio.store.schema import USER_SETTINGS, USERS
from studio.store.upsert import put_row


class UserSettings:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, user: str) -> PersonSettings:
        with reading(self._engine) as connection:
            return _kept(connection, user) or PersonSettings()

    def change(self, user: str, change: Callable[[PersonSettings], PersonSettings]) -> PersonSettings:
        """Write what `change` makes of the settings as they are, in one transaction. Durable when it returns."""
        with writing(self._engine) as connection:
            ensure_user(connection, user)
            connection.execute(select(USERS.c.name).where(USERS.c.name == user).with_for_update())  # two pages of one person, each in turn
            after = change(_kept(connection, user) or PersonSettings())
            put_row(connection, USER_SETTINGS, {"name": user}, {"settings": to_plain(after)})
        return after


def _kept(connection: Connection, user: str) -> PersonSettings | None:
    row = connection.execute(select(USER_SETTINGS.c.settings).where(USER_SETTINGS.c.name == user)).first()
    return None if row is None else from_plain(PersonSettings, row.settings)

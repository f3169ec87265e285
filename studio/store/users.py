"""Accounts in the database: `AccountStore` is the class to use. Names, roles and passwords in; records, and yes or no, out.

How long an answer takes tells nothing about which names exist. Whatever takes rights away from somebody ends their logins in the same
transaction. Names come as `domain/account.py` makes them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, Row, func, insert, select, update
from sqlalchemy import delete as delete_rows

from studio.domain.account import Account
from studio.domain.errors import BadSetting, NotFound
from studio.domain.rights import LOCAL_USER, Role
from studio.store.database import reading, utc_now, writing
from studio.store.passwords import MIN_PASSWORD_CHARS, PasswordHash, ScryptCost, nobodys
from studio.store.schema import PROJECTS, SESSIONS, SHOWS, USERS
from studio.store.upsert import add_rows


class AccountStore:
    """`cost`: the work that a password of today is kept with; an older one is brought up to it at its next login."""

    def __init__(self, engine: Engine, cost: ScryptCost | None = None) -> None:
        self._engine = engine
        self._cost = ScryptCost() if cost is None else cost

    def add(self, name: str, role: Role, password: str | PasswordHash | None = None) -> Account:
        """A new account; without a password it comes in by single sign-on only. Raises BadSetting for a name that is taken."""
        kept = PasswordHash.of(password, self._cost) if isinstance(password, str) else password
        with writing(self._engine) as connection:
            known = connection.execute(select(USERS).where(USERS.c.name == name)).first()
            if known is not None and (known.password_hash is not None or known.disabled_at is not None or kept is None):
                raise BadSetting(f"“{name}” has an account already; give it another password or role instead.")
            values = {"role": role.value, "password_hash": None if kept is None else str(kept)}
            if known is None:
                connection.execute(insert(USERS).values(name=name, created_at=utc_now(), **values))
            else:  # somebody who was known without a password, from the time before
                connection.execute(update(USERS).where(USERS.c.name == name).values(**values))
            return _account(_found(connection, name))

    def welcome(self, name: str, role: Role) -> Account:
        """The account of somebody that a trusted proxy named; one of this role is made on the first visit."""
        with reading(self._engine) as connection:
            known = connection.execute(_ACCOUNTS.where(USERS.c.name == name)).first()
        if known is not None:
            return _account(known)
        with writing(self._engine) as connection:
            add_rows(connection, USERS, [{"name": name, "created_at": utc_now(), "role": role.value}])
            return _account(_found(connection, name))

    def get(self, name: str) -> Account:
        with reading(self._engine) as connection:
            return _account(_found(connection, name))

    def list(self) -> tuple[Account, ...]:
        """Everybody who ever had a part here, by name."""
        with reading(self._engine) as connection:
            return tuple(_account(row) for row in connection.execute(_ACCOUNTS.order_by(USERS.c.name)))

    def has_logins(self) -> bool:
        """Whether anybody was ever given a password; from then on nobody comes in without one."""
        with reading(self._engine) as connection:
            return connection.execute(select(USERS.c.name).where(USERS.c.password_hash.is_not(None)).limit(1)).first() is not None

    def verify(self, name: str, password: str) -> bool:
        """Whether this is the password of this account, and the account may come in. An unknown name costs the same work as a known one."""
        with reading(self._engine) as connection:
            row = connection.execute(select(USERS.c.password_hash, USERS.c.disabled_at).where(USERS.c.name == name)).first()
        encoded = None if row is None or row.disabled_at is not None else row.password_hash
        kept = nobodys(self._cost) if encoded is None else PasswordHash.read(encoded, f"The account “{name}”")
        is_right = kept.matches(password) and encoded is not None
        if is_right and kept.cost != self._cost and len(password) >= MIN_PASSWORD_CHARS:
            with writing(self._engine) as connection:  # unless it was changed in the meantime
                here = (USERS.c.name == name) & (USERS.c.password_hash == encoded)
                connection.execute(update(USERS).where(here).values(password_hash=str(PasswordHash.of(password, self._cost))))
        return is_right

    def set_password(self, name: str, password: str, *, but: str | None = None) -> None:
        """Ends the account's logins, all but the one whose token hash is `but`. Raises NotFound, BadSetting."""
        kept = PasswordHash.of(password, self._cost)
        with writing(self._engine) as connection:
            _found(connection, name)
            connection.execute(update(USERS).where(USERS.c.name == name).values(password_hash=str(kept)))
            _end_logins(connection, name, but)

    def set_role(self, name: str, role: Role) -> Account:
        """Ends the account's logins where the role is another one. Raises NotFound, BadSetting for the last administrator."""
        with writing(self._engine) as connection:
            before = _found(connection, name)
            if before.role != role.value:
                _keep_an_admin(connection, before)
                connection.execute(update(USERS).where(USERS.c.name == name).values(role=role.value))
                _end_logins(connection, name)
            return _account(_found(connection, name))

    def disable(self, name: str) -> Account:
        """Nobody comes in by this account any more, and who is in is out; what they made stays. Raises NotFound, BadSetting."""
        with writing(self._engine) as connection:
            before = _found(connection, name)
            if before.disabled_at is None:
                _keep_an_admin(connection, before)
                connection.execute(update(USERS).where(USERS.c.name == name).values(disabled_at=utc_now()))
            _end_logins(connection, name)
            return _account(_found(connection, name))

    def enable(self, name: str) -> Account:
        with writing(self._engine) as connection:
            _found(connection, name)
            connection.execute(update(USERS).where(USERS.c.name == name).values(disabled_at=None))
            return _account(_found(connection, name))

    def hand_over(self, name: str, to: str) -> int:
        """Give somebody's projects and shows to another account; returns how many projects. Raises NotFound."""
        with writing(self._engine) as connection:
            _found(connection, name), _found(connection, to)
            connection.execute(update(SHOWS).where(SHOWS.c.owner == name).values(owner=to))
            return connection.execute(update(PROJECTS).where(PROJECTS.c.owner == name).values(owner=to)).rowcount


_SEEN = select(SESSIONS.c.user, func.max(SESSIONS.c.seen_at).label("seen_at")).group_by(SESSIONS.c.user).subquery()
_ACCOUNTS = select(USERS, _SEEN.c.seen_at).select_from(USERS).outerjoin(_SEEN, _SEEN.c.user == USERS.c.name)


def _found(connection: Connection, name: str) -> Row[Any]:
    row = connection.execute(_ACCOUNTS.where(USERS.c.name == name)).first()
    if row is None:
        raise NotFound("account", name)
    return row


def _end_logins(connection: Connection, name: str, but: str | None = None) -> None:
    connection.execute(delete_rows(SESSIONS).where(SESSIONS.c.user == name, SESSIONS.c.token_hash != (but or "")))


def _keep_an_admin(connection: Connection, row: Row[Any]) -> None:
    """Somebody must stay who can let others in; from the machine itself it can always be mended, but it should not have to be."""
    if row.role != Role.ADMIN.value or row.disabled_at is not None:
        return
    others = (USERS.c.role == Role.ADMIN.value) & USERS.c.disabled_at.is_(None) & USERS.c.name.not_in((row.name, LOCAL_USER))
    if connection.execute(select(USERS.c.name).where(others).limit(1)).first() is None:
        raise BadSetting(f"“{row.name}” is the last administrator; make somebody else one first.")


def _account(row: Row[Any]) -> Account:
    return Account(row.name, Role(row.role), row.created_at, row.disabled_at, row.password_hash is not None, row.quota_bytes, row.seen_at)

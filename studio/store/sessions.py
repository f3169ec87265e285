"""Open logins, shared by all page servers, and how often somebody tried to come in: `SessionStore` and `LoginAttempts`.

Enter: account names, tokens, addresses. Leaves: who a token belongs to, or how long to wait. Only hashes of tokens and keys are kept.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, insert, or_, select, update

from studio.domain.settings import LoginSettings
from studio.store.database import reading, writing
from studio.store.schema import LOGIN_ATTEMPTS, SESSIONS, USERS
from studio.store.upsert import add_rows


def hashed(secret: str) -> str:
    """As a token or a key is kept."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class SessionStore:
    def __init__(self, engine: Engine, settings: LoginSettings | None = None) -> None:
        self._engine = engine
        self._settings = LoginSettings() if settings is None else settings

    def open(self, user: str, address: str) -> str:
        """A new login; returns its token, which is kept nowhere. Forgets what has expired."""
        token, now = secrets.token_urlsafe(32), datetime.now(UTC)
        until = now + timedelta(seconds=self._settings.longest_s)
        values = {"created_at": _text(now), "seen_at": _text(now), "expires_at": _text(until), "address": address[:64]}
        with writing(self._engine) as connection:
            is_over = or_(SESSIONS.c.expires_at < _text(now), SESSIONS.c.seen_at < self._idle_since(now))
            connection.execute(delete(SESSIONS).where(is_over))
            connection.execute(insert(SESSIONS).values(token_hash=hashed(token), user=user, **values))
        return token

    def user(self, token: str) -> str | None:
        """Whose login this is; None for one that ended, expired or never was, and for a disabled account. That somebody was seen is
        written at most once in `seen_every_s`."""
        now, key = datetime.now(UTC), hashed(token)
        is_open = (SESSIONS.c.expires_at >= _text(now)) & (SESSIONS.c.seen_at >= self._idle_since(now)) & USERS.c.disabled_at.is_(None)
        query = select(SESSIONS.c.user, SESSIONS.c.seen_at).join(USERS, USERS.c.name == SESSIONS.c.user)
        with reading(self._engine) as connection:
            row = connection.execute(query.where(SESSIONS.c.token_hash == key, is_open)).first()
        if row is None:
            return None
        if row.seen_at < _text(now - timedelta(seconds=self._settings.seen_every_s)):
            with writing(self._engine) as connection:
                connection.execute(update(SESSIONS).where(SESSIONS.c.token_hash == key).values(seen_at=_text(now)))
        return row.user

    def close(self, token: str) -> None:
        with writing(self._engine) as connection:
            connection.execute(delete(SESSIONS).where(SESSIONS.c.token_hash == hashed(token)))

    def close_all(self, user: str) -> int:
        """Out of every browser; returns how many logins that were."""
        with writing(self._engine) as connection:
            return connection.execute(delete(SESSIONS).where(SESSIONS.c.user == user)).rowcount

    def _idle_since(self, now: datetime) -> str:
        return _text(now - timedelta(seconds=self._settings.idle_s))


@dataclass(frozen=True, slots=True)
class Tried:
    """What a login is counted by (a name, an address, a browser known for a name), and how many tries come without a delay."""

    key: str
    free: int


class LoginAttempts:
    """Delays that grow with each try and are forgotten after a quiet while. A try is counted before it is made, so that many at once are
    no way round; one that was refused is not counted, so that nobody is kept waiting for ever by their own patience."""

    def __init__(self, engine: Engine, settings: LoginSettings | None = None) -> None:
        self._engine = engine
        self._settings = LoginSettings() if settings is None else settings

    def begin(self, tried: Sequence[Tried], now_s: float) -> float:
        """Seconds to wait before another try; 0.0: go ahead, it has been counted."""
        with writing(self._engine) as connection:
            connection.execute(delete(LOGIN_ATTEMPTS).where(LOGIN_ATTEMPTS.c.blocked_until_s < now_s - self._settings.forget_s))
            rows = [_row(connection, one, now_s) for one in sorted(tried, key=lambda one: hashed(one.key))]
            free = {hashed(one.key): one.free for one in tried}
            # of two tries at once the second may have looked at the clock first: only a row beyond its free tries holds anybody up
            wait_s = max([0.0, *(row.blocked_until_s - now_s for row in rows if row.count > free[row.key])])
            if wait_s == 0.0:
                for row in rows:
                    until_s = now_s + self._delay_s(row.count + 1 - free[row.key])
                    here = LOGIN_ATTEMPTS.c.key == row.key
                    connection.execute(update(LOGIN_ATTEMPTS).where(here).values(count=row.count + 1, blocked_until_s=until_s))
        return wait_s

    def succeeded(self, forget: Sequence[Tried], give_back: Sequence[Tried]) -> None:
        """The try was right: `forget` starts anew, `give_back` loses this one try only (an address where others guess goes on counting)."""
        with writing(self._engine) as connection:
            connection.execute(delete(LOGIN_ATTEMPTS).where(LOGIN_ATTEMPTS.c.key.in_([hashed(one.key) for one in forget])))
            for one in give_back:
                here = (LOGIN_ATTEMPTS.c.key == hashed(one.key)) & (LOGIN_ATTEMPTS.c.count > 0)
                connection.execute(update(LOGIN_ATTEMPTS).where(here).values(count=LOGIN_ATTEMPTS.c.count - 1))

    def _delay_s(self, beyond: int) -> float:
        return 0.0 if beyond <= 0 else min(2.0 ** min(beyond - 1, 30), self._settings.longest_delay_s)


def _row(connection: Connection, one: Tried, now_s: float) -> Row[Any]:
    add_rows(connection, LOGIN_ATTEMPTS, [{"key": hashed(one.key), "count": 0, "since_s": now_s, "blocked_until_s": now_s}])
    return connection.execute(select(LOGIN_ATTEMPTS).where(LOGIN_ATTEMPTS.c.key == hashed(one.key)).with_for_update()).one()


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")

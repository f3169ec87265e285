"""Logins that end by themselves, and tries that have to wait longer and longer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select, update

from studio.domain.rights import Role
from studio.domain.settings import LoginSettings
from studio.store.database import reading, writing
from studio.store.schema import LOGIN_ATTEMPTS, SESSIONS
from studio.store.sessions import LoginAttempts, SessionStore, Tried
from studio.store.users import AccountStore

NOW_S = 1_800_000_000.0
NAME, ADDRESS = Tried("name:ada", 3), Tried("address:192.0.2.1", 6)


@pytest.fixture
def sessions(engine: Engine) -> SessionStore:
    AccountStore(engine).welcome("ada", Role.EDITOR)
    return SessionStore(engine)


def age(engine: Engine, **columns: float) -> None:
    """As if `seen_at` or `expires_at` of every login lay so many seconds from now."""
    values = {name: (datetime.now(UTC) + timedelta(seconds=by)).isoformat(timespec="microseconds") for name, by in columns.items()}
    with writing(engine) as connection:
        connection.execute(update(SESSIONS).values(**values))


def test_a_token_opens_until_it_is_left_and_only_its_hash_is_kept(sessions: SessionStore, engine: Engine) -> None:
    one, two = sessions.open("ada", "192.0.2.1"), sessions.open("ada", "192.0.2.1")
    assert one != two and sessions.user(one) == sessions.user(two) == "ada"
    with reading(engine) as connection:
        kept = str(connection.execute(select(SESSIONS)).all())
    assert one not in kept and two not in kept
    sessions.close(one)
    assert sessions.user(one) is None and sessions.user(two) == "ada"
    assert sessions.close_all("ada") == 1 and sessions.user(two) is None
    assert sessions.user("guess") is None and sessions.user("") is None


def test_a_login_ends_after_a_while_unused_and_after_its_longest_time_however_used(sessions: SessionStore, engine: Engine) -> None:
    settings = LoginSettings()
    token = sessions.open("ada", "192.0.2.1")
    age(engine, seen_at=-settings.idle_s - 5)
    assert sessions.user(token) is None
    token = sessions.open("ada", "192.0.2.1")
    age(engine, expires_at=-1)
    assert sessions.user(token) is None
    sessions.open("ada", "192.0.2.1")
    with reading(engine) as connection:
        assert len(connection.execute(select(SESSIONS)).all()) == 1, "what has expired is forgotten"


def test_that_somebody_is_here_is_written_once_a_minute_at_most(sessions: SessionStore, engine: Engine) -> None:
    token = sessions.open("ada", "192.0.2.1")

    def seen_at() -> str:
        with reading(engine) as connection:
            return connection.execute(select(SESSIONS.c.seen_at)).scalar_one()

    first = seen_at()
    sessions.user(token)
    assert seen_at() == first
    age(engine, seen_at=-61)
    sessions.user(token)
    assert seen_at() > first


def test_tries_wait_longer_and_longer_but_never_longer_than_the_longest(engine: Engine) -> None:
    attempts, now_s, waits = LoginAttempts(engine, LoginSettings(longest_delay_s=8)), NOW_S, []
    for _ in range(9):
        assert attempts.begin((NAME,), now_s) == 0
        with reading(engine) as connection:
            waits.append(connection.execute(select(LOGIN_ATTEMPTS.c.blocked_until_s)).scalar_one() - now_s)
        now_s += waits[-1]
    assert waits == [0, 0, 0, 1, 2, 4, 8, 8, 8]


def test_a_try_that_was_refused_is_not_counted_and_a_quiet_while_forgets_all(engine: Engine) -> None:
    attempts = LoginAttempts(engine)
    for _ in range(4):
        attempts.begin((NAME,), NOW_S)
    waits = {attempts.begin((NAME,), NOW_S) for _ in range(50)}
    assert waits == {1.0}
    assert attempts.begin((NAME,), NOW_S + 1 + LoginSettings().forget_s + 1) == 0
    with reading(engine) as connection:
        assert connection.execute(select(LOGIN_ATTEMPTS.c.count)).scalar_one() == 1


def test_a_right_password_forgets_the_name_and_takes_one_off_the_address(engine: Engine) -> None:
    attempts = LoginAttempts(engine)
    for _ in range(3):
        assert attempts.begin((NAME, ADDRESS), NOW_S) == 0
    attempts.succeeded((NAME,), (ADDRESS,))
    with reading(engine) as connection:
        assert connection.execute(select(LOGIN_ATTEMPTS.c.count)).scalars().all() == [2]


def test_an_address_is_slowed_whatever_names_it_tries(engine: Engine) -> None:
    attempts = LoginAttempts(engine)
    waits = [attempts.begin((Tried(f"name:{number}", 3), ADDRESS), NOW_S) for number in range(9)]
    assert waits == [0] * 7 + [1, 1]


def test_many_tries_at_once_are_no_way_round(engine: Engine) -> None:
    attempts = LoginAttempts(engine)
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: attempts.begin((NAME, ADDRESS), NOW_S), range(24)))
    assert waits.count(0.0) == NAME.free + 1


def test_people_who_come_in_at_the_same_moment_do_not_keep_each_other_waiting(engine: Engine) -> None:
    attempts, office = LoginAttempts(engine), Tried("address:office", free=20)
    assert attempts.begin((Tried("name:ada", free=5), office), NOW_S + 0.02) == 0.0
    assert attempts.begin((Tried("name:ben", free=5), office), NOW_S) == 0.0, "ben looked at the clock before ada, and was written down after her"

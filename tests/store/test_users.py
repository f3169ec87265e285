"""Accounts in the database: who may come in, what taking a right away ends, and that the time an answer takes tells nothing."""

from __future__ import annotations

import time
from statistics import median

import pytest
from sqlalchemy import Engine

from studio.domain.account import account_name, new_account_name
from studio.domain.errors import BadSetting, NotFound
from studio.domain.project import Project
from studio.domain.rights import Right, Role
from studio.store.passwords import PasswordHash, ScryptCost
from studio.store.projects import ProjectStore
from studio.store.sessions import SessionStore
from studio.store.users import AccountStore
from tests.store.samples import a_project

CHEAP = ScryptCost(n=2**4, r=1, p=1)
PASSWORD = "lovelace & co"


@pytest.fixture
def accounts(engine: Engine) -> AccountStore:
    return AccountStore(engine, CHEAP)


@pytest.fixture
def sessions(engine: Engine) -> SessionStore:
    return SessionStore(engine)


def test_the_right_password_of_a_known_name_is_let_in(accounts: AccountStore) -> None:
    assert not accounts.has_logins()
    accounts.add("ada", Role.EDITOR, PASSWORD)
    accounts.add("zoë", Role.ADMIN, "пароль 密码 café")
    assert accounts.has_logins()
    assert accounts.verify("ada", PASSWORD) and accounts.verify("zoë", "пароль 密码 cafe\u0301")
    for name, password in (("ada", "Lovelace & co"), ("ada", ""), ("Ada", PASSWORD), ("bob", PASSWORD), ("", ""), ("ada", PASSWORD * 1000)):
        assert not accounts.verify(name, password)


def test_an_account_without_a_password_lets_nobody_in(accounts: AccountStore) -> None:
    accounts.add("ada", Role.EDITOR)
    assert not accounts.verify("ada", "") and not accounts.has_logins()
    with pytest.raises(BadSetting, match="has an account already"):
        accounts.add("ada", Role.ADMIN)
    assert accounts.add("ada", Role.ADMIN, PASSWORD).has_password  # known from before, and now given one
    with pytest.raises(BadSetting, match="has an account already"):
        accounts.add("ada", Role.ADMIN, PASSWORD)


def test_a_password_is_kept_as_a_hash_and_an_older_one_is_brought_up_at_the_next_login(accounts: AccountStore, engine: Engine) -> None:
    accounts.add("ada", Role.EDITOR, PASSWORD)
    dearer = AccountStore(engine, ScryptCost(n=2**5, r=1, p=1))
    assert dearer.verify("ada", PASSWORD) and dearer.verify("ada", PASSWORD)
    assert not dearer.verify("ada", "something else")


def test_what_takes_rights_away_ends_logins_and_nothing_else_does(accounts: AccountStore, sessions: SessionStore) -> None:
    for name in ("ada", "bob", "eve"):
        accounts.add(name, Role.ADMIN, PASSWORD)

    def logged_in() -> str:
        token = sessions.open("ada", "192.0.2.1")
        assert sessions.user(token) == "ada"
        return token

    others = sessions.open("bob", "192.0.2.2")
    for take_away in (
        lambda: accounts.set_password("ada", "another one"),
        lambda: accounts.set_role("ada", Role.EDITOR),
        lambda: accounts.disable("ada"),
    ):
        token = logged_in()
        take_away()
        assert sessions.user(token) is None
        accounts.enable("ada")
        assert sessions.user(token) is None  # for good
    token = logged_in()
    accounts.set_role("ada", Role.EDITOR)  # as before
    assert sessions.user(token) == "ada" and sessions.user(others) == "bob"


def test_who_is_switched_off_is_out_and_reads_nothing(accounts: AccountStore, projects: ProjectStore) -> None:
    accounts.add("bob", Role.ADMIN, PASSWORD)
    accounts.add("ada", Role.EDITOR, PASSWORD)
    project = projects.create(a_project("ada"))
    accounts.disable("ada")
    assert not accounts.verify("ada", PASSWORD)
    assert projects.list("ada") == () and projects.rights(project.id, "ada") == frozenset()
    with pytest.raises(NotFound):
        projects.get(project.id, "ada")
    accounts.enable("ada")
    assert accounts.verify("ada", PASSWORD) and projects.get(project.id, "ada") == project


def test_the_last_administrator_stays(accounts: AccountStore) -> None:
    accounts.add("ada", Role.ADMIN, PASSWORD)
    for undo in (lambda: accounts.disable("ada"), lambda: accounts.set_role("ada", Role.EDITOR)):
        with pytest.raises(BadSetting, match="last administrator"):
            undo()
    accounts.add("bob", Role.ADMIN, PASSWORD)
    assert accounts.disable("ada").disabled_at is not None
    with pytest.raises(BadSetting, match="last administrator"):
        accounts.set_role("bob", Role.GUEST)


def test_projects_are_handed_over_whole(accounts: AccountStore, projects: ProjectStore, project: Project) -> None:
    accounts.add("bob", Role.EDITOR, PASSWORD)
    assert accounts.hand_over("ada", "bob") == 1
    assert projects.list("ada") == () and projects.get(project.id, "bob", Right.DELETE).owner == "bob"
    with pytest.raises(NotFound):
        accounts.hand_over("bob", "nobody")


def test_a_guest_and_a_reviewer_see_the_demo_and_who_makes_projects_has_their_own(accounts: AccountStore, projects: ProjectStore) -> None:
    demo = projects.create(a_project("the studio"))
    accounts.add("gus", Role.GUEST, PASSWORD)
    accounts.add("rita", Role.REVIEWER, PASSWORD)
    assert projects.list("gus") == projects.list("rita") == (demo,)
    assert projects.rights(demo.id, "gus") == projects.rights(demo.id, "rita") == {Right.READ}
    assert projects.list("ada") == () and projects.rights(demo.id, "ada") == frozenset()


def test_an_unknown_name_takes_as_long_as_a_known_one(engine: Engine) -> None:
    accounts = AccountStore(engine, ScryptCost(2**12, 8, 1))
    accounts.add("ada", Role.EDITOR, PASSWORD)

    def cost_s(name: str) -> float:
        started = time.thread_time()
        accounts.verify(name, "a guess")
        return time.thread_time() - started

    known, unknown = (median(cost_s(name) for _ in range(9)) for name in ("ada", "nobody"))
    assert known / 3 < unknown < known * 3


def test_names_are_joined_and_the_local_one_is_not_to_be_had() -> None:
    assert account_name(" zoe\u0308@example.org ") == "zoë@example.org"
    for typed in ("", "two words", "../x", "x" * 65, "<b>", "a\nb"):
        with pytest.raises(BadSetting, match="cannot be a name"):
            account_name(typed)
    with pytest.raises(BadSetting, match="at the machine itself"):
        new_account_name("local")


def test_two_hashes_of_one_password_differ_and_never_hold_it() -> None:
    one, two = str(PasswordHash.of(PASSWORD, CHEAP)), str(PasswordHash.of(PASSWORD, CHEAP))
    assert one != two and PASSWORD not in one
    assert one.split("$")[:4] == ["scrypt", "16", "1", "1"]


def test_a_new_hash_costs_real_work() -> None:
    assert ScryptCost().is_sane and ScryptCost().memory_bytes == 32 * 2**20
    assert str(PasswordHash.of(PASSWORD, ScryptCost())).startswith("scrypt$32768$8$3$")


def test_a_password_that_is_too_short_or_endless_is_refused() -> None:
    for password in ("", "seven77", "x" * 1025):
        with pytest.raises(BadSetting, match="8 to 1024 characters"):
            PasswordHash.of(password, CHEAP)

"""Coming in: a right password, a wrong one, many wrong ones; and that strangers who guess do not keep a name's owner out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.domain.errors import BadSetting, NotReady
from studio.domain.rights import Role
from studio.front_door import FrontDoor, Knock, TooManyTries, WrongPassword
from studio.service import Studio
from tests.accounts import add_people, password_of
from tests.studio_fixtures import fake_studio

HOME, ELSEWHERE = "192.0.2.1", "198.51.100.7"


@pytest.fixture
def studio(home: Path) -> Iterator[Studio]:
    opened = fake_studio(home)
    add_people(opened, ada=Role.ADMIN, bob=Role.EDITOR)
    yield opened
    opened.close()


@pytest.fixture
def door(studio: Studio) -> FrontDoor:
    return studio.door


def knock(name: str, password: str | None = None, address: str = HOME, browser: str = "") -> Knock:
    return Knock(name, password_of(name) if password is None else password, address, browser)


def guess_until_slowed(door: FrontDoor, name: str, address: str, browser: str = "") -> TooManyTries:
    for _ in range(40):
        try:
            door.enter(knock(name, "a wrong one", address, browser))
        except TooManyTries as error:
            return error
        except WrongPassword:
            continue
    raise AssertionError("nobody was slowed")


def test_a_login_opens_and_leaving_closes_it(door: FrontDoor) -> None:
    entered = door.enter(knock(" ada ", password_of("ada")))
    assert entered.user == "ada" and door.user(entered.token) == "ada"
    door.leave(entered.token)
    assert door.user(entered.token) is None and door.user("") is None


def test_a_wrong_password_and_an_unknown_name_are_told_in_the_same_words(door: FrontDoor) -> None:
    told = set()
    for name in ("ada", "nobody", "two words", ""):
        with pytest.raises(WrongPassword) as refused:
            door.enter(knock(name, "a wrong one"))
        told.add(str(refused.value))
    assert len(told) == 1


def test_many_tries_are_told_when_to_try_again_also_for_names_that_are_none(door: FrontDoor) -> None:
    told = {name: guess_until_slowed(door, name, address) for name, address in (("ada", ELSEWHERE), ("nobody", "198.51.100.8"))}
    assert {str(error) for error in told.values()} == {"There were many tries with a wrong password. Wait a second, then try again."}
    assert str(TooManyTries(8)).endswith("Wait 8 seconds, then try again.") and "3 minutes" in str(TooManyTries(150))


def test_strangers_who_guess_do_not_keep_a_known_browser_out(door: FrontDoor) -> None:
    mark = door.enter(knock("ada")).browser
    guess_until_slowed(door, "ada", ELSEWHERE)
    with pytest.raises(TooManyTries):
        door.enter(knock("ada", address="203.0.113.5"))
    assert door.enter(knock("ada", browser=mark)).user == "ada"


def test_a_made_up_mark_or_one_of_another_name_is_worth_nothing(door: FrontDoor) -> None:
    bobs = door.enter(knock("bob")).browser
    guess_until_slowed(door, "ada", ELSEWHERE)
    for mark in (bobs, "1234.5678", ".", "x" * 5000):
        with pytest.raises(TooManyTries):
            door.enter(knock("ada", browser=mark))


def test_one_ipv6_network_is_one_address(door: FrontDoor) -> None:
    for host in range(60):
        try:
            door.enter(knock(f"name{host}", "a wrong one", f"2001:db8:1:2::{host:x}"))
        except WrongPassword:
            continue
        except TooManyTries:
            break
    else:
        raise AssertionError("a network of its own for every try")
    with pytest.raises(WrongPassword):
        door.enter(knock("other", "a wrong one", "2001:db8:1:3::1"))


def test_logins_are_in_the_audit_trail_and_a_mistyped_name_is_not(studio: Studio, door: FrontDoor) -> None:
    from studio.domain.audit import AuditQuery

    door.enter(knock("ada"))
    for name in ("ada", "my-secret-password"):
        with pytest.raises(WrongPassword):
            door.enter(knock(name, "a wrong one"))
    told = [(entry.user, entry.action) for entry in studio._shop.audit.list(AuditQuery())]
    assert told[:3] == [("", "login.refused"), ("ada", "login.refused"), ("ada", "login.enter")]


def test_a_name_from_a_proxy_makes_an_account_once_and_a_switched_off_one_stays_out(studio: Studio, door: FrontDoor) -> None:
    assert door.welcome("zoe\u0308", Role.REVIEWER) == "zoë" and door.welcome("zoë", Role.ADMIN) == "zoë"
    assert {account.name: account.role for account in studio.accounts()}["zoë"] is Role.REVIEWER
    assert door.welcome("<b>", Role.EDITOR) is None and door.welcome("", Role.EDITOR) is None
    studio.disable_account("zoë")
    later = FrontDoor(door._stores, door._secret)  # another page server, which believes nothing yet
    assert later.welcome("zoë", Role.REVIEWER) is None


def test_ones_own_password_is_changed_by_who_knows_it_and_all_other_logins_end(studio: Studio, door: FrontDoor) -> None:
    here, there = door.enter(knock("ada")), door.enter(knock("ada"))
    ada = studio.as_user("ada")
    with pytest.raises(WrongPassword):
        ada.change_password("a wrong one", "a brand new one")
    with pytest.raises(BadSetting, match="8 to 1024"):
        ada.change_password(password_of("ada"), "short")
    ada.change_password(password_of("ada"), "a brand new one", token=here.token)
    sessions = studio._shop.door._stores.sessions
    assert sessions.user(here.token) == "ada" and sessions.user(there.token) is None
    assert door.enter(knock("ada", "a brand new one")).user == "ada"
    with pytest.raises(NotReady, match="no password here"):
        studio.change_password("", "a brand new one")


def test_an_administrator_cannot_switch_themselves_off(studio: Studio) -> None:
    with pytest.raises(BadSetting, match="your own account"):
        studio.as_user("ada").disable_account("ada")
    studio.as_user("ada").disable_account("bob")
    with pytest.raises(WrongPassword):
        studio.door.enter(knock("bob"))

"""A pass is for one person, one project and a while."""

from __future__ import annotations

import pytest

from studio.ui.media_links import WINDOW_S, MediaLinks, Standing

KEY, PROJECT = b"k" * 32, "a" * 32


class Clock:
    def __init__(self) -> None:
        self.at_s = 1_000_000.0

    def __call__(self) -> float:
        return self.at_s


def test_a_pass_is_good_for_its_person_and_project_alone() -> None:
    links = MediaLinks(KEY)
    given = links.sign("ada", PROJECT)
    assert links.check(given, "ada", PROJECT) is Standing.GOOD
    assert links.check(given, "bob", PROJECT) is Standing.NONE
    assert links.check(given, "ada", "b" * 32) is Standing.NONE
    assert MediaLinks(b"x" * 32).check(given, "ada", PROJECT) is Standing.NONE
    assert MediaLinks(KEY).check(given, "ada", PROJECT) is Standing.GOOD, "another server with the same key takes it"


def test_a_pass_runs_out_and_a_later_expiry_cannot_be_written_into_it() -> None:
    clock = Clock()
    links = MediaLinks(KEY, clock)
    given = links.sign("ada", PROJECT)
    until, _, signature = given.partition(".")
    clock.at_s = int(until) - 1
    assert links.check(given, "ada", PROJECT) is Standing.GOOD
    clock.at_s = int(until)
    assert links.check(given, "ada", PROJECT) is Standing.EXPIRED
    assert links.check(f"{int(until) + WINDOW_S}.{signature}", "ada", PROJECT) is Standing.NONE


def test_passes_of_one_window_are_the_same_and_hold_for_at_least_another() -> None:
    clock = Clock()
    links = MediaLinks(KEY, clock)
    clock.at_s = WINDOW_S * 100.0
    first = links.sign("ada", PROJECT)
    clock.at_s += WINDOW_S - 1
    assert links.sign("ada", PROJECT) == first
    clock.at_s += 2
    assert links.sign("ada", PROJECT) != first and links.check(first, "ada", PROJECT) is Standing.GOOD


@pytest.mark.parametrize("given", ["", ".", "0.", "9999999999.", "x.y", "1e9.abc", "٣.a", "9" * 40 + ".a", "1.é", "1\x00.a", "-1.a"])
def test_what_is_no_pass_opens_nothing(given: str) -> None:
    assert MediaLinks(KEY).check(given, "ada", PROJECT) is Standing.NONE


def test_names_that_run_into_each_other_have_different_passes() -> None:
    links = MediaLinks(KEY)
    assert links.sign("ada", "b" + PROJECT) != links.sign("adab", PROJECT)

"""Files dropped on a page before it knows the project that the first of them opens."""

from __future__ import annotations

import pytest

from studio.ui.arrivals import KEPT_S, Arrivals


def test_what_was_opened_is_known_for_a_moment_and_to_its_own_page_only() -> None:
    now = [0.0]
    arrivals = Arrivals(lambda: now[0])
    assert arrivals.opening("a", lambda: "p1") == "p1"
    assert (arrivals.opened("a"), arrivals.opened("b")) == ("p1", "")
    now[0] = KEPT_S + 1
    assert arrivals.opened("a") == "", "a project that was closed since must not come back"


def test_what_failed_to_open_is_no_project_and_its_error_goes_through() -> None:
    arrivals = Arrivals()

    def refuse() -> str:
        raise ValueError("no media")

    with pytest.raises(ValueError, match="no media"):
        arrivals.opening("a", refuse)
    assert arrivals.opened("a") == ""

"""The ledger of a reading."""

from __future__ import annotations

from studio.formats.cue import LISTED_PLACES, Ledger


def test_changes_are_grouped_by_reason_with_the_first_places_named() -> None:
    ledger = Ledger()
    for number in range(LISTED_PLACES + 3):
        ledger.change(f"cue {number}", "tags")
        ledger.change(f"cue {number}", "tags")
    ledger.drop("cue 9", "empty")
    first, second = ledger.skipped()
    assert first.where == "cue 0, cue 1, cue 2, cue 3, cue 4 and 3 more"
    assert (second.where, second.reason) == ("cue 9", "empty")


def test_nothing_noted_is_nothing_skipped() -> None:
    assert Ledger().skipped() == ()

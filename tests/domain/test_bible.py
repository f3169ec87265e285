"""The bible of a show: two become one, the first stays, and every contradiction is told with both of its sides."""

from __future__ import annotations

import pytest

from studio.domain.bible import Bible, CharacterSheet, Show, contradictions, merged
from studio.domain.errors import BadSetting
from studio.domain.house import FAMILIAR, FORMAL, Address
from studio.domain.line import VoiceRef
from studio.domain.plain import from_plain, to_plain

VOICE, OTHER = VoiceRef("espeak", "anna"), VoiceRef("espeak", "otto")
MINE = Bible("en", "de", (("ferry", "Fähre"),), (("aye", "jawohl"),), (Address("Mara", "Tom", FORMAL),), (CharacterSheet("Mara", None, 3, 5),))
SHOWS = Bible(
    "en", "de", (("Ferry", "Schiff"), ("pier", "Pier")), (), (Address("mara", "TOM", FAMILIAR),), (CharacterSheet("MARA", VOICE, 1, 9, "plain", ("okay",)), CharacterSheet("Tom"))
)


def test_what_both_speak_of_stays_as_the_first_says_and_the_rest_is_added() -> None:
    both = merged(MINE, SHOWS)
    assert both.bible.terms == (("ferry", "Fähre"), ("pier", "Pier"))
    assert both.bible.addresses == (Address("Mara", "Tom", FORMAL),)
    mara = both.bible.sheet(" mara ")
    assert mara == CharacterSheet("Mara", VOICE, 3, 5, "plain", ("okay",))
    assert [one.name for one in both.bible.characters] == ["Mara", "Tom"]


def test_each_contradiction_is_told_and_names_both_rows() -> None:
    terms, addresses = merged(MINE, SHOWS).complaints
    assert terms == "The glossary gives “Ferry” twice: “Fähre” in row 1 and “Schiff” in row 2; “Fähre” stays."
    assert "formal" in addresses and "familiar" in addresses and addresses.endswith("formal stays.")
    assert contradictions([("a", "x"), ("b", "y"), ("A", "x")]) == ()


def test_merging_again_changes_nothing() -> None:
    once = merged(MINE, SHOWS).bible
    assert merged(once, SHOWS).bible == once and merged(once, once).bible == once


def test_a_show_keeps_one_bible_for_each_pair_of_languages() -> None:
    show = Show("id", "ada", "Harbour").with_bible(MINE).with_bible(Bible("en", "fr")).with_bible(SHOWS)
    assert show.bible("en", "de") == SHOWS and show.bible("en", "th") == Bible("en", "th") and len(show.bibles) == 2
    assert from_plain(tuple[Bible, ...], to_plain(show.bibles)) == show.bibles


@pytest.mark.parametrize(
    "values", [{"min_pace": 0}, {"max_pace": 99}, {"min_pace": 5, "max_pace": 4}, {"min_pace": "fast"}, {"forbidden": ("x" * 80,)}, {"forbidden": ("",)}, {"note": "x" * 600}]
)
def test_a_sheet_that_makes_no_sense_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(BadSetting):
        CharacterSheet("Mara", **values)  # type: ignore[arg-type]


def test_a_sheet_that_says_nothing_is_blank() -> None:
    assert CharacterSheet("Mara").is_blank and not CharacterSheet("Mara", OTHER).is_blank and not CharacterSheet("Mara", note="x").is_blank

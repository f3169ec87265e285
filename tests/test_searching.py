"""Places in texts: literal and by pattern, in any script, and never hanging."""

from __future__ import annotations

from time import monotonic

import pytest

from studio.domain.errors import BadSetting
from studio.searching import MAX_PER_TEXT, SearchWish, Searcher, replaced


def after(text: str, find: str, put: str = "X", **ways: bool) -> str:
    return replaced(text, Searcher(SearchWish(find, put, **ways)).places(text))


def test_words_are_found_as_they_are_typed_whatever_signs_they_hold() -> None:
    assert after("Cost? $5 (five). cost?", "cost? $5 (", "Price ") == "Price five). cost?"
    assert after("Ferry, ferry", "ferry", match_case=True) == "Ferry, X" and after("Ähre äHRE", "ähre") == "X X"


def test_whole_words_are_whole_in_every_script() -> None:
    assert after("été tété été.", "été", whole_words=True) == "X tété X."
    assert after("the pier, piers", "pier", whole_words=True) == "the X, piers" and after("порт портрет", "порт", whole_words=True) == "X портрет"


def test_a_letter_is_never_cut_from_its_marks() -> None:
    assert after("cafe\u0301 cafe", "cafe") == "cafe\u0301 X" and after("שָׁלוֹם", "ש") == "שָׁלוֹם"


def test_patterns_know_groups_and_letters_of_every_script() -> None:
    assert after("Müller, Ana", r"(\w+), (\w+)", r"$2 \1", is_pattern=True) == "Ana Müller"
    assert after("no été yes", r"\bété\b", is_pattern=True) == "no X yes" and after("tété", r"\bété\b", is_pattern=True) == "tété"
    assert after("a-b 5", r"[\w-]+ \d", is_pattern=True) == "X" and after("x", "x", r"\\1 $$", is_pattern=True) == r"\1 $"
    assert after("costs", "cost", r"$1\n") == r"$1\ns", "what stands for a group in a pattern is plain text elsewhere"


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|aa)*b", r"(\w+\s?)*!", r"(.*)*x"])
def test_no_pattern_hangs_the_studio(pattern: str) -> None:
    began = monotonic()
    after("a" * 2000, pattern, is_pattern=True)
    assert monotonic() - began < 5.0


@pytest.mark.parametrize("pattern", ["(", "[a", r"(?<=x)a", r"(a)\1", "((a{1,1000}){1,1000}){1,1000}", "*"])
def test_a_pattern_that_cannot_be_understood_is_refused_with_its_reason(pattern: str) -> None:
    with pytest.raises(BadSetting, match="cannot be understood"):
        Searcher(SearchWish(pattern, is_pattern=True))


def test_groups_that_are_not_there_and_wishes_without_end_are_refused() -> None:
    with pytest.raises(BadSetting, match="names group 2, but the pattern has 1"):
        Searcher(SearchWish("(a)", "$2", is_pattern=True))
    with pytest.raises(BadSetting, match="9 groups"):
        Searcher(SearchWish("()" * 10 + "a", is_pattern=True))
    with pytest.raises(BadSetting, match="what to look for"):
        SearchWish("")
    with pytest.raises(BadSetting, match="200 characters"):
        SearchWish("a" * 201)


def test_a_text_full_of_places_is_not_listed_for_ever_and_empty_matches_are_none() -> None:
    assert len(Searcher(SearchWish("a")).places("a" * 2000)) == MAX_PER_TEXT
    assert Searcher(SearchWish("x*", is_pattern=True)).places("abc") == ()

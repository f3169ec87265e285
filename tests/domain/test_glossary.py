"""Terms are found as words, whatever their case and form, and missed where they are not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.domain.glossary import missed_terms, terms_in, written_in

TERMS = (("张伟", "Zhang Wei"), ("Wolf", "Wolf"), ("the Council", "el Consejo"))


@pytest.mark.parametrize(
    ("source", "held"),
    [
        ("张伟来了", ["张伟"]),
        ("Mr. WOLF is here.", ["Wolf"]),
        ("Ｗｏｌｆ！", ["Wolf"]),
        ("Wolfgang is here.", []),
        ("a werewolf", []),
        ("Ask the  council's wolf", ["Wolf", "the Council"]),
        ("", []),
    ],
)
def test_a_term_is_found_as_whole_words_or_anywhere_where_no_spaces_are_written(source: str, held: list[str]) -> None:
    assert [term for term, _ in terms_in(source, TERMS)] == held


@pytest.mark.parametrize(
    ("translation", "missed"),
    [
        ("Zhang Wei is here.", ()),
        ("zhang wei!", ()),
        ("Zhang  Wei's here.", ()),
        ("Zhang Weiss is here.", ()),
        ("Zhang Weimar is here.", ("Zhang Wei",)),
        ("Wei is here.", ("Zhang Wei",)),
        ("", ("Zhang Wei",)),
    ],
)
def test_a_translation_may_put_a_short_ending_to_a_term_and_nothing_more(translation: str, missed: tuple[str, ...]) -> None:
    assert missed_terms("张伟来了", translation, TERMS) == missed


def test_terms_that_the_line_does_not_hold_cannot_be_missed() -> None:
    assert missed_terms("你好", "Hello.", TERMS) == ()
    assert missed_terms("Ann said", "安说", [("Ann", "安")]) == ()
    assert missed_terms("Ann said", "他说", [("Ann", "安")]) == ("安",)


def test_a_term_inside_a_longer_one_does_not_count_unless_it_stands_alone_too() -> None:
    places = (("York", "约克"), ("New York", "纽约"))
    assert terms_in("He left New York.", places) == (places[1],)
    assert terms_in("York is not New York.", places) == places


def test_of_several_translations_of_a_term_one_is_enough() -> None:
    assert missed_terms("The Council met", "理事会开会了", [("Council", "委员会"), ("Council", "理事会")]) == ()


def test_hyphens_apostrophes_and_korean_particles_hide_no_term() -> None:
    assert missed_terms("Jean‑Luc is here", "Jean-Luc est là", [("Jean Luc", "Jean Luc")]) == ()
    assert missed_terms("It is O’Neil", "C'est O'Neil", [("O'Neil", "O’Neil")]) == ()
    assert missed_terms("Minsu came", "민수가 왔어", [("Minsu", "민수")]) == ()


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("张伟和Wolf来了", "Zhang Wei和Wulf来了"),
        ("WOLF, not Wolfgang or a werewolf", "Wulf, not Wolfgang or a werewolf"),
        ("The  council met", "el Consejo met"),
        ("nobody", "nobody"),
        ("", ""),
    ],
)
def test_terms_are_written_into_a_line_where_they_stand_as_words(source: str, written: str) -> None:
    assert written_in(source, (("张伟", "Zhang Wei"), ("Wolf", "Wulf"), ("the Council", "el Consejo"))) == written


def test_the_longer_term_is_written_in_and_a_second_translation_never() -> None:
    assert written_in("New York", [("York", "约克"), ("New York", "纽约"), ("New York", "新约克")]) == "纽约"


@settings(max_examples=200, deadline=None)
@given(st.text("aA李娜 -'·İß", max_size=12), st.lists(st.tuples(st.text("aA李娜 -·İß", min_size=1, max_size=3), st.sampled_from(["X", "\\1"])), max_size=3))
def test_any_line_takes_any_terms(source: str, terms: list[tuple[str, str]]) -> None:
    written = written_in(source, terms)
    assert written == source or terms_in(source, terms)
    assert set(missed_terms(source, written, terms)) <= {target for _, target in terms}


def test_a_target_among_letters_without_spaces_is_seen() -> None:
    assert missed_terms("The Wolf ran", "那Wolf跑了", TERMS) == ()

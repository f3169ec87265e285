"""Places of terms in many lines at once: never fewer than the glossary finds line by line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from studio.domain.glossary import folded, terms_in
from studio.domain.term_places import Places, first_of

WORDS = st.sampled_from(["pier", "pi", "er", "Pier-1", "港务长", "港", "the", "é", " ", "-", "."])
TEXTS = st.lists(WORDS, max_size=6).map("".join)


@given(st.lists(TEXTS, max_size=5), st.lists(st.tuples(TEXTS, TEXTS), max_size=4))
def test_whatever_the_glossary_finds_in_a_line_has_its_place(lines: list[str], pairs: list[tuple[str, str]]) -> None:
    places = Places(pairs, [folded(line) for line in lines])
    for at, line in enumerate(lines):
        assert set(terms_in(line, pairs)) <= set(places.of(at))
        assert terms_in(line, places.of(at)) == terms_in(line, [pair for pair in pairs if pair in places.of(at)])


def test_a_word_within_another_is_no_place_and_the_first_of_two_targets_counts() -> None:
    places = Places((("pier", "Pier"),), ["the pierced", "a pier", "pier pier", ""])
    assert places.places() == [1, 2] and list(places.of(2)) == [("pier", "Pier")]
    assert first_of((("Pier", "a"), ("pier ", "b"), ("x", "y"))) == (("Pier", "a"), ("x", "y"))

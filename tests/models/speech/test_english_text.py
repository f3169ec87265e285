"""English numbers and abbreviations in words, as the public normaliser of the same voices gives them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.speech.english_text import number_words, ordinal_words, spoken_english, year_words


def squeezed(text: str) -> str:
    return " ".join(spoken_english(text).split())


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"), (13, "thirteen"), (40, "forty"), (101, "one hundred one"), (3001, "three thousand one"), (-7, "minus seven"),
        (1_234_567, "one million, two hundred thirty-four thousand, five hundred sixty-seven"),
        (100_001, "one hundred thousand one"), (2_000_000_000, "two billion"),
    ],
)  # fmt: skip
def test_numbers_are_said_in_groups_of_three(number: int, words: str) -> None:
    assert number_words(number) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "first"), (5, "fifth"), (12, "twelfth"), (20, "twentieth"), (21, "twenty-first"), (121, "one hundred and twenty-first"),
     (1001, "one thousand and first"), (1_000_000, "one millionth")],
)  # fmt: skip
def test_ordinals_change_the_last_word(number: int, words: str) -> None:
    assert ordinal_words(number) == words


@pytest.mark.parametrize(
    ("year", "words"),
    [(1066, "ten sixty-six"), (1905, "nineteen oh five"), (1900, "nineteen hundred"), (2000, "two thousand"), (2009, "two thousand nine"), (2024, "twenty twenty-four")],
)
def test_years_are_said_in_pairs(year: int, words: str) -> None:
    assert year_words(year) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mr king, 5 years, from 2019 to 2024.", "mister king, five years, from twenty nineteen to twenty twenty-four."),
        ("Dr. King spoke.", "doctor King spoke."),
        ("He left with Dr.", "He left with doctor."),
        ("colour, col. and honour", "colour, colonel and honour"),
        ("$5.99, £1 and €20", "five dollars, ninety-nine cents, one pound and twenty euros"),
        ("$1.5 million", "one point five million dollars"),
        ("12.5% of 1/2", "twelve point five percent of one half"),
        ("the 21st of 3/4 and 2/3", "the twenty-first of three quarters and two thirds"),
        ("1,234,567", "one million, two hundred thirty-four thousand, five hundred sixty-seven"),
        ("no digits", "no digits"),
    ],
)
def test_what_is_not_a_word_is_written_out(text: str, words: str) -> None:
    assert squeezed(text) == words


@given(st.text(alphabet="0123456789.,/$£%stndrh -", max_size=30))
def test_no_digit_is_left_in_any_jumble(text: str) -> None:
    assert not any(character.isdigit() for character in spoken_english(text))


def test_a_number_longer_than_any_name_is_read_digit_by_digit() -> None:
    assert number_words(10**40).split() == ["one", *["zero"] * 40]


@given(st.integers(0, 10**26))
def test_no_two_numbers_sound_alike(number: int) -> None:
    assert number_words(number) != number_words(number + 1)

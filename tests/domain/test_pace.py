"""How dense a wording is: syllables by spelling, characters where the writing has no vowels to count."""

from __future__ import annotations

import pytest

from studio.domain.pace import CHARACTERS, SYLLABLES, Pace, pace_of, syllables

COUNTED = [
    ("What took you so long?", "en", 5), ("Did you not see the notice?", "en", 7), ("The lines stopped; houses, tables, wanted.", "en", 9),
    ("ils parlent de la table", "fr", 5), ("Größte Übung", "de", 4), ("poeta del mar", "es", 5), ("Паром ушёл", "ru", 4), ("Line 12", "en", 3),
]  # fmt: skip


@pytest.mark.parametrize(("text", "language", "count"), COUNTED)
def test_syllables_are_counted_as_they_are_spoken(text: str, language: str, count: int) -> None:
    assert syllables(text, language) == count


def test_the_same_word_with_composed_and_combining_marks_counts_the_same() -> None:
    assert syllables("élève", "fr") == syllables("e\u0301le\u0300ve", "fr") == 2


def test_chinese_thai_and_arabic_are_counted_by_character_without_marks_and_punctuation() -> None:
    assert pace_of("路上，堵车。", "zh", 2000) == Pace(4, CHARACTERS, 2.0)
    thai = pace_of("สวัสดี", "th", 1000)
    assert thai is not None and thai.unit == CHARACTERS and thai.count == 4, "vowel signs above the line are marks, not letters"


def test_pace_is_over_the_lines_own_span_and_there_is_none_without_words() -> None:
    assert pace_of("one two", "en", 500) == Pace(2, SYLLABLES, 4.0)
    assert pace_of("", "en", 500) is None and pace_of("… ?!", "en", 500) is None

"""The glossary as typed: pairs, and a sentence for each line that is none."""

from __future__ import annotations

import pytest

from studio.domain.settings import TranslationSettings
from studio.domain.terms import MAX_TERM_CHARS, MAX_TERMS, read_terms, write_terms


def test_lines_become_pairs_and_pairs_lines_again() -> None:
    found = read_terms("  龙门 = Dragon Gate \n\n陈=Chen\r\nE = mc = 2\n陈 = Chen")
    assert found.pairs == (("龙门", "Dragon Gate"), ("陈", "Chen"), ("E", "mc = 2"))
    assert found.complaints == ()
    assert read_terms(write_terms(found.pairs)) == found
    assert TranslationSettings(terms=found.pairs).terms == found.pairs


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("龙门", "has no equals sign"),
        ("龙门 =", "has nothing after"),
        ("= Dragon", "has nothing before"),
        ("a = " + "b" * (MAX_TERM_CHARS + 1), "is too long"),
        ("陈 = Chan", "gives “陈” a second translation; “Chen” stays"),
    ],
)
def test_a_bad_line_is_named_and_the_others_stay(line: str, sentence: str) -> None:
    found = read_terms(f"陈 = Chen\n{line}\n李 = Li")
    assert found.pairs == (("陈", "Chen"), ("李", "Li"))
    assert len(found.complaints) == 1
    assert found.complaints[0].startswith("Line 2, “")
    assert sentence in found.complaints[0]


def test_what_is_too_much_is_said_once_per_line() -> None:
    found = read_terms("\n".join(f"s{number} = t{number}" for number in range(MAX_TERMS + 2)))
    assert len(found.pairs) == MAX_TERMS
    assert [text.endswith(f"the list can hold {MAX_TERMS} terms.") for text in found.complaints] == [True, True]

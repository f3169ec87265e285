"""The parser gives every line a translation or one reason, and repairs nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.translation.parse import Fault, parse_answer
from models.translation.prompt import answer, one_line

SOURCES = ("过来", "你好 朋友", "我不知道该怎么办")


def faults(text: str) -> list[Fault | None]:
    return [line.fault for line in parse_answer(text, SOURCES).lines]


def test_a_whole_answer_is_compliant() -> None:
    parsed = parse_answer(answer(SOURCES, ("Come!", "Hi, friend.", "I don't know what to do.")), SOURCES)
    assert parsed.is_compliant
    assert [line.translation for line in parsed.lines] == ["Come!", "Hi, friend.", "I don't know what to do."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("过来(Come!)\n我不知道该怎么办(No idea.)\n", [None, Fault.MISSING, None]),
        ("过来 你好 朋友(Come, friend.)\n我不知道该怎么办(No idea.)\n", [Fault.MERGED, Fault.MERGED, None]),
        ("过来(Come!)\n你好 朋友(Hi\n我不知道该怎么办(No idea.)\n", [None, Fault.UNCLOSED, None]),
        ("过来(Come!)\n你好，朋友们(Hi.)\n我不知道该怎么办(No idea.)\n", [None, Fault.SOURCE_ALTERED, None]),
        ("过来(Come!)\n你好 朋友()\n我不知道该怎么办(No idea.)\n", [None, Fault.MISSING, None]),
        ("", [Fault.MISSING] * 3),
    ],
)
def test_each_way_of_failing_has_its_reason(text: str, expected: list[Fault | None]) -> None:
    assert faults(text) == expected


def test_a_row_that_answers_nothing_is_extra_and_leaves_the_lines_alone() -> None:
    parsed = parse_answer("Sure, here you are:\n" + answer(SOURCES, ("a", "b", "c")) + "Anything else?\n", SOURCES)
    assert parsed.extra_rows == ("Sure, here you are:", "Anything else?")
    assert parsed.faults == (Fault.EXTRA, Fault.EXTRA)
    assert not parsed.is_compliant


def test_a_second_answer_to_the_same_line_is_extra() -> None:
    parsed = parse_answer("过来(Come!)\n过来(Come on!)\n你好 朋友(Hi.)\n我不知道该怎么办(No idea.)\n", SOURCES)
    assert parsed.lines[0].translation == "Come!"
    assert parsed.extra_rows == ("过来(Come on!)",)


def test_brackets_of_the_source_and_of_the_translation_stay() -> None:
    parsed = parse_answer("他(笑)说(He says (laughing))\n", ("他(笑)说",))
    assert parsed.lines[0].translation == "He says (laughing)"


WORDS = st.text(st.characters(categories=("L", "N", "P", "Zs")), min_size=1, max_size=30).map(one_line).filter(bool)


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=8, unique_by=lambda pair: pair[0]))
def test_whatever_the_words_a_whole_answer_reads_back(lines: list[tuple[str, str]]) -> None:
    sources, texts = [source for source, _ in lines], [text for _, text in lines]
    parsed = parse_answer(answer(sources, texts), sources)
    if not any(a != b and a.startswith(b + "(") for a in sources for b in sources):
        assert [line.translation for line in parsed.lines] == texts


@given(st.text(max_size=200))
def test_no_text_breaks_the_parser(text: str) -> None:
    parsed = parse_answer(text, SOURCES)
    assert len(parsed.lines) == len(SOURCES)
    assert all((line.translation is None) != (line.fault is None) for line in parsed.lines)

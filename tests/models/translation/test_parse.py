"""The parser gives every line a translation or one reason, and repairs nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.translation.parse import Fault, is_closed, parse_answer
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
        ("过来(Come!)\n你好 朋友\n我不知道该怎么办(No idea.)\n", [None, Fault.UNCLOSED, None]),
        ("过来(Come!)\n你好 朋友（Hi.）\n我不知道该怎么办(No idea.)\n", [None, Fault.UNCLOSED, None]),
        ("过来(Come!)\n你好 朋友(Hi.）\n我不知道该怎么办(No idea.)\n", [None, Fault.UNCLOSED, None]),
        ("过来(Come!)\n你好 朋友(Hi (friend)\n我不知道该怎么办(No idea.)\n", [None, Fault.UNCLOSED, None]),
        ("过来(\n你好 朋友(Hi.)\n我不知道该怎么办(No idea.)\n", [Fault.UNCLOSED, None, None]),
        ("1. 过来(Come!)\n2. 你好 朋友(Hi.)\n我不知道该怎么办(No idea.)\n", [Fault.SOURCE_ALTERED, Fault.SOURCE_ALTERED, None]),
        ("过来(Come!)\r\n你好 朋友(Hi.)\r\n我不知道该怎么办(No idea.)", [None, None, None]),
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


def test_a_source_that_looks_like_an_answer_is_read_as_the_source_it_is() -> None:
    sources = ("他", "他(笑)", "他")
    parsed = parse_answer("他(He)\n他(笑)(He laughs)\n他(Him)\n", sources)
    assert [line.translation for line in parsed.lines] == ["He", "He laughs", "Him"]
    first_gone = parse_answer("他(笑)(He laughs)\n他(Him)\n", sources)
    assert [line.translation for line in first_gone.lines] == [None, "He laughs", "Him"]


def test_a_repeated_row_costs_no_other_line_its_answer() -> None:
    sources = ("是的", "你好", "再见", "走吧", "是的")
    parsed = parse_answer("是的(Yes)\n是的(Yes)\n你好(Hi)\n再见(Bye)\n走吧(Go)\n", sources)
    assert [line.translation for line in parsed.lines] == ["Yes", "Hi", "Bye", "Go", None]
    assert parsed.extra_rows == ("是的(Yes)",)


def test_line_breaks_inside_a_source_count_as_the_space_they_become() -> None:
    parsed = parse_answer("过来 吧(Come on!)\n好的(Fine.)\n", ("过来\n吧", "好的\u2028"))
    assert [line.translation for line in parsed.lines] == ["Come on!", "Fine."]


def test_a_strange_separator_in_a_translation_is_no_line_break() -> None:
    assert parse_answer("过来(Come\u2028on\x0b!)\n", ("过来",)).lines[0].translation == "Come\u2028on\x0b!"


def test_lines_of_signs_alone_are_told_apart() -> None:
    sources = ("……", "?!", "\U0001f600\U0001f600", "（笑）")
    parsed = parse_answer(answer(sources, ("...", "What?!", ":)", "Ha")), sources)
    assert [line.translation for line in parsed.lines] == ["...", "What?!", ":)", "Ha"]
    assert parse_answer("……?!(What)\n", sources[:2]).faults == (Fault.MERGED, Fault.MERGED)
    assert parse_answer("你好 (Hi)\n", ("……", "你好")).faults == (Fault.MISSING, Fault.SOURCE_ALTERED)


def test_a_line_of_2000_characters_is_read_and_its_alteration_seen_soon() -> None:
    long = "我不知道你在说什么" * 222 + "好的"
    sources = (long, "过来", long + "吗")
    parsed = parse_answer(answer(sources, ("Long.", "Come!", "Longer?")), sources)
    assert [line.translation for line in parsed.lines] == ["Long.", "Come!", "Longer?"]
    assert parse_answer(f"{long[:-1]}(Long.)\n过来(Come!)\n", sources[:2]).faults == (Fault.SOURCE_ALTERED,)


WORDS = st.text(st.characters(categories=("L", "N", "P", "Zs")), min_size=1, max_size=30).map(one_line).filter(bool)


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=8, unique_by=lambda pair: pair[0]))
def test_whatever_the_words_a_whole_answer_reads_back(lines: list[tuple[str, str]]) -> None:
    sources, texts = [source for source, _ in lines], [text for _, text in lines]
    parsed = parse_answer(answer(sources, texts), sources)
    if not any(a != b and a.startswith(b + "(") for a in sources for b in sources):
        assert [line.translation for line in parsed.lines] == [text if is_closed(text) else None for text in texts]
        assert not parsed.extra_rows


@given(st.text(max_size=200))
def test_no_text_breaks_the_parser(text: str) -> None:
    parsed = parse_answer(text, SOURCES)
    assert len(parsed.lines) == len(SOURCES)
    assert all((line.translation is None) != (line.fault is None) for line in parsed.lines)

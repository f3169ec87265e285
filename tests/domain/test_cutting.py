from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.domain.cutting import merge, split, split_text
from studio.domain.errors import BadSetting
from studio.domain.line import Line
from studio.domain.timing import TimeSpan

LINE = Line("a", TimeSpan(1000, 3000), "s1", "I called. Nobody answered.", "我打了电话。没人接。", take_id="t1")


def test_a_split_cuts_time_and_both_texts_and_drops_the_take() -> None:
    first, second = split(LINE, 1800, "b")
    assert (first.span, second.span) == (TimeSpan(1000, 1800), TimeSpan(1800, 3000))
    assert (first.source_text, second.source_text) == ("I called.", "Nobody answered.")
    assert first.target_text + second.target_text == LINE.target_text
    assert (first.id, second.id, first.take_id, second.take_id) == ("a", "b", None, None)


@pytest.mark.parametrize("at_ms", [1000, 1100, 2950, 3000, 9000])
def test_a_split_at_the_edge_or_outside_is_refused(at_ms: int) -> None:
    with pytest.raises(BadSetting, match="inside itself"):
        split(LINE, at_ms, "b")


def test_pauses_go_with_the_time_they_are_drawn_on() -> None:
    drawn = replace(LINE, pauses=(TimeSpan(100, 300), TimeSpan(700, 1000), TimeSpan(1500, 1600)))
    first, second = split(drawn, 1800, "b")
    assert first.pauses == (TimeSpan(100, 300), TimeSpan(700, 800))
    assert second.pauses == (TimeSpan(0, 200), TimeSpan(700, 800))
    assert split(replace(LINE, pauses=(TimeSpan(100, 300),)), 1800, "b")[1].pauses is None
    assert merge([first, second], source_language="en", target_language="zh").pauses == drawn.pauses
    assert merge(split(LINE, 1800, "b"), source_language="en", target_language="zh").pauses is None


@given(st.text(max_size=60), st.floats(0, 1))
def test_splitting_a_text_loses_nothing_but_spaces(text: str, share: float) -> None:
    first, second = split_text(text, share)
    assert "".join((first + second).split()) == "".join(text.split())


def test_merging_joins_texts_as_the_language_writes_them() -> None:
    first, second = split(LINE, 1800, "b")
    merged = merge([second, first], source_language="en", target_language="zh")
    assert (merged.id, merged.span, merged.source_text, merged.target_text) == ("a", LINE.span, LINE.source_text, LINE.target_text)


def test_lines_of_two_speakers_are_not_merged() -> None:
    other = Line("b", TimeSpan(3000, 4000), "s2", "Hm.")
    with pytest.raises(BadSetting, match="one speaker"):
        merge([LINE, other], source_language="en", target_language="zh")

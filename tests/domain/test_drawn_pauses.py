"""Pauses drawn on a line: in order, joined, within the line, and never all of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.domain.drawn_pauses import LEAST_SPEECH_MS, MOST_PAUSES, drawn_pauses, speech_between
from studio.domain.errors import BadSetting
from studio.domain.timing import TimeSpan


def test_pauses_are_put_in_order_and_joined_where_they_touch() -> None:
    assert drawn_pauses([(800, 1100), (100, 300), (300, 400), (850, 900)], 2000) == (TimeSpan(100, 400), TimeSpan(800, 1100))
    assert drawn_pauses([], 2000) == ()


@pytest.mark.parametrize(
    ("pauses", "why"),
    [
        ([(1900, 2100)], r"from 0 to 2 s; 1.9-2.1 does not"),
        ([(-10, 200)], "within the line"),
        ([(500, 520)], r"at least 0.05 s after it starts; 0.5-0.52 does not"),
        ([(0, 2000)], "no time to speak"),
        ([(0, 2000 - LEAST_SPEECH_MS + 1)], "no time to speak"),
    ],
)
def test_what_a_line_cannot_hold_is_refused_with_the_pause_named(pauses: list[tuple[int, int]], why: str) -> None:
    with pytest.raises(BadSetting, match=why):
        drawn_pauses(pauses, 2000)


def test_a_line_holds_so_many_pauses_and_no_more() -> None:
    many = [(200 * at, 200 * at + 60) for at in range(MOST_PAUSES + 1)]
    assert len(drawn_pauses(many[:-1], 60_000)) == MOST_PAUSES
    with pytest.raises(BadSetting, match="split the line"):
        drawn_pauses(many, 60_000)


@given(st.lists(st.tuples(st.integers(0, 1800), st.integers(50, 150)), max_size=8), st.integers(1, 3000))
def test_pauses_and_the_speech_between_them_are_the_whole_line(given_spans: list[tuple[int, int]], length_ms: int) -> None:
    pauses = drawn_pauses([(start, start + long) for start, long in given_spans], 4000)
    speech = speech_between(pauses, length_ms)
    inside = set().union(*(range(start, end) for start, end in speech)) if speech else set()
    paused = {ms for pause in pauses for ms in range(pause.start_ms, min(pause.end_ms, length_ms))}
    assert inside | paused == set(range(length_ms))
    assert not inside & paused

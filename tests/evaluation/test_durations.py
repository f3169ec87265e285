"""Each text is timed once, and the clock in use is the one asked for."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from studio.domain.errors import BadSetting
from studio.domain.line import Estimate, VoiceRef
from studio.domain.timing import TimeSpan
from studio.engines.protocols import Availability
from studio.evaluation.durations import Clock, demonstrations_of, source_times
from studio.evaluation.tables import Table, TableLine
from tests.fakes import FakeEstimator


class Counting(FakeEstimator):
    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[str]] = []

    def estimate_many(self, texts: Sequence[str], language: str, voice: VoiceRef | None = None) -> list[Estimate]:
        self.batches.append(list(texts))
        return super().estimate_many(texts, language, voice)

    def supports(self, language: str) -> Availability:
        return Availability(language != "xx", f"no voice for {language}")


def test_a_text_is_timed_once_and_silence_is_known() -> None:
    estimator = Counting()
    clock = Clock(estimator, "en")
    assert clock.seconds(["abc", "", "abc", "ab"]) == pytest.approx([0.18, 0.0, 0.18, 0.12])
    assert clock.seconds(["ab", "a"]) == pytest.approx([0.12, 0.06])
    assert estimator.batches == [["abc", "ab"], ["a"]]


def test_a_language_nobody_can_time_is_said() -> None:
    with pytest.raises(BadSetting, match="cannot time xx: no voice for xx"):
        Clock(Counting(), "xx")


def test_spans_are_used_where_the_table_has_them_unless_asked_otherwise() -> None:
    timed = Table("t", (TableLine("", "abc", "x", TimeSpan(0, 500)),), {})
    plain = Table("t", (TableLine("", "abc", "x"),), {})
    clock = Clock(Counting(), "en")
    assert (source_times(timed, clock, "auto").kind, source_times(timed, clock, "auto").seconds) == ("timed", (0.5,))
    assert source_times(timed, clock, "estimated").seconds == pytest.approx((0.18,))
    assert source_times(timed, clock, "estimated").timed_s == (0.5,)
    assert source_times(plain, clock, "auto").kind == "estimated"


def test_demonstrations_take_equally_long_on_both_sides_and_are_neither_short_nor_long() -> None:
    lines = [
        TableLine("", "x" * 20, "y" * 20), TableLine("", "x" * 20, "y" * 30), TableLine("", "x" * 25, "y" * 26),
        TableLine("", "x", "y"), TableLine("", "x" * 100, "y" * 100),
    ]  # fmt: skip
    clocks = Clock(Counting(), "zh"), Clock(Counting(), "en")
    assert demonstrations_of(lines, clocks) == (("x" * 20, "y" * 20), ("x" * 25, "y" * 26), ("x" * 20, "y" * 30))

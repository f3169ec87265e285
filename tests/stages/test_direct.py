"""A clip's stretches of speech keep their places on the timeline; a long one makes the next wait; none is lost."""

from __future__ import annotations

import numpy as np

from studio.domain.timing import TimeSpan
from studio.engines.protocols import Audio, Availability
from studio.engines.voice_protocols import Speech
from studio.stages.direct import LONGEST_MS, Direction, convert_clip

RATE_HZ = 1000
EN_ZH = Direction("en", "zh")


class Echo:
    """Says ones for `ratio` times as long as it heard."""

    name, version, licence = "echo", "1", "Apache-2.0"

    def __init__(self, ratio: float = 1.0) -> None:
        self.ratio = ratio
        self.heard: list[tuple[int, str, str, int]] = []

    def available(self) -> Availability:
        return Availability(True, "made of arithmetic")

    def load(self) -> None:
        return

    def supports(self, source_language: str, target_language: str) -> Availability:
        return self.available()

    def convert(self, audio: Audio, source_language: str, target_language: str, slot_ms: int) -> Speech:
        self.heard.append((len(audio.samples), source_language, target_language, slot_ms))
        return Speech(Audio(np.ones(round(len(audio.samples) * self.ratio), np.float32), audio.rate_hz))


def clip(length_ms: int) -> Audio:
    return Audio(np.zeros(length_ms * RATE_HZ // 1000, np.float32), RATE_HZ)


def test_every_stretch_lies_where_the_original_spoke() -> None:
    engine = Echo()
    made = convert_clip(clip(5000), (TimeSpan(500, 1500), TimeSpan(3000, 3400)), engine, EN_ZH)
    assert engine.heard == [(1000, "en", "zh", 1000), (400, "en", "zh", 400)]
    assert made.audio.length_ms == 5000
    assert np.flatnonzero(made.audio.samples).tolist() == [*range(500, 1500), *range(3000, 3400)]


def test_a_stretch_that_spills_makes_the_next_wait_and_the_end_later() -> None:
    made = convert_clip(clip(3000), (TimeSpan(0, 1000), TimeSpan(1200, 2800)), Echo(1.5), EN_ZH)
    assert [(one.start_ms, one.length_ms) for one in made.stretches] == [(0, 1500), (1500, 2400)]
    assert made.audio.length_ms == 3900
    assert float(made.audio.samples.max()) == 1.0


def test_tiny_gaps_part_nothing_and_endless_speech_is_parted() -> None:
    joined = convert_clip(clip(2000), (TimeSpan(0, 500), TimeSpan(600, 900)), Echo(), EN_ZH)
    assert [one.span for one in joined.stretches] == [TimeSpan(0, 900)]
    parted = convert_clip(clip(20_000), (TimeSpan(0, 20_000),), Echo(), EN_ZH)
    assert [one.span.end_ms for one in parted.stretches] == [6666, 13_333, 20_000]
    assert all(one.span.length_ms <= LONGEST_MS for one in parted.stretches)


def test_without_speech_there_is_silence() -> None:
    made = convert_clip(clip(700), (), Echo(), EN_ZH)
    assert made.stretches == ()
    assert not made.audio.samples.any()
    assert made.audio.length_ms == 700

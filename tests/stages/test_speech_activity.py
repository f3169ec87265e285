from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.domain.timing import TimeSpan
from studio.engines.protocols import Audio
from studio.stages.speech_activity import heard_spans, level_curve, levels_db, speech_spans

RATE_HZ = 16_000


def sound(*parts: int, noise: float = 0.0) -> Audio:
    """Silence and tone in turn, in ms, silence first."""
    rng, pieces = np.random.default_rng(1), []
    for index, ms in enumerate(parts):
        time_s = np.arange(ms * RATE_HZ // 1000) / RATE_HZ
        pieces.append((0.3 * np.sin(2 * np.pi * 200 * time_s) if index % 2 else 0 * time_s) + noise * rng.standard_normal(len(time_s)))
    return Audio(np.concatenate(pieces).astype(np.float32), RATE_HZ)


def test_speech_is_found_where_it_is_and_counted_from_the_start_given() -> None:
    assert speech_spans(sound(200, 500, 400, 300, 100), start_ms=1000) == (TimeSpan(1200, 1700), TimeSpan(2100, 2400))


def test_a_short_gap_is_bridged_and_a_click_is_no_speech() -> None:
    assert speech_spans(sound(0, 300, 140, 300)) == (TimeSpan(0, 740),)
    assert speech_spans(sound(0, 300, 160, 300)) == (TimeSpan(0, 300), TimeSpan(460, 760))
    assert speech_spans(sound(100, 300, 300, 30, 100)) == (TimeSpan(100, 400),)


def test_noise_under_speech_is_no_speech() -> None:
    (span,) = speech_spans(sound(400, 500, 400, noise=0.005))
    assert span.start_ms == pytest.approx(400, abs=10) and span.end_ms == pytest.approx(900, abs=10)


def test_silence_and_nothing_at_all_hold_no_speech() -> None:
    assert speech_spans(sound(500)) == speech_spans(Audio(np.zeros(0, np.float32), RATE_HZ)) == ()
    assert level_curve(sound(400)) == (0.0,) * 10


def test_what_an_engine_heard_loses_its_padding_but_gains_nothing() -> None:
    audio = sound(300, 500, 400, 300, 100)
    assert heard_spans(audio, [TimeSpan(5240, 5860)], start_ms=5000) == (TimeSpan(5300, 5800),)
    assert heard_spans(audio, [TimeSpan(5400, 5700)], start_ms=5000) == (TimeSpan(5400, 5700),)
    assert heard_spans(audio, [], start_ms=5000) == ()


def test_in_loud_noise_the_engine_decides() -> None:
    rng = np.random.default_rng(2)
    noise = Audio((0.2 * rng.standard_normal(RATE_HZ)).astype(np.float32), RATE_HZ)
    assert heard_spans(noise, [TimeSpan(250, 640)]) == (TimeSpan(250, 640),)


def test_the_level_is_one_where_it_is_loud_and_zero_in_silence_at_25_values_a_second() -> None:
    curve = level_curve(sound(400, 400))
    assert len(curve) == 20 and curve[:10] == (0.0,) * 10
    assert curve[10:] == pytest.approx((1.0,) * 10, abs=0.02)


def test_levels_are_decibels_of_full_scale() -> None:
    assert levels_db(sound(0, 100))[3] == pytest.approx(20 * np.log10(0.3 / np.sqrt(2)), abs=0.1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 400), min_size=1, max_size=8))
def test_spans_are_in_order_apart_and_inside_the_sound(parts: list[int]) -> None:
    audio = sound(*parts)
    spans = speech_spans(audio)
    assert all(a.end_ms + 150 <= b.start_ms for a, b in zip(spans, spans[1:], strict=False))
    assert not spans or (spans[0].start_ms >= 0 and spans[-1].end_ms <= audio.length_ms)

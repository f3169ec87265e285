from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.engines.protocols import Audio
from studio.engines.voice_protocols import Mark
from studio.stages.pauses import SampleRange, cuts_for, inner_pauses, speech_range, without

RATE_HZ = 16_000


def sound(*parts: tuple[str, int]) -> np.ndarray:
    """ "tone" and "quiet" stretches in ms; the tone has level 0.3, the quiet a noise 70 dB below it."""
    noise = np.random.default_rng(7)
    pieces = []
    for kind, ms in parts:
        count = ms * RATE_HZ // 1000
        tone = 0.3 * np.sin(2 * np.pi * 150 * np.arange(count) / RATE_HZ)
        pieces.append(tone if kind == "tone" else 1e-4 * noise.standard_normal(count))
    return np.concatenate(pieces).astype(np.float32)


def test_the_ends_are_found_within_two_frames_and_nothing_loud_is_left_out() -> None:
    audio = Audio(sound(("quiet", 200), ("tone", 500), ("quiet", 300), ("tone", 200), ("quiet", 400)), RATE_HZ)
    found = speech_range(audio, -45.0)
    assert 180 * 16 <= found.start_samples <= 200 * 16
    assert 1200 * 16 <= found.end_samples <= 1220 * 16


def test_the_level_is_relative_so_that_a_quiet_take_is_not_trimmed_away() -> None:
    samples = sound(("quiet", 200), ("tone", 500), ("quiet", 200))
    assert speech_range(Audio(samples, RATE_HZ), -45.0) == speech_range(Audio(samples / 300, RATE_HZ), -45.0)


@pytest.mark.parametrize("samples", [np.zeros(0, np.float32), np.zeros(5000, np.float32)])
def test_silence_has_no_speech(samples: np.ndarray) -> None:
    assert speech_range(Audio(samples, RATE_HZ), -45.0).length_samples == 0
    assert inner_pauses(Audio(samples, RATE_HZ), (), -45.0, longer_than_ms=50) == ()


def test_pauses_inside_are_found_from_the_level_but_not_the_ends() -> None:
    audio = Audio(
        sound(("quiet", 300), ("tone", 400), ("quiet", 250), ("tone", 300), ("quiet", 80), ("tone", 200), ("quiet", 500)), RATE_HZ
    )
    (pause,) = inner_pauses(audio, (), -45.0, longer_than_ms=120)
    assert abs(pause.start_samples - 700 * 16) <= 320 and abs(pause.end_samples - 950 * 16) <= 320


def test_phones_where_given_decide_about_pauses() -> None:
    audio = Audio(sound(("tone", 2000)), RATE_HZ)
    phones = [
        Mark(0, 100, ""),
        Mark(100, 600, "a"),
        Mark(600, 900, ""),
        Mark(900, 950, "t"),
        Mark(950, 1000, ""),
        Mark(1000, 1500, "o"),
        Mark(1500, 2000, ""),
    ]
    assert inner_pauses(audio, phones, -45.0, longer_than_ms=120) == (SampleRange(600 * 16, 900 * 16),)


def test_the_longest_pauses_give_first() -> None:
    pauses = [SampleRange(0, 1000), SampleRange(5000, 5400), SampleRange(9000, 9200)]
    cuts = cuts_for(pauses, 700, 100)
    assert [cut.length_samples for cut in cuts] == [650, 50]
    assert cuts[0] == SampleRange(175, 825)


def test_no_pause_falls_below_what_must_stay() -> None:
    cuts = cuts_for([SampleRange(0, 1000), SampleRange(2000, 2150)], 10_000, 100)
    assert [cut.length_samples for cut in cuts] == [900, 50]
    assert cuts_for([], 500, 100) == ()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(101, 5000), max_size=8), st.integers(0, 20_000))
def test_cuts_save_what_is_wanted_or_all_there_is(lengths: list[int], wanted: int) -> None:
    pauses, place = [], 0
    for length in lengths:
        pauses.append(SampleRange(place, place + length))
        place += length + 300
    cuts = cuts_for(pauses, wanted, 100)
    assert sum(cut.length_samples for cut in cuts) == min(wanted, sum(length - 100 for length in lengths))
    for cut in cuts:
        pause = next(pause for pause in pauses if pause.start_samples <= cut.start_samples < pause.end_samples)
        assert cut.end_samples <= pause.end_samples and pause.length_samples - cut.length_samples >= 100


def test_a_joint_is_shorter_by_the_cut_and_makes_no_click() -> None:
    samples = sound(("tone", 1000))
    cuts = [SampleRange(4000, 8037)]
    joined = without(samples, cuts, RATE_HZ)
    assert joined.dtype == np.float32 and len(joined) == len(samples) - 4037
    assert np.abs(np.diff(joined)).max() < 2 * np.abs(np.diff(samples)).max()
    assert np.array_equal(joined[:3900], samples[:3900]) and np.array_equal(joined[4000:], samples[8037:])


def test_without_cuts_the_samples_are_the_same() -> None:
    samples = sound(("tone", 100))
    assert np.array_equal(without(samples, [], RATE_HZ), samples)

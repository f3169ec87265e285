from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.domain.faces import Presence
from studio.domain.line import Slot
from studio.domain.lip_guide import LipGuide
from studio.domain.settings import FitSettings, Guidance
from studio.domain.sync import speech_overlap
from studio.domain.timing import TimeSpan
from studio.engines.protocols import Audio
from studio.engines.voice_protocols import Mark
from studio.stages.lip_timing import Retiming, lip_timing, stretches
from studio.stages.time_map import RateLimits, TimeMap

RATE_HZ = 16_000
START_MS = 3000
LIMITS = RateLimits(0.85, 1.25)


def take(*parts: int) -> tuple[Audio, tuple[Mark, ...]]:
    """Tone and silence in turn, in ms, tone first, with a phone for each."""
    pieces, marks, at = [], [], 0
    for index, ms in enumerate(parts):
        time_s = np.arange(ms * RATE_HZ // 1000) / RATE_HZ
        pieces.append(0.3 * np.sin(2 * np.pi * 150 * time_s) if index % 2 == 0 else 0 * time_s)
        marks.append(Mark(at, at + ms, "" if index % 2 else "a"))
        at += ms
    return Audio(np.concatenate(pieces).astype(np.float32), RATE_HZ), tuple(marks)


def how(slot_ms: int, *speech: tuple[int, int], lips: float = 1.0, face: float = 0.0, **guide: object) -> Retiming:
    """A slot at 3 s with the source speaking over `speech`, in ms from the slot's start."""
    spans = tuple(TimeSpan(START_MS + first, START_MS + last) for first, last in speech)
    cues = LipGuide(Presence.ON_SCREEN, Guidance(face, lips), speech=spans, **guide)
    return Retiming(Slot(START_MS, slot_ms, 0), cues, FitSettings(), LIMITS)


def spoken(found: TimeMap) -> list[tuple[int, int]]:
    """Where speech lies in the output, in ms; what touches is one."""
    spans: list[tuple[int, int]] = []
    for piece in found.pieces:
        if piece.is_speech:
            first, last = (round(1000 * at / found.rate_hz) for at in (piece.out_start_samples, piece.out_end_samples))
            spans = [*spans[:-1], (spans[-1][0], last)] if spans and spans[-1][1] == first else [*spans, (first, last)]
    return spans


def overlap(found: TimeMap, retiming: Retiming) -> float:
    dub = [TimeSpan(START_MS + first, START_MS + last) for first, last in spoken(found)]
    result = speech_overlap(retiming.guide.speech, dub)
    assert result is not None
    return result.jaccard


def test_speech_starts_where_the_source_does_and_ends_with_it() -> None:
    audio, phones = take(1000)
    retiming = how(3000, (800, 1750))
    (span,) = spoken(lip_timing(audio, phones, (), retiming))
    assert span == (pytest.approx(800, abs=20), pytest.approx(1750, abs=60))
    assert overlap(lip_timing(audio, phones, (), retiming), retiming) > 0.94


def test_a_pause_moves_to_where_the_source_is_silent() -> None:
    audio, phones = take(900, 150, 900)
    retiming = how(3000, (100, 1000), (1700, 2600))
    first, second = spoken(lip_timing(audio, phones, (), retiming))
    assert first == (pytest.approx(100, abs=20), pytest.approx(1000, abs=40)) and second == (pytest.approx(1700, abs=40), pytest.approx(2600, abs=40))


def test_a_new_pause_is_put_between_words_and_never_inside_one() -> None:
    audio, _ = take(1800)
    words = [Mark(0, 500, "one"), Mark(500, 880, "two"), Mark(880, 1400, "three"), Mark(1400, 1800, "four")]
    retiming = how(3200, (100, 1000), (1900, 2800))
    parted = lip_timing(audio, (), words, retiming)
    assert len(spoken(parted)) == 2 and overlap(parted, retiming) > 0.9
    (pause,) = [piece for piece in parted.pieces[1:] if not piece.is_speech]
    assert pause.take_start_samples == pause.take_end_samples == 880 * RATE_HZ // 1000
    assert len(spoken(lip_timing(audio, (), (), retiming))) == 1


def test_a_pause_may_shrink_to_the_least_but_not_below() -> None:
    audio, phones = take(800, 500, 800)
    retiming = how(2500, (0, 1720), lips=5.0)
    found = lip_timing(audio, phones, (), retiming)
    (pause,) = [piece for piece in found.pieces if not piece.is_speech and piece.take_samples]
    assert pause.out_samples == FitSettings().min_pause_ms * RATE_HZ // 1000


def test_the_mouth_is_followed_where_there_is_no_source_speech() -> None:
    audio, phones = take(600)
    shut, wide = (0.02,) * 20, (0.7,) * 15
    (span,) = spoken(lip_timing(audio, phones, (), how(2200, opening=shut + wide + shut)))
    assert span == (pytest.approx(800, abs=20), pytest.approx(1400, abs=20))


def test_at_scale_one_no_rate_strays_beyond_a_fifth_and_higher_scales_go_to_the_limits() -> None:
    audio, phones = take(1500)
    short, shorter = (lip_timing(audio, phones, (), how(2500, (0, 1000), lips=scale)) for scale in (1.0, 4.0))
    assert 1.1 < short.mean_ratio < 1.23 and shorter.mean_ratio == pytest.approx(1.25, abs=0.01)


def test_the_rate_is_kept_steady_from_word_to_word() -> None:
    audio, _ = take(2400)
    words = [Mark(at, at + 400, "word") for at in range(0, 2400, 400)]
    found = lip_timing(audio, (), words, how(3000, (0, 1900)))
    assert max(found.rates) / min(found.rates) < 1.06


def test_stressed_syllables_move_toward_the_strongest_moments_of_the_source() -> None:
    audio, phones = take(1200)
    loud = np.where((np.arange(len(audio.samples)) // (RATE_HZ // 10)) % 4 == 0, 1.0, 0.25).astype(np.float32)
    audio = replace(audio, samples=audio.samples * loud)
    level = tuple(1.0 if (frame - 5) % 10 < 2 else 0.6 for frame in range(40))

    def strength(face: float) -> float:
        found = lip_timing(audio, phones, (), how(1600, (0, 1600), face=face, lips=0.0, level=level))
        beats_ms = [found.at_ms(50 + 400 * beat) for beat in range(3)]
        return sum(level[min(ms // 40, 39)] for ms in beats_ms)

    assert strength(2.0) > strength(0.0)


def test_words_that_fill_the_slot_at_the_highest_rate_stay_inside_it() -> None:
    audio, phones = take(1200, 200, 1000)
    found = lip_timing(audio, phones, (), how(2000, (400, 1000), lips=5.0))
    assert found.out_samples <= 2000 * RATE_HZ // 1000


def test_limits_that_leave_no_choice_are_kept() -> None:
    audio, phones = take(733, 90, 421)
    fixed = replace(how(2000, (300, 1500)), limits=RateLimits(1.0, 1.0))
    found = lip_timing(audio, phones, (), fixed)
    assert found.rates == pytest.approx((1.0, 1.0), abs=1e-3) and found.lead_ms == pytest.approx(300, abs=60)


def test_what_the_engine_already_did_counts_as_rate() -> None:
    audio, phones = take(1000)
    plain = how(2000, (0, 1100))
    hurried = replace(plain, engine_ratio=1.25, limits=RateLimits(0.85 / 1.25, 1.0))
    assert lip_timing(audio, phones, (), hurried).mean_ratio < lip_timing(audio, phones, (), plain).mean_ratio - 0.01


def test_a_take_is_parted_at_pauses_and_between_words_of_some_length() -> None:
    audio, phones = take(500, 100, 700)
    words = [Mark(0, 250, "so"), Mark(250, 500, "then"), Mark(600, 700, "a"), Mark(700, 1300, "b")]
    rate = RATE_HZ // 1000
    found = [(part.start_samples // rate, part.end_samples // rate, part.pause_samples // rate) for part in stretches(audio, phones, words, -45.0)]
    assert found == [(0, 250, 0), (250, 500, 100), (600, 1300, 0)]


def test_a_very_long_take_is_parted_into_no_more_than_can_be_planned() -> None:
    audio, _ = take(100_000)
    words = [Mark(at, at + 200, "word") for at in range(0, 100_000, 200)]
    assert 90 <= len(stretches(audio, (), words, -45.0)) <= 100


def test_without_phones_pauses_are_found_by_their_level_and_short_closures_are_none() -> None:
    audio, _ = take(500, 60, 500, 300, 500)
    assert [part.pause_samples > 0 for part in stretches(audio, (), (), -45.0)] == [True, False]


def test_a_take_of_nothing_has_no_timing() -> None:
    with pytest.raises(ValueError, match="without sound"):
        lip_timing(Audio(np.zeros(0, np.float32), RATE_HZ), (), (), how(1000, (0, 500)))


def test_a_minute_of_speech_is_planned_in_seconds() -> None:
    audio, phones = take(*([700, 200] * 60), 700)
    spans = [(at, at + 800) for at in range(0, 60_000, 1000)]
    started = time.process_time()
    found = lip_timing(audio, phones, (), how(60_000, *spans))
    assert time.process_time() - started < 10 and len(found.rates) == 61


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(20, 700), min_size=1, max_size=7),
    st.integers(200, 4000),
    st.lists(st.tuples(st.integers(0, 3000), st.integers(40, 1500)), min_size=1, max_size=3),
    st.sampled_from([0.2, 1.0, 5.0]),
    st.sampled_from([(0.85, 1.25), (0.5, 2.0), (1.0, 1.0), (0.7, 1.0)]),
)
def test_whatever_is_asked_the_map_keeps_its_limits_and_every_sample(parts: list[int], slot_ms: int, speech: list[tuple[int, int]], lips: float, limits: tuple[float, float]) -> None:
    audio, phones = take(*parts) if len(parts) % 2 else take(*parts[:-1], *parts[-1:], 100)
    spans = [(first, first + length) for first, length in speech]
    retiming = replace(how(slot_ms, *spans, lips=lips), limits=RateLimits(*limits))
    found = lip_timing(audio, phones, (), retiming)
    assert found.take_samples == len(audio.samples) and found.limits == RateLimits(*limits)
    grown = [piece for piece in found.pieces if not piece.is_speech and piece.take_samples]
    assert all(piece.out_samples >= min(piece.take_samples, 120 * RATE_HZ // 1000) - 1 for piece in grown)

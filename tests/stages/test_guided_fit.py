from __future__ import annotations

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
from studio.engines.voice_protocols import Mark, Speech
from studio.stages.fit import fit_take
from studio.stages.guided_fit import Room, fit_speech
from studio.stages.speech_activity import speech_spans

RATE_HZ = 16_000
SLOT = Slot(2000, 3000, 0)
SOURCE = (TimeSpan(2500, 3300), TimeSpan(3900, 4700))


def speech(*parts: int) -> Speech:
    """Silence and tone in turn, in ms, silence first, with phones and each tone a word."""
    pieces, marks, at = [], [], 0
    for index, ms in enumerate(parts):
        time_s = np.arange(ms * RATE_HZ // 1000) / RATE_HZ
        pieces.append(0.3 * np.sin(2 * np.pi * (130 + 40 * index) * time_s) if index % 2 else 0 * time_s)
        marks.append(Mark(at, at + ms, "a" if index % 2 else ""))
        at += ms
    words = tuple(mark for mark in marks if mark.symbol)
    return Speech(Audio(np.concatenate(pieces).astype(np.float32), RATE_HZ), tuple(marks), words)


def guide(lips: float = 1.0, face: float = 0.0, presence: Presence = Presence.ON_SCREEN) -> LipGuide:
    return LipGuide(presence, Guidance(face, lips), speech=SOURCE)


SPOKEN = speech(80, 850, 130, 800, 60)


@pytest.mark.parametrize(
    "lips", [None, guide(lips=0.0), guide(lips=2.0, presence=Presence.OFF_SCREEN), replace(guide(), speech=())], ids=["none", "zero", "off screen", "no cue"]
)
@pytest.mark.parametrize("slot", [SLOT, Slot(0, 1000, 200), Slot(0, 1700, 0)])
def test_without_anything_to_follow_every_bit_is_as_the_text_times_it(lips: LipGuide | None, slot: Slot) -> None:
    found = fit_speech(SPOKEN, Room(slot, FitSettings(), lips))
    plain = fit_take(SPOKEN.audio, SPOKEN.phones, slot, FitSettings())
    assert found.audio.samples.tobytes() == plain.audio.samples.tobytes()
    assert (found.phones, found.report) == (plain.phones, plain.report)
    assert (found.report.lip_scale, found.report.lead_ms, found.report.slowest_ratio) == (0.0, 0, None)


def test_a_guided_take_speaks_when_the_source_does() -> None:
    found, plain = (fit_speech(SPOKEN, Room(SLOT, FitSettings(), lips)) for lips in (guide(), None))
    overlaps = [speech_overlap(SOURCE, speech_spans(each.audio, start_ms=SLOT.start_ms)) for each in (found, plain)]
    assert overlaps[0] is not None and overlaps[1] is not None
    assert overlaps[0].jaccard > 0.9 > 0.5 > overlaps[1].jaccard


def test_the_report_says_what_was_done() -> None:
    found = fit_speech(SPOKEN, Room(SLOT, FitSettings(), guide(lips=1.5, face=0.5)))
    report = found.report
    assert (report.lip_scale, report.face_scale, report.remainder_ms) == (1.5, 0.5, 0)
    assert report.lead_ms == pytest.approx(500, abs=40) and report.fitted_ms == found.audio.length_ms
    assert report.pauses_moved_ms == pytest.approx(470, abs=100) and report.pauses_cut_ms == 0
    assert report.slowest_ratio is not None and report.fastest_ratio is not None
    assert 0.85 - 1e-3 <= report.slowest_ratio <= report.rate_ratio <= report.fastest_ratio <= 1.25 + 1e-3


def test_phones_move_with_their_sound() -> None:
    found = fit_speech(SPOKEN, Room(SLOT, FitSettings(), guide()))
    voiced = [phone for phone in found.phones if phone.symbol]
    heard = speech_spans(found.audio)
    assert [phone.start_ms for phone in voiced] == pytest.approx([span.start_ms for span in heard], abs=25)
    assert [phone.end_ms for phone in voiced] == pytest.approx([span.end_ms for span in heard], abs=25)


def test_words_that_cannot_fit_are_fitted_as_ever_and_spill_no_more() -> None:
    slot = Slot(2000, 1200, 0)
    found, plain = (fit_speech(SPOKEN, Room(slot, FitSettings(), lips)) for lips in (guide(lips=5.0), None))
    assert plain.report.remainder_ms > 0 and found.report.remainder_ms <= plain.report.remainder_ms


def test_a_line_of_many_minutes_is_timed_by_its_words() -> None:
    slot = Slot(0, 600_000, 0)
    found, plain = (fit_speech(SPOKEN, Room(slot, FitSettings(), lips)) for lips in (guide(lips=5.0), None))
    assert found.report == plain.report


def test_a_silent_take_stays_silent() -> None:
    silent = Speech(Audio(np.zeros(RATE_HZ, np.float32), RATE_HZ))
    assert fit_speech(silent, Room(SLOT, FitSettings(), guide())).audio.length_ms == 0


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(30, 900), min_size=2, max_size=7),
    st.integers(150, 4000),
    st.integers(0, 800),
    st.sampled_from([0.3, 1.0, 5.0]),
    st.sampled_from([0.9, 1.0, 1.2]),
)
def test_limits_hold_and_a_guide_never_makes_a_take_spill(parts: list[int], span_ms: int, gap_ms: int, lips: float, engine_ratio: float) -> None:
    spoken, slot, limits = speech(*parts), Slot(2000, span_ms, gap_ms), FitSettings()
    found = fit_speech(spoken, Room(slot, limits, guide(lips=lips, face=1.0)), engine_ratio=engine_ratio)
    plain = fit_take(spoken.audio, spoken.phones, slot, limits, engine_ratio=engine_ratio)
    report = found.report
    assert report.remainder_ms <= plain.report.remainder_ms
    assert found.audio.length_ms == report.fitted_ms and np.isfinite(found.audio.samples).all()
    if report.slowest_ratio is not None and report.fastest_ratio is not None:
        slack = engine_ratio / min(30 * RATE_HZ / 1000, 100)  # a sample of the shortest stretch
        assert limits.min_ratio - slack <= report.slowest_ratio and report.fastest_ratio <= limits.max_ratio + slack

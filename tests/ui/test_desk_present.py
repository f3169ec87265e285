"""Rows, candidates and takes as the desk shows them."""

from __future__ import annotations

from studio.domain.line import Candidate, Estimate, Line, Slot, VoiceRef, predict
from studio.domain.timing import TimeSpan
from studio.ui import desk_present

LINE = Line("l1", TimeSpan(0, 2_000), "s1", "hello", "hallo")


def test_a_prediction_reaches_the_page_with_its_own_numbers() -> None:
    found = desk_present.fit_view(predict(Estimate(2_000, 300, "x"), Slot(0, 2_000, 100), max_ratio=1.25))
    assert (found.speech_ms, found.pause_ms, found.delta_ms, found.fit) == (2_000, 300, 300, "tight")


def test_the_wording_that_is_taken_is_marked() -> None:
    prediction = predict(Estimate(900, 0, "x"), Slot(0, 2_000, 0), max_ratio=1.25)
    taken, other = (desk_present.candidate_view(Candidate(text, "l1", text, "x", 0.0, 0, prediction), LINE) for text in ("hallo", "servus"))
    assert taken.is_taken and not other.is_taken


def test_a_voice_has_one_key() -> None:
    assert desk_present.voice_key(VoiceRef("espeak-ng", "gmw/de")) == "espeak-ng/gmw/de"

"""Rows, candidates and takes as the desk shows them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from studio.domain.line import Candidate, Estimate, Line, Slot, SpeakerProfile, VoiceRef, predict
from studio.domain.timing import TimeSpan
from studio.domain.views import LineRow
from studio.ui import desk_present

LINE = Line("l1", TimeSpan(0, 2_000), "s1", "hello", "hallo")
SLOT = Slot(0, 2_000, 100)


def a_row(total_ms: int, slot: Slot = SLOT) -> LineRow:
    prediction = predict(Estimate(total_ms, 0, "x"), slot, max_ratio=1.25)
    return LineRow(1, LINE, SpeakerProfile("s1", "Mei"), None, slot, prediction, None, False, 0)


def a_candidate(text: str, **facts: object) -> Candidate:
    return Candidate(text, "l1", text, "x", 0.0, 0, predict(Estimate(900, 0, "x"), SLOT, max_ratio=1.25), **facts)


def test_a_prediction_reaches_the_page_with_its_own_numbers() -> None:
    found = desk_present.fit_view(predict(Estimate(2_000, 300, "x"), SLOT, max_ratio=1.25))
    assert (found.speech_ms, found.pause_ms, found.delta_ms, found.fit) == (2_000, 300, 300, "tight")


def test_the_wording_that_is_taken_is_marked_and_the_ranking_is_kept() -> None:
    views = desk_present.candidate_views([a_candidate("servus"), a_candidate("hallo")], LINE)
    assert [(one.text, one.is_taken) for one in views] == [("servus", False), ("hallo", True)]


def test_a_wording_says_how_likely_it_is_beside_the_likeliest_of_its_line() -> None:
    likelihoods = (-0.9, -0.4, -2.0, None)
    views = desk_present.candidate_views([a_candidate(str(at), likelihood=value) for at, value in enumerate(likelihoods)], LINE)
    assert [one.likely for one in views] == ["less likely", "likely", "unlikely", ""]
    assert [one.likelihood for one in views] == list(likelihoods), "the number stays behind the word"


def test_a_wording_brings_its_meaning_and_the_names_it_leaves_out() -> None:
    (view,) = desk_present.candidate_views([a_candidate("servus", back_translation="hi", missed_terms=("Mei",))], LINE)
    assert (view.back_translation, view.missed_terms) == ("hi", ("Mei",))


def test_a_wording_without_a_predicted_time_is_shown_without_a_bar() -> None:
    (view,) = desk_present.candidate_views([replace(a_candidate("servus"), prediction=None)], LINE)
    assert view.fit is None and view.back_translation == ""


@pytest.mark.parametrize(
    ("total_ms", "slot", "is_short"),
    [
        (1_100, SLOT, True),
        (1_250, SLOT, False),
        (0, SLOT, False),  # without words it is empty, not short
        (300, Slot(0, 700, 0), False),  # the rest of so short a line is a breath
        (2_600, SLOT, False),
    ],
)
def test_speech_that_ends_long_before_its_line_is_marked(total_ms: int, slot: Slot, is_short: bool) -> None:
    assert desk_present.desk_row(a_row(total_ms, slot)).is_short is is_short


def test_a_line_nobody_can_time_is_not_called_short() -> None:
    assert not desk_present.desk_row(replace(a_row(100), prediction=None)).is_short


def test_a_voice_has_one_key() -> None:
    assert desk_present.voice_key(VoiceRef("espeak-ng", "gmw/de")) == "espeak-ng/gmw/de"

"""What the lines alone tell a report, each finding with its line."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from studio.domain.delivery import Check, Severity
from studio.domain.faces import LinePresence, Presence
from studio.domain.line import Estimate, FitReport, Line, LineStatus, Prediction, Slot, SpeakerProfile, Take, VoiceRef, predict
from studio.domain.notes import Note
from studio.domain.settings import FitSettings
from studio.domain.sync import LineSync, SyncScore
from studio.domain.timebase import Timebase
from studio.domain.timing import TimeSpan
from studio.domain.views import LineRow
from studio.engines.protocols import Audio
from studio.handover.line_checks import Looked, line_findings
from studio.handover.take_checks import clipped_runs, sound_findings

VOICE = VoiceRef("fake", "one")
REPORT = FitReport(900, 0, 0, 1.0, 900, 0)
SEEN = LinePresence(Presence.ON_SCREEN, 0, 1.0, 100.0, 40.0, False, "")


def row(number: int = 1, start_ms: int = 0, end_ms: int = 1000, *, report: FitReport = REPORT, speaker: str = "a", **changes: object) -> LineRow:
    """A line with nothing wrong about it, before `changes`."""
    line = Line(f"l{number}", TimeSpan(start_ms, end_ms), speaker, "said", "gesagt", LineStatus.APPROVED, take_id=f"t{number}")
    take = Take(f"t{number}", line.id, "gesagt", VOICE, "1", "r.wav", "f.wav", report, "k")
    made = LineRow(number, line, SpeakerProfile(speaker, speaker), VOICE, Slot(start_ms, end_ms - start_ms, 0), None, take, False, 1, presence=SEEN)
    return replace(made, **changes)


def found(*rows: LineRow, fps: Fraction = Fraction(25), notes: tuple[Note, ...] = ()) -> list[tuple[Check, int | None]]:
    return [(item.check, item.number) for item in line_findings(Looked(rows, FitSettings(), Timebase(fps), notes))]


def scored(offset_frames: int, take_id: str = "t1") -> LineSync:
    return LineSync(take_id, SyncScore("syncnet", "crop", 6.0, 7.0, offset_frames, 40), "", None)


def over(slot: Slot) -> Prediction:
    return predict(Estimate(3000, 0, "fake"), slot, max_ratio=1.25)


def test_a_line_with_nothing_wrong_is_not_mentioned() -> None:
    assert found(row(sync=scored(0))) == []


def test_each_fault_is_found_on_its_line() -> None:
    plain = row()
    empty = replace(plain, line=replace(plain.line, target_text=" "))
    assert found(empty) == [(Check.EMPTY_LINE, 1)]
    assert found(replace(plain, take=None)) == [(Check.NOT_VOICED, 1)]
    assert found(replace(plain, is_take_stale=True)) == [(Check.STALE_TAKE, 1)]
    assert found(replace(plain, take=None, prediction=over(plain.slot))) == [(Check.NOT_VOICED, 1), (Check.OVER_BUDGET, 1)]
    assert found(row(report=replace(REPORT, remainder_ms=210, rate_ratio=1.25))) == [(Check.OVER_BUDGET, 1)]
    assert found(row(report=replace(REPORT, rate_ratio=1.3))) == [(Check.STRETCH, 1)]
    assert found(row(report=replace(REPORT, slowest_ratio=0.7, fastest_ratio=1.0))) == [(Check.STRETCH, 1)]
    assert found(replace(plain, line=replace(plain.line, status=LineStatus.ADAPTED))) == [(Check.NOT_APPROVED, 1)]
    assert found(row(flags=("Two forms of address.", "0.4 s too long even at 1.25×: shorten the text."))) == [(Check.FLAG, 1)]


def test_a_fresh_take_that_fits_answers_for_a_prediction_that_did_not() -> None:
    assert found(row(prediction=over(Slot(0, 1000, 0)))) == []


@pytest.mark.parametrize(("fps", "offset", "is_found"), [(25, 1, False), (25, 2, True), (25, -2, True), (50, 1, True), (Fraction(24000, 1001), 2, False)])
def test_two_frames_are_counted_at_the_programmes_own_rate(fps: Fraction, offset: int, is_found: bool) -> None:
    assert found(row(sync=scored(offset)), fps=Fraction(fps)) == ([(Check.LIP_OFFSET, 1)] if is_found else [])


def test_an_offset_that_does_not_stand_out_is_no_finding() -> None:
    faint = replace(scored(9), score=replace(scored(9).score, lse_c=0.1))
    assert found(row(sync=faint)) == []


def test_lips_that_nobody_sees_and_scores_of_another_take_do_not_count() -> None:
    unseen = replace(SEEN, presence=Presence.OFF_SCREEN)
    assert found(row(sync=scored(9), presence=unseen), row(2, 2000, 3000, sync=scored(9, "old"))) == []


def test_one_speaker_over_himself_should_be_mended_and_two_over_each_other_need_not() -> None:
    rows = (row(1, 0, 1000), row(2, 800, 1500), row(3, 900, 1600, speaker="b"))
    findings = line_findings(Looked(rows, FitSettings(), Timebase(Fraction(25))))
    assert [(item.check, item.number, item.severity) for item in findings] == [
        (Check.SAME_SPEAKER_OVERLAP, 2, Severity.SHOULD),
        (Check.OTHERS_OVERLAP, 3, Severity.INFO),
        (Check.OTHERS_OVERLAP, 3, Severity.INFO),
    ]
    assert findings[0].sentence == "It begins 0.20 s before line 1 of the same speaker ends."


def test_open_notes_stand_at_their_line_or_their_moment() -> None:
    notes = (Note("1", "louder", "ann", "", line_id="l1"), Note("2", "door", "bob", "", at_ms=400), Note("3", "old", "bob", "", resolved_at="x"))
    assert found(row(), notes=notes) == [(Check.OPEN_NOTE, 1), (Check.OPEN_NOTE, None)]


def tone(seconds: float, level: float = 0.5) -> np.ndarray:
    return (level * np.sin(np.arange(round(seconds * 16_000)) * 0.3)).astype(np.float32)


def heard(samples: np.ndarray, of: LineRow | None = None) -> list[Check]:
    return [item.check for item in sound_findings(row() if of is None else of, Audio(samples, 16_000))]


def test_takes_without_sound_clipped_takes_and_long_silences_are_heard() -> None:
    assert heard(tone(0.9)) == []
    assert heard(np.zeros(0, np.float32)) == heard(tone(0.9, 0.0005)) == [Check.NO_SOUND]
    assert heard(np.clip(3 * tone(0.9), -1, 1)) == [Check.CLIPPED]
    gap = np.concatenate([tone(0.4), np.zeros(19_200, np.float32), tone(0.4)])
    assert heard(gap) == [Check.SILENCE]
    assert heard(tone(0.9), row(1, 0, 2000)) == [Check.SILENCE]


def test_a_single_top_at_full_scale_is_no_clipping() -> None:
    samples = np.array([0, 1, 0, 1, 1, 0, -1, -1, -1, 0, 1, 1, 1, 1], np.float32)
    assert clipped_runs(samples) == 2
    assert clipped_runs(np.zeros(0, np.float32)) == 0

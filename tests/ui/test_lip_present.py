"""Lip scores and mouth curves as the desk shows them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from studio.domain.faces import LinePresence, Presence
from studio.domain.line import Line, Slot, SpeakerProfile
from studio.domain.plain import to_plain
from studio.domain.sync import OVERLAP_DEFINITION, LineCurves, LineSync, SpeechOverlap, SyncScore
from studio.domain.timing import TimeSpan
from studio.domain.views import LineRow
from studio.ui import desk_present, lip_present

SCORE = SyncScore("lips", "face", 6.12345, 7.98765, 0, 42)
OVERLAP = SpeechOverlap(0.9, 0.95, 0.05)
SEEN = LinePresence(Presence.ON_SCREEN, 3, 0.9712, 140.0, 46.04, False, "The mouth is seen.")


def a_row(presence: LinePresence | None = None, sync: LineSync | None = None) -> LineRow:
    line = Line("l1", TimeSpan(0, 2_000), "s1", "hello", "hallo")
    return LineRow(1, line, SpeakerProfile("s1", "Mei"), None, Slot(0, 2_000, 100), None, None, False, 0, presence=presence, sync=sync)


def test_a_row_nobody_looked_at_carries_no_word_and_no_number() -> None:
    row = desk_present.desk_row(a_row())
    assert row.presence == "" and row.lips is None
    panel = lip_present.lip_panel(a_row())
    assert (panel.presence_why, panel.seen_share, panel.mouth_px, panel.why, panel.windows) == ("", None, None, "", None)


def test_a_scored_row_carries_its_numbers_rounded_and_with_their_scorer() -> None:
    row = desk_present.desk_row(a_row(SEEN, LineSync("t1", SCORE, "", OVERLAP)))
    assert row.presence == "on screen"
    assert row.lips is not None and (row.lips.scorer, row.lips.crop) == ("lips", "face")
    assert (row.lips.lse_c, row.lips.lse_d, row.lips.offset_frames, row.lips.overlap) == (6.123, 7.988, 0, 0.9)


def test_what_cannot_be_measured_has_a_sentence_and_never_a_number() -> None:
    sync = LineSync("t1", None, "The mouth is smaller than it must be.", OVERLAP)
    lips = lip_present.lip_view(sync)
    assert lips is not None and (lips.verdict, lips.lse_c, lips.lse_d, lips.offset_frames) == ("", None, None, None)
    assert lips.overlap == 0.9, "speech can be held against speech without a mouth"
    assert lip_present.lip_panel(a_row(SEEN, sync)).why == "The mouth is smaller than it must be."


@pytest.mark.parametrize(
    ("offset_frames", "jaccard", "verdict"),
    [(0, 0.9, "agree"), (1, 0.9, "agree"), (-1, 0.9, "agree"), (2, 0.9, "off"), (-2, 0.9, "off"), (0, 0.69, "off"), (0, None, "agree")],
)
def test_lips_agree_in_time_and_with_the_speech_of_the_mouth(offset_frames: int, jaccard: float | None, verdict: str) -> None:
    overlap = SpeechOverlap(jaccard, 1.0, 0.0) if jaccard is not None else None
    assert lip_present.verdict(LineSync("t1", replace(SCORE, offset_frames=offset_frames), "", overlap)) == verdict


def test_an_offset_that_hardly_stands_out_is_no_claim() -> None:
    weak = replace(SCORE, lse_c=0.06, lse_d=1.3, offset_frames=14)
    lips = lip_present.lip_view(LineSync("t1", weak, "", OVERLAP))
    assert lips is not None and (lips.verdict, lips.is_offset_clear, lips.offset_frames) == ("unclear", False, 14)
    assert lip_present.verdict(LineSync("t1", weak, "", SpeechOverlap(0.5, 0.5, 0.5))) == "off", "speech beside the mouth is seen without a scorer"


def test_the_panel_says_what_the_overlap_is_and_over_how_much_the_scores_are_means() -> None:
    panel = lip_present.lip_panel(a_row(SEEN, LineSync("t1", SCORE, "", OVERLAP)))
    assert panel.overlap_definition == OVERLAP_DEFINITION and panel.windows == 42
    assert (panel.seen_share, panel.mouth_px, panel.coverage, panel.spill) == (0.971, 46.0, 0.95, 0.05)


def test_a_line_without_a_face_has_no_mouth_size() -> None:
    off = LinePresence(Presence.OFF_SCREEN, None, 0.0, 0.0, 0.0, False, "Nobody in the picture speaks.")
    assert lip_present.lip_panel(a_row(off)).mouth_px is None


def test_curves_travel_rounded_and_keep_their_gaps() -> None:
    curves = LineCurves(400, 520, (0.12345, None, 1.0), (0.0, 0.5, 1.0), (0.0, 0.0, 0.33333), (TimeSpan(400, 480),), (), "The mouth is seen.")
    plain = to_plain(lip_present.curves_view("l1", curves))
    assert plain["opening"] == [0.123, None, 1.0] and plain["dub_level"] == [0.0, 0.0, 0.333]
    assert plain["step_ms"] == 40.0 and plain["source_speech"] == [{"start_ms": 400, "end_ms": 480}] and plain["dub_speech"] == []

"""What a sync evaluation counts: which clips are judged, and shifts held against a clip's own offset."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from studio.domain.errors import BadSetting
from studio.evaluation.sync import ClipResult, ClipRow, Trial, _summary, read_index
from tests.fakes import FakeLipScorer


def row(category: str = "single", system: str = "", offset_frames: int = 0) -> ClipRow:
    return ClipRow(1, "a.mp4", category, "", system, offset_frames)


@pytest.mark.parametrize("category", ["piano_x", "unsilenced", "single", "no_makeup"])
def test_only_the_categories_named_are_left_out(category: str) -> None:
    assert row(category).why_not_shifted is None


@pytest.mark.parametrize("category", ["no_audio", "no_speech", "active_speaker_silence", "animation"])
def test_clips_without_one_speaking_face_are_left_out(category: str) -> None:
    assert category in (row(category).why_not_shifted or "")


def test_shifts_are_also_held_against_the_offset_the_clip_has_by_itself() -> None:
    """Sound 4 frames late in the footage itself: every shift is found, seen from there; one is out of reach."""
    trials = (Trial(0, -4, -4), Trial(5, 1, -4), Trial(9, 12, 3), Trial(-15, -15, 0))
    found = _summary(FakeLipScorer(), [ClipResult(row(), trials, None, -4, 3.0, 7.0, 100)])
    assert (found.within_1_frame, found.within_1_frame_of_own) == (pytest.approx(1 / 4), pytest.approx(2 / 3))


def test_clips_that_were_left_alone_are_not_called_unmeasurable() -> None:
    results = [ClipResult(row(system="robot"), why="a dub by robot", is_looked_at=False), ClipResult(row(), why="No face."), ClipResult(row(), offset_frames=0)]
    found = _summary(FakeLipScorer(), results)
    assert (found.unmeasurable, found.not_judged, found.within_1_frame_of_own) == (1, 1, None)


def test_a_table_that_is_no_csv_is_told_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "index.csv").write_text("file\n" + "x" * (csv.field_size_limit() + 1))
    with pytest.raises(BadSetting, match="it is no CSV; save it"):
        read_index(tmp_path / "index.csv")

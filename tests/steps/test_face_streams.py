"""A face cut out of the archive lies on the take's own time axis, and what was not seen is marked so."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from studio.domain.timing import TimeSpan
from studio.media.face_archive import FaceArchive, FaceArchiveWriter, FaceRow
from studio.steps.face_streams import CONTEXT_FRAMES, face_streams


def archive(path: Path, first: int, last: int, *, hidden: range = range(0), points: bool = True) -> FaceArchive:
    with FaceArchiveWriter(path) as writer:
        writer.begin(3, first)
        for frame in range(first, last):
            box = (10.0 + frame, 20.0, 100.0, 120.0)
            places = np.full((45, 2), [60.0 + frame, 80.0], np.float32) if points else None
            writer.add(3, FaceRow(frame not in hidden, box, 0.1, 0.0, 0.0, np.full((64, 64), frame % 250, np.uint8), places))
    return FaceArchive(path)


def test_frames_are_the_archive_s_own_from_a_second_before_the_line(tmp_path: Path) -> None:
    found = face_streams(archive(tmp_path / "a.npz", 0, 200), 3, TimeSpan(2000, 4000))
    assert found is not None
    first = 50 - CONTEXT_FRAMES
    assert found.first_frame_ms == -1000.0
    assert len(found.is_seen) == 50 + 2 * CONTEXT_FRAMES
    assert np.array_equal(found.mouths[:, 0, 0], (first + np.arange(100)) % 250)
    assert np.allclose(found.points[:, 0, 0], 60 + first + np.arange(100), atol=0.02)
    assert found.is_seen.all()


def test_a_line_between_two_frames_says_how_far(tmp_path: Path) -> None:
    found = face_streams(archive(tmp_path / "a.npz", 0, 200), 3, TimeSpan(2025, 4010))
    assert found is not None
    assert found.first_frame_ms == -1025.0
    assert found.first_frame_ms + 40 * len(found.is_seen) >= 1985 + 1000


def test_what_is_outside_the_track_or_hidden_is_not_seen(tmp_path: Path) -> None:
    found = face_streams(archive(tmp_path / "a.npz", 60, 90, hidden=range(70, 75)), 3, TimeSpan(2000, 4000))
    assert found is not None
    seen = np.flatnonzero(found.is_seen) + 50 - CONTEXT_FRAMES
    assert seen.tolist() == [frame for frame in range(60, 90) if frame not in range(70, 75)]
    assert len(found.points) == len(found.mouths) == len(found.is_seen) == 100


def test_a_face_that_is_not_there_during_the_line_or_has_no_landmarks_is_none(tmp_path: Path) -> None:
    here = archive(tmp_path / "a.npz", 0, 50)
    assert face_streams(here, 3, TimeSpan(2000, 4000)) is None
    assert face_streams(here, 3, TimeSpan(20_000, 21_000)) is None
    assert face_streams(archive(tmp_path / "b.npz", 0, 200, points=False), 3, TimeSpan(2000, 4000)) is None

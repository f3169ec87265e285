"""The mouth on the picture: from landmarks to boxes, frame by frame, and nothing where nothing is seen."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from studio.domain.faces import KEPT_POINTS, MOUTH_SIDE_PX
from studio.domain.media import VideoTrack
from studio.domain.timing import TimeSpan
from studio.media.face_archive import FaceArchive, FaceArchiveWriter, FaceRow
from studio.stages.mouth_boxes import LIP_POINTS, looked_at_px, mouth_boxes


def archived(path: Path, *, points: bool = True) -> FaceArchive:
    """A face from frame 10 to 20 whose lips span 20 × 10 px at (100 + frame, 50); frame 12 is bridged."""
    with FaceArchiveWriter(path) as writer:
        writer.begin(1, 10)
        for frame in range(10, 20):
            marks = np.full((len(KEPT_POINTS), 2), 200.0, np.float32)
            marks[:LIP_POINTS] = np.linspace((100 + frame, 50), (120 + frame, 60), LIP_POINTS)
            mouth = np.zeros((MOUTH_SIDE_PX, MOUTH_SIDE_PX), np.uint8)
            writer.add(1, FaceRow(frame != 12, (80.0, 20.0, 80.0, 80.0), 0.1, 0.0, 0.0, mouth, marks if points else None))
    return FaceArchive(path)


def test_boxes_follow_the_lips_and_are_missing_where_no_face_is(tmp_path: Path) -> None:
    boxes = mouth_boxes(archived(tmp_path / "faces.npz"), 1, TimeSpan(320, 640), (640, 360))
    assert len(boxes) == 8 and boxes[:2] == (None, None) and boxes[4] is None and all(boxes[at] is not None for at in (2, 3, 5, 6, 7))
    left, top, width, height = boxes[2] or (0, 0, 0, 0)
    assert (left * 640, top * 360, width * 640, height * 360) == pytest.approx((110 - 5, 50 - 2.5, 30, 15), abs=0.2)


def test_a_line_off_the_track_or_faces_without_landmarks_give_no_box(tmp_path: Path) -> None:
    assert mouth_boxes(archived(tmp_path / "a.npz"), 1, TimeSpan(2000, 2080), (640, 360)) == (None, None)
    assert mouth_boxes(archived(tmp_path / "b.npz", points=False), 1, TimeSpan(400, 480), (640, 360)) == ()


@pytest.mark.parametrize(("rotation_deg", "expected"), [(0, (1280, 720)), (90, (720, 1280))])
def test_the_picture_is_as_it_was_looked_at(rotation_deg: int, expected: tuple[float, float]) -> None:
    assert looked_at_px(VideoTrack("h264", 1920, 1080, Fraction(25), False, rotation_deg, None), 1280) == pytest.approx(expected)

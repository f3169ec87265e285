"""Crops of a face while pictures go by: where the published geometry puts them, whether the face was seen in that frame or not."""

from __future__ import annotations

import numpy as np

from models.sync.crops import filled_boxes, track_windows
from studio.engines.face_cutter import FaceCutter
from studio.engines.sync_crops import cut


def pictures(frames: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (frames, 120, 160, 3), dtype=np.uint8)


def test_a_tracked_face_is_cut_where_the_published_geometry_puts_it() -> None:
    shown = pictures(20)
    boxes = np.array([[40.0 + frame, 30.0, 50.0, 60.0] for frame in range(20)])
    cutter = FaceCutter(boxes, np.ones(20, bool))
    windows = track_windows(np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1))
    for frame in (0, 7, 19):
        assert np.array_equal(cutter.crop(frame, shown[frame]), cut(shown[frame], windows[frame]))


def test_frames_in_which_the_face_was_lost_lie_between_their_neighbours() -> None:
    boxes = np.array([[40.0 + 2 * frame, 30.0, 50.0, 60.0] for frame in range(20)])
    found = np.ones(20, bool)
    found[5:9] = found[18:] = False
    wild = boxes.copy()
    wild[~found] = 0.0
    expected = filled_boxes(np.flatnonzero(found), boxes[found])
    expected = np.concatenate([expected, np.repeat(expected[-1:], 2, axis=0)])
    windows = track_windows(np.concatenate([expected[:, :2], expected[:, :2] + expected[:, 2:]], axis=1))
    picture = pictures(1)[0]
    cutter = FaceCutter(wild, found)
    for frame in (4, 6, 19):
        assert np.array_equal(cutter.crop(frame, picture), cut(picture, windows[frame]))


def test_without_boxes_the_whole_picture_is_the_face() -> None:
    picture = np.full((224, 224, 3), (10, 20, 30), np.uint8)
    assert np.array_equal(FaceCutter().crop(3, picture), picture[..., ::-1])

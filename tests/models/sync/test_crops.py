"""Crop geometry against the published cutting written out frame by frame."""

from __future__ import annotations

import numpy as np
from scipy.signal import medfilt

from models.sync.crops import face_windows, filled_boxes, median_smoothed, track_windows


def drifting_boxes(frames: int) -> np.ndarray:
    draw = np.random.RandomState(frames)
    corner = np.cumsum(draw.uniform(-4, 4, (frames, 2)), axis=0) + (20, 30)
    return np.concatenate([corner, corner + draw.uniform(90, 120, (frames, 2))], axis=1)


def plain_cut(picture: np.ndarray, boxes: np.ndarray, frame: int) -> np.ndarray:
    """The published steps: pad the whole picture with grey 110, then cut."""
    half = medfilt([max(low - top, right - left) / 2 for left, top, right, low in boxes], 13)[frame]
    x, y = medfilt((boxes[:, 0] + boxes[:, 2]) / 2, 13)[frame], medfilt((boxes[:, 1] + boxes[:, 3]) / 2, 13)[frame]
    pad = int(half * 1.8)
    padded = np.pad(picture, ((pad, pad), (pad, pad)), constant_values=110)
    x, y = x + pad, y + pad
    return padded[int(y - half) : int(y + half * 1.8), int(x - half * 1.4) : int(x + half * 1.4)]


def test_the_track_crop_holds_the_pixels_the_published_code_cuts() -> None:
    boxes = drifting_boxes(40)
    picture = np.random.RandomState(0).randint(0, 256, (200, 220), dtype=np.uint8)
    wide = np.pad(picture, 500, constant_values=110)
    for frame, (top, bottom, left, right) in enumerate(track_windows(boxes)):
        np.testing.assert_array_equal(wide[500 + top : 500 + bottom, 500 + left : 500 + right], plain_cut(picture, boxes, frame))


def test_smoothing_counts_zeros_beyond_the_ends_as_the_published_filter_does() -> None:
    for length in (13, 14, 40):
        values = np.random.RandomState(length).uniform(50, 90, length)
        np.testing.assert_array_equal(median_smoothed(values), medfilt(values, 13))
    assert len(median_smoothed(np.zeros(0))) == 0


def test_missing_boxes_lie_on_a_straight_line() -> None:
    boxes = filled_boxes(np.array([3, 5, 6]), np.array([[0, 0, 10, 10], [4, 8, 14, 18], [5, 8, 15, 18]]))
    np.testing.assert_allclose(boxes, [[0, 0, 10, 10], [2, 4, 12, 14], [4, 8, 14, 18], [5, 8, 15, 18]])


def test_the_face_crop_is_the_whole_picture() -> None:
    np.testing.assert_array_equal(face_windows(2, 120, 96), [[0, 120, 0, 96]] * 2)

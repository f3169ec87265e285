"""The mouth crop is the one the scorers were trained on: upright, scaled by the face, the same wherever the face lies in the picture."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from studio.engines.mouth_crop import COVER, face_size_px, mouth_crop

EYE_LEFT, EYE_RIGHT, CORNERS, INNER = 33, 263, (61, 291), (13, 14)


def marks(middle: tuple[float, float], size: float, turn_deg: float = 0.0) -> np.ndarray:
    """Landmarks of a face with its mouth at `middle`: eyes `size` apart, `size` · 0.7 above the mouth, all turned clockwise."""
    places = {EYE_LEFT: (-0.5, -0.7), EYE_RIGHT: (0.5, -0.7), CORNERS[0]: (-0.25, 0), CORNERS[1]: (0.25, 0), INNER[0]: (0, -0.02), INNER[1]: (0, 0.02)}
    turn = math.radians(turn_deg)
    points = np.zeros((478, 2), np.float32)
    for number, (x, y) in places.items():
        points[number] = middle[0] + size * (x * math.cos(turn) - y * math.sin(turn)), middle[1] + size * (x * math.sin(turn) + y * math.cos(turn))
    return points


def ramp(height: int, width: int) -> np.ndarray:
    """Red grows to the right, green downwards."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 255 / width, y * 255 / height, np.full_like(x, 40)], -1).astype(np.uint8)


def whole_picture_crop(picture: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The same cut, made plainly: the whole picture is made grey and smoothed."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    left, right, mouth = points[33], points[263], (points[61] + points[291] + points[13] + points[14]) / 4
    size = max(np.hypot(*(right - left)), 1.35 * np.hypot(*(mouth - (left + right) / 2)))
    angle, scale = np.arctan2(*(right - left)[::-1]), 64 / (1.15 * size)
    c, s = np.cos(-angle) * scale, np.sin(-angle) * scale
    turn = np.array([[c, -s, 32 - (c * mouth[0] - s * mouth[1])], [s, c, 32 - (s * mouth[0] + c * mouth[1])]])
    if scale < 0.5:
        radius = int(0.5 / scale)
        grey = cv2.blur(grey, (2 * radius + 1, 2 * radius + 1))
    return cv2.warpAffine(grey, turn, (64, 64), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


@pytest.mark.parametrize("size", [12.0, 55.0, 120.0, 260.0])
@pytest.mark.parametrize("middle", [(300.3, 200.7), (20.0, 20.0), (590.0, 395.0)])
def test_a_part_of_the_picture_gives_the_crop_of_the_whole(size: float, middle: tuple[float, float]) -> None:
    picture = cv2.GaussianBlur(np.random.default_rng(1).integers(0, 256, (400, 600, 3)).astype(np.uint8), (9, 9), 0)
    points = marks(middle, size, 17)
    assert np.abs(mouth_crop(picture, points).astype(int) - whole_picture_crop(picture, points)).max() <= 2


def test_the_mouth_is_in_the_middle_and_a_turned_head_is_put_upright() -> None:
    picture = np.zeros((300, 400, 3), np.uint8)
    points = marks((200, 150), 60, 25)
    cv2.line(picture, *(tuple(int(v) for v in points[number].round()) for number in CORNERS), (255, 255, 255), 3)
    crop = mouth_crop(picture, points)
    rows, columns = np.nonzero(crop > 128)
    assert abs(rows.mean() - 32) < 1
    assert abs(columns.mean() - 32) < 1
    assert np.ptp(rows) <= 6
    assert np.ptp(columns) == pytest.approx(0.5 * 64 / COVER / (1.35 * 0.7 if 1.35 * 0.7 > 1 else 1), abs=6)


def test_a_face_seen_from_the_side_is_measured_by_its_height() -> None:
    points = marks((200, 150), 60)
    narrow = points.copy()
    narrow[:, 0] = 200 + (points[:, 0] - 200) * 0.2
    assert face_size_px(points) == pytest.approx(60, abs=0.1)
    assert face_size_px(narrow) == pytest.approx(1.35 * 42, abs=0.1)


def test_the_same_face_gives_the_same_crop_at_any_size() -> None:
    small, large = (mouth_crop(ramp(240 * k, 320 * k), marks((160 * k, 120 * k), 50 * k)) for k in (1, 3))
    assert small.shape == large.shape == (64, 64)
    assert np.abs(small.astype(int) - large).mean() < 2


def test_a_mouth_outside_the_picture_is_still_a_crop() -> None:
    assert mouth_crop(ramp(100, 100), marks((-300.0, 900.0), 30)).shape == (64, 64)
    assert mouth_crop(ramp(3, 3), marks((1.0, 1.0), 0.5)).shape == (64, 64)

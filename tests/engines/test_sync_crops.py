"""Crops of 224×224 BGR: what is cut, what lies beyond the picture, and that nothing is held back."""

from __future__ import annotations

import numpy as np

from models.sync.crops import track_windows
from studio.engines.sync_crops import cut, face_crops, track_crops


def test_beyond_the_picture_there_is_grey_and_inside_its_colours_turned_round() -> None:
    picture = np.zeros((100, 100, 3), np.uint8) + np.array([10, 20, 30], np.uint8)
    crop = cut(picture, np.array([-112, 112, -112, 112]))
    assert crop.shape == (224, 224, 3)
    assert crop[0, 0].tolist() == [110, 110, 110]
    assert crop[150, 150].tolist() == [30, 20, 10]
    assert crop[220, 220].tolist() == [110, 110, 110]
    assert (cut(picture, np.array([500, 700, 500, 700])) == 110).all()


def test_a_track_is_cut_by_the_published_geometry_as_the_pictures_come() -> None:
    draw = np.random.RandomState(0)
    boxes = np.tile([60.0, 50.0, 80.0, 80.0], (20, 1)) + draw.uniform(-2, 2, (20, 4))
    taken = 0

    def pictures():
        nonlocal taken
        for number in range(20):
            taken += 1
            yield np.full((240, 320, 3), 5 * number, np.uint8)

    crops = track_crops(pictures(), boxes)
    first = next(crops)
    assert taken == 1
    assert (first.shape, first.dtype) == ((224, 224, 3), np.uint8)
    rest = list(crops)
    assert len(rest) == 19
    assert rest[-1][100, 100].tolist() == [95, 95, 95]
    corners = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)
    sides = track_windows(corners)[10]
    assert sides[1] - sides[0] == sides[3] - sides[2] or abs((sides[1] - sides[0]) - (sides[3] - sides[2])) <= 1


def test_a_picture_that_is_all_face_is_resized_whole() -> None:
    picture = np.zeros((96, 120, 3), np.uint8)
    picture[:, 60:] = 200
    crop = next(face_crops(iter([picture])))
    assert crop.shape == (224, 224, 3)
    assert (crop[:, :108] == 0).all()
    assert (crop[:, 116:] == 200).all()
    same = np.random.RandomState(0).randint(0, 256, (224, 224, 3), dtype=np.uint8)
    np.testing.assert_array_equal(next(face_crops(iter([same]))), same[:, :, ::-1])

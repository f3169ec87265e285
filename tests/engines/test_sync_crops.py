"""Crops of 224×224 BGR: what is cut, what lies beyond the picture."""

from __future__ import annotations

import numpy as np

from models.sync.crops import face_windows
from studio.engines.sync_crops import cut


def test_beyond_the_picture_there_is_grey_and_inside_its_colours_turned_round() -> None:
    picture = np.zeros((100, 100, 3), np.uint8) + np.array([10, 20, 30], np.uint8)
    crop = cut(picture, np.array([-112, 112, -112, 112]))
    assert crop.shape == (224, 224, 3)
    assert crop[0, 0].tolist() == [110, 110, 110]
    assert crop[150, 150].tolist() == [30, 20, 10]
    assert crop[220, 220].tolist() == [110, 110, 110]
    assert (cut(picture, np.array([500, 700, 500, 700])) == 110).all()


def test_a_picture_that_is_all_face_is_resized_whole() -> None:
    picture = np.zeros((96, 120, 3), np.uint8)
    picture[:, 60:] = 200
    crop = cut(picture, face_windows(1, 96, 120)[0])
    assert crop.shape == (224, 224, 3)
    assert (crop[:, :108] == 0).all()
    assert (crop[:, 116:] == 200).all()
    same = np.random.RandomState(0).randint(0, 256, (224, 224, 3), dtype=np.uint8)
    np.testing.assert_array_equal(cut(same, face_windows(1, 224, 224)[0]), same[:, :, ::-1])

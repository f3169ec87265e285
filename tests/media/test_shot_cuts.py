"""Cuts are found where shots differ, and not where something moves, flickers a little, fades or pans."""

from __future__ import annotations

import numpy as np
import pytest

from studio.media.shot_cuts import CutDetector, small_grey


def scene(seed: int, *, shift: int = 0, light: float = 1.0) -> np.ndarray:
    """A picture of smooth patches, moved sideways and lit."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(20, 235, (6, 16, 3))
    return np.clip(np.roll(np.kron(coarse, np.ones((30, 40, 1))), shift, axis=1)[:, :320] * light, 0, 255).astype(np.uint8)


def cuts(pictures: list[np.ndarray]) -> list[int]:
    detector = CutDetector()
    return [number for number, picture in enumerate(pictures) if detector.is_cut(picture)]


def test_a_change_of_scene_is_a_cut_and_only_its_first_frame() -> None:
    assert cuts([scene(1)] * 10 + [scene(2)] * 10 + [scene(3)] * 10) == [10, 20]


def test_shots_of_a_second_are_told_apart() -> None:
    assert cuts([picture for seed in range(6) for picture in [scene(seed)] * 25]) == [25, 50, 75, 100, 125]


def test_a_pan_a_fade_and_noise_are_no_cuts() -> None:
    noise = np.random.default_rng(0)
    assert cuts([scene(1, shift=3 * number) for number in range(40)]) == []
    assert cuts([scene(1, light=1 - number / 30) for number in range(30)]) == []
    assert cuts([np.clip(scene(1) + noise.normal(0, 12, (180, 320, 3)), 0, 255).astype(np.uint8) for _ in range(30)]) == []


def test_the_first_picture_is_no_cut() -> None:
    assert cuts([scene(1)]) == []


@pytest.mark.parametrize("shape", [(1, 1), (17, 31), (360, 640), (2160, 3840)])
def test_pictures_of_any_size_have_a_small_one(shape: tuple[int, int]) -> None:
    grey = small_grey(np.full((*shape, 3), 255, np.uint8))
    assert grey.shape == (18, 32)
    assert grey.min() > 0.99

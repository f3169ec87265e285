"""A grid of scales is every pair once, within what scales may be and a sweep may hold."""

from __future__ import annotations

import pytest

from studio.domain.errors import BadSetting
from studio.domain.sweep import DEFAULT_SCALES, MAX_POINTS, grid


def test_every_pair_stands_in_the_grid_once() -> None:
    assert grid((0, 1), (0.5, 0.5, 2)) == ((0.0, 0.5), (0.0, 2.0), (1.0, 0.5), (1.0, 2.0))
    assert len(grid(DEFAULT_SCALES, DEFAULT_SCALES)) == len(DEFAULT_SCALES) ** 2 <= MAX_POINTS


@pytest.mark.parametrize(("face", "lip"), [((), (0,)), ((0,), ()), ((-1,), (0,)), ((0,), (6,)), (tuple(range(5)), tuple(n / 4 for n in range(20)))])
def test_an_impossible_grid_is_refused(face: tuple, lip: tuple) -> None:
    with pytest.raises(BadSetting):
        grid(face, lip)

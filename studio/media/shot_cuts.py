"""Where the picture cuts: each frame held against the one before, on a small grey picture and its histogram.

Enters one RGB picture after the other; leaves for each whether a new shot begins with it. Constant memory; nothing is looked up ahead.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

_GRID = (18, 32)
_HISTOGRAM_BINS = 24
_RECENT = 12


@dataclass(frozen=True, slots=True)
class CutSigns:
    """A cut changes the small picture by over `least_change` (mean grey difference, 0..1) and `outstanding_ratio` times what the
    last half second changed on average, and moves over `least_moved` of the histogram; or it changes it by over `sure_change`."""

    least_change: float = 0.06
    outstanding_ratio: float = 3.0
    least_moved: float = 0.12
    sure_change: float = 0.25


class CutDetector:
    """One per film. The first picture is no cut."""

    def __init__(self, signs: CutSigns | None = None) -> None:
        self._signs = CutSigns() if signs is None else signs
        self._before: np.ndarray | None = None
        self._recent: deque[float] = deque(maxlen=_RECENT)

    def is_cut(self, picture: np.ndarray) -> bool:
        """Whether `picture` (uint8, shape (height, width, 3)) begins a new shot."""
        small = small_grey(picture)
        before, self._before = self._before, small
        if before is None:
            return False
        change = float(np.abs(small - before).mean())
        usual = sum(self._recent) / len(self._recent) if self._recent else 0.0
        stands_out = change > self._signs.least_change and change > self._signs.outstanding_ratio * usual
        is_cut = change > max(self._signs.sure_change, 2 * usual) or (stands_out and _moved(before, small) > self._signs.least_moved)
        if is_cut:
            self._recent.clear()
        else:
            self._recent.append(change)
        return is_cut


def small_grey(picture: np.ndarray) -> np.ndarray:
    """Brightness on a grid of 18 × 32 cells, float32, 0..1; every cell averages up to 16 of its pixels."""
    rows, columns = (_sampled(size, cells) for size, cells in zip(picture.shape[:2], _GRID, strict=True))
    sampled = picture[np.ix_(rows, columns)].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    return sampled.reshape(_GRID[0], len(rows) // _GRID[0], _GRID[1], len(columns) // _GRID[1]).mean(axis=(1, 3)) / 255


def _sampled(size: int, cells: int) -> np.ndarray:
    """Places of four evenly spread pixels in each of `cells` equal parts of `size` pixels."""
    count = 4 * cells
    return ((np.arange(count) + 0.5) * size / count).astype(np.intp)


def _moved(before: np.ndarray, after: np.ndarray) -> float:
    """The share of the grid that changed its shade: half the distance of the two histograms, 0..1."""
    first, second = (np.histogram(grey, _HISTOGRAM_BINS, (0, 1))[0] for grey in (before, after))
    return float(np.abs(first - second).sum() / (2 * before.size))

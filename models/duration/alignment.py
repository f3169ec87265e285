"""The best monotone durations there are for a table of prices, by dynamic programming (papers §2.8): bound and teacher.

Enters: what it costs that unit i sounds at frame t (a scorer's distance), limits per unit, and, where wanted, a price on each length.
Leaves: whole durations that fill all frames in order. Pause slots are units whose shortest duration is 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class DurationLimits:
    """Shortest and longest duration of every unit in frames, each an int array of shape (units,); 0 as shortest: it may be left out."""

    shortest_frames: np.ndarray
    longest_frames: np.ndarray


@dataclass(frozen=True, slots=True)
class Alignment:
    """`durations`: whole frames per unit, shape (units,), sum = frames of the table. `price`: what they cost together."""

    durations: np.ndarray
    price: float


def cheapest_durations(prices: np.ndarray, limits: DurationLimits, length_prices: np.ndarray | None = None) -> Alignment:
    """The monotone segmentation of all frames of least price.

    `prices`: shape (units, frames), what a frame costs under a unit. `length_prices`: shape (units, longest + 1), added for the
    length that a unit gets (a price on unsteady rate, say), or None. Raises ValueError when the limits leave no segmentation.
    """
    units, frames = prices.shape
    shortest, longest = np.asarray(limits.shortest_frames), np.asarray(limits.longest_frames)
    if np.any(shortest < 0) or np.any(shortest > longest):
        raise ValueError("The shortest duration of a unit must be neither negative nor above its longest.")
    if not shortest.sum() <= frames <= longest.sum():
        raise ValueError(
            f"{units} units of {shortest.sum()} to {longest.sum()} frames together cannot fill {frames} frames; "
            "widen the limits or change the slot."
        )
    best = np.full(frames + 1, np.inf)
    best[0] = 0.0
    chosen = np.zeros((units, frames + 1), dtype=np.int64)
    for unit in range(units):
        spent = np.concatenate([[0.0], np.cumsum(prices[unit])])
        extra = np.zeros(longest[unit] + 1) if length_prices is None else length_prices[unit]
        best, chosen[unit] = _step(best, spent, (min(int(shortest[unit]), frames), min(int(longest[unit]), frames)), extra)
    return Alignment(_walk_back(chosen, frames), float(best[frames]))


def _step(best: np.ndarray, spent: np.ndarray, span: tuple[int, int], extra: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Best price of ending one unit at each frame boundary, and the length it has there; all boundaries and lengths at once."""
    shortest, longest = span
    before = np.concatenate([np.full(longest, np.inf), best - spent])
    # row e, column j: the unit began at boundary e − longest + j, so it is longest − j long
    offered = np.lib.stride_tricks.sliding_window_view(before, longest + 1)[:, : longest - shortest + 1] + extra[longest : (shortest - 1 if shortest else None) : -1]
    column = offered.argmin(axis=1)
    return offered[np.arange(len(best)), column] + spent, longest - column


def _walk_back(chosen: np.ndarray, frames: int) -> np.ndarray:
    durations, end = np.zeros(len(chosen), dtype=np.int64), frames
    for unit in range(len(chosen) - 1, -1, -1):
        durations[unit] = chosen[unit, end]
        end -= int(durations[unit])
    return durations


def steadiness_prices(natural_frames: np.ndarray, longest: int, weight: float) -> np.ndarray:
    """A price on leaving the natural rate: weight·natural·log²((d + ½)/(natural + ½)) for every length d = 0 … longest.

    Shape (units,) → (units, longest + 1). In proportion to the natural length, so that a long unit stretched costs as much as its parts.
    """
    natural = np.asarray(natural_frames, dtype=np.float64)[:, None]
    lengths = np.arange(longest + 1, dtype=np.float64)[None]
    return weight * np.maximum(natural, 1.0) * np.log((lengths + 0.5) / (natural + 0.5)) ** 2

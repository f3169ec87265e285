"""What a measure is held against: a number and its aim in, a verdict out, and whether a row of samples stayed flat.

To add a measure: make a `Verdict` with `at_most`, `none_of` or `is_flat`; the program ends with 1 when any is not met.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

MAX_FIT_POINTS = 200  # a fit looks at every pair


@dataclass(frozen=True, slots=True)
class Verdict:
    """`aim` None: the number is told, nothing is asked of it. `note`: what a reader must know beside it."""

    measure: str
    value: float | None
    aim: float | None
    unit: str = ""
    note: str = ""

    @property
    def is_met(self) -> bool:
        """A number that could not be taken meets no aim."""
        return self.aim is None or (self.value is not None and math.isfinite(self.value) and self.value <= self.aim)

    @property
    def word(self) -> str:
        return "" if self.aim is None else "met" if self.is_met else "MISSED"


@dataclass(frozen=True, slots=True)
class Spread:
    """Milliseconds of many calls of one sort."""

    count: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    worst_ms: float


def spread(values: Sequence[float]) -> Spread | None:
    """None where nothing was measured."""
    if not values:
        return None
    ordered = sorted(values)
    return Spread(len(ordered), *(round(quantile(ordered, share), 1) for share in (0.5, 0.95, 0.99)), round(ordered[-1], 1))


def quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all do not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def none_of(measure: str, found: Sequence[str], note: str = "") -> Verdict:
    """Nothing of this may be found; the first few that were are named."""
    named = "; ".join(found[:3]) + ("; …" if len(found) > 3 else "")
    return Verdict(measure, len(found), 0, note=named or note)


def at_least(measure: str, count: int, least: int, note: str = "") -> Verdict:
    """A measure that has seen too little has shown nothing: the value is what is missing."""
    return Verdict(f"{measure}: {count}, at least {least} are needed to show anything", max(0, least - count), 0, note=note)


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The median of the slopes of all pairs (Theil 1950, Sen 1968): a few odd samples do not move it. NaN with fewer than two places."""
    step = max(1, -(-len(points) // MAX_FIT_POINTS))
    found = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(points[::step], 2) if b[0] != a[0]]
    return median(found) if found else math.nan


def is_flat(measure: str, points: Sequence[tuple[float, float]], *, tolerance: float, unit: str, warm_up: float = 0.25) -> Verdict:
    """Growth over the whole run, fitted on what follows its first `warm_up` part; shrinking is fine. Fewer than 8 samples show nothing."""
    if len(points) < 8:
        return Verdict(measure, None, tolerance, unit, f"only {len(points)} samples")
    first, last = points[0][0], points[-1][0]
    settled = [point for point in points if point[0] >= first + warm_up * (last - first)]
    grown = slope(settled) * (last - first)
    levels = sorted(value for _, value in settled)
    return Verdict(measure, round(grown, 2), tolerance, unit, f"level {median(levels):.4g}, highest {levels[-1]:.4g}")

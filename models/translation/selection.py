"""Which candidate of a line is chosen, which rejected, and whether the line teaches anything (SSPO, arXiv 2508.08550; papers §1.6).

Penalties in (P of every candidate, smaller is better), a `Selection` out. Another way to choose is another function beside `select`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SelectionRule:
    """A line is skipped with fewer than `min_candidates` (e1) or when the penalties span less than `min_gap` (e2); both strict."""

    min_candidates: int = 4
    min_gap: float = 0.08


@dataclass(frozen=True, slots=True)
class Selection:
    """Places among the candidates. A skipped line gives no loss, but its chosen candidate still stands in the context."""

    chosen_index: int
    rejected_index: int
    is_skipped: bool


def select(penalties: Sequence[float], rule: SelectionRule) -> Selection:
    """The candidate of least penalty is chosen, that of greatest is rejected; of equals the first. Raises ValueError without candidates.

    >>> select([0.4, 0.0, 0.9, 0.1], SelectionRule())
    Selection(chosen_index=1, rejected_index=2, is_skipped=False)
    """
    if not penalties:
        raise ValueError("A line without candidates has nothing to choose from; leave it to the caller's fallback.")
    places = range(len(penalties))
    chosen, rejected = min(places, key=penalties.__getitem__), max(places, key=penalties.__getitem__)
    is_skipped = len(penalties) < rule.min_candidates or penalties[rejected] - penalties[chosen] < rule.min_gap
    return Selection(chosen, rejected, is_skipped)

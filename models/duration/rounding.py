"""Durations that fill a slot exactly: real numbers in, whole units out, by largest remainders (papers §2.8).

Order is kept, the sum is the slot to the unit, and nothing is shorter than its minimum.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def isochronous(durations: Sequence[float] | np.ndarray, slot_frames: int, shortest: int | Sequence[int] | np.ndarray = 1) -> np.ndarray:
    """Durations scaled to the slot, then rounded. Shape (n,) real ≥ 0 → (n,) int64 with sum `slot_frames` and each ≥ `shortest`.

    `shortest`: one minimum for all, or one for each (0 for a pause that may vanish). Durations that are all zero share the slot evenly.
    Raises ValueError for a slot too short for its minima, and for durations that are negative, not finite, or none at all.
    """
    wished = np.asarray(durations, dtype=np.float64)
    if wished.ndim != 1 or len(wished) == 0:
        raise ValueError("There are no durations to fit into the slot; give at least one.")
    if not np.all(np.isfinite(wished)) or np.any(wished < 0):
        raise ValueError("Durations must be finite and not negative; one of them is not.")
    least = np.broadcast_to(np.asarray(shortest, dtype=np.int64), wished.shape)
    if np.any(least < 0):
        raise ValueError("A shortest duration must not be negative.")
    if slot_frames < least.sum():
        raise ValueError(
            f"A slot of {slot_frames} frames cannot hold {len(wished)} units that need at least {least.sum()} frames together; "
            "shorten the text or give it a longer slot."
        )
    exact = _scaled(wished, slot_frames, least)
    whole = np.maximum(np.floor(exact + 1e-9).astype(np.int64), least)
    missing = slot_frames - int(whole.sum())
    largest_first = np.argsort(-(exact - whole), kind="stable")
    whole[largest_first[:missing]] += 1
    return whole


def _scaled(wished: np.ndarray, slot_frames: int, least: np.ndarray) -> np.ndarray:
    """One common factor for all that stay at or above their minimum; the others sit on it. The sum is the slot."""
    is_free = np.ones(len(wished), dtype=bool)
    exact = least.astype(np.float64)
    while is_free.any():
        room = slot_frames - least[~is_free].sum()
        total = wished[is_free].sum()
        shares = wished[is_free] / total if total > 0 else np.full(is_free.sum(), 1.0 / is_free.sum())
        exact[is_free] = room * shares
        is_short = is_free & (exact < least)
        if not is_short.any():
            break
        exact[is_short] = least[is_short]
        is_free &= ~is_short
    return exact

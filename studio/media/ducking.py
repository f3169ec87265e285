"""The gain of the original under the dub: down before each dubbed stretch, up again after it, as a curve over samples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


class Ducking:
    """`spans` are (start, end) in samples; gaps too short for both ramps stay down. Ramps are straight in dB."""

    def __init__(self, spans: Iterable[tuple[int, int]], *, duck_db: float, fade_samples: int) -> None:
        import numpy as np

        moments: list[int] = []
        levels_db: list[float] = []
        for start, end in _merged(spans, 2 * fade_samples):
            moments += [start - fade_samples, start, end, end + fade_samples]
            levels_db += [0.0, duck_db, duck_db, 0.0]
        self._moments = np.array(moments, dtype=np.float64)
        self._levels_db = np.array(levels_db, dtype=np.float64)

    def apply(self, block: np.ndarray, position: int) -> np.ndarray:
        """The block (n_samples, channels), whose first sample is number `position` of the programme, with the gain on it."""
        import numpy as np

        first = int(np.searchsorted(self._moments, position, side="right"))
        last = int(np.searchsorted(self._moments, position + len(block), side="left"))
        if first == last and (first % 4 == 0):
            return block  # wholly between two dubbed stretches
        gain_db = np.interp(np.arange(position, position + len(block)), self._moments, self._levels_db)
        return block * (10 ** (gain_db / 20)).astype(np.float32)[:, None]


def _merged(spans: Iterable[tuple[int, int]], gap: int) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start - merged[-1][1] <= gap:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged

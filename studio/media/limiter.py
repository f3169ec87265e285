"""A look-ahead limiter for true peaks: blocks in, the same sound no higher than the ceiling out, a little later.

The gain is the least gain any nearby peak asks for, smoothed over the same neighbourhood, so it never arrives late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.media.loudness import magnitude, oversampled_magnitude

if TYPE_CHECKING:
    import numpy as np

_REACH_SAMPLES = 1200
"""How far the gain looks to each side, and over how far it is smoothed: 25 ms at 48 kHz."""
_CONTEXT_SAMPLES = 2 * _REACH_SAMPLES + 64


class Limiter:
    """Feed blocks of shape (n_samples, channels); what comes back lags by 51 ms until `finish`. All channels share one gain."""

    def __init__(self, ceiling_db: float) -> None:
        self._ceiling = 10 ** (ceiling_db / 20)
        self._history: np.ndarray | None = None
        self._pending: np.ndarray | None = None
        self.limited_samples = 0

    def feed(self, block: np.ndarray) -> np.ndarray:
        """What can be said for certain by now; may be empty."""
        import numpy as np

        if self._history is None or self._pending is None:
            self._history = np.zeros((_CONTEXT_SAMPLES, block.shape[1]), dtype=np.float32)
            self._pending = block[:0]
        self._pending = np.concatenate([self._pending, block])
        return self._emit(max(0, len(self._pending) - _CONTEXT_SAMPLES))

    def finish(self) -> np.ndarray:
        """The rest."""
        import numpy as np

        if self._pending is None:
            return np.zeros((0, 1), dtype=np.float32)
        return self._emit(len(self._pending))

    def _emit(self, count: int) -> np.ndarray:
        import numpy as np

        assert self._history is not None and self._pending is not None
        if count == 0:
            return self._pending[:0]
        around = np.concatenate([self._history, self._pending])
        gain = self._gain(around)[_CONTEXT_SAMPLES : _CONTEXT_SAMPLES + count]
        out = (self._pending[:count] * gain[:, None]).astype(np.float32)
        self.limited_samples += int((gain < 0.999).sum())
        self._history, self._pending = around[count : count + _CONTEXT_SAMPLES], self._pending[count:]
        return out

    def _gain(self, around: np.ndarray) -> np.ndarray:
        """Shape (n_samples,), ≤ 1. Samples under half the ceiling cannot peak above it in between: those blocks pass as they are."""
        from scipy.ndimage import minimum_filter1d
        from scipy.signal import fftconvolve

        import numpy as np

        if magnitude(around).max() * 2 < self._ceiling:
            return np.ones(len(around), dtype=np.float32)
        wanted = np.minimum(1.0, self._ceiling / np.maximum(oversampled_magnitude(around), 1e-9))
        if wanted.min() == 1.0:
            return np.ones(len(around), dtype=np.float32)
        least = minimum_filter1d(wanted, 2 * _REACH_SAMPLES + 1, mode="nearest")
        kernel = np.hanning(2 * _REACH_SAMPLES + 3)[1:-1]
        padded = np.pad(least, _REACH_SAMPLES, mode="edge")
        return np.minimum(1.0, fftconvolve(padded, kernel / kernel.sum(), mode="valid"))

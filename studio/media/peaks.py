"""The waveform of the page: lowest and highest sample of every 20 ms as signed bytes, built while the sound streams by.

Layout: magic, peaks per second (uint16), count (uint32), then `count` pairs (low, high) of int8, little-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

PEAKS_PER_SECOND = 50
_HEADER = struct.Struct("<4sHI")
_MAGIC = b"LLPK"


@dataclass(frozen=True, slots=True)
class Peaks:
    """`low` and `high`: int8, shape (n_peaks,), −127..127; peak i covers the i-th 1/per_second of the timeline."""

    per_second: int
    low: np.ndarray
    high: np.ndarray

    @property
    def length_ms(self) -> int:
        return len(self.low) * 1000 // self.per_second


class PeakBuilder:
    """Feed mono blocks in order, then take the bytes. `rate_hz` must be a multiple of 50."""

    def __init__(self, rate_hz: int) -> None:
        import numpy as np

        if rate_hz % PEAKS_PER_SECOND:
            raise ValueError(f"{rate_hz} Hz does not divide into {PEAKS_PER_SECOND} peaks per second")
        self._bin_samples = rate_hz // PEAKS_PER_SECOND
        self._rest = np.zeros(0, dtype=np.float32)
        self._parts: list[bytes] = []

    def add(self, block: np.ndarray) -> None:
        """`block`: float32, shape (n_samples,)."""
        import numpy as np

        samples = np.concatenate([self._rest, block])
        whole = len(samples) // self._bin_samples * self._bin_samples
        self._rest = samples[whole:]
        self._take(samples[:whole])

    def finish(self) -> bytes:
        import numpy as np

        if len(self._rest):
            self._take(np.pad(self._rest, (0, self._bin_samples - len(self._rest))))
            self._rest = self._rest[:0]
        body = b"".join(self._parts)
        return _HEADER.pack(_MAGIC, PEAKS_PER_SECOND, len(body) // 2) + body

    def _take(self, samples: np.ndarray) -> None:
        import numpy as np

        bins = samples.reshape(-1, self._bin_samples)
        pairs = np.stack([bins.min(axis=1), bins.max(axis=1)], axis=1) if len(bins) else np.zeros((0, 2))
        self._parts.append(np.clip(np.rint(pairs * 127), -127, 127).astype(np.int8).tobytes())


def build_peaks(blocks: Iterable[np.ndarray], rate_hz: int) -> bytes:
    """Peaks of a whole stream of mono float32 blocks."""
    builder = PeakBuilder(rate_hz)
    for block in blocks:
        builder.add(block.reshape(-1))
    return builder.finish()


def read_peaks(data: bytes) -> Peaks:
    """Take peaks apart again. Raises ValueError when the bytes are not peaks."""
    import numpy as np

    magic, per_second, count = _HEADER.unpack_from(data) if len(data) >= _HEADER.size else (b"", 0, 0)
    if magic != _MAGIC or len(data) != _HEADER.size + 2 * count:
        raise ValueError("these bytes are not waveform peaks")
    pairs = np.frombuffer(data, dtype=np.int8, offset=_HEADER.size).reshape(count, 2)
    return Peaks(per_second, pairs[:, 0], pairs[:, 1])

"""From two streams of embeddings to LSE-C, LSE-D and the AV offset: the protocol every scorer of lip synchrony shares (papers §5.1).

Enter: one embedding per video window from the lips and from the sound, torch or numpy, of any width. Leaves: the mean distance
at every offset, from which the three numbers follow. A scorer whose distances mean something else still uses this one function.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from statistics import median
from typing import Any

import numpy as np

PUBLISHED_SHIFT = 15  # windows the sound is moved to either side: 31 offsets
_EPSILON = 1e-6  # added to every difference, as the published distance does
_WINDOWS_AT_ONCE = 512  # keeps the memory of a long clip constant


class NothingToScore(ValueError):
    """There is no window to score; the sentence says which stream is too short."""


@dataclass(frozen=True, slots=True)
class OffsetDistances:
    """`mean_distances`: mean over `windows` video windows (those that can be judged) at each of 2·shift + 1 offsets, the sound moved from earliest to latest.

    With zero padding beyond the ends of the sound, LSE-C is inflated under 2·shift + 1 windows."""

    mean_distances: tuple[float, ...]
    windows: int

    @property
    def shift(self) -> int:
        return len(self.mean_distances) // 2

    @property
    def lse_d(self) -> float:
        """Smallest mean distance; lower is better."""
        return min(self.mean_distances)

    @property
    def lse_c(self) -> float:
        """Median over offsets minus the smallest; higher is better."""
        return median(distance for distance in self.mean_distances if isfinite(distance)) - self.lse_d

    @property
    def offset_frames(self) -> int:
        """Video frames; positive: the sound is early, and fits when it is played that much later."""
        return self.shift - self.mean_distances.index(self.lse_d)


def offset_distances(lips: Any, sound: Any, *, shift: int = PUBLISHED_SHIFT, is_padded: bool = True) -> OffsetDistances:
    """Mean Euclidean distance of lip windows to sound windows at every offset within `shift`.

    `lips`: (windows, dim), `sound`: (windows, dim), numpy arrays or torch tensors, both starting at the same moment; the longer one is
    cut to the shorter (`min_length` of the protocol). `is_padded`: the sound is zero beyond its ends, as published; False takes each mean
    over the windows that have sound at that offset (offsets with under a third of them are left out), which embeddings of unit length need (zero lies nearer to them than any stranger).
    Rows of NaN in `lips` show a mouth that cannot be judged: they keep their place and are left out of every mean.
    Raises NothingToScore without a window to judge, ValueError for shapes that do not go together.
    """
    seen, heard = _as_array(lips), _as_array(sound)
    if seen.ndim != 2 or heard.ndim != 2 or seen.shape[1] != heard.shape[1]:
        raise ValueError(f"Lips {seen.shape} and sound {heard.shape} are no two streams of embeddings of one width.")
    for name, stream in (("picture", seen), ("sound", heard)):
        if len(stream) == 0:
            raise NothingToScore(f"The {name} is too short: it holds no window to score.")
    windows = min(len(seen), len(heard))
    is_known = ~np.isnan(seen[:windows]).any(axis=1)
    judged = int(is_known.sum())
    if judged == 0:
        raise NothingToScore("The picture holds no window that can be judged.")
    sums, counts = np.zeros(2 * shift + 1), np.zeros(2 * shift + 1)
    for start in range(0, windows, _WINDOWS_AT_ONCE):
        stop = min(windows, start + _WINDOWS_AT_ONCE)
        found = distances_of(seen[start:stop], _padded(heard[:windows], start - shift, stop + shift))
        places = np.arange(start, stop)[:, None] + np.arange(-shift, shift + 1)[None]
        counted = is_known[start:stop, None] & (is_padded | ((places >= 0) & (places < windows)))
        sums += np.where(counted, found, 0).sum(axis=0, dtype=np.float64)
        counts += counted.sum(axis=0, dtype=np.float64)
    means = np.divide(sums, counts, out=np.full_like(sums, np.inf), where=counts >= (1 if is_padded else max(1.0, judged / 3)))
    return OffsetDistances(tuple(float(value) for value in means), judged)


def distances_of(lips: np.ndarray, padded_sound: np.ndarray) -> np.ndarray:
    """Each lip window against each offset. (windows, dim) and (windows + 2·shift, dim) → (windows, 2·shift + 1).

    ‖lips − sound + ε‖, as the published pairwise distance."""
    offsets = len(padded_sound) - len(lips) + 1
    found = np.empty((len(lips), offsets), dtype=lips.dtype)
    moved = lips + lips.dtype.type(_EPSILON)
    for offset in range(offsets):
        difference = moved - padded_sound[offset : offset + len(lips)]
        found[:, offset] = np.sqrt(np.einsum("td,td->t", difference, difference))
    return found


def _padded(stream: np.ndarray, start: int, stop: int) -> np.ndarray:
    """Rows start … stop of a stream that is zero outside itself."""
    inside = stream[max(0, start) : max(0, stop)]
    before, after = max(0, -start), max(0, stop - len(stream))
    return np.pad(inside, ((before, after), (0, 0)))


def _as_array(stream: Any) -> np.ndarray:
    """Float32 or float64; a torch tensor leaves its graph and its device."""
    if hasattr(stream, "detach"):
        stream = stream.detach().cpu().numpy()
    array = np.asarray(stream)
    return array if array.dtype == np.float64 else array.astype(np.float32, copy=False)

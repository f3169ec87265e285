"""Time-stretch of speech with its pitch kept: WSOLA (Verhelst and Roelands, ICASSP 1993), mono float32.

Enters: samples, a rate, a factor. Leaves: samples of exactly the length asked for. Good for speech from about 0.7 to
1.4; single-voiced by nature, so not for music.
"""

from __future__ import annotations

import numpy as np

from studio.domain.timing import ms_to_samples

LOWEST_RATIO, HIGHEST_RATIO = 0.5, 2.0
FRAME_MS = 30  # about two periods of the deepest voice
SEARCH_MS = 10  # one period of the deepest voice, so that a match in phase always exists
_COARSE_STEP = 4


def stretched_length(count_samples: int, ratio: float) -> int:
    """Samples left of `count_samples` at `ratio` (> 1 is faster and shorter)."""
    return round(count_samples / ratio)


def stretch(samples: np.ndarray, rate_hz: int, ratio: float) -> np.ndarray:
    """Speech `ratio` times as fast. float32, shape (stretched_length(n, ratio),); at 1.0 an equal copy.

    Raises ValueError for a ratio outside 0.5–2.0.
    """
    if not LOWEST_RATIO <= ratio <= HIGHEST_RATIO:
        raise ValueError(f"a stretch must lie between {LOWEST_RATIO} and {HIGHEST_RATIO}, not {ratio}")
    source = np.asarray(samples, np.float32)
    count = stretched_length(len(source), ratio)
    hop = ms_to_samples(FRAME_MS, rate_hz) // 2
    if ratio == 1.0 or count == 0:
        return source.copy()
    return _overlap_add(source, count, hop, ms_to_samples(SEARCH_MS, rate_hz), ratio)


def _overlap_add(source: np.ndarray, count: int, hop: int, search: int, ratio: float) -> np.ndarray:
    """Frames of 2·hop samples, one every hop of output, each taken where it best continues the one before."""
    frame = 2 * hop
    padded = np.concatenate([np.zeros(search + hop, np.float32), source, np.zeros(2 * frame + search, np.float32)])
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame) / frame)).astype(np.float32)
    output = np.zeros(count + 2 * frame, np.float32)
    last_place = len(padded) - frame - search - 1
    previous = search
    for index in range(-(-count // hop) + 1):
        ideal = min(round(index * hop * ratio) + search, last_place)
        place = ideal
        if index:
            wanted = padded[previous + hop : previous + hop + frame]
            place = ideal - search + _best_match(padded[ideal - search : ideal + search + frame], wanted)
        output[index * hop : index * hop + frame] += padded[place : place + frame] * window
        previous = min(place, last_place - hop)
    return output[hop : hop + count]


def _best_match(region: np.ndarray, wanted: np.ndarray) -> int:
    """Offset in `region` at which it correlates best with `wanted` (normalised): coarse on a quarter of the rate, then
    sample by sample around the best."""
    coarse = _COARSE_STEP * _peak(region[::_COARSE_STEP], wanted[::_COARSE_STEP])
    first = max(0, coarse - _COARSE_STEP + 1)
    last = min(len(region) - len(wanted), coarse + _COARSE_STEP - 1)
    return first + _peak(region[first : last + len(wanted)], wanted)


def _peak(region: np.ndarray, wanted: np.ndarray) -> int:
    correlation = np.correlate(region, wanted, "valid")
    energy = np.cumsum(np.concatenate([[0.0], np.square(region, dtype=np.float64)]))
    energy = energy[len(wanted) :] - energy[: len(correlation)]
    return int(np.argmax(correlation / np.sqrt(np.maximum(energy, 1e-9))))

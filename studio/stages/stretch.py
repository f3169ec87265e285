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
    energy = np.concatenate([[0.0], np.cumsum(np.square(padded, dtype=np.float64))])
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame) / frame)).astype(np.float32)
    output = np.zeros(count + 2 * frame, np.float32)
    last_place = len(padded) - frame - search - 1
    place = search
    for index in range(-(-count // hop) + 1):
        ideal = min(round(index * hop * ratio) + search, last_place)
        follows = min(place, last_place - hop) + hop
        place = (
            _best_place(padded, energy, padded[follows : follows + frame], range(ideal - search, ideal + search + 1)) if index else ideal
        )
        output[index * hop : index * hop + frame] += padded[place : place + frame] * window
    return output[hop : hop + count]


def _best_place(padded: np.ndarray, energy: np.ndarray, wanted: np.ndarray, places: range) -> int:
    """Which of `places` correlates best with `wanted` (normalised): every fourth place at a quarter of the rate, then
    sample by sample around the best. The middle one where there is nothing to go by. `energy`: cumulative, from 0."""
    if not np.any(wanted):
        return places[len(places) // 2]
    coarse = places[::_COARSE_STEP]
    region = padded[coarse[0] : coarse[-1] + len(wanted) : _COARSE_STEP]
    best = coarse[_peak(region, wanted[::_COARSE_STEP], energy, coarse, len(wanted))]
    fine = range(max(places[0], best - _COARSE_STEP + 1), min(places[-1], best + _COARSE_STEP - 1) + 1)
    return fine[_peak(padded[fine[0] : fine[-1] + len(wanted)], wanted, energy, fine, len(wanted))]


def _peak(region: np.ndarray, wanted: np.ndarray, energy: np.ndarray, places: range, frame: int) -> int:
    starts = slice(places.start, places.stop, places.step)
    ends = slice(places.start + frame, places.stop + frame, places.step)
    correlation = np.correlate(region, wanted, "valid")[: len(places)]
    return int(np.argmax(correlation / np.sqrt(np.maximum(energy[ends] - energy[starts], 1e-9))))

"""Time-stretch of speech with its pitch kept: WSOLA (Verhelst and Roelands, ICASSP 1993), mono float32.

Enters: samples, a rate, and a factor or a time map. Leaves: samples of exactly the length asked for. Good for speech from about 0.7
to 1.4; single-voiced by nature, so not for music.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.domain.timing import ms_to_samples
from studio.stages.time_map import Piece, TimeMap, knots, runs

LOWEST_RATIO, HIGHEST_RATIO = 0.5, 2.0
FRAME_MS = 30  # about two periods of the deepest voice
SEARCH_MS = 10  # one period of the deepest voice, so that a match in phase always exists
FADE_MS = 5  # at the ends of a stretch of sound that silence is put around
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
    ideals = [round(index * hop * ratio) for index in range(_frame_count(count, hop))]
    return _overlap_add(source, count, ideals, rate_hz)


def stretch_along(samples: np.ndarray, time_map: TimeMap) -> np.ndarray:
    """`samples` in the time of `time_map`, which must be of their length: each stretch of speech at its own rate, pitch kept; pauses
    cut or filled with silence. float32, shape (time_map.out_samples,); the same samples where the map changes nothing."""
    source = np.asarray(samples, np.float32)
    if len(source) != time_map.take_samples:
        raise ValueError(f"the map is of {time_map.take_samples} samples, the take has {len(source)}")
    output = np.zeros(time_map.out_samples, np.float32)
    place = 0
    for silence, pieces in runs(time_map):
        run = _stretched_run(source, pieces, time_map.rate_hz)
        is_cut = pieces[0].take_start_samples > 0, pieces[-1].take_end_samples < len(source)
        place += silence
        output[place : place + len(run)] = _faded(run, ms_to_samples(FADE_MS, time_map.rate_hz), *is_cut)
        place += len(run)
    return output


def _stretched_run(source: np.ndarray, pieces: tuple[Piece, ...], rate_hz: int) -> np.ndarray:
    """One stretch of sound in its own time; copied where no piece of it changes its length."""
    part = source[pieces[0].take_start_samples : pieces[-1].take_end_samples]
    if all(piece.take_samples == piece.out_samples for piece in pieces):
        return part.copy()
    out_at, take_at = knots(pieces)
    hop, count = ms_to_samples(FRAME_MS, rate_hz) // 2, int(out_at[-1])
    ideals = np.interp(np.arange(_frame_count(count, hop)) * hop, out_at, take_at)
    return _overlap_add(part, count, np.rint(ideals).astype(int).tolist(), rate_hz)


def _faded(run: np.ndarray, fade: int, at_start: bool, at_end: bool) -> np.ndarray:
    """`run` rising from and falling to silence where it was cut out of something longer."""
    fade = min(fade, len(run) // 2)
    rising = (np.arange(fade, dtype=np.float32) + 0.5) / max(fade, 1)
    if at_start and fade:
        run[:fade] *= rising
    if at_end and fade:
        run[-fade:] *= rising[::-1]
    return run


def _frame_count(count: int, hop: int) -> int:
    return -(-count // hop) + 1


def _overlap_add(source: np.ndarray, count: int, ideals: Sequence[int], rate_hz: int) -> np.ndarray:
    """Frames of 30 ms, one every 15 ms of output, each taken near its `ideals` place where it best continues the one before."""
    hop, search = ms_to_samples(FRAME_MS, rate_hz) // 2, ms_to_samples(SEARCH_MS, rate_hz)
    frame = 2 * hop
    padded = np.concatenate([np.zeros(search + hop, np.float32), source, np.zeros(2 * frame + search, np.float32)])
    energy = np.concatenate([[0.0], np.cumsum(np.square(padded, dtype=np.float64))])
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame) / frame)).astype(np.float32)
    output = np.zeros(count + 2 * frame, np.float32)
    last_place = len(padded) - frame - search - 1
    place = search
    for index, wanted in enumerate(ideals):
        ideal = min(wanted + search, last_place)
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

"""What mouth and source ask of a take's timing, moment by moment: what speech, and what silence, would cost at each 10 ms of a slot.

Pure. Enters a guide and its slot; leaves arrays for the planner in `lip_timing.py`. A new cue is one more term here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from studio.domain.faces import FACE_RATE_HZ
from studio.domain.line import Slot
from studio.domain.lip_guide import LipGuide

FRAME_MS = 10
FRAME_S = FRAME_MS / 1000
OVER_COST = 50.0  # per second of speech after the slot's end: dearer than anything the lips can ask
SHUT_COST = 0.2  # of speech, and taken off the cost of silence, while the mouth stays shut though the source is heard
UNSEEN_SHARE = 0.5  # weight of a moment in which a mouth that is seen elsewhere in the line is not
SHUT_MS = 160  # lips that close for shorter are speaking
PAUSE_MS = 120  # ... and where nothing but the lips tells of pauses, these are one
SHUT_LEVEL = 0.2  # of the way from this line's narrowest opening to its widest ...
SHUT_MOST = 0.3  # ... but a mouth this open is never shut
LEAST_RANGE = 0.12  # a mouth that moves less than this tells nothing
FACE_COST = 0.3  # per second and standard deviation on both sides: stress moves where that costs little overlap
_FRAMES_PER_PICTURE = 1000 // FACE_RATE_HZ // FRAME_MS


@dataclass(frozen=True, slots=True)
class Wishes:
    """Costs per second, one value per 10 ms from the slot's start, each float64 of shape (frames,). `speech`: of speaking there;
    `silence`: of not speaking; `closure`: of a silence that belongs to the speech around it, such as a stop's; `emphasis`: what a
    syllable there earns in proportion to how loud it is (mean 0 over the source speech)."""

    speech: np.ndarray
    silence: np.ndarray
    closure: np.ndarray
    emphasis: np.ndarray


def wishes(guide: LipGuide, slot: Slot, frames: int) -> Wishes:
    """The wishes of `guide` over the first `frames` · 10 ms from the slot's start; nothing is asked after the slot but silence."""
    inside = np.arange(frames) < frames_of(slot)
    opening = _at_frames([np.nan if value is None else value for value in guide.opening], frames, fill=np.nan)
    seen, shut = ~np.isnan(opening), _stays_shut(opening)
    speaks = _speaks(guide, slot, frames) if guide.speech else seen & ~shut
    weight = guide.scales.lip_scale * np.where(seen | ~seen.any(), 1.0, UNSEEN_SHARE) * inside
    speech = weight * np.where(speaks, SHUT_COST * shut, 1.0)
    silence = weight * speaks * np.where(shut, 1.0 - SHUT_COST, 1.0)
    outside = np.where(inside, 0.0, OVER_COST)
    return Wishes(speech + outside, silence, silence + outside, guide.scales.face_scale * FACE_COST * _emphasis(guide, opening, speaks) * inside)


def frames_of(slot: Slot) -> int:
    """Whole frames of a slot, which speech may fill."""
    return max(1, slot.length_ms // FRAME_MS)


def _speaks(guide: LipGuide, slot: Slot, frames: int) -> np.ndarray:
    middles_ms = slot.start_ms + (np.arange(frames) + 0.5) * FRAME_MS
    speaks = np.zeros(frames, bool)
    for span in guide.speech:
        speaks |= (middles_ms >= span.start_ms) & (middles_ms < span.end_ms)
    return speaks


def spoken_with_open_lips(opening: Sequence[float | None], length_ms: int) -> tuple[tuple[int, int], ...]:
    """Where a mouth may be speaking, ms from the start of `opening` (25 Hz, None where it is not seen): everywhere but where its lips
    stay shut for at least PAUSE_MS. Empty where it is never seen, and where it is shut throughout."""
    frames = -(-length_ms // FRAME_MS)
    curve = _at_frames([np.nan if value is None else value for value in opening], frames, fill=np.nan)
    if np.isnan(curve).all():
        return ()
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (~_stays_shut(curve, PAUSE_MS)).astype(np.int8), [0]]))).reshape(-1, 2)
    return tuple((int(first) * FRAME_MS, min(length_ms, int(last) * FRAME_MS)) for first, last in edges)


def _stays_shut(opening: np.ndarray, least_ms: int = SHUT_MS) -> np.ndarray:
    """Where the mouth is shut for long enough to mean silence; nowhere for a mouth that hardly moves. Bool, shape (frames,)."""
    seen = opening[~np.isnan(opening)]
    if not len(seen):
        return np.zeros(len(opening), bool)
    low, high = np.percentile(seen, (5, 95))
    if high - low < LEAST_RANGE:
        return np.zeros(len(opening), bool)
    shut = np.nan_to_num(opening, nan=np.inf) < min(low + SHUT_LEVEL * (high - low), SHUT_MOST)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], shut.astype(np.int8), [0]]))).reshape(-1, 2)
    for first, last in edges:
        if (last - first) * FRAME_MS < least_ms:
            shut[first:last] = False
    return shut


def _emphasis(guide: LipGuide, opening: np.ndarray, speaks: np.ndarray) -> np.ndarray:
    """Where the source and the mouth are at their strongest, in standard deviations over the source speech; 0 outside it."""
    cues = [_at_frames(guide.level, len(opening), fill=np.nan), opening]
    total, count = np.zeros(len(opening)), np.zeros(len(opening))
    for cue in cues:
        known = speaks & ~np.isnan(cue)
        if known.sum() > 1 and (spread := float(np.std(cue[known]))) > 1e-6:
            total[known] += (cue[known] - np.mean(cue[known])) / spread
            count[known] += 1
    return total / np.maximum(count, 1)


def _at_frames(values: object, frames: int, *, fill: float) -> np.ndarray:
    """A curve at 25 Hz as one value per 10 ms, each held for its picture; `fill` past its end."""
    held = np.repeat(np.asarray(values, np.float64), _FRAMES_PER_PICTURE)[:frames]
    return np.concatenate([held, np.full(frames - len(held), fill)])

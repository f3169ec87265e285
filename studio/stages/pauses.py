"""Silences of a take: where speech begins and ends, which pauses lie inside, and how to shorten them without a click.

Enters: mono float32 samples, phones where the engine gave them. Leaves: sample ranges, or shorter samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from studio.domain.timing import ms_to_samples
from studio.engines.protocols import Audio
from studio.engines.voice_protocols import Mark

FRAME_MS = 10
FADE_MS = 5


@dataclass(frozen=True, slots=True)
class SampleRange:
    """Samples [start, end) of a take."""

    start_samples: int
    end_samples: int

    @property
    def length_samples(self) -> int:
        return self.end_samples - self.start_samples


def speech_range(audio: Audio, quiet_db: float) -> SampleRange:
    """From the first to the last 10 ms that are louder than `quiet_db` below the take's loudest, one more kept on both
    sides; empty at 0 for a silent take."""
    loud = _loud_frames(audio, quiet_db)
    if not loud.any():
        return SampleRange(0, 0)
    frame_samples = ms_to_samples(FRAME_MS, audio.rate_hz)
    first, last = int(np.argmax(loud)), len(loud) - int(np.argmax(loud[::-1]))
    return SampleRange(max(0, first - 1) * frame_samples, min(len(audio.samples), (last + 1) * frame_samples))


def inner_pauses(audio: Audio, phones: Sequence[Mark], quiet_db: float, *, longer_than_ms: int) -> tuple[SampleRange, ...]:
    """Pauses between words, in order, each longer than `longer_than_ms`: from the phones, or else from the level."""
    if phones:
        spoken = [index for index, phone in enumerate(phones) if phone.symbol]
        inner = phones[spoken[0] : spoken[-1]] if spoken else ()
        found = [_range_of(phone, audio) for phone in inner if not phone.symbol]
    else:
        found = _quiet_runs(audio, quiet_db)
    shortest = ms_to_samples(longer_than_ms, audio.rate_hz)
    return tuple(pause for pause in found if pause.length_samples > shortest)


def cuts_for(pauses: Sequence[SampleRange], wanted_samples: int, keep_samples: int) -> tuple[SampleRange, ...]:
    """What to take out so that `wanted_samples` are saved, or as much as can be: the longest pauses are levelled first
    and none falls below `keep_samples`. Each cut lies in the middle of its pause."""
    level = _water_level([pause.length_samples for pause in pauses], wanted_samples, keep_samples)
    cuts, left = [], wanted_samples
    for pause in pauses:
        count = min(left, pause.length_samples - level)
        if count > 0:
            start = pause.start_samples + (pause.length_samples - count) // 2
            cuts.append(SampleRange(start, start + count))
            left -= count
    return tuple(cuts)


def without(samples: np.ndarray, cuts: Sequence[SampleRange], rate_hz: int) -> np.ndarray:
    """`samples` less the cuts, each joint cross-faded over 5 ms of what surrounds it. Shorter by exactly the cuts."""
    pieces, place = [], 0
    for cut in cuts:
        fade = min(ms_to_samples(FADE_MS, rate_hz), cut.start_samples - place, len(samples) - cut.end_samples)
        rising = (np.arange(fade, dtype=np.float32) + 0.5) / max(fade, 1)
        before = samples[cut.start_samples - fade : cut.start_samples]
        after = samples[cut.end_samples - fade : cut.end_samples]
        pieces += [samples[place : cut.start_samples - fade], before * (1 - rising) + after * rising]
        place = cut.end_samples
    pieces.append(samples[place:])
    return np.concatenate(pieces).astype(np.float32, copy=False)


def _loud_frames(audio: Audio, quiet_db: float) -> np.ndarray:
    """Per 10 ms: whether its level is above `quiet_db` relative to the loudest. Bool, shape (n_frames,)."""
    frame_samples = ms_to_samples(FRAME_MS, audio.rate_hz)
    count = -(-len(audio.samples) // frame_samples)
    padded = np.zeros(count * frame_samples, np.float64)
    padded[: len(audio.samples)] = audio.samples
    power = np.mean(padded.reshape(count, frame_samples) ** 2, axis=1)
    if count == 0 or power.max() <= 1e-12:
        return np.zeros(count, bool)
    return power > power.max() * 10 ** (quiet_db / 10)


def _quiet_runs(audio: Audio, quiet_db: float) -> list[SampleRange]:
    """Runs of quiet frames between loud ones."""
    loud = _loud_frames(audio, quiet_db)
    frame_samples = ms_to_samples(FRAME_MS, audio.rate_hz)
    edges = np.flatnonzero(np.diff(loud.astype(np.int8)))
    runs = [(int(a) + 1, int(b) + 1) for a, b in pairwise(edges) if not loud[a + 1]]
    return [SampleRange(start * frame_samples, end * frame_samples) for start, end in runs]


def _range_of(phone: Mark, audio: Audio) -> SampleRange:
    start, end = ms_to_samples(phone.start_ms, audio.rate_hz), ms_to_samples(phone.end_ms, audio.rate_hz)
    return SampleRange(min(start, len(audio.samples)), min(end, len(audio.samples)))


def _water_level(lengths: Sequence[int], wanted: int, lowest: int) -> int:
    """The highest common cap, at least `lowest`, at which capping all `lengths` saves `wanted`."""
    low, high = lowest, max(lengths, default=lowest)
    while low < high:
        middle = (low + high + 1) // 2
        if sum(max(0, length - middle) for length in lengths) >= wanted:
            low = middle
        else:
            high = middle - 1
    return low

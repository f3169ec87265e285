"""When somebody speaks, from the sound's level: spans for a clean take, and spans a voice-activity engine heard, brought to the sound.

Pure. Enters mono audio; leave spans in ms and a loudness curve at 25 Hz. One definition for source and dub, so that their overlap
compares like with like.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.domain.faces import FACE_RATE_HZ
from studio.domain.timing import TimeSpan, ms_to_samples
from studio.engines.protocols import Audio

FRAME_MS = 10
BELOW_LOUD_DB = 35.0  # quieter than this under the loud parts is no speech
ABOVE_FLOOR_DB = 10.0  # in a noisy place speech must stand out by this ...
LEAST_BELOW_DB = 20.0  # ... but nothing within this of the loud parts is ever taken for silence
BRIDGED_MS = 150  # a stop's closure or a short breath does not end a span
SHORTEST_MS = 60  # a shorter burst is a click
LEVEL_RANGE_DB = 45.0


def levels_db(audio: Audio, frame_ms: int = FRAME_MS) -> np.ndarray:
    """Level per frame in dB re full scale, not below −120. float64, shape (ceil(n / frame),)."""
    size = ms_to_samples(frame_ms, audio.rate_hz)
    count = -(-len(audio.samples) // size)
    padded = np.zeros(count * size)
    padded[: len(audio.samples)] = audio.samples
    return 10 * np.log10(np.mean(padded.reshape(count, size) ** 2, axis=1) + 1e-12)


def speech_spans(audio: Audio, *, start_ms: int = 0) -> tuple[TimeSpan, ...]:
    """Where `audio`, which starts at `start_ms` of the timeline, is loud enough for speech; gaps under 150 ms are bridged. Empty for
    silence. Meant for a voice alone: in noise or music it says where it is loud."""
    return _spans(_loud(audio), start_ms, min(audio.length_ms, len(_loud(audio)) * FRAME_MS))


def heard_spans(audio: Audio, heard: Sequence[TimeSpan], *, start_ms: int = 0) -> tuple[TimeSpan, ...]:
    """`heard` (an engine's spans, on the timeline) without the silence that engine pads them with: what is both heard and loud."""
    loud = _loud(audio)
    keep = np.zeros(len(loud), bool)
    for span in heard:
        keep[max(0, span.start_ms - start_ms) // FRAME_MS : max(0, -(-(span.end_ms - start_ms) // FRAME_MS))] = True
    return _spans(loud & keep, start_ms, audio.length_ms)


def level_curve(audio: Audio) -> tuple[float, ...]:
    """Loudness at 25 Hz from the start of `audio`: 1 for its loud parts, 0 from 45 dB under them; all 0 for silence."""
    levels = levels_db(audio, 1000 // FACE_RATE_HZ)
    if not len(levels) or levels.max() <= -110:
        return (0.0,) * len(levels)
    loud = float(np.percentile(levels, 95))
    return tuple(float(value) for value in np.clip(1 + (levels - loud) / LEVEL_RANGE_DB, 0.0, 1.0))


def _loud(audio: Audio) -> np.ndarray:
    """Per 10 ms: whether it is loud enough for speech. Bool, shape (n_frames,)."""
    levels = levels_db(audio)
    if not len(levels) or levels.max() <= -90:
        return np.zeros(len(levels), bool)
    reference, floor = float(np.percentile(levels[levels > -110], 95)), float(np.percentile(levels, 5))
    return levels > max(reference - BELOW_LOUD_DB, min(floor + ABOVE_FLOOR_DB, reference - LEAST_BELOW_DB))


def _spans(speaks: np.ndarray, start_ms: int, length_ms: int) -> tuple[TimeSpan, ...]:
    """Runs of True as spans, gaps bridged, then clicks dropped."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], speaks.astype(np.int8), [0]])))
    runs: list[tuple[int, int]] = []
    for first, last in edges.reshape(-1, 2) * FRAME_MS:
        if runs and first - runs[-1][1] < BRIDGED_MS:
            runs[-1] = runs[-1][0], int(last)
        else:
            runs.append((int(first), int(last)))
    kept = [(first, min(last, length_ms)) for first, last in runs if last - first >= SHORTEST_MS]
    return tuple(TimeSpan(start_ms + first, start_ms + last) for first, last in kept if last > first)

"""Pitch of 24 kHz speech at every mel frame, for the pulses of a vocoder in training: autocorrelation, and the smoothest way through it.

Enters samples; leaves hertz and how periodic each frame is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, sosfiltfilt

from models.speech.pulse_vocos import bin_hz
from models.speech.spectrum import HOP, RATE_HZ, frames_of

WINDOW, FFT = 1024, 2048
JUMP_COST = 0.02  # of one pitch bin between neighbouring frames
RUMBLE_HZ = 50.0  # what is below would look alike at all short lags
QUIETEST_RATIO = 0.02  # of the loudest frame's level: softer frames have no pitch that could be heard
LONG_LAG_COST = 0.12  # else half the true pitch would often win


@dataclass(frozen=True, slots=True)
class PitchTrack:
    """`hz` and `periodicity` (0 to 1), each (frames,), at 93.75 frames a second."""

    hz: np.ndarray
    periodicity: np.ndarray


def track_pitch(samples: np.ndarray) -> PitchTrack:
    """(n,) at 24 kHz → one value for every mel frame; periodicity is 0 where the sound only rumbles, or is next to silent."""
    frames = frames_of(len(samples))
    clear = sosfiltfilt(butter(4, RUMBLE_HZ, "highpass", fs=RATE_HZ, output="sos"), np.asarray(samples, dtype=np.float64)).astype(np.float32)
    correlation, level = _correlation(clear, frames)
    bins = bin_hz().numpy().astype(np.float64)
    lags = np.rint(RATE_HZ / bins).astype(int)
    # a bin may lie between two whole lags: the best of the lags it covers stands for it
    near = np.maximum(correlation[:, lags], np.maximum(correlation[:, lags - 1], correlation[:, lags + 1]))
    way = _smoothest(near - LONG_LAG_COST * np.log2(lags / lags[-1])[None] / 3)
    rows = np.arange(frames)
    around = lags[way][:, None] + np.arange(-4, 5)
    lag = around[rows, np.take_along_axis(correlation, around, axis=1).argmax(1)]
    left, middle, right = (correlation[rows, lag + step] for step in (-1, 0, 1))
    bend = np.minimum(left - 2 * middle + right, -1e-6)
    is_peak = (middle >= left) & (middle >= right) & (level > QUIETEST_RATIO * level.max(initial=0.0))
    exact = lag + np.clip(0.5 * (left - right) / bend, -0.5, 0.5)
    return PitchTrack((RATE_HZ / exact).clip(bins[0], bins[-1]).astype(np.float32), (middle.clip(0, 1) * is_peak).astype(np.float32))


def _correlation(samples: np.ndarray, frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Normalised by its value at lag 0 and by the window's own, (frames, lags); and the level of every frame, (frames,)."""
    padded = np.pad(samples, (WINDOW // 2, WINDOW // 2 + HOP))
    cut = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[:: HOP][:frames]
    window = np.hanning(WINDOW).astype(np.float32)
    cut = (cut - cut.mean(1, keepdims=True)) * window
    most = round(RATE_HZ / float(bin_hz()[0])) + 8
    own = np.fft.irfft(np.abs(np.fft.rfft(window, FFT)) ** 2)[:most]
    found = np.fft.irfft(np.abs(np.fft.rfft(cut, FFT)) ** 2)[:, :most]
    return found / (found[:, :1] + 1e-4) * (own[0] / own), np.sqrt(np.maximum(found[:, 0], 0.0))


def _smoothest(scores: np.ndarray) -> np.ndarray:
    """The bin of every frame on the way with the highest sum of scores less the cost of its jumps (Viterbi)."""
    count = scores.shape[1]
    cost = JUMP_COST * np.abs(np.arange(count)[:, None] - np.arange(count)[None]).clip(max=30)
    total, back = scores[0] if len(scores) else np.zeros(count), np.zeros(scores.shape, dtype=np.int32)
    for frame in range(1, len(scores)):
        reached = total[:, None] - cost
        back[frame] = reached.argmax(0)
        total = reached[back[frame], np.arange(count)] + scores[frame]
    way = np.zeros(len(scores), dtype=np.int64)
    if len(scores):
        way[-1] = int(total.argmax())
    for frame in range(len(scores) - 1, 0, -1):
        way[frame - 1] = back[frame, way[frame]]
    return way

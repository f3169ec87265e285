"""What a voice sounds like in numbers: mel cepstrum, its spread and movement, and pitch, over the loud frames of 16 kHz speech.

`VoiceDescriber` holds the tables; `describe` turns samples into `SIZE` numbers that `speaker_timbre` whitens.
"""

from __future__ import annotations

import numpy as np
from scipy import fft

RATE_HZ = 16_000
FRAME_SAMPLES, HOP_SAMPLES, FFT_SIZE = 400, 160, 512
BANDS, CEPSTRA = 30, 20
LOW_HZ, HIGH_HZ = 60.0, 7_600.0
PITCH_LOW_HZ, PITCH_HIGH_HZ = 65.0, 400.0
PITCH_FRAME_SAMPLES, PITCH_FFT_SIZE = 640, 1024
VOICED_RATIO = 0.45
LOUD_RATIO = 0.02
MOVE_FRAMES = 4
MIN_FRAMES = 12
SIZE = 3 * CEPSTRA + 3


class VoiceDescriber:
    """Describes voices; its tables are made once."""

    def __init__(self) -> None:
        self._bands = _mel_filters().T.astype(np.float32)
        self._cosines = _cosines().T.astype(np.float32)
        self._window = np.hamming(FRAME_SAMPLES).astype(np.float32)
        self._pitch_window = np.hanning(PITCH_FRAME_SAMPLES).astype(np.float32)
        shape = fft.irfft(np.abs(fft.rfft(self._pitch_window, PITCH_FFT_SIZE)) ** 2)
        low, high = int(RATE_HZ / PITCH_HIGH_HZ), int(RATE_HZ / PITCH_LOW_HZ)
        # Long lags are held down a little, else half the true pitch would often win.
        self._lag_weight = ((1 - 0.1 * np.arange(high - low) / (high - low)) * shape[0] / shape[low:high]).astype(np.float32)
        self._low_lag, self._high_lag = low, high

    def describe(self, samples: np.ndarray) -> np.ndarray:
        """Description of `samples` (float32, shape (n,), 16 kHz): float64, shape (SIZE,). Silence gives a finite one too."""
        shortest = FRAME_SAMPLES + (MIN_FRAMES - 1) * HOP_SAMPLES
        samples = np.asarray(samples, dtype=np.float32)
        samples = np.pad(samples, (0, max(0, shortest - len(samples))))
        frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME_SAMPLES)[::HOP_SAMPLES]
        energy = np.einsum("ij,ij->i", frames, frames) / FRAME_SAMPLES
        keep_mask = energy >= max(LOUD_RATIO * float(np.quantile(energy, 0.95)), 1e-10)
        if keep_mask.sum() < MIN_FRAMES:
            keep_mask = energy >= np.sort(energy)[-MIN_FRAMES]
        spectrum = fft.rfft(frames[keep_mask] * self._window, FFT_SIZE)
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
        cepstrum = np.log(power @ self._bands + 1e-10) @ self._cosines
        moves = cepstrum[MOVE_FRAMES:] - cepstrum[:-MOVE_FRAMES]
        spreads = np.log(np.concatenate((cepstrum.std(axis=0), moves.std(axis=0))) + 1e-3)
        return np.concatenate((cepstrum.mean(axis=0), spreads, self._pitch(samples, keep_mask))).astype(np.float64)

    def _pitch(self, samples: np.ndarray, keep_mask: np.ndarray) -> np.ndarray:
        """Median and spread of ln(pitch / 100 Hz) over voiced frames, and the share of voiced frames; shape (3,)."""
        starts = np.flatnonzero(keep_mask)[::2] * HOP_SAMPLES
        frames = np.pad(samples, (0, PITCH_FRAME_SAMPLES))[starts[:, None] + np.arange(PITCH_FRAME_SAMPLES)]
        frames = (frames - frames.mean(axis=1, keepdims=True)) * self._pitch_window
        spectrum = fft.rfft(frames, PITCH_FFT_SIZE)
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
        power[:, 1000 * PITCH_FFT_SIZE // RATE_HZ :] *= 0.1
        correlation = fft.irfft(power)[:, : self._high_lag]
        ratio = correlation[:, self._low_lag :] * self._lag_weight / np.maximum(correlation[:, :1], 1e-12)
        best = np.argmax(ratio, axis=1)
        is_voiced = ratio[np.arange(len(ratio)), best] > VOICED_RATIO
        if not is_voiced.any():
            return np.array([np.log(1.5), 0.2, 0.0])
        log_pitch = np.log(RATE_HZ / (best[is_voiced] + self._low_lag) / 100)
        quarter, middle, three_quarters = np.quantile(log_pitch, (0.25, 0.5, 0.75))
        return np.array([middle, three_quarters - quarter, is_voiced.mean()])


def _mel_filters() -> np.ndarray:
    """Triangular bands, evenly spaced in mel (2595 log10(1 + f / 700)); shape (BANDS, FFT_SIZE / 2 + 1)."""
    edges_mel = np.linspace(_mel(LOW_HZ), _mel(HIGH_HZ), BANDS + 2)
    edges = 700 * (10 ** (edges_mel / 2595) - 1)
    frequencies = np.arange(FFT_SIZE // 2 + 1) * RATE_HZ / FFT_SIZE
    rising = (frequencies - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - frequencies) / (edges[2:] - edges[1:-1])[:, None]
    return np.clip(np.minimum(rising, falling), 0, None)


def _mel(hz: float) -> float:
    return 2595 * float(np.log10(1 + hz / 700))


def _cosines() -> np.ndarray:
    """Rows 1…CEPSTRA of the cosine transform (the overall level, row 0, is left out); shape (CEPSTRA, BANDS)."""
    order = np.arange(1, CEPSTRA + 1)[:, None]
    return np.cos(np.pi * order * (np.arange(BANDS) + 0.5) / BANDS) * np.sqrt(2 / BANDS)

"""What a voice sounds like in numbers: mel cepstrum statistics, pitch and tilt of the voiced frames of 16 kHz speech."""

from __future__ import annotations

import numpy as np

RATE_HZ = 16_000
FRAME_SAMPLES, HOP_SAMPLES, FFT_SIZE = 400, 160, 512
BANDS, CEPSTRA = 30, 20
LOW_HZ, HIGH_HZ = 60.0, 7_600.0
PITCH_LOW_HZ, PITCH_HIGH_HZ = 65.0, 400.0
PITCH_FRAME_SAMPLES, PITCH_FFT_SIZE = 640, 2048
LOUD_RATIO = 0.02
MIN_FRAMES = 10


def describe(samples: np.ndarray) -> np.ndarray:
    """Raw description, float64, shape (2·CEPSTRA + 4,): cepstral means and spreads, pitch median and spread, tilt, voicing."""
    if len(samples) < FRAME_SAMPLES + (MIN_FRAMES - 1) * HOP_SAMPLES:
        samples = np.pad(samples, (0, FRAME_SAMPLES + (MIN_FRAMES - 1) * HOP_SAMPLES - len(samples)))
    samples = np.asarray(samples, dtype=np.float64)
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME_SAMPLES)[::HOP_SAMPLES]
    energy = np.mean(frames**2, axis=1)
    keep_mask = energy >= max(LOUD_RATIO * float(np.quantile(energy, 0.95)), 1e-10)
    if keep_mask.sum() < MIN_FRAMES:
        keep_mask = energy >= np.sort(energy)[-MIN_FRAMES]
    power = np.abs(np.fft.rfft(frames[keep_mask] * np.hamming(FRAME_SAMPLES), FFT_SIZE)) ** 2
    bands = np.log(power @ _mel_filters().T + 1e-10)
    cepstrum = bands @ _cosines().T
    pitch = _pitch(samples, keep_mask)
    tilt = np.mean(bands[:, : BANDS // 3]) - np.mean(bands[:, 2 * BANDS // 3 :])
    return np.concatenate((cepstrum.mean(axis=0), cepstrum.std(axis=0), pitch, [tilt]))


def _pitch(samples: np.ndarray, keep_mask: np.ndarray) -> np.ndarray:
    """Median and spread of ln(pitch / 100 Hz) over voiced frames, and the share of voiced frames; shape (3,)."""
    padded = np.pad(samples, (0, PITCH_FRAME_SAMPLES))
    starts = np.flatnonzero(keep_mask)[::2] * HOP_SAMPLES
    frames = padded[starts[:, None] + np.arange(PITCH_FRAME_SAMPLES)]
    frames = (frames - frames.mean(axis=1, keepdims=True)) * np.hanning(PITCH_FRAME_SAMPLES)
    spectrum = np.abs(np.fft.rfft(frames, PITCH_FFT_SIZE)) ** 2
    spectrum[:, 1000 * PITCH_FFT_SIZE // RATE_HZ :] *= 0.1
    correlation = np.fft.irfft(spectrum)
    window = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(PITCH_FRAME_SAMPLES), PITCH_FFT_SIZE)) ** 2)
    low, high = int(RATE_HZ / PITCH_HIGH_HZ), int(RATE_HZ / PITCH_LOW_HZ)
    ratio = correlation[:, low:high] / np.maximum(correlation[:, :1], 1e-12) / (window[low:high] / window[0])
    ratio *= 1 - 0.1 * np.arange(high - low) / (high - low)
    best = np.argmax(ratio, axis=1)
    is_voiced = ratio[np.arange(len(ratio)), best] > 0.45
    if not is_voiced.any():
        return np.array([np.log(1.5), 0.2, 0.0])
    log_pitch = np.log(RATE_HZ / (best[is_voiced] + low) / 100)
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

"""MFCC exactly as python_speech_features computes them by default, in torch: differentiable, float32 or float64 (papers §2.7).

Enters: speech at 16 kHz on the int16 scale (±32768). Leaves: 13 coefficients at 100 Hz, the first being the log energy.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

RATE_HZ = 16_000
COEFFICIENTS = 13
WINDOW_SAMPLES, HOP_SAMPLES, FFT = 400, 160, 512
_BANDS, _LIFTER, _PRE_EMPHASIS = 26, 22, 0.97


def frame_count(n_samples: int) -> int:
    """Frames of a recording: one, and one more for every hop begun beyond the first window."""
    return 1 + max(0, math.ceil((n_samples - WINDOW_SAMPLES) / HOP_SAMPLES))


class Mfcc(nn.Module):
    """(batch, samples) → (batch, frames, 13). Works in the number type of its input; its tables are kept in float64."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("bank", mel_triangles(), persistent=False)
        self.register_buffer("cosines", _cosines(), persistent=False)
        self.register_buffer("lifter", _lifter(), persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        """`samples`: float, int16 scale. Raises ValueError for an empty recording."""
        if samples.shape[-1] == 0:
            raise ValueError("There are no samples to analyse.")
        spectrum = torch.fft.rfft(_framed(samples), FFT)
        power = (spectrum.real.square() + spectrum.imag.square()) / FFT
        floor = torch.finfo(torch.float64).eps  # the reference works in float64 whatever comes in
        energy = _without_zeros(power.sum(dim=-1), floor)
        bands = torch.log(_without_zeros(power @ self.bank.T.to(power), floor))
        cepstra = (bands @ self.cosines.T.to(power)) * self.lifter.to(power)
        return torch.cat([torch.log(energy)[..., None], cepstra[..., 1:]], dim=-1)


def mel_triangles() -> Tensor:
    """Filters whose corners sit on FFT bins, (26, 257), float64: 0–8000 Hz, mel = 2595·log10(1 + f/700)."""
    top = 2595.0 * math.log10(1.0 + RATE_HZ / 2 / 700.0)
    mel = torch.linspace(0.0, top, _BANDS + 2, dtype=torch.float64)
    hz = 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    corners = torch.floor((FFT + 1) * hz / RATE_HZ)
    bins = torch.arange(FFT // 2 + 1, dtype=torch.float64)
    left, middle, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    rising = torch.where((bins >= left) & (bins < middle), (bins - left) / (middle - left), 0.0)
    falling = torch.where((bins >= middle) & (bins < right), (right - bins) / (right - middle), 0.0)
    return rising + falling


def _framed(samples: Tensor) -> Tensor:
    """Pre-emphasised, cut into overlapping windows (rectangular), zeros after the end. (batch, frames, 400)."""
    lifted = torch.cat([samples[..., :1], samples[..., 1:] - _PRE_EMPHASIS * samples[..., :-1]], dim=-1)
    frames = frame_count(samples.shape[-1])
    length = (frames - 1) * HOP_SAMPLES + WINDOW_SAMPLES
    return nn.functional.pad(lifted, (0, length - samples.shape[-1])).unfold(-1, WINDOW_SAMPLES, HOP_SAMPLES)


def _without_zeros(values: Tensor, floor: float) -> Tensor:
    """Only exact zeros are lifted, so that their logarithm is finite."""
    return torch.where(values == 0, torch.full_like(values, floor), values)


def _cosines() -> Tensor:
    """The first rows of the orthonormal DCT-II, (13, 26)."""
    band = torch.arange(_BANDS, dtype=torch.float64)
    order = torch.arange(COEFFICIENTS, dtype=torch.float64)[:, None]
    table = torch.cos(math.pi * order * (2 * band + 1) / (2 * _BANDS)) * math.sqrt(2.0 / _BANDS)
    table[0] /= math.sqrt(2.0)
    return table


def _lifter() -> Tensor:
    order = torch.arange(COEFFICIENTS, dtype=torch.float64)
    return 1.0 + (_LIFTER / 2.0) * torch.sin(math.pi * order / _LIFTER)

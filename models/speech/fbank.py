"""Filterbank frames as Kaldi makes them, for the speaker net (papers §4.10): 16 kHz samples in, (frames, 80) log energies out.

25 ms every 10 ms, the frame's mean taken off, pre-emphasis, the “povey” window, 80 HTK triangles from 20 Hz, no dither, no frame over the edge.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

RATE_HZ = 16_000
WINDOW, HOP, FFT = 400, 160, 512
BANDS, LOWEST_HZ = 80, 20.0
PREEMPHASIS = 0.97
FLOOR = 1.1920928955078125e-07  # Kaldi's: the epsilon of 32-bit floats


class KaldiFbank(nn.Module):
    """(batch, samples) at 16 kHz, ±1 → (batch, frames, 80), frames = 1 + (samples − 400) // 160, each band's mean over the frames taken off.

    `is_centred` False leaves the log energies as they are. Raises ValueError for less than one window (25 ms)."""

    def __init__(self, *, is_centred: bool = True) -> None:
        super().__init__()
        self.is_centred = is_centred
        self.register_buffer("window", torch.hann_window(WINDOW, periodic=False, dtype=torch.float64).pow(0.85).float(), persistent=False)
        self.register_buffer("bank", kaldi_bank(), persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        if samples.shape[-1] < WINDOW:
            raise ValueError(f"{samples.shape[-1]} samples are shorter than one window of {WINDOW} (25 ms); give more speech.")
        cut = samples.unfold(-1, WINDOW, HOP)
        cut = cut - cut.mean(dim=-1, keepdim=True)
        before = torch.cat([cut[..., :1], cut[..., :-1]], dim=-1)
        spectrum = torch.fft.rfft(F.pad((cut - PREEMPHASIS * before) * self.window, (0, FFT - WINDOW)))
        power = spectrum.real.square() + spectrum.imag.square()
        energies = torch.log((power @ self.bank).clamp(min=FLOOR))
        return energies - energies.mean(dim=-2, keepdim=True) if self.is_centred else energies


def kaldi_bank() -> Tensor:
    """Triangles whose slopes are straight in mel, not in hertz, (257, 80); nothing at half the rate itself."""
    low, high = _mel(LOWEST_HZ), _mel(RATE_HZ / 2)
    step = (high - low) / (BANDS + 1)
    bins = torch.tensor([_mel(RATE_HZ / FFT * number) for number in range(FFT // 2)], dtype=torch.float64)
    left = low + step * torch.arange(BANDS, dtype=torch.float64)
    rising, falling = (bins[:, None] - left) / step, (left + 2 * step - bins[:, None]) / step
    return F.pad(torch.minimum(rising, falling).clamp(min=0), (0, 0, 0, 1)).float()


def _mel(hz: float) -> float:
    return 1127.0 * math.log(1.0 + hz / 700.0)

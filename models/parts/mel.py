"""Log-mel spectra in torch, differentiable: waveforms in, frames out. Every net that listens takes its spectra from here."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class MelConfig:
    """`hop` and `window` in samples. Filters are triangles in the HTK mel scale."""

    rate_hz: int = 16_000
    window: int = 400
    hop: int = 160
    fft: int = 512
    bands: int = 40
    low_hz: float = 60.0
    high_hz: float = 7600.0
    floor: float = 1e-5


class LogMel(nn.Module):
    """Natural log of mel energies. (batch, samples) → (batch, 1 + samples // hop, bands), frame k centred at sample k·hop."""

    def __init__(self, config: MelConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("hann", torch.hann_window(config.window), persistent=False)
        self.register_buffer("bank", mel_bank(config), persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        config = self.config
        spectrum = torch.stft(
            samples, config.fft, config.hop, config.window, self.hann, center=True, pad_mode="constant", return_complex=True
        )
        power = spectrum.real.square() + spectrum.imag.square()
        return torch.log(torch.clamp(self.bank @ power, min=config.floor)).transpose(1, 2)


def mel_bank(config: MelConfig) -> Tensor:
    """Triangular filters, shape (bands, fft // 2 + 1), peak 1."""
    edges = torch.linspace(_mel(config.low_hz), _mel(config.high_hz), config.bands + 2, dtype=torch.float64)
    hz = 700.0 * (10.0 ** (edges / 2595.0) - 1.0)
    bins = torch.linspace(0, config.rate_hz / 2, config.fft // 2 + 1, dtype=torch.float64)
    rising = (bins - hz[:-2, None]) / (hz[1:-1] - hz[:-2])[:, None]
    falling = (hz[2:, None] - bins) / (hz[2:] - hz[1:-1])[:, None]
    return torch.clamp(torch.minimum(rising, falling), min=0.0).float()


def _mel(hz: float) -> float:
    return 2595.0 * math.log10(1.0 + hz / 700.0)

"""Vocos (papers §4.9): a log-mel spectrum to 24 kHz samples in one pass, by ConvNeXt blocks that say magnitude and phase of every frame.

Keys and shapes are those of the public checkpoints, so these load as they are; a smaller config gives a net for a plain CPU.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.speech.spectrum import BANDS, FFT, HOP

LOUDEST = 100.0  # magnitudes are cut here
LARGEST_SIZE = 16_384
_EPSILON = 1e-6


@dataclass(frozen=True, slots=True)
class VocosConfig:
    """The defaults are the public 24 kHz net (13.5 M weights)."""

    input_channels: int = BANDS
    dim: int = 512
    intermediate_dim: int = 1536
    num_layers: int = 8
    n_fft: int = FFT
    hop_length: int = HOP

    @classmethod
    def from_json(cls, values: object) -> VocosConfig:
        """Sizes by the public names; what is not named is as in the public net. Raises ValueError saying which is wrong."""
        if not isinstance(values, Mapping):
            raise ValueError("The vocoder's sizes are no table; a table of dim, intermediate_dim, num_layers and so on is wanted.")
        if values.get("padding", "center") != "center":
            raise ValueError(f"The vocoder pads by “{values['padding']}”; only “center” is known here.")
        sizes = {name: values[name] for name in cls.__dataclass_fields__ if name in values}
        for name, size in sizes.items():
            if isinstance(size, bool) or not isinstance(size, int) or not 0 < size <= LARGEST_SIZE:
                raise ValueError(f"“{name}” of the vocoder's sizes must be a whole number of 1 to {LARGEST_SIZE}, not {size!r}.")
        return cls(**sizes)


class ConvNeXt(nn.Module):
    """(batch, dim, frames) in and out: what is around in time, then mixed over channels, added with a learnt gain."""

    def __init__(self, config: VocosConfig) -> None:
        super().__init__()
        self.dwconv = nn.Conv1d(config.dim, config.dim, 7, padding=3, groups=config.dim)
        self.norm = nn.LayerNorm(config.dim, eps=_EPSILON)
        self.pwconv1 = nn.Linear(config.dim, config.intermediate_dim)
        self.pwconv2 = nn.Linear(config.intermediate_dim, config.dim)
        self.gamma = nn.Parameter(torch.full((config.dim,), 1 / config.num_layers))

    def forward(self, x: Tensor) -> Tensor:
        changed = self.norm(self.dwconv(x).transpose(1, 2))
        changed = self.gamma * self.pwconv2(F.gelu(self.pwconv1(changed)))
        return x + changed.transpose(1, 2)


class Backbone(nn.Module):
    """(batch, bands, frames) → (batch, frames, dim)."""

    def __init__(self, config: VocosConfig) -> None:
        super().__init__()
        self.embed = nn.Conv1d(config.input_channels, config.dim, 7, padding=3)
        self.norm = nn.LayerNorm(config.dim, eps=_EPSILON)
        self.convnext = nn.ModuleList(ConvNeXt(config) for _ in range(config.num_layers))
        self.final_layer_norm = nn.LayerNorm(config.dim, eps=_EPSILON)

    def forward(self, mel: Tensor) -> Tensor:
        x = self.norm(self.embed(mel).transpose(1, 2)).transpose(1, 2)
        for block in self.convnext:
            x = block(x)
        return self.final_layer_norm(x.transpose(1, 2))


class Overlap(nn.Module):
    """Holds the window under the key the public checkpoints give it."""

    def __init__(self, config: VocosConfig) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(config.n_fft))
        self.hop = config.hop_length

    def forward(self, spectrum: Tensor) -> Tensor:
        """Complex (batch, bins, frames) → (batch, hop · (frames − 1))."""
        fft = len(self.window)
        return torch.istft(spectrum, fft, self.hop, fft, self.window, center=True)


class Head(nn.Module):
    """(batch, frames, dim) → samples: one half of the projection is log magnitude, the other phase."""

    def __init__(self, config: VocosConfig) -> None:
        super().__init__()
        self.out = nn.Linear(config.dim, config.n_fft + 2)
        self.istft = Overlap(config)

    def forward(self, x: Tensor) -> Tensor:
        log_magnitude, phase = self.out(x).float().transpose(1, 2).chunk(2, dim=1)
        return self.istft(torch.polar(log_magnitude.exp().clamp(max=LOUDEST), phase))


class Vocos(nn.Module):
    """`forward` is `decode`. Differentiable from samples to mel."""

    def __init__(self, config: VocosConfig | None = None) -> None:
        super().__init__()
        self.config = VocosConfig() if config is None else config
        self.backbone, self.head = Backbone(self.config), Head(self.config)

    def decode(self, mel: Tensor) -> Tensor:
        """Log-mel (batch, 100, frames) → samples (batch, 256 · (frames − 1)), as the public code gives them."""
        return self.head(self.backbone(mel))

    def forward(self, mel: Tensor) -> Tensor:
        return self.decode(mel)

    def sound_of(self, mel: Tensor) -> Tensor:
        """Log-mel (batch, frames, 100) → samples (batch, 256 · frames): the last frame is held, so that a slot is filled to its end."""
        return self.decode(torch.cat([mel, mel[:, -1:]], dim=1).transpose(1, 2))

"""The dual speaker encoder: whose voice it is, as one vector added to the time embedding (papers.md §4.2).

A frozen encoder's embedding (CAM++, or Resemblyzer's) is projected, a small learned encoder reads the reference's mel frames, and the two are
summed. Both end in zeros at the start, so an untrained voice is the pretrained one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

_LEAST_DEVIATION = 1e-4


@dataclass(frozen=True, slots=True)
class SpeakerConfig:
    """`frozen_dim`: width of the frozen embedding (Resemblyzer 256, CAM++ 192 or 512). `dim`, `layers`, `heads`: the learned encoder."""

    frozen_dim: int = 256
    dim: int = 192
    layers: int = 6
    heads: int = 4
    feat_dim: int = 100

    def as_json(self) -> dict[str, int]:
        return asdict(self)


class LearnedSpeakerEncoder(nn.Module):
    """Convolutions, attention blocks, mean and deviation over time: (batch, frames, feat_dim) → (batch, out_dim)."""

    def __init__(self, config: SpeakerConfig, out_dim: int) -> None:
        super().__init__()
        dim = config.dim
        self.front = nn.ModuleList([nn.Conv1d(config.feat_dim, dim, 5, stride=2, padding=2), nn.Conv1d(dim, dim, 5, stride=2, padding=2)])
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(dim, config.heads, 2 * dim, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)
            for _ in range(config.layers)
        )
        self.out = nn.Linear(2 * dim, out_dim)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, features: Tensor, mask: Tensor | None = None) -> Tensor:
        """`mask`: (batch, frames), True on padding; every row has at least one frame that is none."""
        x = _silent(features, mask)
        coarse = mask
        for layer in self.front:
            coarse = None if coarse is None else coarse[:, ::2]
            x = _silent(functional.gelu(layer(x.transpose(1, 2))).transpose(1, 2), coarse)
        for block in self.blocks:
            x = block(x, src_key_padding_mask=coarse)
        weight = torch.ones_like(x[..., :1]) if coarse is None else (~coarse)[:, :, None].to(x.dtype)
        count = weight.sum(dim=1)
        mean = (x * weight).sum(dim=1) / count
        spread = ((x - mean[:, None]).square() * weight).sum(dim=1) / count
        return self.out(torch.cat((mean, (spread + _LEAST_DEVIATION).sqrt()), dim=1))


def _silent(x: Tensor, mask: Tensor | None) -> Tensor:
    """Padding brought to zero, so that no convolution hears it."""
    return x if mask is None else x.masked_fill(mask[:, :, None], 0.0)


class DualSpeakerEncoder(nn.Module):
    """e_g = e_p + e_l, as wide as the time embedding."""

    def __init__(self, config: SpeakerConfig, time_dim: int) -> None:
        super().__init__()
        self.config = config
        self.frozen_proj = nn.Linear(config.frozen_dim, time_dim)
        self.learned = LearnedSpeakerEncoder(config, time_dim)
        nn.init.zeros_(self.frozen_proj.weight)
        nn.init.zeros_(self.frozen_proj.bias)

    def forward(self, frozen: Tensor, features: Tensor, mask: Tensor | None = None) -> Tensor:
        """`frozen` (batch, frozen_dim), unit length; `features` (batch, frames, feat_dim) of the reference. Returns (batch, time_dim)."""
        return self.frozen_proj(frozen) + self.learned(features, mask)

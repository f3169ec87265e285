"""Text-visual fusion: what face, lips and drawn pauses add to the text condition of a flow-matching voice (papers.md §4.1, §8.3).

Every stream has an adapter that ends in the width of the text condition and starts at zero, so an untrained voice is the pretrained one.
Streams come at the mel frame rate (`models/speech/visual.py`). Add one: an adapter in `Fusion`, a member of `Stream`, its place in the chain.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import torch
from torch import Tensor, nn
from torch.nn import functional


class Stream(StrEnum):
    """Conditions beside the text, in the order of the nested guidance."""

    PAUSE = "pause"
    FACE = "face"
    LIP = "lip"


class StreamAdapter(nn.Module):
    """Bottleneck MLP with layer norm, GELU and a residual path: (batch, frames, width) → (batch, frames, out_dim), zero at the start."""

    def __init__(self, width: int, bottleneck: int, out_dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.down = nn.Linear(width, bottleneck)
        self.up = nn.Linear(bottleneck, width)
        self.out = nn.Linear(width, out_dim)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(x + self.up(functional.gelu(self.down(self.norm(x)))))


class Fusion(nn.Module):
    """What each stream adds to the text condition. The sum is linear and the text itself passes untouched, so words survive."""

    def __init__(self, face_dim: int, lip_dim: int, bottleneck: int, text_dim: int) -> None:
        super().__init__()
        self.face = StreamAdapter(face_dim, bottleneck, text_dim)
        self.lip = StreamAdapter(lip_dim, bottleneck, text_dim)
        self.mix_face = _identity(text_dim)
        self.mix_lip = _identity(text_dim)
        self.pause = nn.Linear(1, text_dim)
        nn.init.zeros_(self.pause.weight)
        nn.init.zeros_(self.pause.bias)

    def added(self, stream: Stream, features: Tensor, is_known: Tensor) -> Tensor:
        """What one stream adds: (batch, frames, width) and bool (batch, frames) → (batch, frames, text_dim), zero where it is not known.

        Of PAUSE the one feature is 1 where there is to be speech and −1 where there is to be none."""
        if stream is Stream.FACE:
            made = self.mix_face(self.face(features))
        elif stream is Stream.LIP:
            made = self.mix_lip(self.lip(features))
        else:
            made = self.pause(features)
        return made * is_known[:, :, None].to(made.dtype)

    def forward(self, text: Tensor, streams: Mapping[Stream, tuple[Tensor, Tensor]]) -> Tensor:
        """The text condition with all streams given, each as (features, is_known)."""
        for stream, (features, is_known) in streams.items():
            text = text + self.added(stream, features, is_known)
        return text


def _identity(dim: int) -> nn.Linear:
    layer = nn.Linear(dim, dim, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.eye(dim))
    return layer

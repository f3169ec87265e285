"""What teaches the lip scorer: the right moment among all moments near it, for single frames and for whole windows, and the original over a dub.

Enters: unit-length embeddings of lips (batch, frames, dim) and of sound with `margin` frames on both sides. Leaves: scalars.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

NEAR_SHARE = 0.1  # of the probability that each neighbouring frame gets: 40 ms apart is nearly right


@dataclass(frozen=True, slots=True)
class LossScales:
    """`frame`, `window`: inverse temperatures of single-frame and whole-window contrast; `dub`: of original against dub."""

    frame: float = 14.0
    window: float = 40.0
    dub: float = 40.0


def similarities(lips: Tensor, sound: Tensor) -> Tensor:
    """Cosines of every lip frame with every sound frame of its clip: (batch, frames, frames + 2·margin)."""
    return lips @ sound.transpose(1, 2)


def frame_loss(cosines: Tensor, inside: Tensor, margin: int, scale: float) -> Tensor:
    """Cross-entropy of each lip frame over the sound frames around it; the right one is at `margin`, its neighbours share a little."""
    batch, frames, places = cosines.shape
    logits = (scale * cosines).masked_fill(~inside[:, None, :], float("-inf"))
    at = torch.arange(frames) + margin
    target = torch.zeros(frames, places)
    target[torch.arange(frames), at] = 1 - 2 * NEAR_SHARE
    target[torch.arange(frames), at - 1] = NEAR_SHARE
    target[torch.arange(frames), at + 1] = NEAR_SHARE
    weighted = target[None] * inside[:, None, :]
    weighted = weighted / weighted.sum(-1, keepdim=True).clamp(min=1e-6)
    logs = F.log_softmax(logits, dim=-1).masked_fill(~inside[:, None, :], 0.0)
    return -(weighted * logs).sum(-1).mean()


def offset_means(cosines: Tensor, inside: Tensor, margin: int) -> Tensor:
    """Mean cosine at each offset −margin … margin over the frames whose sound exists: (batch, 2·margin + 1)."""
    frames = cosines.shape[1]
    at = torch.arange(frames)[:, None] + torch.arange(2 * margin + 1)[None]
    picked = cosines.gather(2, at[None].expand(len(cosines), -1, -1))
    there = inside[:, at].float()
    return (picked * there).sum(1) / there.sum(1).clamp(min=1.0)


def window_loss(means: Tensor, margin: int, scale: float) -> Tensor:
    """Cross-entropy over the offsets of a whole window; 0 is right."""
    return F.cross_entropy(scale * means, torch.full((len(means),), margin))


def dub_loss(original: Tensor, dub: Tensor, scale: float) -> Tensor:
    """−log σ(scale·(original − dub)) of mean cosines at offset 0."""
    return F.softplus(-scale * (original - dub)).mean()

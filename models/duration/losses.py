"""What teaches durations: to be as long as they were spoken, and to sound when the mouth moves (AVS2S, papers §2.2).

Pure functions of tensors; a further objective is a further function. L_total = L_sync + λ·L_dur with the paper's λ = 10.
"""

from __future__ import annotations

import torch
from torch import Tensor

DURATION_WEIGHT = 10.0  # the paper's λ
LEAST_PROBABILITY = 1e-4


def duration_loss(log_durations: Tensor, durations: Tensor, keep: Tensor) -> Tensor:
    """Mean over units of (predicted − log(d + 1))². All (batch, units); `log_durations` is the predictor's log(d + 1).

    The paper prints log d; the published code of the vocoder it stands on uses log(d + 1), and so do we: pauses of no length count too.
    """
    error = (log_durations - torch.log1p(durations)).square()
    return (error * keep).sum() / keep.sum().clamp(min=1)


def sync_probability(cosines: Tensor) -> Tensor:
    """p_sync = (1 + cosine)/2 of sound and lip embeddings. Ours: the paper does not say how its SyncNet gives a probability."""
    return ((1 + cosines) / 2).clamp(min=LEAST_PROBABILITY)


def sync_loss(sound: Tensor, lips: Tensor, keep: Tensor) -> Tensor:
    """L_sync = mean over video frames of −log p_sync. Embeddings (batch, frames, dim) of unit length, `keep` (batch, frames)."""
    price = -torch.log(sync_probability((sound * lips).sum(-1)))
    return (price * keep).sum() / keep.sum().clamp(min=1)


def total_loss(sync: Tensor, duration: Tensor, duration_weight: float = DURATION_WEIGHT) -> Tensor:
    """L_sync + λ·L_dur."""
    return sync + duration_weight * duration

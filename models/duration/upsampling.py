"""From one vector per unit to one per frame, with a gradient to the durations (papers §2.2): option A soft, option B straight-through.

Enters: vectors (batch, units, dim), durations (batch, units) in frames, real. Leaves: (batch, frames, dim). A unit with
`keep` False is padding and takes no frame. Units may be parts of other units: see `spread`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

LEAST_FRAMES = 1e-6  # a length of nothing, as the logarithm needs it


def centres(durations: Tensor) -> Tensor:
    """Middle of every unit on the frame axis: c_i = Σ_{j≤i} d_j − d_i/2. Shape (batch, units) in frames."""
    return durations.cumsum(-1) - durations / 2


@dataclass(frozen=True, slots=True)
class Kernel:
    """`sigma_frames`: σ of the formula. `weighs_length`: ours, each unit's weight times its duration, so that a unit of no length takes
    no frame; for units that may vanish (pauses) and for parts of units."""

    sigma_frames: float = 1.0
    weighs_length: bool = False


def soft_weights(durations: Tensor, frames: int, keep: Tensor, kernel: Kernel = Kernel()) -> Tensor:
    """softmax_i(−(t + ½ − c_i)²/σ²) for every frame t: (batch, frames, units), each row sums to 1."""
    at = torch.arange(frames, dtype=durations.dtype, device=durations.device) + 0.5
    far = (at[None, :, None] - centres(durations)[:, None, :]) / kernel.sigma_frames
    logits = -far.square()
    if kernel.weighs_length:
        logits = logits + torch.log(durations.clamp(min=LEAST_FRAMES))[:, None, :]
    return torch.softmax(logits.masked_fill(~keep[:, None, :], float("-inf")), dim=-1)


def hard_weights(whole: Tensor, frames: int) -> Tensor:
    """Plain repetition as a 0/1 table (batch, frames, units): frame t belongs to the unit whose span [start, end) holds t + ½.

    `whole`: durations (batch, units); frames behind the last unit belong to none. Real durations are allowed.
    """
    end = whole.cumsum(-1)
    at = torch.arange(frames, dtype=end.dtype if end.is_floating_point() else torch.float32, device=whole.device) + 0.5
    inside = (at[None, :, None] >= (end - whole)[:, None, :]) & (at[None, :, None] < end[:, None, :])
    return inside.to(at.dtype)


def soft_upsample(vectors: Tensor, durations: Tensor, frames: int, keep: Tensor, kernel: Kernel = Kernel()) -> Tensor:
    """Option A. Smooth in the durations everywhere."""
    return soft_weights(durations, frames, keep, kernel) @ vectors


def straight_through(
    vectors: Tensor, durations: Tensor, whole: Tensor, frames: int, keep: Tensor, kernel: Kernel = Kernel()
) -> Tensor:
    """Option B: forward the exact repetition by `whole`, backward the gradient of option A at `durations`."""
    soft = soft_weights(durations, frames, keep, kernel)
    weights = soft + (hard_weights(whole, frames).to(soft.dtype) - soft).detach()
    return weights @ vectors


def spread(durations: Tensor, owner: Tensor, parts: Tensor) -> Tensor:
    """Durations of the parts that units consist of, when each unit's time is shared evenly by its parts.

    `owner`: (batch, parts) index of the unit of every part; `parts`: (batch, units) how many parts a unit has.
    """
    return (durations / parts.clamp(min=1)).gather(1, owner)

"""L_sync for speech units: durations → mixed unit embeddings → frozen vocoder → waveform → a scorer's sound tower (papers §2.2).

Enters: unit vectors and durations with a gradient, cached lip embeddings. Leaves: a scalar. Any vocoder that takes mixed embeddings at
50 Hz and any scorer that hears 16 kHz samples will do: both are callables.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from models.duration.losses import sync_loss
from models.duration.upsampling import Kernel, soft_upsample, straight_through


@dataclass(frozen=True, slots=True)
class UnitPath:
    """`vocode`: (batch, units of 20 ms, dim) → (batch, samples) at 16 kHz, 320 per unit. `listen`: those samples → (batch, frames, dim),
    unit length, 25 Hz. Both frozen, both differentiable. `kernel`: of the soft upsampling."""

    vocode: Callable[[Tensor], Tensor]
    listen: Callable[[Tensor], Tensor]
    kernel: Kernel = Kernel()


@dataclass(frozen=True, slots=True)
class UnitLine:
    """Units of some lines on their way to a sound: `vectors` (batch, units, dim), `durations` (batch, units) real, in units of 20 ms, that
    fill the slot; `keep` (batch, units), False on padding; `whole`: rounded durations for straight-through, or None for soft."""

    vectors: Tensor
    durations: Tensor
    keep: Tensor
    whole: Tensor | None = None


def unit_sync_loss(path: UnitPath, line: UnitLine, lips: Tensor) -> Tensor:
    """L_sync of units against lip embeddings (batch, frames, dim) of their slot; the gradient goes to durations and vectors."""
    count = 2 * lips.shape[1]
    if line.whole is None:
        frames = soft_upsample(line.vectors, line.durations, count, line.keep, path.kernel)
    else:
        frames = straight_through(line.vectors, line.durations, line.whole, count, line.keep, path.kernel)
    heard = path.listen(path.vocode(frames))
    return sync_loss(heard, lips, torch.ones(lips.shape[:2], dtype=lips.dtype, device=lips.device))

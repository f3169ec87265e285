"""How durations see the mouth: each unit compares its sound with the lips around the place where it stands, and says longer or shorter.

Enters: hidden states and present durations of the units, and a `LipView` of the slot. Leaves: a correction of log(d + 1), zero at first.
It reads similarities and mouth opening, never embeddings, so that a scorer of any width will do.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class LipConditionConfig:
    """`reach_frames`: video frames looked at to each side of a unit. `passes`: how often durations are corrected."""

    reach_frames: int = 12
    width: int = 64
    passes: int = 3
    units_per_frame: float = 2.0


@dataclass(frozen=True, slots=True)
class LipView:
    """A slot of video at 25 Hz. `lips`: (batch, frames, dim), `sounds`: (batch, units, dim): what each unit sounds like, both unit-length
    embeddings of one scorer. `opening`: (batch, frames), mouth opening. `slot_units`: (batch,) length of the slot in units;
    `frames`: (batch,) how many video frames are no padding."""

    lips: Tensor
    sounds: Tensor
    opening: Tensor
    slot_units: Tensor
    frames: Tensor


class LipCondition(nn.Module):
    def __init__(self, hidden: int, config: LipConditionConfig) -> None:
        super().__init__()
        self.config = config
        places = 2 * config.reach_frames + 1
        self.enter = nn.Linear(2 * places + 3 + hidden, config.width)
        self.along = nn.GRU(config.width, config.width, batch_first=True, bidirectional=True)
        self.proj = nn.Linear(2 * config.width, 1)
        nn.init.zeros_(self.proj.weight)
        nn.init.zeros_(self.proj.bias)

    def forward(self, hidden: Tensor, logs: Tensor, at_frames: Tensor, keep: Tensor, view: LipView) -> Tensor:
        """(batch, units, hidden), log(d + 1), centres in video frames, keep → (batch, units) to add to the logs; 0 on padding."""
        reach = self.config.reach_frames
        places = at_frames[..., None] + torch.arange(-reach, reach + 1, dtype=at_frames.dtype, device=at_frames.device)
        cosines = view.sounds @ view.lips.transpose(1, 2)
        near = _read(cosines, places - 0.5, view.frames)
        open_near = _read(view.opening[:, None].expand_as(cosines), places - 0.5, view.frames)
        share = (at_frames / view.frames[:, None].clamp(min=1))[..., None]
        rate = torch.log((hidden.new_tensor(1.0) * view.slot_units) / keep.sum(-1).clamp(min=1))[:, None, None].expand_as(share)
        seen = torch.cat([4 * near, open_near, share, logs.detach()[..., None], rate, hidden], dim=-1)
        entered = torch.relu(self.enter(seen)) * keep[..., None]
        packed = nn.utils.rnn.pack_padded_sequence(entered, keep.sum(-1).cpu(), batch_first=True, enforce_sorted=False)
        along, _ = nn.utils.rnn.pad_packed_sequence(self.along(packed)[0], batch_first=True, total_length=keep.shape[1])
        return self.proj(along).squeeze(-1) * keep


def _read(table: Tensor, places: Tensor, frames: Tensor) -> Tensor:
    """Rows of (batch, units, frames) read at real places (batch, units, n), linear between frames, 0 outside the slot."""
    last = (frames - 1).clamp(min=0)[:, None, None].to(places.dtype)
    inside = (places > -1) & (places < last + 1)
    held = torch.minimum(places.clamp(min=0), last)
    before = held.floor()
    after = torch.minimum(before + 1, last)
    share = held - before
    read = table.gather(2, before.long()) * (1 - share) + table.gather(2, after.long()) * share
    return read * inside

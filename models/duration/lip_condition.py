"""How durations see the mouth: each unit compares its sound with the lips around the place where it stands, and says longer or shorter.

Enters: hidden states and present durations of the units, and a `LipView` of the slot. Leaves: a correction of log(d + 1), zero at first.
It reads similarities, mouth opening and the optimal durations, never embeddings, so that a scorer of any width will do.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class LipConditionConfig:
    """`reach_frames`: video frames looked at to each side of a unit. `passes`: how often durations are corrected. `reads_optimum`: whether
    the optimal durations are told to the net as a hint."""

    reach_frames: int = 12
    width: int = 64
    passes: int = 3
    reads_optimum: bool = True
    units_per_frame: float = 2.0


@dataclass(frozen=True, slots=True)
class LipView:
    """A slot of video at 25 Hz. `lips`: (batch, frames, dim), `sounds`: (batch, units, dim): what each unit sounds like, both unit-length
    embeddings of one scorer. `opening`: (batch, frames), mouth opening. `slot_units`: (batch,) length of the slot in units;
    `frames`: (batch,) how many video frames are no padding. `optimum`: (batch, units), `models.duration.optimum`'s durations, or None."""

    lips: Tensor
    sounds: Tensor
    opening: Tensor
    slot_units: Tensor
    frames: Tensor
    optimum: Tensor | None = None


class LipCondition(nn.Module):
    def __init__(self, hidden: int, config: LipConditionConfig) -> None:
        super().__init__()
        self.config = config
        places = 2 * config.reach_frames + 1
        self.hints = 2 if config.reads_optimum else 0
        self.enter = nn.Linear(2 * places + 3 + hidden + self.hints, config.width)
        self.along = nn.GRU(config.width, config.width, batch_first=True, bidirectional=True)
        self.proj = nn.Linear(2 * config.width + self.hints, 1)
        nn.init.zeros_(self.proj.weight)
        nn.init.zeros_(self.proj.bias)

    def forward(self, hidden: Tensor, durations: Tensor, keep: Tensor, view: LipView) -> Tensor:
        """(batch, units, hidden) and present durations that fill the slot → (batch, units) to add to log(d + 1); 0 on padding."""
        if self.hints and view.optimum is None:
            raise ValueError("This duration predictor was trained with the optimal durations as a hint; give them in the view (models.duration.optimum).")
        now = durations.detach()
        seen = self._seen(now, keep, view)
        hint = self._hint(now, keep, view) if self.hints else seen[..., :0]
        entered = torch.relu(self.enter(torch.cat([seen, hidden, hint], dim=-1))) * keep[..., None]
        packed = nn.utils.rnn.pack_padded_sequence(entered, keep.sum(-1).cpu(), batch_first=True, enforce_sorted=False)
        along, _ = nn.utils.rnn.pad_packed_sequence(self.along(packed)[0], batch_first=True, total_length=keep.shape[1])
        return self.proj(torch.cat([along, hint], dim=-1)).squeeze(-1) * keep

    def _seen(self, now: Tensor, keep: Tensor, view: LipView) -> Tensor:
        """What is around each unit's middle: how like its sound the lips are, how open the mouth; and where and how long it is."""
        reach = self.config.reach_frames
        middles = (now.cumsum(-1) - now / 2) / self.config.units_per_frame
        places = middles[..., None] + torch.arange(-reach, reach + 1, dtype=now.dtype, device=now.device) - 0.5
        cosines = view.sounds @ view.lips.transpose(1, 2)
        near, open_near = _read(cosines, places, view.frames), _read(view.opening[:, None].expand_as(cosines), places, view.frames)
        share = (middles / view.frames[:, None].clamp(min=1))[..., None]
        rate = torch.log(view.slot_units / keep.sum(-1).clamp(min=1))[:, None, None].expand_as(share)
        return torch.cat([4 * near, open_near, share, torch.log1p(now)[..., None], rate], dim=-1)

    def _hint(self, now: Tensor, keep: Tensor, view: LipView) -> Tensor:
        """How much longer the optimum has each unit (log), and how much later it begins (in video frames, squashed)."""
        longer = torch.log1p(view.optimum) - torch.log1p(now)
        later = ((view.optimum.cumsum(-1) - view.optimum) - (now.cumsum(-1) - now)) / self.config.units_per_frame
        return torch.stack([longer, torch.tanh(later / 4)], dim=-1) * keep[..., None]


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

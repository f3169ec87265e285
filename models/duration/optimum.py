"""The durations that fit a mouth best in a scorer's ears (papers §2.8), for one line: bound of a predictor, its teacher, and its hint.

Enters: how each unit sounds and what the lips do, as unit-length embeddings of one scorer, and the natural durations. Leaves: whole units
of 20 ms that fill the slot. Since a unit sounds a little different once it is moved, sound and alignment may take turns: `sounds_at`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from models.duration.alignment import DurationLimits, cheapest_durations, steadiness_prices

UNITS_PER_FRAME = 2


@dataclass(frozen=True, slots=True)
class OptimumLimits:
    """`steadiness`: price of leaving the voice's rate (0: lips alone), against distances of 0 to 2 per unit. `least_ratio`, `most_ratio`:
    shortest and longest a phone may get against its even share of the slot. `longest_pause_units`: of each pause."""

    steadiness: float = 0.3
    least_ratio: float = 0.5
    most_ratio: float = 2.0
    longest_pause_units: int = 50


def optimal_durations(natural: np.ndarray, is_pause: np.ndarray, sounds: Tensor, lips: Tensor, limits: OptimumLimits) -> np.ndarray:
    """Whole durations, (units,) int64 with sum 2·frames, of least mean distance of sound and lips. A pause may get 0.

    `natural`: (units,) the voice's durations; `sounds`: (units, dim); `lips`: (frames, dim) of the slot, 25 Hz. Raises ValueError for a
    slot that no durations within the limits fill."""
    slot_units = UNITS_PER_FRAME * len(lips)
    at = (torch.arange(slot_units) + 0.5) / UNITS_PER_FRAME
    prices = torch.cdist(sounds.double(), read_between(lips, at).double()).numpy()
    even = natural * (slot_units / natural.sum())
    shortest = np.where(is_pause, 0, np.maximum(1, np.floor(limits.least_ratio * even))).astype(np.int64)
    longest = np.where(is_pause, limits.longest_pause_units, np.maximum(2, np.ceil(limits.most_ratio * even))).astype(np.int64)
    extra = steadiness_prices(even, int(longest.max()), limits.steadiness)
    extra[is_pause] = 0.0
    return cheapest_durations(prices, DurationLimits(shortest, longest), extra).durations


def sounds_at(heard: Tensor, whole: np.ndarray, silent: Tensor) -> Tensor:
    """How each unit sounds where it stands now: (units, dim) read from sound embeddings (frames, dim) of the take at durations `whole`.

    `silent`: (units, dim), taken for units of no length."""
    middles = torch.from_numpy((np.cumsum(whole) - whole / 2) / UNITS_PER_FRAME).float()
    return torch.where(torch.from_numpy(whole == 0)[:, None], silent, read_between(heard, middles))


def read_between(embeddings: Tensor, at_frames: Tensor) -> Tensor:
    """Embeddings (frames, dim) at real times in frames (n,), linear between the middles of frames, of unit length again."""
    places = (at_frames - 0.5).clamp(0, len(embeddings) - 1)
    before = places.floor().long()
    after = (before + 1).clamp(max=len(embeddings) - 1)
    share = (places - before)[:, None].to(embeddings.dtype)
    return F.normalize(embeddings[before] * (1 - share) + embeddings[after] * share, dim=-1)

"""How long every unit lasts: the unit predictor of AVS2S (papers §2.6), and its sibling over phones for voices driven by text.

Enters: unit ids, or phones as bags of their characters with a language. Leaves: log(d + 1), d in units of 20 ms. Where a net was made
with `has_lips`, a `LipView` lets the durations follow the mouth; made without, its state dict is the published one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.duration.lip_condition import LipCondition, LipConditionConfig, LipView

FLOOR_UNITS = 0.02


class DurationPredictor(nn.Module):
    """conv → ReLU → norm → dropout, twice, then one number per unit: (batch, units, dim) → (batch, units) log(d + 1).

    Keys `conv1.0`, `conv2.0`, `ln1`, `ln2`, `proj` as in the published unit vocoder; there the second convolution pads by 1."""

    def __init__(self, dim: int = 128, hidden: int = 128, kernel: int = 3, dropout: float = 0.5) -> None:
        super().__init__()
        self.conv1 = nn.Sequential(nn.Conv1d(dim, hidden, kernel, padding=(kernel - 1) // 2), nn.ReLU())
        self.ln1 = nn.LayerNorm(hidden)
        self.conv2 = nn.Sequential(nn.Conv1d(hidden, hidden, kernel, padding=1), nn.ReLU())
        self.ln2 = nn.LayerNorm(hidden)
        self.proj = nn.Linear(hidden, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, vectors: Tensor, keep: Tensor | None = None) -> Tensor:
        return self.proj(self.hidden(vectors, keep)).squeeze(-1)

    def hidden(self, vectors: Tensor, keep: Tensor | None = None) -> Tensor:
        """What `proj` reads. `keep` (batch, units): False on padding, which then changes nothing."""
        seen = vectors if keep is None else vectors * keep[..., None]
        first = self.dropout(self.ln1(self.conv1(seen.transpose(1, 2)).transpose(1, 2)))
        first = first if keep is None else first * keep[..., None]
        return self.dropout(self.ln2(self.conv2(first.transpose(1, 2)).transpose(1, 2)))


def whole_durations(log_durations: Tensor) -> Tensor:
    """Inference of the paper: max(1, round(exp(prediction) − 1)), int64."""
    return torch.clamp(torch.round(torch.expm1(log_durations)), min=1).long()


def soft_durations(log_durations: Tensor) -> Tensor:
    """exp(prediction) − 1 kept above 0 smoothly, so that no unit's gradient dies: real durations in units."""
    return FLOOR_UNITS + F.softplus(torch.expm1(log_durations), beta=4.0)


def fitted(durations: Tensor, slot_units: Tensor, keep: Tensor) -> Tensor:
    """Scaled by one factor per line so that they fill the slot: (batch, units) with sum `slot_units` (batch,); padding becomes 0."""
    kept = durations * keep
    return kept * (slot_units / kept.sum(-1).clamp(min=FLOOR_UNITS))[:, None]


@dataclass(frozen=True, slots=True)
class UnitDurationConfig:
    units: int = 1000
    dim: int = 128
    hidden: int = 128
    kernel: int = 3
    dropout: float = 0.5
    has_lips: bool = False
    lips: LipConditionConfig = field(default_factory=LipConditionConfig)


class UnitDurations(nn.Module):
    """Durations of deduplicated speech units. Keys `dict.weight` and `dur_predictor.*` are the unit vocoder's own."""

    def __init__(self, config: UnitDurationConfig = UnitDurationConfig()) -> None:
        super().__init__()
        self.config = config
        self.dict = nn.Embedding(config.units, config.dim)
        self.dur_predictor = DurationPredictor(config.dim, config.hidden, config.kernel, config.dropout)
        if config.has_lips:
            self.lip = LipCondition(config.hidden, config.lips)

    def forward(self, units: Tensor, keep: Tensor, view: LipView | None = None) -> Tensor:
        """Ids (batch, units) → log(d + 1) (batch, units). `view`: the mouth, for nets made with `has_lips`."""
        return _predicted(self, self.dict(units), keep, view)


@dataclass(frozen=True, slots=True)
class PhoneDurationConfig:
    """`characters`: the IPA characters known, in order of their ids from 1; id 0 is nothing. `languages`: tags in order of ids from 1."""

    characters: tuple[str, ...]
    languages: tuple[str, ...]
    dim: int = 128
    hidden: int = 128
    kernel: int = 3
    dropout: float = 0.2
    has_lips: bool = False
    lips: LipConditionConfig = field(default_factory=LipConditionConfig)


@dataclass(frozen=True, slots=True)
class PhoneTokens:
    """`characters`: (batch, phones, n) ids, 0 where there is none; a pause is a phone without characters. `language`: (batch,) ids.
    `keep`: (batch, phones), False on padding."""

    characters: Tensor
    language: Tensor
    keep: Tensor


class PhoneDurations(nn.Module):
    """Durations of IPA phones as espeak-ng names them: a phone is the sum of its characters (letter, length, stress) and of its language."""

    def __init__(self, config: PhoneDurationConfig) -> None:
        super().__init__()
        self.config = config
        self.dict = nn.EmbeddingBag(len(config.characters) + 1, config.dim, mode="sum", padding_idx=0)
        self.pause = nn.Parameter(torch.zeros(config.dim))
        self.language = nn.Embedding(len(config.languages) + 1, config.dim, padding_idx=0)
        self.dur_predictor = DurationPredictor(config.dim, config.hidden, config.kernel, config.dropout)
        if config.has_lips:
            self.lip = LipCondition(config.hidden, config.lips)

    def forward(self, tokens: PhoneTokens, view: LipView | None = None) -> Tensor:
        """log(d + 1), (batch, phones). `view`: the mouth, for nets made with `has_lips`."""
        batch, phones, _ = tokens.characters.shape
        bags = self.dict(tokens.characters.flatten(0, 1)).view(batch, phones, -1)
        is_pause = (tokens.characters == 0).all(-1, keepdim=True)
        vectors = bags + is_pause * self.pause + self.language(tokens.language)[:, None]
        return _predicted(self, vectors, tokens.keep, view)


def _predicted(net: UnitDurations | PhoneDurations, vectors: Tensor, keep: Tensor, view: LipView | None) -> Tensor:
    """The predictor's answer, then, with a view of the mouth, corrected as often as the condition asks."""
    hidden = net.dur_predictor.hidden(vectors, keep)
    logs = net.dur_predictor.proj(hidden).squeeze(-1)
    if view is None:
        return logs
    if not net.config.has_lips:
        raise ValueError("This duration predictor was made without lips and cannot follow a mouth; open one that was trained with them.")
    for _ in range(net.config.lips.passes):
        logs = logs + net.lip(hidden, fitted(soft_durations(logs), view.slot_units, keep), keep, view)
    return logs

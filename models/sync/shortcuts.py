"""Can a pair be told apart without the picture? A small net that only hears, trained to tell rivals from winners (papers §3.3).

Enters pairs made by the temporal rules, with the clip each is of; leaves its accuracy on clips it has never heard: 0.5 means that
preference learning cannot take this short cut. Anything above is what a net may learn instead of looking.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.sync.temporal_rules import EditedPair


@dataclass(frozen=True, slots=True)
class DiscriminatorSettings:
    width: int = 32
    folds: int = 4
    epochs: int = 30
    batch: int = 32
    rate: float = 2e-3
    weight_decay: float = 0.02
    seed: int = 0


@dataclass(frozen=True, slots=True)
class ShortcutReport:
    """`accuracy`: of single clips, at even odds; `pair_accuracy`: of pairs, in which the rival sounds more like one. `by_fold`: the former of
    each fold; `examples`: clips judged, none of them learned from."""

    accuracy: float
    pair_accuracy: float
    by_fold: tuple[float, ...]
    examples: int


class HearingNet(nn.Module):
    """Convolutions over 100 ms and 300 ms, then the mean and the strongest over time: (batch, frames, bands) → (batch,) logit of a rival."""

    def __init__(self, bands: int, width: int) -> None:
        super().__init__()
        self.fine = nn.Conv1d(bands, width, 5, padding=2)
        self.middle = nn.Conv1d(width, width, 5, padding=2)
        self.wide = nn.Conv1d(width, width, 5, padding=8, dilation=4)
        self.out = nn.Linear(2 * width, 1)

    def forward(self, mel: Tensor, keep_mask: Tensor) -> Tensor:
        heard = F.relu(self.fine(mel.transpose(1, 2)))
        heard = F.relu(heard + self.middle(heard))
        heard = F.relu(heard + self.wide(heard)) * keep_mask[:, None]  # never negative, so masked frames are never the strongest
        mean = heard.sum(2) / keep_mask.sum(1, keepdim=True).clamp(min=1)
        return self.out(torch.cat([mean, heard.amax(2)], dim=1))[:, 0]


class _Examples(NamedTuple):
    """Winners and rivals in turn: `mel` (2·pairs, frames, bands), `keep_mask` (2·pairs, frames), `is_rival` (2·pairs,)."""

    mel: Tensor
    keep_mask: Tensor
    is_rival: Tensor


def told_apart(pairs: Sequence[EditedPair], clips: Sequence[int], settings: DiscriminatorSettings = DiscriminatorSettings()) -> ShortcutReport:
    """Cross-validated by clip: `clips` gives each pair's, and no clip is both learned from and judged.

    Raises ValueError when there are fewer clips than folds.
    """
    names = sorted(set(clips))
    if len(pairs) != len(clips) or len(names) < settings.folds:
        raise ValueError(f"{len(pairs)} pairs of {len(names)} clips cannot be judged in {settings.folds} folds; give more clips or fewer folds.")
    order = torch.randperm(len(names), generator=torch.Generator().manual_seed(settings.seed)).tolist()
    fold_of = {names[index]: place % settings.folds for place, index in enumerate(order)}
    examples = _examples(pairs)
    folds = torch.tensor([fold_of[clip] for clip in clips]).repeat_interleave(2)
    logits = torch.zeros(len(folds))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        for fold in range(settings.folds):
            logits[folds == fold] = _judged(examples, folds == fold, settings)
    is_right = (logits > 0) == (examples.is_rival > 0.5)
    by_fold = tuple(float(is_right[folds == fold].float().mean()) for fold in range(settings.folds))
    return ShortcutReport(float(is_right.float().mean()), float((logits[1::2] > logits[0::2]).float().mean()), by_fold, len(folds))


def _examples(pairs: Sequence[EditedPair]) -> _Examples:
    mels = [edited.mel.float() for pair in pairs for edited in (pair.winner, pair.loser)]
    keep = nn.utils.rnn.pad_sequence([torch.ones(len(mel)) for mel in mels], batch_first=True)
    return _Examples(nn.utils.rnn.pad_sequence(mels, batch_first=True), keep, torch.tensor([0.0, 1.0]).repeat(len(pairs)))


def _judged(examples: _Examples, is_held_out: Tensor, settings: DiscriminatorSettings) -> Tensor:
    """Logits of the held-out examples by a net that learned from the others."""
    kept = examples.mel[~is_held_out][examples.keep_mask[~is_held_out] > 0]
    mean, deviation = kept.mean(0), kept.std(0).clamp(min=1e-5)
    mel = (examples.mel - mean) / deviation * examples.keep_mask[..., None]
    net = HearingNet(mel.shape[2], settings.width)
    optimizer = torch.optim.AdamW(net.parameters(), lr=settings.rate, weight_decay=settings.weight_decay)
    learned = (~is_held_out).nonzero().flatten()
    generator = torch.Generator().manual_seed(settings.seed)
    for _ in range(settings.epochs):
        for rows in learned[torch.randperm(len(learned), generator=generator)].split(settings.batch):
            loss = F.binary_cross_entropy_with_logits(net(mel[rows], examples.keep_mask[rows]), examples.is_rival[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        return net.eval()(mel[is_held_out], examples.keep_mask[is_held_out])

"""What a preference training on a flow is fed: batches of clips with a region to generate, and the pairs made of them.

Enters clips from a `PairSource`; leaves `FlowPairs`, made by rules (SyncDPO) or by sampling and ranking (DPO). A net joins in by its
velocity and a source; how its conditions look is its own business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor

from models.sync.curriculum import Challenge
from models.sync.preference import FlowPairs, Velocity
from models.sync.splicing import MelClip
from models.sync.temporal_rules import edited_pair

Given = TypeVar("Given")
Made = TypeVar("Made", covariant=True)


@dataclass(frozen=True, slots=True)
class ClipBatch(Generic[Given]):
    """`mel` (batch, frames, bands) as the net sees it; `region` (batch, frames), True over one stretch of every row, which is generated;
    `condition` as the velocity takes it, with the context outside the region. `lengths`: frames of each row without padding, () for all.
    `word_edges`, `donors`: by row (see `MelClip`), () where there are none. `names` of the rows, () where they have none."""

    mel: Tensor
    region: Tensor
    condition: Given
    lengths: tuple[int, ...] = ()
    word_edges: tuple[tuple[int, ...], ...] = ()
    donors: tuple[Tensor | None, ...] = field(default=())
    names: tuple[str, ...] = ()

    def clip(self, row: int) -> MelClip:
        length = self.lengths[row] if self.lengths else self.mel.shape[1]
        inside = self.region[row, :length].nonzero().flatten()
        if len(inside) == 0 or int(inside[-1]) - int(inside[0]) + 1 != len(inside):
            raise ValueError(f"The region of row {row} is not one stretch of frames.")
        edges = self.word_edges[row] if self.word_edges else ()
        donor = self.donors[row] if self.donors else None
        return MelClip(self.mel[row, :length], int(inside[0]), int(inside[-1]) + 1, edges, donor)


class FlowNet(Protocol[Given]):
    """An nn.Module whose `forward(x_t, t, prepared)` is the velocity; `prepared` makes of a batch's condition, once, what forward takes."""

    def prepared(self, condition: Given) -> Any: ...

    def __call__(self, x_t: Tensor, t: Tensor, prepared: Any) -> Tensor: ...


class PairSource(Protocol[Made]):
    """`batch` depends on its generator alone, so that every arm of a comparison learns from the same clips."""

    def batch(self, generator: torch.Generator) -> ClipBatch[Made]: ...


class Judge(Protocol[Given]):
    """Numbers by name on held-out clips, of what the net makes of them."""

    def __call__(self, net: FlowNet[Given]) -> Mapping[str, float]: ...


class Ranker(Protocol[Given]):
    """Takes (takes, batch, frames, bands) → (takes, batch), higher is better in step."""

    def __call__(self, takes: Tensor, batch: ClipBatch[Given]) -> Tensor: ...


@dataclass(frozen=True, slots=True)
class Sampling:
    """`solver_steps` of Euler; times bent towards the noise by `time_shift` as ZipVoice does (papers §4.7), 1 for even steps."""

    solver_steps: int = 8
    time_shift: float = 0.5


def seeded(*numbers: int) -> torch.Generator:
    """A generator of its own for every purpose, step and process."""
    state = 0
    for number in numbers:
        state = (state * 1_000_003 + number + 1) % (2**63 - 1)
    return torch.Generator().manual_seed(state)


def velocity_under(net: FlowNet[Given], condition: Given) -> Velocity[Given]:
    """The net's velocity under one condition, which is prepared here and now."""
    prepared = net.prepared(condition)
    return lambda x_t, t, _: net(x_t, t, prepared)


def rule_pairs(batch: ClipBatch[Given], challenges: Sequence[Challenge], generator: torch.Generator, *, is_rejoined: bool) -> FlowPairs[Given]:
    """Every row against itself out of step, one challenge a row. Raises RegionTooShort.

    `is_rejoined`: winners bear the joins of their rivals; the anchor then holds to the clips as they are.
    """
    winner, loser = batch.mel.clone(), batch.mel.clone()
    changed = torch.zeros_like(batch.region)
    for row, challenge in enumerate(challenges):
        clip = batch.clip(row)
        pair = edited_pair(challenge.rule, clip, challenge.severity, generator, is_rejoined=is_rejoined)
        winner[row, : len(clip.mel)], loser[row, : len(clip.mel)] = pair.winner.mel, pair.loser.mel
        changed[row, : len(clip.mel)] = pair.loser.changed
    return FlowPairs(winner, loser, batch.region, changed, batch.condition, batch.mel if is_rejoined else None)


@torch.no_grad()
def sample(velocity: Velocity[Given], batch: ClipBatch[Given], noise: Tensor, sampling: Sampling) -> Tensor:
    """The region generated from `noise` (batch, frames, bands), the rest as it is."""
    even = torch.linspace(0, 1, sampling.solver_steps + 1, dtype=torch.float64)
    times = (sampling.time_shift * even / (1 + (sampling.time_shift - 1) * even)).tolist()
    x_t = noise
    for now, then in zip(times[:-1], times[1:], strict=True):
        x_t = x_t + (then - now) * velocity(x_t, torch.full((len(x_t),), now).to(x_t), batch.condition)
    return torch.where(batch.region[..., None], x_t, batch.mel)


def near_the_clip(takes: Tensor, batch: ClipBatch[Given]) -> Tensor:
    """A ranker without eyes: how near each take comes to the real clip, frame by frame."""
    kept = batch.region[None, ..., None].to(takes)
    return -((takes - batch.mel[None]).abs() * kept).sum((2, 3)) / kept.sum((2, 3)).clamp(min=1)


def ranked_pairs(
    net: FlowNet[Given], batch: ClipBatch[Given], ranker: Ranker[Given], takes: int, sampling: Sampling, generator: torch.Generator
) -> FlowPairs[Given]:
    """`takes` samples of every row, the best against the worst; the anchor holds to the real clip."""
    with torch.no_grad():
        velocity = velocity_under(net, batch.condition)
    made = torch.stack([sample(velocity, batch, torch.randn(batch.mel.shape, generator=generator).to(batch.mel), sampling) for _ in range(takes)])
    scores = ranker(made, batch)
    rows = torch.arange(len(batch.mel), device=made.device)
    winner, loser = made[scores.argmax(0), rows], made[scores.argmin(0), rows]
    return FlowPairs(winner, loser, batch.region, (winner != loser).any(-1), batch.condition, batch.mel)

"""Preference learning on a flow: the real clip is to be easier than its rival that is out of step (papers §3.2, Flow-DPO).

Enters velocities as functions of (x_t, t, condition), the pair, and noise and time that both share; leaves the loss with what is
worth watching. Any flow-matching net fits; nothing here knows speech. A further weighting over time is a further `BetaPath`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, NamedTuple, Protocol, TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F

Condition = TypeVar("Condition", contravariant=True)
Given = TypeVar("Given")


class Velocity(Protocol[Condition]):
    """x_t (batch, frames, bands), t (batch,) from 0 (noise) to 1 (data) → (batch, frames, bands)."""

    def __call__(self, x_t: Tensor, t: Tensor, condition: Condition) -> Tensor: ...


class BetaPath(StrEnum):
    CONSTANT = "constant"
    FADING = "fading"  # (1 − t)²


@dataclass(frozen=True, slots=True)
class PreferenceSettings:
    """`beta`: 2000 for real nets, 5–50 for toys, since errors are means over elements. `anchor_weight`: alpha, of the winner's own flow
    error over the whole region. `only_changed`: preferences are judged on the frames the rule changed."""

    beta: float = 2000.0
    path: BetaPath = BetaPath.CONSTANT
    anchor_weight: float = 1.0
    only_changed: bool = True


@dataclass(frozen=True, slots=True)
class FlowPairs(Generic[Given]):
    """`winner`, `loser` (batch, frames, bands); `region`, `changed` (batch, frames), True where frames are generated, and where the two
    differ. `condition`: whatever the velocity takes, the same for both. `anchor` (batch, frames, bands): what the SFT anchor holds to where
    that is not the winner itself (such as the real clip beside a sampled or rejoined winner), or None."""

    winner: Tensor
    loser: Tensor
    region: Tensor
    changed: Tensor
    condition: Given
    anchor: Tensor | None = None


@dataclass(frozen=True, slots=True)
class FlowDraw:
    """`noise` (batch, frames, bands) and `time` (batch,) that winner and loser share."""

    noise: Tensor
    time: Tensor


class PreferenceLoss(NamedTuple):
    """`total` carries the gradient; `preference` and `anchor` are its parts before weighting. `margins` (batch,): implicit reward of the
    winner over the loser. `accuracy`: share of margins above 0."""

    total: Tensor
    preference: Tensor
    anchor: Tensor
    margins: Tensor
    accuracy: Tensor


class PairErrors(NamedTuple):
    """Flow errors (batch,) of winner and loser over the judged frames; `anchor` over the whole region, of the winner or of what stands for it."""

    winner: Tensor
    loser: Tensor
    anchor: Tensor


def draw_flow(like: Tensor, generator: torch.Generator) -> FlowDraw:
    """Noise and uniform times for a batch shaped as `like`, drawn on the CPU so that every device sees the same."""
    noise = torch.randn(like.shape, generator=generator).to(like)
    return FlowDraw(noise, torch.rand(len(like), generator=generator).to(like))


def flow_error(velocity: Velocity[Given], data: Tensor, draw: FlowDraw, condition: Given) -> Tensor:
    """(batch, frames): squared error of the velocity per frame, mean over bands."""
    t = draw.time[:, None, None]
    x_t = t * data + (1 - t) * draw.noise
    return (velocity(x_t, draw.time, condition) - (data - draw.noise)).square().mean(-1)


def masked_mean(errors: Tensor, keep_mask: Tensor) -> Tensor:
    """(batch, frames) → (batch,) over the frames kept; 0 where none is."""
    kept = keep_mask.to(errors)
    return (errors * kept).sum(1) / kept.sum(1).clamp(min=1)


def pair_errors(velocity: Velocity[Given], pairs: FlowPairs[Given], draw: FlowDraw, *, only_changed: bool, is_anchored: bool = True) -> PairErrors:
    """`is_anchored`: False spares the third pass where the anchor is not the winner; the winner's error stands in its place."""
    judged = pairs.changed & pairs.region if only_changed else pairs.region
    winner = flow_error(velocity, pairs.winner, draw, pairs.condition)
    loser = flow_error(velocity, pairs.loser, draw, pairs.condition)
    has_own = is_anchored and pairs.anchor is not None
    anchor = flow_error(velocity, pairs.anchor, draw, pairs.condition) if has_own else winner
    return PairErrors(masked_mean(winner, judged), masked_mean(loser, judged), masked_mean(anchor, pairs.region))


def preference_loss(
    policy: Velocity[Given], reference: Velocity[Given], pairs: FlowPairs[Given], draw: FlowDraw, settings: PreferenceSettings
) -> PreferenceLoss:
    """−log σ(−β_t/2 · {[e(θ, winner) − e(ref, winner)] − [e(θ, loser) − e(ref, loser)]}) + α · e(θ, anchor).

    No gradient reaches the reference. With policy = reference, or the same clip twice, the preference is log 2; a pair without a changed
    frame says nothing when `only_changed`.
    """
    own = pair_errors(policy, pairs, draw, only_changed=settings.only_changed, is_anchored=settings.anchor_weight > 0)
    with torch.no_grad():
        kept = pair_errors(reference, pairs, draw, only_changed=settings.only_changed, is_anchored=False)
    return loss_of_errors(own, kept, draw.time, settings)


def loss_of_errors(own: PairErrors, kept: PairErrors, time: Tensor, settings: PreferenceSettings) -> PreferenceLoss:
    """As `preference_loss`, from the errors of the policy (`own`) and of the reference (`kept`)."""
    beta = settings.beta * (torch.ones_like(time) if settings.path is BetaPath.CONSTANT else (1 - time).square())
    margins = -0.5 * beta * ((own.winner - kept.winner.detach()) - (own.loser - kept.loser.detach()))
    preference, anchor = -F.logsigmoid(margins).mean(), own.anchor.mean()
    accuracy = (margins.detach() > 0).float().mean()
    return PreferenceLoss(preference + settings.anchor_weight * anchor, preference, anchor, margins.detach(), accuracy)

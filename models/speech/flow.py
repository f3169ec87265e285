"""The flow-matching objective of the voice (papers §4.1, §4.7): a batch, noise and times in, the loss out. Noise and time are arguments,
so that a test or a preference loss decides them. x_t = (1 − t)·x_0 + t·x_1, target x_1 − x_0, counted where the frames are to be generated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from models.speech.fusion import Stream
from models.speech.syncvoice import Conditions, SyncVoice

TEMPERED_FROM = 0.6


@dataclass(frozen=True, slots=True)
class FlowBatch:
    """What one step learns from, all (batch, frames, …): `target` mel features; `index` frame → token; `generated` True where the loss is; `mask`
    True on padding; `speech` the context; `face`, `lips` at the mel rate with `*_known`; `pauses` ±1. `reference` (batch, ref frames, 100)."""

    tokens: tuple[tuple[int, ...], ...]
    index: Tensor
    target: Tensor
    speech: Tensor
    generated: Tensor
    mask: Tensor
    has_text: Tensor
    face: Tensor
    face_known: Tensor
    lips: Tensor
    lips_known: Tensor
    pauses: Tensor
    pauses_known: Tensor
    voice: Tensor
    reference: Tensor
    has_voice: Tensor

    def to(self, device: torch.device) -> FlowBatch:
        moved = {name: value.to(device) for name in self.__dataclass_fields__ if isinstance(value := getattr(self, name), Tensor)}
        return replace(self, **moved)


def conditions_of(net: SyncVoice, batch: FlowBatch) -> Conditions:
    """The conditions of a batch, with gradients. Where text was left out, so is all that is fused onto it."""
    text = net.backbone.placed_condition(batch.tokens, batch.index)
    streams = net.stream_terms(
        {
            Stream.PAUSE: (batch.pauses, batch.pauses_known),
            Stream.FACE: (batch.face, batch.face_known),
            Stream.LIP: (batch.lips, batch.lips_known),
        }
    )
    kept = batch.has_text[:, None, None].to(text.dtype)
    voice = net.speaker(batch.voice, batch.reference) * batch.has_voice[:, None].to(text.dtype)
    return Conditions(text * kept, batch.speech, batch.mask, voice, {name: term * kept for name, term in streams.items()})


def noised(target: Tensor, noise: Tensor, time: Tensor) -> tuple[Tensor, Tensor]:
    """(x_t, the velocity wanted) for `time` (batch,)."""
    at = time[:, None, None]
    return (1.0 - at) * noise + at * target, target - noise


def frame_errors(net: SyncVoice, conditions: Conditions, target: Tensor, noise: Tensor, time: Tensor) -> Tensor:
    """Mean squared error of the velocity per frame: (batch, frames)."""
    x, wanted = noised(target, noise, time)
    return (net.velocity(time, x, conditions).float() - wanted).square().mean(dim=2)


class FlowLoss(nn.Module):
    """The loss as one module, so that whatever wraps modules for many devices can wrap it. `is_tempered`: late times count less (`late_weight`)."""

    def __init__(self, net: SyncVoice, *, is_tempered: bool = False) -> None:
        super().__init__()
        self.net, self.is_tempered = net, is_tempered

    def forward(self, batch: FlowBatch, noise: Tensor, time: Tensor) -> Tensor:
        errors = frame_errors(self.net, conditions_of(self.net, batch), batch.target, noise, time)
        counted = (batch.generated & ~batch.mask).to(errors.dtype)
        weight = late_weight(time)[:, None] if self.is_tempered else 1.0
        return (errors * counted * weight).sum() / counted.sum().clamp(min=1.0)


def late_weight(time: Tensor) -> Tensor:
    """1 until `TEMPERED_FROM`, then falling with the square of the time left: the error of the speech foretold, no longer that of the velocity.

    Near the end the velocity is mostly noise that nothing foretells; features of a fifth of the noise's size would be drowned by it. Ours."""
    return ((1.0 - time) / (1.0 - TEMPERED_FROM)).clamp(max=1.0).square()


def without(conditions: Conditions, *streams: Stream) -> Conditions:
    """The same conditions with these streams left out."""
    return replace(conditions, streams={name: term for name, term in conditions.streams.items() if name not in streams})


def draw_noise(target: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Noise like `target` and one uniform time per row, drawn on the CPU so that every device sees the same."""
    noise = torch.randn(target.shape, generator=generator)
    return noise.to(target.device), torch.rand(len(target), generator=generator).to(target.device)

"""SyncVoice: the ZipVoice backbone with face, lips, drawn pauses and a voice as further conditions (papers.md §4). Conditions in, velocity out.

`Conditions` holds what an utterance is said under, ready for the net and computed once; `velocity` is one evaluation under chosen streams, as
training wants it; `GuidedField` is the weighted sum of several in one batched call, as the solver wants it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.speech.fusion import Fusion, Stream
from models.speech.guidance import Branch, Scales, weighted_branches
from models.speech.speaker import DualSpeakerEncoder, SpeakerConfig
from models.speech.zipvoice import ZipVoice, ZipVoiceConfig


@dataclass(frozen=True, slots=True)
class SyncVoiceConfig:
    """`face_dim`, `lip_dim`: widths of the visual features. `bottleneck`: of the adapters."""

    backbone: ZipVoiceConfig
    vocab_size: int
    pad_id: int = 0
    is_distilled: bool = False
    face_dim: int = 24
    lip_dim: int = 64
    bottleneck: int = 128
    speaker: SpeakerConfig = field(default_factory=SpeakerConfig)

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "backbone": self.backbone.as_json()}

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> SyncVoiceConfig:
        """Raises ValueError for sizes that are missing or of the wrong kind."""
        given = dict(values)
        backbone, speaker = given.pop("backbone", None), given.pop("speaker", None)
        if not isinstance(backbone, Mapping) or not isinstance(speaker, Mapping):
            raise ValueError("The sizes of a SyncVoice model name its “backbone” and its “speaker”; this file lacks one of them.")
        try:
            return cls(backbone=ZipVoiceConfig.from_json(backbone), speaker=SpeakerConfig(**speaker), **given)
        except TypeError as error:
            raise ValueError(f"The sizes of a SyncVoice model cannot be read ({error}).") from error


@dataclass(frozen=True, slots=True)
class Conditions:
    """What an utterance is said under. `text`, `speech`: (batch, frames, feat_dim). `mask`: (batch, frames), True on padding. `voice`:
    (batch, time_dim), added to the time embedding. `streams`: what each adds to the text, (batch, frames, feat_dim)."""

    text: Tensor
    speech: Tensor
    mask: Tensor | None = None
    voice: Tensor | None = None
    streams: Mapping[Stream, Tensor] = field(default_factory=dict)

    def fused(self, streams: frozenset[Stream]) -> Tensor:
        """The text condition under these streams, those that are absent left out."""
        fused = self.text
        for stream in Stream:
            if stream in streams and stream in self.streams:
                fused = fused + self.streams[stream]
        return fused


class SyncVoice(nn.Module):
    def __init__(self, config: SyncVoiceConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = ZipVoice(config.backbone, config.vocab_size, pad_id=config.pad_id, is_distilled=config.is_distilled)
        self.fusion = Fusion(config.face_dim, config.lip_dim, config.bottleneck, config.backbone.feat_dim)
        self.speaker = DualSpeakerEncoder(config.speaker, config.backbone.time_embed_dim)

    def stream_terms(self, features: Mapping[Stream, tuple[Tensor, Tensor]]) -> dict[Stream, Tensor]:
        """What each stream adds to the text, from (features, is_known) at the mel frame rate; a stream that adds nothing is left out."""
        terms = {stream: self.fusion.added(stream, given, known) for stream, (given, known) in features.items()}
        return {stream: term for stream, term in terms.items() if self.training or bool(term.any())}

    def velocity(self, time: Tensor, x: Tensor, conditions: Conditions, *, guidance: Tensor | None = None) -> Tensor:
        """One evaluation under all streams in `conditions`: `time` (batch,), `x` (batch, frames, feat_dim)."""
        text = conditions.fused(frozenset(conditions.streams))
        return self.backbone.velocity(time, x, text, conditions.speech, conditions.mask, guidance=guidance, added_time=conditions.voice)


def refitted(net: SyncVoice, *, face_dim: int, lip_dim: int, frozen_dim: int) -> SyncVoice:
    """The voice for features of other widths: the adapter of a stream, or the speaker encoder, whose width is another one is new, and zero
    until taught; all else is kept. The net itself where every width is its own."""
    config = replace(net.config, face_dim=face_dim, lip_dim=lip_dim, speaker=replace(net.config.speaker, frozen_dim=frozen_dim))
    if config == net.config:
        return net
    made = SyncVoice(config)
    new = [
        part
        for part, old, wanted in (
            ("fusion.face.", net.config.face_dim, face_dim), ("fusion.lip.", net.config.lip_dim, lip_dim), ("speaker.", net.config.speaker.frozen_dim, frozen_dim)
        )
        if old != wanted
    ]  # fmt: skip
    made.load_state_dict({name: value for name, value in net.state_dict().items() if not name.startswith(tuple(new))}, strict=False)
    return made


class GuidedField:
    """The guided velocity as a function of (time, x), for `solver.solve`. What does not change between steps is computed once.

    `scales`: for all rows of the batch, or one for each; every row is evaluated under its own branches only, all of them in one call."""

    def __init__(self, voice: SyncVoice, conditions: Conditions, scales: Scales | Sequence[Scales]) -> None:
        self.backbone, self.conditions = voice.backbone, conditions
        self.scales = (scales,) * len(conditions.text) if isinstance(scales, Scales) else tuple(scales)
        if len(self.scales) != len(conditions.text):
            raise ValueError(f"{len(conditions.text)} lines are said together under {len(self.scales)} sets of scales; give one for all or one for each.")
        self.decoder = self.backbone.fm_decoder
        self.width = voice.config.backbone.feat_dim
        self.positions = self.decoder.positions(conditions.text.shape[1])
        self.hidden: dict[Branch, Tensor] = {}

    def __call__(self, time: float, x: Tensor) -> Tensor:
        branches, rows, weights = self._terms(time)
        entered = functional.linear(x, self.decoder.in_proj.weight[:, : self.width])
        at = torch.tensor(rows, device=x.device)
        conditioned = torch.stack([self._entered(branch)[row] for branch, row in zip(branches, rows, strict=True)])
        mask = None if self.conditions.mask is None else self.conditions.mask[at]
        made = self.decoder.stacks(entered[at] + conditioned, self._time(time, x)[at], mask, positions=self.positions)
        if rows == list(range(len(x))):
            return made
        weighted = made * torch.tensor(weights, dtype=made.dtype, device=x.device)[:, None, None]
        return torch.zeros_like(made[: len(x)]).index_add_(0, at, weighted)

    def _terms(self, time: float) -> tuple[list[Branch], list[int], list[float]]:
        """Every evaluation of one step: its branch, its row, and its weight in that row's sum."""
        sums = {
            scales: weighted_branches(scales, self.conditions.streams, time, is_distilled=self.backbone.is_distilled) for scales in set(self.scales)
        }
        terms = [(branch, row, weight) for row, scales in enumerate(self.scales) for branch, weight in sums[scales]]
        return [term[0] for term in terms], [term[1] for term in terms], [term[2] for term in terms]

    def _time(self, time: float, x: Tensor) -> Tensor:
        times = torch.full((x.shape[0],), time, device=x.device)
        guidance = torch.tensor([scales.text for scales in self.scales], dtype=times.dtype, device=x.device) if self.backbone.is_distilled else None
        embedded = self.decoder.embed_time(times, guidance)
        if self.conditions.voice is not None:
            embedded = embedded + self.conditions.voice
        return embedded.expand(x.shape[0], -1)

    def _entered(self, branch: Branch) -> Tensor:
        """What text and speech conditions give the first layer, bias included; the same at every step."""
        if branch not in self.hidden:
            given = self.conditions
            text = given.fused(branch.streams) if branch.has_text else torch.zeros_like(given.text)
            speech = given.speech if branch.has_speech else torch.zeros_like(given.speech)
            weight, bias = self.decoder.in_proj.weight[:, self.width :], self.decoder.in_proj.bias
            self.hidden[branch] = functional.linear(torch.cat((text, speech), dim=2), weight, bias)
        return self.hidden[branch]

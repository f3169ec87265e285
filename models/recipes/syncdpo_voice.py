"""SyncVoice as a preference training sees it: its velocity, its clips with faces, and how well it tells them from themselves out of step.

Enters utterances of a voice archive and a SyncVoice net; leaves what `models/recipes/syncdpo_batches.py` asks of a net, a source and a
judge; `syncdpo_hearing.py` has those that listen. Time is to come from the face: no token times, no drawn pauses, and no stream is ever left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from models.recipes.syncdpo_batches import ClipBatch, rule_pairs, seeded, velocity_under
from models.recipes.syncvoice_data import Draws, FlowBatch, Spoken, draw_batch, whole_batch
from models.speech.flow import conditions_of
from models.speech.spectrum import FEATURE_SCALE, FRAMES_PER_S
from models.speech.syncvoice import Conditions, SyncVoice
from models.speech.tokens import TokenTable
from models.sync.curriculum import Challenge
from models.sync.preference import draw_flow, pair_errors
from models.sync.temporal_rules import MIN_REGION_FRAMES, Rule

SIGHTED = Draws(no_text=0.0, no_face=0.0, no_lip=0.0, no_pause=1.0, context_only=0.2, voice_only=0.6, timed=0.0, cropped=0.0)
LEAST_FRAMES = int(MIN_REGION_FRAMES / SIGHTED.least_masked) + 1
PROBED_SEVERITIES = (0.1, 0.5)


class VoiceFlow(nn.Module):
    """SyncVoice under the names that preferences use. Nothing of its own is learned."""

    def __init__(self, net: SyncVoice) -> None:
        super().__init__()
        self.net = net

    def prepared(self, condition: FlowBatch) -> Conditions:
        return conditions_of(self.net, condition)

    def forward(self, x_t: Tensor, t: Tensor, prepared: Conditions) -> Tensor:
        return self.net.velocity(t, x_t, prepared).float()


@dataclass(frozen=True, slots=True)
class VoiceSource:
    """Batches of `batch_size` utterances that have a face and room for a rule; every one with another of its speaker, where there is one."""

    spoken: tuple[Spoken, ...]
    table: TokenTable
    batch_size: int
    device: torch.device

    def batch(self, generator: torch.Generator) -> ClipBatch[FlowBatch]:
        rng = np.random.default_rng(int(torch.randint(2**62, (), generator=generator)))
        pool = [self.spoken[index] for index in rng.integers(0, len(self.spoken), self.batch_size)]
        donors = tuple(self._donor(one, rng) for one in pool)
        return clip_batch(pool, draw_batch(pool, self.table, SIGHTED, rng).to(self.device), donors)

    def _donor(self, of: Spoken, rng: np.random.Generator) -> Tensor | None:
        others = [one for one in self.spoken if one.speaker == of.speaker and one.name != of.name]
        if not others:
            return None
        return torch.from_numpy(others[int(rng.integers(len(others)))].mel.astype(np.float32)).to(self.device) * FEATURE_SCALE


def with_faces(spoken: Sequence[Spoken]) -> list[Spoken]:
    """Those a preference can be learned from."""
    return [one for one in spoken if len(one.is_seen) > 0 and bool(one.is_seen.any()) and one.frames >= LEAST_FRAMES]


def clip_batch(pool: Sequence[Spoken], flow: FlowBatch, donors: tuple[Tensor | None, ...] = ()) -> ClipBatch[FlowBatch]:
    """`flow` must hold the utterances from their first frame on (none cropped), in the order of `pool`."""
    lengths = tuple((~flow.mask).sum(1).tolist())
    edges = tuple(word_edges(one) for one in pool)
    return ClipBatch(flow.target, flow.generated & ~flow.mask, flow, lengths, edges, donors, tuple(one.name for one in pool))


def word_edges(spoken: Spoken) -> tuple[int, ...]:
    """Mel frames where words begin and end; () where token times are not measured."""
    if not spoken.is_aligned:
        return ()
    edges: set[int] = set()
    last = len(spoken.tokens) - 1
    for place, token in enumerate(spoken.tokens):
        if token == " ":
            continue
        if place == 0 or spoken.tokens[place - 1] == " ":
            edges.add(round(float(spoken.starts_s[place]) * FRAMES_PER_S))
        if place == last or spoken.tokens[place + 1] == " ":
            edges.add(round(float(spoken.ends_s[place]) * FRAMES_PER_S))
    return tuple(sorted(edge for edge in edges if 0 <= edge < spoken.frames))


class FlowJudge:
    """Without a vocoder: the flow error on held-out utterances, and how often each is easier than itself out of step, at the same noise
    and time. `told_apart` over all rules is what SyncDPO learns, asked of clips it has not learned from; `told_apart_strange` is the same
    under another clip's face: what of it was learned from the sound alone, by a short cut."""

    def __init__(self, held: Sequence[Spoken], table: TokenTable, device: torch.device, *, batch_size: int = 8, rounds: int = 4) -> None:
        self.pools = [held[at : at + batch_size] for at in range(0, len(held), batch_size)]
        self.table, self.device, self.rounds = table, device, rounds

    @torch.no_grad()
    def __call__(self, net: VoiceFlow) -> Mapping[str, float]:
        anchors: list[Tensor] = []
        told: dict[str, list[Tensor]] = {}
        for number, pool in enumerate(self.pools):
            batch = clip_batch(pool, whole_batch(pool, self.table).to(self.device))
            own, strange = velocity_under(net, batch.condition), velocity_under(net, under_another_face(batch.condition))
            for turn in range(self.rounds):
                draw = draw_flow(batch.mel, seeded(number, turn))
                for severity in PROBED_SEVERITIES:
                    challenges = [Challenge(list(Rule)[(turn * len(pool) + row) % len(Rule)], severity) for row in range(len(pool))]
                    pairs = rule_pairs(batch, challenges, seeded(number, turn, 1), is_rejoined=True)
                    kinds = {"": own} | ({"_strange": strange} if severity == PROBED_SEVERITIES[-1] else {})
                    for kind, velocity in kinds.items():
                        errors = pair_errors(velocity, pairs, draw, only_changed=True, is_anchored=severity == PROBED_SEVERITIES[0])
                        told.setdefault(f"told_apart{kind}_{severity}", []).append(errors.loser > errors.winner)
                        if severity == PROBED_SEVERITIES[0]:
                            anchors.append(errors.anchor)
        shares = {name: float(torch.cat(some).float().mean()) for name, some in told.items()}
        return {"flow_error": float(torch.cat(anchors).mean())} | shares


def under_another_face(batch: FlowBatch) -> FlowBatch:
    """Every utterance with the face of the one before it."""
    return replace(
        batch, face=batch.face.roll(1, 0), face_known=batch.face_known.roll(1, 0), lips=batch.lips.roll(1, 0), lips_known=batch.lips_known.roll(1, 0)
    )  # fmt: skip

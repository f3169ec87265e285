"""Those who hear what a voice says in a preference training: the judge of a trained arm, and the ranker of sampled takes.

Enters generated spectra and the mouths they are for; leaves the numbers of `syncvoice_judge`, and an order of takes, by the lip scorer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from soxr import resample
from torch import Tensor

from models.recipes.syncdpo_batches import ClipBatch
from models.recipes.syncdpo_voice import FlowJudge, VoiceFlow
from models.recipes.syncvoice_data import FlowBatch, Spoken
from models.recipes.syncvoice_judge import SCORED_RATE_HZ, Judges, Setting, judged, summary
from models.speech.bundle import Vocoder, VoiceBundle
from models.speech.guidance import Scales
from models.speech.spectrum import FEATURE_SCALE, RATE_HZ
from models.speech.synthesis import Synthesizer
from models.speech.tokens import TokenTable
from studio.domain.errors import NotMeasurable
from studio.engines.protocols import Audio


@dataclass(frozen=True, slots=True)
class SpeechJudge:
    """Says held-out lines with their faces, and has them scored as in `syncvoice_judge`, beside what `flow` finds."""

    lines: Sequence[Spoken]
    mouths: Callable[[str], np.ndarray]
    table: TokenTable
    vocoder: Vocoder
    judges: Judges
    flow: FlowJudge
    scales: Scales
    solver_steps: int

    def __call__(self, net: VoiceFlow) -> Mapping[str, float]:
        bundle = VoiceBundle(net.net, self.table, "", (), has_sight=True)
        voice = Synthesizer(bundle, self.vocoder, device=str(next(net.parameters()).device))
        verdicts, _ = judged(voice, self.lines, self.mouths, Setting("asked", self.scales), self.judges, self.solver_steps)
        found = summary(verdicts)
        return {name: value for name, value in found.items() if name != "lines"} | dict(self.flow(net))


@dataclass(frozen=True, slots=True)
class LipRanker:
    """Ranks takes as an eye does: the mean distance of mouth and sound where they are, by the lip scorer. `mouths`: embeddings by name."""

    vocoder: Vocoder
    distance: Callable[[np.ndarray, np.ndarray], float]
    mouths: Mapping[str, np.ndarray]

    @torch.no_grad()
    def __call__(self, takes: Tensor, batch: ClipBatch[FlowBatch]) -> Tensor:
        scores = torch.zeros(takes.shape[:2])
        for number, take in enumerate(takes):
            for row, name in enumerate(batch.names):
                with torch.autocast(take.device.type, enabled=False), torch.autocast("cpu", enabled=False):  # judges hear in full precision
                    samples = self.vocoder.sound_of(take[row, : batch.lengths[row]].float()[None].cpu() / FEATURE_SCALE)[0].numpy()
                    scores[number, row] = -self.distance(self.mouths[name], samples)
        return scores.to(takes.device)


def distance_in_place(judges: Judges) -> Callable[[np.ndarray, np.ndarray], float]:
    """(embedded mouths, samples at 24 kHz) → mean distance at no offset; endless for a take that cannot be scored, such as silence."""
    def distance(mouths: np.ndarray, samples: np.ndarray) -> float:
        heard = resample(samples, RATE_HZ, SCORED_RATE_HZ).astype(np.float32)
        try:
            found = judges.scorer.distances(mouths, Audio(heard, SCORED_RATE_HZ))
        except NotMeasurable:
            return float("inf")
        return found.mean_distances[found.shift]

    return distance

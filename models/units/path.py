"""The direct path: speech in, speech of another language out, by units alone (papers §2.1); as long as the slot it is given.

Enters (samples,) at 16 kHz and two languages; leaves samples at 16 kHz and what was said as units. `durations` can be any duration
predictor over the same units, such as one that follows the lips.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from models.duration.rounding import isochronous
from models.units.encoder import UnitExtractor
from models.units.features import HOP
from models.units.kmeans import Runs, deduplicate, repeat
from models.units.translator import Limits, UnitTranslator
from models.units.vocoder import UnitVocoder

# units without repeats, in order → how long each wants to last, (count,) real, in units of 20 ms
Durations = Callable[[Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Converted:
    """`samples`: (320 · frames,) at 16 kHz. `runs`: the units said, with their lengths. `likelihood`: the translator's own, per unit."""

    samples: Tensor
    runs: Runs
    likelihood: float


@dataclass(frozen=True, slots=True)
class PathOptions:
    """`slot_frames`: length to fill exactly, in units of 20 ms; None: as long as it comes. `durations` None: the vocoder's own."""

    slot_frames: int | None = None
    durations: Durations | None = None
    limits: Limits | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class SpeechPath:
    """The three models of the path. All of them must stand on the same units."""

    encoder: UnitExtractor
    translator: UnitTranslator
    vocoder: UnitVocoder

    def __post_init__(self) -> None:
        counts = {self.encoder.count, self.translator.config.units, self.vocoder.config.units}
        if len(counts) > 1:
            raise ValueError(f"these models stand on different units ({sorted(counts)}); open the three that were made together.")

    def convert(self, samples: Tensor, source: str, target: str, *, options: PathOptions | None = None) -> Converted:
        """Raises ValueError for a direction the models were not taught, for speech under 20 ms, and for a slot that cannot hold the units."""
        options = PathOptions() if options is None else options
        heard = deduplicate(self.encoder.units_of(samples)).units
        answer = self.translator.translate(heard, source, target, options.limits)
        wished = options.durations(answer.units) if options.durations is not None else self.vocoder.durations(answer.units, target)
        slot_frames = max(round(float(wished.sum())), len(wished)) if options.slot_frames is None else options.slot_frames
        lengths = torch.from_numpy(isochronous(wished.numpy(), slot_frames))
        runs = Runs(answer.units, lengths)
        return Converted(self.vocoder.speak(repeat(runs), target, seed=options.seed), runs, answer.likelihood)

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
    """`slot_frames`: length to fill exactly, in units of 20 ms; None: as long as it comes. `most_change_ratio`: how many times faster or
    slower than natural that may be; a slot beyond it is missed by the rest. `durations` None: the vocoder's own."""

    slot_frames: int | None = None
    most_change_ratio: float = 1.5
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
        """Raises ValueError for a direction the models were not taught, and for speech under 20 ms."""
        options = PathOptions() if options is None else options
        heard = deduplicate(self.encoder.units_of(samples)).units
        answer = self.translator.translate(heard, source, target, options.limits)
        wished = options.durations(answer.units) if options.durations is not None else self.vocoder.durations(answer.units, target)
        lengths = torch.from_numpy(isochronous(wished.numpy(), _frames_to_fill(wished, options)))
        runs = Runs(answer.units, lengths)
        return Converted(self.vocoder.speak(repeat(runs), target, seed=options.seed), runs, answer.likelihood)


def _frames_to_fill(wished: Tensor, options: PathOptions) -> int:
    """The slot, as far as the rate limit lets the units into it; never fewer frames than units."""
    natural = float(wished.sum())
    wanted = natural if options.slot_frames is None else float(options.slot_frames)
    within = min(max(wanted, natural / options.most_change_ratio), natural * options.most_change_ratio)
    return max(round(within), len(wished))

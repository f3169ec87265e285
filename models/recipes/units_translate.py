"""Step `translate` of the unit recipe: the unit translator learns from the pairs in the run's folder."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from models.recipes.units_pairs import UnitPair, load_pairs
from models.recipes.units_training import train
from models.units.encoder import read_config
from models.units.translator import TranslatorConfig, UnitTranslator, save_translator

DROPPED_SHARE = 0.05  # of the units of a question, so that one wrong unit of another voice matters less
SWAPPED_SHARE = 0.05
JUDGE_WEIGHT = 1.0
POOL_BATCHES = 16  # drawn together and sorted by length, so that little padding is computed


@dataclass(frozen=True, slots=True)
class Draws:
    """Which pair in which voice batch s holds: a function of (seed, s)."""

    pairs: tuple[UnitPair, ...]
    batch: int
    seed: int

    def batch_of(self, step: int) -> list[tuple[UnitPair, Tensor]]:
        generator = np.random.default_rng((self.seed, step // POOL_BATCHES))
        chances = np.array([pair.weight for pair in self.pairs])
        chosen = generator.choice(len(self.pairs), POOL_BATCHES * self.batch, p=chances / chances.sum())
        drawn = [(self.pairs[index], self.pairs[index].sources[int(generator.integers(len(self.pairs[index].sources)))]) for index in chosen]
        drawn.sort(key=lambda one: len(one[1]) + len(one[0].target))
        order = generator.permutation(POOL_BATCHES)
        at = int(order[step % POOL_BATCHES]) * self.batch
        return drawn[at : at + self.batch]


def roughened(units: Tensor, count: int, generator: np.random.Generator) -> Tensor:
    """Some units lost, some taken for others; never none left."""
    kept = torch.from_numpy(generator.random(len(units)) > DROPPED_SHARE)
    swapped = torch.from_numpy(generator.random(len(units)) < SWAPPED_SHARE)
    other = torch.from_numpy(generator.integers(0, count, len(units)))
    rough = torch.where(swapped, other, units)[kept]
    return rough if len(rough) else units


class Pupil(nn.Module):
    """The translator, and while it learns a judge that must tell the phrase from the mean of what the decoder attends to: without it the
    decoder first learns to recite phrases, and only late which one was asked for."""

    def __init__(self, translator: UnitTranslator, phrases: int) -> None:
        super().__init__()
        self.translator = translator
        self.judge = nn.Linear(translator.config.width, phrases)

    def loss(self, drawn: Sequence[tuple[UnitPair, Tensor]], numbers: Mapping[tuple[str, str], int]) -> Tensor:
        """Of the pairs' answers, with the questions given beside them. `numbers`: a number for each direction and text."""
        directions = [pair.direction.split("-") for pair, _ in drawn]
        encoded = self.translator.encode([self.translator.source_ids(source, spoken) for (_, source), (spoken, _) in zip(drawn, directions, strict=True)])
        hidden, keep = encoded
        mean = (hidden * keep[..., None]).sum(1) / keep.sum(1, keepdim=True)
        which = torch.tensor([numbers[pair.direction, pair.text] for pair, _ in drawn])
        told = self.translator.loss(encoded, [pair.target for pair, _ in drawn], [wanted for _, wanted in directions])
        return told + JUDGE_WEIGHT * nn.functional.cross_entropy(self.judge(mean).float(), which)


def train_translator(run: argparse.Namespace) -> None:
    """Until the minutes are up; writes `translator/` in the run's folder."""
    units = read_config(run.out / "encoder")["units"]
    draws = Draws(tuple(load_pairs(run.out, "train")), run.batch, run.seed)
    numbers = {(pair.direction, pair.text): number for number, pair in enumerate(draws.pairs)}
    torch.manual_seed(run.seed)
    pupil = Pupil(UnitTranslator(_config(run, units)), len(draws.pairs))
    print(f"{sum(weight.numel() for weight in pupil.translator.parameters())} weights, {len(draws.pairs)} pairs", flush=True)

    def loss_of(step: int) -> Tensor:
        generator = np.random.default_rng((run.seed, step, 1))
        drawn = [(pair, roughened(source, units, generator)) for pair, source in draws.batch_of(step)]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return pupil.loss(drawn, numbers)

    steps = train(run, pupil, loss_of, run.out / "translate.pt")
    save_translator(pupil.translator, run.out / "translator", half=True)
    print(f"translator: {steps} steps", flush=True)


def _config(run: argparse.Namespace, units: int) -> TranslatorConfig:
    return TranslatorConfig(units, width=32, heads=2, encoder_layers=1, decoder_layers=1, feed_forward=64) if run.smoke else TranslatorConfig(units)

"""Step `translate` of the unit recipe: the unit translator learns from the pairs in the run's folder."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.recipes.units_pairs import UnitPair, load_pairs
from models.recipes.units_training import train
from models.units.encoder import read_config
from models.units.translator import TranslatorConfig, UnitTranslator, save_translator

DROPPED_SHARE = 0.05  # of the units of a question, so that one wrong unit of another voice matters less
SWAPPED_SHARE = 0.05
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


def train_translator(run: argparse.Namespace) -> None:
    """Until the minutes are up; writes `translator/` in the run's folder."""
    units = read_config(run.out / "encoder")["units"]
    torch.manual_seed(run.seed)
    net = UnitTranslator(_config(run, units))
    draws = Draws(tuple(load_pairs(run.out, "train")), run.batch, run.seed)
    print(f"{sum(weight.numel() for weight in net.parameters())} weights, {len(draws.pairs)} pairs", flush=True)

    def loss_of(step: int) -> Tensor:
        generator = np.random.default_rng((run.seed, step, 1))
        drawn = draws.batch_of(step)
        sources = [net.source_ids(roughened(source, units, generator), pair.direction.split("-")[0]) for pair, source in drawn]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return net.loss(sources, [pair.target for pair, _ in drawn], [pair.direction.split("-")[1] for pair, _ in drawn])

    steps = train(run, net, loss_of, run.out / "translate.pt")
    save_translator(net, run.out / "translator", half=True)
    print(f"translator: {steps} steps", flush=True)


def _config(run: argparse.Namespace, units: int) -> TranslatorConfig:
    return TranslatorConfig(units, width=32, heads=2, encoder_layers=1, decoder_layers=1, feed_forward=64) if run.smoke else TranslatorConfig(units)

"""A run of the duration recipe over lines made up from a seed, with a random scorer, so that it can be tried with nothing at hand.

Each made-up mouth opens while a phone sounds and is shut in its pauses; the numbers it gives mean nothing.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from models.recipes.duration_lines import BANDS, LineFacts, SpokenLine, write_lines
from models.sync.lip_scorer import LipScorer, LipScorerConfig, save_lip_scorer

PHONES = ("a", "ˈiː", "m", "s", "t", "oʊ")
TINY = LipScorerConfig(side_px=16, channels=(4, 8), width=12, dim=8, dilations=(1,))
SLOT_FRAMES = 14


def smoke_run(run: argparse.Namespace, folder: Path) -> argparse.Namespace:
    """The options of a short run in `folder`, whose inputs are made here."""
    made = argparse.Namespace(**vars(run))
    made.out = folder / "run" if run.out is None else run.out
    made.lines, made.features, made.scorer = folder / "lines.npz", folder / "features", folder / "scorer"
    made.base_steps, made.steps, made.batch, made.evaluate_every, made.hidden = 6, 4, 4, 2, 16
    made.save_every, made.fold = 2, "test"
    made_up_scorer(made.scorer, run.seed)
    write_lines(made.lines, made_up_lines(made.features, run.seed))
    return made


def made_up_scorer(folder: Path, seed: int) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        save_lip_scorer(LipScorer(TINY), folder)


def made_up_lines(features: Path, seed: int) -> list[SpokenLine]:
    """Texts and lines of every fold; the clips they lie over are written into `features`."""
    features.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    lines = [_line(generator, "", fold, is_same=False) for fold in ("train", "train", "train", "valid")]
    for number, fold in enumerate(("train", "train", "train", "valid", "test")):
        clip = f"clip{number}"
        line = _line(generator, clip, fold, is_same=number % 2 == 0)
        lines += [line, _line(generator, clip, fold, is_same=False)]
        _write_clip(features / f"{clip}.npz", line, generator)
    return lines


def _line(generator: np.random.Generator, clip: str, fold: str, *, is_same: bool) -> SpokenLine:
    words = [[str(generator.choice(PHONES)) for _ in range(int(generator.integers(1, 4)))] for _ in range(3)]
    symbols = tuple(symbol for word in words for symbol in ("", *word)) + ("",)
    natural = np.array([0.0 if symbol == "" else float(generator.integers(2, 6)) for symbol in symbols])
    parts = np.where(natural > 0, 2 * natural, 1).astype(np.int64) if clip else np.zeros(len(symbols), np.int64)
    frames = generator.normal(-3, 2, (int(parts.sum()), BANDS)).astype(np.float32)
    slot = SLOT_FRAMES if clip else 0
    facts = LineFacts(clip, "made up", fold, "en", "", " ".join("".join(word) for word in words), is_same, 1 if clip else 0, slot)
    human = natural * generator.uniform(0.6, 1.6, len(natural)) if is_same else None
    return SpokenLine(facts, symbols, frames, parts, natural, human)


def _write_clip(path: Path, line: SpokenLine, generator: np.random.Generator) -> None:
    frames = SLOT_FRAMES + 3
    crops = generator.integers(0, 255, (frames, 64, 64)).astype(np.uint8)
    opening = generator.uniform(0, 1, frames).astype(np.float32)
    audio = generator.integers(-3000, 3000, frames * 640).astype(np.int16)
    np.savez(path, crops=crops, opening=opening, ok=np.ones(frames, bool), audio=audio)

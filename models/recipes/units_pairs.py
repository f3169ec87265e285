"""Step `pairs` of the unit recipe: phrases and their translations as unit strings, the question in many voices, the answer in one.

Files (npz) hold some phrases of one direction each. What is asked in a test is spoken by voices that training never hears.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from models.recipes.units_speech import Phrase, Voices, disturbed
from models.units.encoder import UnitEncoder
from models.units.kmeans import deduplicate
from studio.domain.errors import EngineFailed


@dataclass(frozen=True, slots=True)
class UnitPair:
    """A phrase heard some ways, and its translation said one way; all without repeats. `weight`: how often to see it."""

    direction: str
    text: str
    translation: str
    sources: tuple[torch.Tensor, ...]
    target: torch.Tensor
    weight: float


@dataclass(frozen=True, slots=True)
class Voicing:
    """How questions are voiced. `voices`: how many ways each; `is_test`: by voices kept for the test."""

    voices: int
    seed: int
    is_test: bool = False


def make_pairs(phrases: Sequence[Phrase], direction: str, encoder: UnitEncoder, voices: Voices, how: Voicing) -> list[UnitPair]:
    """A pair per phrase that espeak can say on both sides."""
    source, target = direction.split("-")
    made = []
    for phrase in phrases:
        generator = np.random.default_rng((how.seed, zlib.crc32(phrase.text.encode()), how.is_test))
        try:
            answer = voices.say(phrase.translation, target, voices.target(target)).samples
            heard = [voices.say(phrase.text, source, voices.drawn(source, generator, is_test=how.is_test)).samples for _ in range(how.voices)]
        except EngineFailed:  # a text without words for this engine
            continue
        sources = tuple(deduplicate(encoder.units_of(disturbed(samples, generator))).units for samples in heard)
        made.append(UnitPair(direction, phrase.text, phrase.translation, sources, deduplicate(encoder.units_of(answer)).units, phrase.count**0.5))
    return made


def save_pairs(path: Path, pairs: Sequence[UnitPair]) -> None:
    """Written beside, then moved into place."""
    strings = [units.numpy().astype(np.int32) for pair in pairs for units in (*pair.sources, pair.target)]
    beside = path.with_name("making.npz")
    np.savez_compressed(
        beside, units=np.concatenate(strings), lengths=np.array([len(string) for string in strings]),
        heard=np.array([len(pair.sources) for pair in pairs]), weights=np.array([pair.weight for pair in pairs]),
        names=np.array([(pair.direction, pair.text, pair.translation) for pair in pairs]),
    )  # fmt: skip
    beside.replace(path)


def load_pairs(folder: Path, name: str) -> list[UnitPair]:
    """All pairs of one kind ("train", "voices", "phrases") in a run's folder. Raises ValueError where there are none."""
    files = sorted(folder.glob(f"pairs-{name}-*.npz"))
    if not files:
        raise ValueError(f"{folder} holds no pairs “{name}”; run the step `pairs` first.")
    return [pair for path in files for pair in _read(path)]


def _read(path: Path) -> list[UnitPair]:
    with np.load(path, allow_pickle=False) as kept:
        units, ends = torch.from_numpy(kept["units"].astype(np.int64)), np.cumsum(kept["lengths"])
        strings = [units[start:end] for start, end in zip(np.concatenate(([0], ends[:-1])), ends, strict=True)]
        pairs, at = [], 0
        for heard, weight, (direction, text, translation) in zip(kept["heard"], kept["weights"], kept["names"], strict=True):
            sources = tuple(strings[at : at + heard])
            pairs.append(UnitPair(str(direction), str(text), str(translation), sources, strings[at + heard], float(weight)))
            at += heard + 1
    return pairs

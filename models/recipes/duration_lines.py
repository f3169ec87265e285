"""Spoken lines to learn durations from, as one file of plain arrays: phones, the voice's spectra per phone, and the slot of video they fill.

Enters and leaves: `SpokenLine`s. A further thing to know about a line is a further field, written and read below.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from models.checkpoint import BadWeights

FORMAT = 1
BANDS = 40


@dataclass(frozen=True, slots=True)
class LineFacts:
    """`clip`: name of its features, "" for a text without a picture. `group`: speaker or source. `fold`: train, valid or test.
    `is_same_words`: whether the mouth says these very words. `slot_start_frame`, `slot_frames`: the slot at 25 Hz in the clip."""

    clip: str
    group: str
    fold: str
    language: str
    voice: str
    text: str
    is_same_words: bool
    slot_start_frame: int
    slot_frames: int


@dataclass(frozen=True, slots=True)
class SpokenLine:
    """A text in a voice. `symbols`: IPA, "" for a pause; between words and at both ends there is always one. `frames`: the voice's
    log-mel at 100 Hz, float32 (parts, bands), in the order of the symbols; `parts`: how many frames each symbol has. `natural`: the
    voice's own durations, `human`: those of the person in the clip (None where not known), both in units of 20 ms."""

    facts: LineFacts
    symbols: tuple[str, ...]
    frames: np.ndarray
    parts: np.ndarray
    natural: np.ndarray
    human: np.ndarray | None

    @property
    def is_pause(self) -> np.ndarray:
        return np.array([symbol == "" for symbol in self.symbols])

    @property
    def slot_units(self) -> int:
        return 2 * self.facts.slot_frames


def write_lines(path: Path, lines: Sequence[SpokenLine]) -> None:
    """All lines in one .npz, written beside and moved into place."""
    nothing, none = np.zeros((0, BANDS), np.float16), np.zeros(0)
    humans = [np.full(len(line.symbols), np.nan) if line.human is None else line.human for line in lines]
    arrays = {
        "format": np.array(FORMAT),
        "facts": np.array([json.dumps(asdict(line.facts), ensure_ascii=False) for line in lines], dtype=np.str_),
        "symbols": np.array([symbol for line in lines for symbol in line.symbols], dtype=np.str_),
        "count": np.array([len(line.symbols) for line in lines], np.int64),
        "parts": np.concatenate([none, *(line.parts for line in lines)]).astype(np.int32),
        "natural": np.concatenate([none, *(line.natural for line in lines)]).astype(np.float32),
        "human": np.concatenate([none, *humans]).astype(np.float32),
        "frames": np.concatenate([nothing, *(line.frames.astype(np.float16) for line in lines)]),
    }
    beside = path.with_name("making-" + path.name)
    np.savez(beside, **arrays)
    beside.replace(path)


def read_lines(path: Path) -> list[SpokenLine]:
    """Raises BadWeights for a file that is damaged or of another form."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        if int(arrays["format"]) != FORMAT:
            raise BadWeights(f"{path} is of another version of this recipe; prepare it again with --prepare.")
        return _unpacked(arrays)
    except (OSError, KeyError, ValueError) as error:
        raise BadWeights(f"{path} cannot be read as prepared lines ({error}); prepare it again with --prepare.") from error


def _unpacked(arrays: dict[str, np.ndarray]) -> list[SpokenLine]:
    lines, first, frame = [], 0, 0
    for facts, count in zip(arrays["facts"], arrays["count"], strict=True):
        span = slice(first, first + int(count))
        parts, human = arrays["parts"][span].astype(np.int64), arrays["human"][span].astype(np.float64)
        own = int(parts.sum())
        lines.append(
            SpokenLine(
                LineFacts(**json.loads(str(facts))), tuple(str(symbol) for symbol in arrays["symbols"][span]),
                arrays["frames"][frame : frame + own].astype(np.float32), parts, arrays["natural"][span].astype(np.float64),
                None if np.isnan(human).any() else human,
            )
        )  # fmt: skip
        first, frame = span.stop, frame + own
    return lines

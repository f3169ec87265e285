"""Lines as padded tensors, and the path from durations to the scorer: soft upsampling of the take's own spectra, then the sound tower.

Enters: `Seen` lines of one slot length. Leaves: a `LineBatch`, rendered spectra, sound embeddings. All differentiable in the durations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.duration.lip_condition import LipView
from models.duration.predictor import PhoneDurationConfig, PhoneTokens
from models.duration.upsampling import Kernel, hard_weights, soft_upsample, spread, straight_through
from models.recipes.duration_lines import SpokenLine
from models.recipes.duration_scenery import MEL_PER_FRAME, UNITS_PER_FRAME, Seen

MEL_PER_UNIT = MEL_PER_FRAME // UNITS_PER_FRAME
MAX_CHARACTERS = 6
KERNEL = Kernel(weighs_length=True)  # parts of phones are of any length, and pauses may vanish


@dataclass(frozen=True, slots=True)
class LineBatch:
    """`target`: durations in units that fill the slot: the person's where known, else the voice's. `frames`, `owner`, `frame_keep`: the
    take's spectra (batch, parts, bands), the symbol each belongs to, and what is no padding. `voiced`: symbols that are no pause."""

    tokens: PhoneTokens
    view: LipView
    target: Tensor
    voiced: Tensor
    frames: Tensor
    owner: Tensor
    parts: Tensor
    frame_keep: Tensor
    tone: Tensor

    @property
    def slot_frames(self) -> int:
        return self.view.lips.shape[1]


def tokens_of(lines: Sequence[SpokenLine], config: PhoneDurationConfig) -> PhoneTokens:
    """Characters and languages as ids, padded; what the net was not made with is 0, which is nothing."""
    characters = {character: number for number, character in enumerate(config.characters, 1)}
    languages = {language: number for number, language in enumerate(config.languages, 1)}
    longest = max(len(line.symbols) for line in lines)
    ids = torch.zeros(len(lines), longest, MAX_CHARACTERS, dtype=torch.long)
    keep = torch.zeros(len(lines), longest, dtype=torch.bool)
    for row, line in enumerate(lines):
        keep[row, : len(line.symbols)] = True
        for place, symbol in enumerate(line.symbols):
            for slot, character in enumerate(symbol[:MAX_CHARACTERS]):
                ids[row, place, slot] = characters.get(character, 0)
    return PhoneTokens(ids, torch.tensor([languages.get(line.facts.language, 0) for line in lines]), keep)


def characters_of(lines: Sequence[SpokenLine]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """All IPA characters and languages of some lines, sorted."""
    characters = sorted({character for line in lines for symbol in line.symbols for character in symbol})
    return tuple(characters), tuple(sorted({line.facts.language for line in lines}))


def padded(rows: Sequence[np.ndarray | Tensor], fill: float = 0.0) -> Tensor:
    tensors = [torch.as_tensor(row) for row in rows]
    return torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True, padding_value=fill)


def batch_of(seen: Sequence[Seen], config: PhoneDurationConfig, optima: Sequence[np.ndarray] | None = None) -> LineBatch:
    """A batch of lines whose slots are equally long. `optima`: their optimal durations in units, for nets that read them."""
    lines = [item.line for item in seen]
    slots = torch.tensor([float(line.slot_units) for line in lines])
    frames = torch.tensor([line.facts.slot_frames for line in lines])
    lips, opening = torch.stack([item.lips for item in seen]), torch.stack([item.opening for item in seen])
    view = LipView(lips, padded([item.sounds for item in seen]), opening, slots, frames, None if optima is None else padded(list(optima)).float())
    owners = [np.repeat(np.arange(len(line.symbols)), line.parts) for line in lines]
    return LineBatch(
        tokens_of(lines, config), view, padded([target_of(line) for line in lines]).float(), padded([~line.is_pause for line in lines]).bool(),
        padded([item.frames for item in seen]), padded(owners).long(), padded([line.parts for line in lines]).long(),
        padded([np.ones(len(owner), bool) for owner in owners]).bool(), torch.tensor([item.tone for item in seen]),
    )  # fmt: skip


def target_of(line: SpokenLine) -> np.ndarray:
    """Durations to learn, in units with the slot as their sum."""
    spoken = line.natural if line.human is None else line.human
    return spoken * (line.slot_units / spoken.sum())


def rendered(batch: LineBatch, durations: Tensor, whole: Tensor | None = None) -> Tensor:
    """Log-mel (batch, 4·frames, bands) of the takes at `durations` (units). `whole` given: repetition forwards, soft backwards."""
    parts = spread(durations * MEL_PER_UNIT, batch.owner, batch.parts) * batch.frame_keep
    count = MEL_PER_FRAME * batch.slot_frames
    if whole is None:
        return soft_upsample(batch.frames, parts, count, batch.frame_keep, KERNEL)
    exact = spread(whole.to(durations.dtype) * MEL_PER_UNIT, batch.owner, batch.parts) * batch.frame_keep
    return straight_through(batch.frames, parts, exact, count, batch.frame_keep, KERNEL)


def rendered_exactly(seen: Seen, whole: np.ndarray) -> Tensor:
    """Log-mel (1, 4·frames, bands) of one take at whole durations, every frame a frame of the take: what evaluation listens to."""
    owner = torch.from_numpy(np.repeat(np.arange(len(whole)), seen.line.parts))[None]
    parts = torch.from_numpy(seen.line.parts)[None]
    exact = spread(torch.from_numpy(whole)[None].double() * MEL_PER_UNIT, owner, parts)
    return hard_weights(exact, MEL_PER_FRAME * seen.line.facts.slot_frames).to(seen.frames.dtype) @ seen.frames[None]

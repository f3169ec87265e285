"""What a scorer sees and hears of the lines: lip embeddings of every clip, once, and how each phone of each take sounds to it.

Enters: prepared lines, the folder of lip features, a frozen `LipScorer`. Leaves: `Seen` lines, ready to be put into batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.recipes.duration_lines import SpokenLine
from models.sync.lip_scorer import LipScorer

CONTEXT_FRAMES = 15  # video frames of room tone around what the sound tower hears: as far as a score moves the sound
ROOM_TONE_BELOW = 7.0  # nats under the loud frames of the take: no room is digitally silent
MEL_PER_FRAME, UNITS_PER_FRAME = 4, 2


@dataclass(frozen=True, slots=True)
class Seen:
    """A line with its slot: `lips` (frames, dim), `opening` (frames,), `sounds` (symbols, dim), `frames` (parts, bands) with room tone,
    `tone`: the level of that room tone."""

    line: SpokenLine
    lips: Tensor
    opening: Tensor
    sounds: Tensor
    frames: Tensor
    tone: float


def heard(scorer: LipScorer, mel: Tensor, tone: Tensor) -> Tensor:
    """Sound embeddings (batch, frames, dim) of log-mel (batch, 4·frames, bands), with room tone (batch,) before and after it."""
    return heard_around(scorer, mel, tone)[:, CONTEXT_FRAMES:-CONTEXT_FRAMES]


def heard_around(scorer: LipScorer, mel: Tensor, tone: Tensor) -> Tensor:
    """As `heard`, with the embeddings of the room tone at both ends: (batch, frames + 30, dim), so that every offset has a sound."""
    edge = tone[:, None, None].expand(-1, MEL_PER_FRAME * CONTEXT_FRAMES, mel.shape[2])
    return scorer.mel_embeddings(torch.cat([edge, mel, edge], dim=1))


def with_room_tone(frames: np.ndarray) -> tuple[np.ndarray, float]:
    tone = float(np.quantile(frames, 0.95)) - ROOM_TONE_BELOW
    return np.logaddexp(frames, tone).astype(np.float32), tone


@torch.inference_mode()
def look_at(lines: Sequence[SpokenLine], features: Path, scorer: LipScorer, kept: Path) -> list[Seen]:
    """Lines with a picture. `kept`: file where the lips are kept, since they cost the most; named by the caller after the scorer."""
    lips = _lips({line.facts.clip for line in lines if line.facts.clip}, features, scorer, kept)
    return [_seen(line, lips[line.facts.clip], scorer) for line in lines if line.facts.clip]


def _lips(clips: set[str], features: Path, scorer: LipScorer, kept: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    if kept.is_file():
        with np.load(kept, allow_pickle=False) as file:
            found = {name[5:]: (file[name], file["open." + name[5:]]) for name in file.files if name.startswith("lips.")}
    missing = sorted(clips - found.keys())
    for clip in missing:
        with np.load(features / f"{clip}.npz", allow_pickle=False) as arrays:
            crops, opening = arrays["crops"], arrays["opening"].astype(np.float32)
        found[clip] = (scorer.lips(torch.from_numpy(crops)[None])[0].numpy(), np.nan_to_num(opening))
    if missing:
        beside = kept.with_name("making-" + kept.name)
        np.savez(beside, **{f"lips.{name}": pair[0] for name, pair in found.items()}, **{f"open.{name}": pair[1] for name, pair in found.items()})
        beside.replace(kept)
    return found


def _seen(line: SpokenLine, lips: tuple[np.ndarray, np.ndarray], scorer: LipScorer) -> Seen:
    facts = line.facts
    span = slice(facts.slot_start_frame, facts.slot_start_frame + facts.slot_frames)
    frames, tone = with_room_tone(line.frames)
    embeddings, opening = torch.from_numpy(lips[0][span]).clone(), torch.from_numpy(lips[1][span]).clone()
    return Seen(line, embeddings, opening, _sounds(line, frames, tone, scorer), torch.from_numpy(frames), tone)


def _sounds(line: SpokenLine, frames: np.ndarray, tone: float, scorer: LipScorer) -> Tensor:
    """The take at its own rate as the scorer hears it, read at the middle of each phone; pauses of no length sound like room tone."""
    take = np.concatenate([frames[span] for span in _own_spans(line)])
    quiet = np.full(((-len(take)) % MEL_PER_FRAME + MEL_PER_FRAME * CONTEXT_FRAMES, take.shape[1]), tone, np.float32)
    mel = torch.from_numpy(np.concatenate([take, quiet]))
    embeddings = heard(scorer, mel[None], torch.tensor([tone]))[0]
    ends = np.cumsum([span.stop - span.start for span in _own_spans(line)])
    middles, number = np.zeros(len(line.symbols)), 0
    for index, natural in enumerate(line.natural):
        if natural > 0:
            before = ends[number - 1] if number else 0
            middles[index], number = (before + ends[number]) / 2 / MEL_PER_FRAME, number + 1
    at = torch.from_numpy(middles).float() - 0.5
    low = at.floor().clamp(0, len(embeddings) - 1).long()
    high = (low + 1).clamp(max=len(embeddings) - 1)
    share = (at - low).clamp(0, 1)[:, None]
    read = embeddings[low] * (1 - share) + embeddings[high] * share
    read[torch.from_numpy(line.natural <= 0)] = embeddings[-1]
    return torch.nn.functional.normalize(read, dim=-1)


def _own_spans(line: SpokenLine) -> list[slice]:
    """Where the frames of the symbols that the voice really said lie; pauses put in are left out."""
    ends = np.cumsum(line.parts)
    return [slice(int(end - count), int(end)) for end, count, natural in zip(ends, line.parts, line.natural, strict=True) if natural > 0]

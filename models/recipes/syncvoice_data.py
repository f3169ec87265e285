"""Utterances of `voice_archive` as batches for the flow: mel frames, tokens with their times, what is seen, and whose voice it is.

Everything drawn follows from (seed, step, rank), so a run that is resumed sees what it would have seen. Video is placed at the mel frames
here, with the crop, because a shifted picture would teach a shifted voice.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.speech.flow import FlowBatch
from models.speech.spectrum import BANDS, FEATURE_SCALE, FRAMES_PER_S
from models.speech.token_durations import average_durations
from models.speech.tokens import TokenTable
from models.speech.visual import VIDEO_RATE_HZ, to_mel_frames
from models.speech.zipvoice import frames_of_tokens

UTTERANCES_FILE = "utterances.csv"
_SILENT_LOG_MEL = -11.5  # of digital silence under the floor of the mel


@dataclass(frozen=True, slots=True)
class Spoken:
    """One utterance: `mel` (frames, 100) log-mel; `starts_s`, `ends_s` per token; `face` (pictures, width), `lips` likewise, `is_seen` per
    picture, empty where there is no video; `voice` of unit length. `is_aligned`: token times are measured, not shared out."""

    name: str
    speaker: str
    group: str
    split: str
    text: str
    mel: np.ndarray
    tokens: tuple[str, ...]
    starts_s: np.ndarray
    ends_s: np.ndarray
    voice: np.ndarray
    face: np.ndarray
    lips: np.ndarray
    is_seen: np.ndarray
    is_aligned: bool

    @property
    def frames(self) -> int:
        return len(self.mel)


@dataclass(frozen=True, slots=True)
class Draws:
    """How often a condition is left out or changed while learning (papers §4.2, §4.4; the probabilities are ours)."""

    no_text: float = 0.2
    no_face: float = 0.35
    no_lip: float = 0.35
    no_pause: float = 0.7
    context_only: float = 0.3
    voice_only: float = 0.4
    timed: float = 0.4
    cropped: float = 0.5
    jitter_s: float = 0.02
    least_masked: float = 0.7


@dataclass(frozen=True, slots=True)
class _Cut:
    """An utterance from mel frame `first` on, `frames` long, with what was drawn for it."""

    spoken: Spoken
    first: int
    frames: int
    index: Tensor
    generated: tuple[int, int]
    has_context: bool
    has_voice: bool


def read_spoken(folder: Path, splits: Sequence[str], *, lips: Path | None = None, face_dim: int = 24, lip_dim: int = 64) -> list[Spoken]:
    """The utterances of an archive in these splits; `lips`: a folder of NAME.npy lip features (pictures, width), all of one width; where
    none of them has any, `lip_dim` stands."""
    found, seen = [], None if lips is None else next(iter(sorted(lips.glob("*.npy"))), None)
    lip_dim = lip_dim if seen is None else np.load(seen, mmap_mode="r", allow_pickle=False).shape[1]
    with (folder / UTTERANCES_FILE).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["split"] in splits:
                found.append(_read_one(folder, row, lips, (face_dim, lip_dim)))
    return found


def _read_one(folder: Path, row: dict[str, str], lips: Path | None, widths: tuple[int, int]) -> Spoken:
    name = row["name"]
    with np.load(folder / f"{name}.npz", allow_pickle=False) as kept:
        seen = kept["ok"] if "ok" in kept.files else np.zeros(0, bool)
        face = kept["face"].astype(np.float32) if "face" in kept.files else np.zeros((0, widths[0]), np.float32)
        path = None if lips is None else lips / f"{name}.npy"
        lip = np.load(path, allow_pickle=False).astype(np.float32) if path is not None and path.is_file() else np.zeros((0, widths[1]), np.float32)
        return Spoken(
            name, row["speaker"], row["group"], row["split"], row["text"], kept["mel"], tuple(str(token) for token in kept["tokens"]),
            kept["token_start_s"], kept["token_end_s"], kept["voice"], face, lip, seen[: len(face)],
            row.get("aligned", "1") != "0" and ("aligned" not in kept.files or bool(kept["aligned"])),
        )  # fmt: skip


def timed_index(starts_s: np.ndarray, ends_s: np.ndarray, frames: int, first: int = 0) -> Tensor:
    """(frames,): the token heard at each frame's centre; the number of tokens (the pad) where none is."""
    times = (np.arange(frames) + first + 0.5) / FRAMES_PER_S
    place = np.searchsorted(starts_s, times, side="right") - 1
    heard = (place >= 0) & (times < ends_s[np.maximum(place, 0)])
    return torch.from_numpy(np.where(heard, place, len(starts_s)).astype(np.int64))


def draw_batch(pool: Sequence[Spoken], table: TokenTable, draws: Draws, rng: np.random.Generator) -> FlowBatch:
    """The utterances of `pool` with everything about them drawn by `rng`."""
    cuts = [_cut(spoken, draws, rng) for spoken in pool]
    return collate(cuts, [tuple(table.ids(cut.spoken.tokens)) for cut in cuts], draws, rng)


def whole_batch(pool: Sequence[Spoken], table: TokenTable, *, is_timed: bool = False) -> FlowBatch:
    """The utterances as they are, everything generated, every condition given: for measuring."""
    cuts = [
        _Cut(one, 0, one.frames, _index(one, 0, one.frames, is_timed), (0, one.frames), has_context=False, has_voice=True) for one in pool
    ]
    never = Draws(no_text=0.0, no_face=0.0, no_lip=0.0, no_pause=0.0)
    return collate(cuts, [tuple(table.ids(one.tokens)) for one in pool], never, np.random.default_rng(0))


def _index(spoken: Spoken, first: int, frames: int, is_timed: bool) -> Tensor:
    if is_timed:
        return timed_index(spoken.starts_s, spoken.ends_s, frames, first)
    return frames_of_tokens(spoken.tokens, average_durations(len(spoken.tokens), frames), frames)


def _cut(spoken: Spoken, draws: Draws, rng: np.random.Generator) -> _Cut:
    """Silence at the ends is cut by chance, so that a voice learns slots that are all speech and slots that are not."""
    first, last = 0, spoken.frames
    if spoken.is_aligned and rng.random() < draws.cropped:
        lead, tail = int(spoken.starts_s[0] * FRAMES_PER_S), int(np.ceil(spoken.ends_s[-1] * FRAMES_PER_S))
        first = int(rng.integers(0, max(1, lead - 1)))
        last = int(rng.integers(min(tail + 2, spoken.frames), spoken.frames + 1))
    frames = last - first
    is_timed = spoken.is_aligned and rng.random() < draws.timed
    starts, ends = spoken.starts_s, spoken.ends_s
    if is_timed:
        moved = np.sort(rng.normal(0.0, draws.jitter_s, len(starts)) + starts)
        ends = np.maximum(moved + 0.01, np.append(moved[1:], ends[-1] + rng.normal(0.0, draws.jitter_s)).clip(max=np.maximum(ends, moved) + draws.jitter_s))
        starts = moved
    index = timed_index(starts, ends, frames, first) if is_timed else _index(spoken, first, frames, is_timed=False)
    kind = rng.random()
    has_context, has_voice = kind >= draws.voice_only, not draws.voice_only <= kind < draws.voice_only + draws.context_only
    length = int(np.ceil(frames * rng.uniform(draws.least_masked, 1.0))) if has_context else frames
    begin = int(rng.integers(0, frames - length + 1))
    return _Cut(spoken, first, frames, index, (begin, begin + length), has_context, has_voice)


def collate(cuts: Sequence[_Cut], tokens: Sequence[tuple[int, ...]], draws: Draws, rng: np.random.Generator) -> FlowBatch:
    count, frames = len(cuts), max(cut.frames for cut in cuts)
    target, generated = torch.zeros(count, frames, BANDS), torch.zeros(count, frames, dtype=torch.bool)
    mask, index = torch.ones(count, frames, dtype=torch.bool), torch.zeros(count, frames, dtype=torch.long)
    face, face_known = _stream([(cut, cut.spoken.face) for cut in cuts], frames)
    lips, lips_known = _stream([(cut, cut.spoken.lips) for cut in cuts], frames)
    speech, pauses = torch.zeros(count, frames, BANDS), torch.zeros(count, frames, 1)
    pauses_known = torch.zeros(count, frames, dtype=torch.bool)
    for row, cut in enumerate(cuts):
        mel = torch.from_numpy(cut.spoken.mel[cut.first : cut.first + cut.frames].astype(np.float32)) * FEATURE_SCALE
        begin, end = cut.generated
        target[row, : cut.frames], mask[row, : cut.frames] = mel, False
        generated[row, begin:end] = True
        index[row] = len(tokens[row])
        index[row, : cut.frames] = cut.index
        if cut.has_context:
            speech[row, : cut.frames] = mel
            speech[row, begin:end] = 0.0
        said = timed_index(cut.spoken.starts_s, cut.spoken.ends_s, cut.frames, cut.first) < len(cut.spoken.tokens)
        pauses[row, : cut.frames, 0] = said.float() * 2 - 1
        pauses_known[row, : cut.frames] = cut.spoken.is_aligned and rng.random() >= draws.no_pause
    keep_face, keep_lip = (torch.from_numpy(rng.random(count) >= chance)[:, None] for chance in (draws.no_face, draws.no_lip))
    return FlowBatch(
        tuple(tokens), index, target, speech, generated, mask, torch.from_numpy(rng.random(count) >= draws.no_text),
        face, face_known & keep_face, lips, lips_known & keep_lip, pauses, pauses_known,
        torch.from_numpy(np.stack([cut.spoken.voice for cut in cuts]).astype(np.float32)), _references(cuts, rng),
        torch.tensor([cut.has_voice for cut in cuts]),
    )  # fmt: skip


def _stream(cuts: Sequence[tuple[_Cut, np.ndarray]], frames: int) -> tuple[Tensor, Tensor]:
    """Features of 25 pictures a second at the mel frames of the cuts, and where they are known."""
    width = cuts[0][1].shape[1]
    features, known = torch.zeros(len(cuts), frames, width), torch.zeros(len(cuts), frames, dtype=torch.bool)
    for row, (cut, seen) in enumerate(cuts):
        if len(seen) == 0:
            continue
        placed = to_mel_frames(torch.from_numpy(seen)[None], cut.first + cut.frames)[0, cut.first :]
        pictures = np.clip(((np.arange(cut.frames) + cut.first + 0.5) / FRAMES_PER_S * VIDEO_RATE_HZ).astype(int), 0, len(seen) - 1)
        features[row, : cut.frames] = placed
        known[row, : cut.frames] = torch.from_numpy(cut.spoken.is_seen[pictures])
    return features, known


REFERENCE_FRAMES = 188  # two seconds


def _references(cuts: Sequence[_Cut], rng: np.random.Generator) -> Tensor:
    """Two seconds of each utterance for the learned speaker encoder, repeated where it is shorter."""
    made = torch.zeros(len(cuts), REFERENCE_FRAMES, BANDS)
    for row, cut in enumerate(cuts):
        mel = cut.spoken.mel
        begin = int(rng.integers(0, max(1, len(mel) - REFERENCE_FRAMES)))
        piece = np.resize(mel[begin : begin + REFERENCE_FRAMES], (REFERENCE_FRAMES, BANDS)) if len(mel) >= 1 else mel
        made[row] = torch.from_numpy(piece.astype(np.float32)) * FEATURE_SCALE
    return made

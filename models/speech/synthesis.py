"""Speaking with a voice: utterances in, sound of exactly the frames asked for out. Batched; the same seed says a line the same way.

Enters: tokens with their frames, and whatever else is known of the line: a voice, a prompt to continue, what is seen, drawn pauses. A line's
noise depends on its own seed and length alone; where its frames are a multiple of the coarsest stack's factor, so does its take, whatever stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.speech.bundle import Vocoder, VoiceBundle
from models.speech.fast import FastDecoder, FastField
from models.speech.fusion import Stream
from models.speech.guidance import Scales
from models.speech.solver import TIME_SHIFT, WhetherCancelled, solve
from models.speech.spectrum import FEATURE_SCALE, FRAMES_PER_S
from models.speech.syncvoice import Conditions, GuidedField, SyncVoice
from models.speech.token_durations import TimedTokens, average_durations
from models.speech.tokens import PAD
from models.speech.visual import VIDEO_RATE_HZ, to_mel_frames
from models.speech.zipvoice import frames_of_tokens

REFERENCE_FRAMES = 188  # two seconds are what the learned speaker encoder hears, as in training
LONGEST_FRAMES = 3000  # 32 s in one call; longer texts are said in passages


@dataclass(frozen=True, slots=True)
class Seen:
    """What is seen while a line is said, at 25 pictures a second. `face` (pictures, width), `lips` likewise, either None; `is_seen` (pictures,)
    bool. `start_s`: when the line starts, from the start of the first picture."""

    is_seen: np.ndarray
    face: np.ndarray | None = None
    lips: np.ndarray | None = None
    start_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Prompt:
    """Speech to go on from: `mel` (frames, 100) log-mel, and its tokens. Leaks its language and room: for the same language only."""

    mel: np.ndarray
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Utterance:
    """One line to say in exactly `frames` mel frames. `timed`: frames of every token; None shares them evenly, as published. `voice`: unit vector of
    the frozen speaker encoder; `reference`: (frames, 100) log-mel of that voice. `speech`: (frames,) bool, False where a pause is drawn."""

    tokens: tuple[str, ...]
    frames: int
    timed: TimedTokens | None = None
    voice: np.ndarray | None = None
    reference: np.ndarray | None = None
    seen: Seen | None = None
    speech: np.ndarray | None = None
    prompt: Prompt | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """`samples`: float32 at 24 kHz, frames · 256 of them; `mel` (frames, 100)."""

    samples: np.ndarray
    mel: np.ndarray


class Synthesizer:
    """A voice and a vocoder on one device. `dtype`: what the flow net computes in; noise, sums and sound stay float32. On a CPU the net's fast form
    speaks, made of its weights as they are now."""

    def __init__(self, bundle: VoiceBundle, vocoder: Vocoder, *, device: str = "cpu", dtype: torch.dtype = torch.float32) -> None:
        self.bundle, self.vocoder = bundle, vocoder
        self.device, self.dtype = torch.device(device), dtype
        self.net: SyncVoice = bundle.net.to(self.device)
        self.fast = FastDecoder(self.net.backbone.fm_decoder, dtype) if self.device.type == "cpu" else None

    @torch.inference_mode()
    def say(
        self, utterances: Sequence[Utterance], scales: Scales | Sequence[Scales], *, steps: int = 16, shift: float = TIME_SHIFT,
        is_cancelled: WhetherCancelled | None = None,
    ) -> list[Said]:  # fmt: skip
        """All of them in one batch, each under its own scales where several are given. Raises UnspeakableText for a token the voice lacks, SolverStopped when cancelled."""
        rows = [self._row(utterance) for utterance in utterances]
        longest = max(row.total for row in rows)
        with torch.autocast(self.device.type, dtype=self.dtype, enabled=self.dtype is not torch.float32):
            conditions = self._conditions(rows, longest)
            noise = torch.stack([_noise(row, longest) for row in rows]).to(self.device)
            field = GuidedField(self.net, conditions, scales) if self.fast is None else FastField(self.net, conditions, scales, self.fast)
            made = solve(field, noise, steps, shift=shift, is_cancelled=is_cancelled).float()
        return [self._said(row, made[number]) for number, row in enumerate(rows)]

    def streams_of(self, utterance: Utterance) -> frozenset[Stream]:
        """Which streams really add something to this line: of those given, the ones the voice was trained on."""
        with torch.inference_mode():
            row = self._row(utterance)
            return frozenset(self._conditions([row], row.total).streams)

    def _row(self, utterance: Utterance) -> _Row:
        prompt = utterance.prompt
        table, before = self.bundle.table, 0 if prompt is None else len(prompt.mel)
        tokens = tuple(token for token in (utterance.tokens if utterance.timed is None else utterance.timed.tokens) if token != PAD or utterance.timed is None)
        ids = table.ids(tokens)
        first = [] if prompt is None else table.ids(prompt.tokens)
        total = before + utterance.frames
        if utterance.timed is None:
            index = frames_of_tokens([*first, *ids], average_durations(len(first) + len(ids), total), total)
        else:
            index = torch.cat([frames_of_tokens(first, average_durations(len(first), before), before) if before else torch.zeros(0).long(), _timed_index(utterance.timed, len(first))])
            index[:before][index[:before] == len(first)] = len(first) + len(ids)
        return _Row(utterance, (*first, *ids), index, before, total)

    def _conditions(self, rows: Sequence[_Row], longest: int) -> Conditions:
        tokens = [row.ids for row in rows]
        index = torch.stack([_padded(row.index[:, None].float(), longest, len(row.ids))[:, 0].long() for row in rows])
        mask = torch.stack([torch.arange(longest) >= row.total for row in rows]).to(self.device) if any(row.total < longest for row in rows) else None
        speech = torch.stack([_padded(_context(row), longest, 0.0) for row in rows]).to(self.device)
        text = self.net.backbone.placed_condition(tokens, index)
        given = {
            stream: (features.to(self.device), known.to(self.device))
            for stream, reader in _READERS.items()
            if (pair := _gathered(rows, reader, longest)) is not None
            for features, known in (pair,)
        }
        return Conditions(text, speech, mask, self._voices(rows), self.net.stream_terms(given))

    def _voices(self, rows: Sequence[_Row]) -> Tensor | None:
        """Speaker embeddings, zeros for lines without a voice; None where no line has one."""
        if all(row.utterance.voice is None for row in rows):
            return None
        feat, frozen = self.net.config.backbone.feat_dim, self.net.config.speaker.frozen_dim
        has = torch.tensor([row.utterance.voice is not None for row in rows], device=self.device)
        prints = [np.zeros(frozen, np.float32) if row.utterance.voice is None else row.utterance.voice for row in rows]
        heard = [_reference(row.utterance, feat) for row in rows]
        made = self.net.speaker(torch.from_numpy(np.stack(prints).astype(np.float32)).to(self.device), torch.stack(heard).to(self.device))
        return made * has[:, None].to(made.dtype)

    def _said(self, row: _Row, features: Tensor) -> Said:
        mel = features[row.before : row.total] / FEATURE_SCALE
        samples = self.vocoder.sound_of(mel[None].cpu())[0]
        return Said(samples.clamp(-1.0, 1.0).numpy(), mel.cpu().numpy())


@dataclass(frozen=True, slots=True)
class _Row:
    """One utterance as the net takes it: ids of prompt and text, token per frame, frames of the prompt and of all."""

    utterance: Utterance
    ids: tuple[int, ...]
    index: Tensor
    before: int
    total: int


def _noise(row: _Row, longest: int) -> Tensor:
    drawn = torch.randn(row.total, 100, generator=torch.Generator().manual_seed(row.utterance.seed))
    return _padded(drawn, longest, 0.0)


def _padded(rows: Tensor, longest: int, value: float) -> Tensor:
    return torch.cat([rows, torch.full((longest - len(rows), rows.shape[1]), value, dtype=rows.dtype)])


def _timed_index(timed: TimedTokens, before: int) -> Tensor:
    """Per frame the token said; frames of a pad, wherever it stands, point behind the last token, where the net has its one pad."""
    spoken = [token != PAD for token in timed.tokens]
    places = np.cumsum(spoken) - 1 + before
    last = sum(spoken) + before
    named = np.where(spoken, places, last)
    index = np.full(timed.total_frames, last)
    index[: sum(timed.frames)] = np.repeat(named, timed.frames)
    return torch.from_numpy(index.astype(np.int64))


def _context(row: _Row) -> Tensor:
    speech = torch.zeros(row.total, 100)
    if row.utterance.prompt is not None:
        speech[: row.before] = torch.from_numpy(row.utterance.prompt.mel.astype(np.float32)) * FEATURE_SCALE
    return speech


def _reference(utterance: Utterance, feat: int) -> Tensor:
    heard = utterance.reference
    if heard is None or len(heard) == 0:
        return torch.zeros(REFERENCE_FRAMES, feat)
    return torch.from_numpy(np.resize(heard[:REFERENCE_FRAMES], (REFERENCE_FRAMES, feat)).astype(np.float32)) * FEATURE_SCALE


Pair = tuple[Tensor, Tensor]
_Reader = Callable[[Utterance], Pair | None]


def _pauses(utterance: Utterance) -> Pair | None:
    if utterance.speech is None:
        return None
    return torch.from_numpy(np.where(utterance.speech, 1.0, -1.0).astype(np.float32))[:, None], torch.ones(utterance.frames, dtype=torch.bool)


def _face(utterance: Utterance) -> Pair | None:
    return None if utterance.seen is None or utterance.seen.face is None else _placed(utterance, utterance.seen, utterance.seen.face)


def _lips(utterance: Utterance) -> Pair | None:
    return None if utterance.seen is None or utterance.seen.lips is None else _placed(utterance, utterance.seen, utterance.seen.lips)


def _placed(utterance: Utterance, seen: Seen, features: np.ndarray) -> Pair:
    """Pictures at the line's mel frames. A line that starts between two mel frames of the picture's clock is read at the nearest one; what it
    says before the first picture nobody sees."""
    rows = np.arange(utterance.frames) + round(seen.start_s * FRAMES_PER_S)
    placed = to_mel_frames(torch.from_numpy(features.astype(np.float32))[None], max(1, int(rows[-1]) + 1))[0, rows.clip(min=0)]
    pictures = ((rows + 0.5) / FRAMES_PER_S * VIDEO_RATE_HZ).astype(int)
    known = (rows >= 0) & (pictures < len(seen.is_seen)) & seen.is_seen[pictures.clip(0, len(seen.is_seen) - 1)]
    return placed, torch.from_numpy(known)


_READERS: dict[Stream, _Reader] = {Stream.PAUSE: _pauses, Stream.FACE: _face, Stream.LIP: _lips}


def _gathered(rows: Sequence[_Row], reader: _Reader, longest: int) -> Pair | None:
    """One stream of all rows behind their prompts, (batch, longest, width) and bool (batch, longest); None where no row has it."""
    found = [reader(row.utterance) for row in rows]
    width = next((pair[0].shape[1] for pair in found if pair is not None), None)
    if width is None:
        return None
    features, known = torch.zeros(len(rows), longest, width), torch.zeros(len(rows), longest, dtype=torch.bool)
    for number, (row, pair) in enumerate(zip(rows, found, strict=True)):
        if pair is not None:
            features[number, row.before : row.total], known[number, row.before : row.total] = pair
    return features, known

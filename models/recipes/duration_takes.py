"""A text as espeak-ng says it, phone by phone with its spectra, and how long a person took for the same phones.

Enters: text, language, voice. Leaves: symbols, log-mel frames per symbol and durations in units of 20 ms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.signal import resample_poly

from models.duration.alignment import DurationLimits, cheapest_durations
from models.parts.mel import LogMel, MelConfig
from studio.domain.errors import EngineFailed
from studio.engines.espeak_pool import EspeakPool, EspeakRequest, EspeakSpeech

RATE_HZ, MEL_MS, UNIT_MS = 16_000, 10, 20
SILENT = float(np.log(1e-5))  # the floor of the log-mel
FASTEST_FRAMES, LONGEST_PAUSE_FRAMES = 4, 60  # a person may take up to 4 frames per frame of the voice, and pause 0.6 s


@dataclass(frozen=True, slots=True)
class Take:
    """`word`: index of the word each symbol belongs to, −1 for a pause; `is_inserted`: a pause that the voice did not make."""

    symbols: tuple[str, ...]
    frames: np.ndarray
    parts: np.ndarray
    natural: np.ndarray
    word: np.ndarray
    words: tuple[str, ...]


def timings(pool: EspeakPool, asked: Sequence[EspeakRequest]) -> list[tuple[tuple[str, ...], np.ndarray]]:
    """Symbols and natural durations of many texts, without their sound; texts that come out silent are ().

    Raises EngineFailed."""
    found = []
    for speech in pool.time(asked):
        symbols, spans, _ = _with_pauses(speech)
        found.append((tuple(symbols) if any(symbols) else (), _natural(spans)))
    return found


def make_take(pool: EspeakPool, text: str, voice: str) -> Take:
    """Raises EngineFailed where the voice says nothing."""
    speech = pool.speak(EspeakRequest(text, voice))
    mel = take_mel(speech)
    symbols, spans, words = _with_pauses(speech)
    if not any(symbols):
        raise EngineFailed("espeak-ng", "it said nothing; choose another text.")
    pieces = [_piece(mel, span) for span in spans]
    return Take(
        tuple(symbols), np.concatenate(pieces), np.array([len(piece) for piece in pieces]), _natural(spans), np.array(words),
        tuple(mark.symbol for mark in speech.words),
    )  # fmt: skip


def take_mel(speech: EspeakSpeech) -> np.ndarray:
    """Log-mel at 100 Hz, (frames, 40), of a voice's 22.05 kHz sound."""
    samples = np.frombuffer(speech.pcm, np.int16).astype(np.float64) / 32768
    if len(samples) < RATE_HZ // 100:
        raise EngineFailed("espeak-ng", "it said nothing; choose another text.")
    heard = resample_poly(samples, RATE_HZ, speech.rate_hz) if speech.rate_hz != RATE_HZ else samples
    return mel_of(heard.astype(np.float32))


def mel_of(samples: np.ndarray) -> np.ndarray:
    """Log-mel at 100 Hz of 16 kHz samples −1..1, as the lip scorer hears it."""
    with torch.inference_mode():
        return LogMel(MelConfig())(torch.from_numpy(samples)[None])[0].numpy()


def _with_pauses(speech: EspeakSpeech) -> tuple[list[str], list[tuple[int, int] | None], list[int]]:
    """Symbols with a pause at both ends and between all words; the span of each in ms, None for a pause put in."""
    starts = [mark.start_ms for mark in speech.words]
    symbols, spans, words = [""], [None], [-1]
    for mark in speech.phones:
        word = int(np.searchsorted(starts, mark.start_ms + 1, side="right")) - 1
        if mark.symbol == "":
            if symbols[-1] == "":
                spans[-1] = spans[-1] or (mark.start_ms, mark.end_ms)
                continue
            symbols, spans, words = [*symbols, ""], [*spans, (mark.start_ms, mark.end_ms)], [*words, -1]
            continue
        if words[-1] not in (-1, word):
            symbols, spans, words = [*symbols, ""], [*spans, None], [*words, -1]
        symbols, spans, words = [*symbols, mark.symbol], [*spans, (mark.start_ms, mark.end_ms)], [*words, max(word, 0)]
    if symbols[-1] != "":
        symbols, spans, words = [*symbols, ""], [*spans, None], [*words, -1]
    spans[0] = spans[-1] = None  # silence around a line is the studio's to give
    return symbols, spans, words


def _natural(spans: list[tuple[int, int] | None]) -> np.ndarray:
    return np.array([0.0 if span is None else (span[1] - span[0]) / UNIT_MS for span in spans])


def _piece(mel: np.ndarray, span: tuple[int, int] | None) -> np.ndarray:
    if span is None:
        return np.full((1, mel.shape[1]), SILENT, np.float32)
    first = min(round(span[0] / MEL_MS), len(mel) - 1)
    return mel[first : max(first + 1, round(span[1] / MEL_MS))]


def human_durations(take: Take, mel: np.ndarray, words_ms: list[tuple[float, float]] | None) -> np.ndarray | None:
    """How long a person took for each symbol, in units: the take's spectra laid over the person's, (frames, 40) at 100 Hz of the slot.

    `words_ms`: start and end of each word from the start of the slot, where known; then only the inside of words is aligned. None when
    the words of the voice and of the person do not go together, or no alignment within the limits exists."""
    if words_ms is None:
        return _aligned(take, np.arange(len(take.symbols)), mel)
    if len(words_ms) != len(take.words):
        return None
    units, end_ms = np.zeros(len(take.symbols)), 0.0
    for index, (start, end) in enumerate(words_ms):
        own = np.flatnonzero(take.word == index)
        if len(own) == 0:
            return None
        units[own[0] - 1] += max(0.0, start - end_ms) / UNIT_MS
        piece = mel[round(start / MEL_MS) : round(end / MEL_MS)]
        inside = _aligned(take, own, piece)
        if inside is None:
            return None
        units[own] = inside * (end - start) / UNIT_MS / inside.sum()
        end_ms = end
    units[-1] = max(0.0, MEL_MS * len(mel) - end_ms) / UNIT_MS
    return units


def _aligned(take: Take, own: np.ndarray, mel: np.ndarray) -> np.ndarray | None:
    """Units per symbol of `own`, by the cheapest monotone run of the take's frames over the person's."""
    owner = np.repeat(np.arange(len(take.symbols)), take.parts)
    here = np.flatnonzero(np.isin(owner, own))
    is_silent = take.word[owner[here]] < 0
    prices = _distances(_evened(take.frames)[here], _evened(mel))
    shortest = np.zeros(len(here), np.int64)
    longest = np.where(is_silent, LONGEST_PAUSE_FRAMES, FASTEST_FRAMES)
    if len(mel) == 0 or longest.sum() < len(mel):
        return None
    found = cheapest_durations(prices, DurationLimits(shortest, longest), _rate_prices(is_silent, int(longest.max()))).durations
    units = np.bincount(owner[here], found, minlength=len(take.symbols))[own] * (MEL_MS / UNIT_MS)
    return np.where(take.word[own] >= 0, np.maximum(units, 0.5), units)  # a phone that vanished is said in passing


def _rate_prices(is_silent: np.ndarray, longest: int) -> np.ndarray:
    """A mild price on leaving one frame per frame, so that the alignment does not leap."""
    lengths = np.arange(longest + 1, dtype=np.float64)
    steady = 1.5 * np.log((lengths + 0.5) / 1.5) ** 2
    return np.where(is_silent[:, None], 0.0, steady[None])


def _evened(mel: np.ndarray) -> np.ndarray:
    """Each band with its mean taken out and one common scale, with its change over time beside it, so that voices are alike."""
    if len(mel) == 0:
        return np.zeros((0, 2 * mel.shape[1]))
    floor = np.quantile(mel, 0.95) - 8.0
    held = np.maximum(mel, floor)
    level = (held - held.mean(0)) / (held.std() + 1e-3)
    padded = np.pad(level, ((2, 2), (0, 0)), mode="edge")
    return np.concatenate([level, padded[4:] - padded[:-4]], axis=1)


def _distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.sqrt(np.maximum((first**2).sum(1)[:, None] + (second**2).sum(1)[None] - 2 * first @ second.T, 0.0))

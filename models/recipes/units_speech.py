"""What the unit recipe hears: phrases of a dialogue corpus, spoken by espeak-ng in many voices, and folders of real speech.

Enters tables of line pairs and media files; leaves 16 kHz tensors. Same seed, same voices and disturbances.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.signal import lfilter, resample_poly

from models.translation.data import PairColumns, read_pairs
from models.units.features import RATE_HZ
from studio.domain.errors import StudioError
from studio.domain.line import VoiceRef
from studio.engines.voice_protocols import Mark
from studio.engines.speaker_espeak import EspeakSpeaker
from studio.media.decode import SoundQuery, audio_blocks

MEDIA = (".flac", ".m4a", ".mkv", ".mov", ".mp3", ".mp4", ".ogg", ".wav", ".webm")
WANTED_LETTERS = {"en": re.compile(r"[A-Za-z' ,.?!-]+"), "zh": re.compile(r"[\u4e00-\u9fff，。？！]+")}
LONGEST = {"en": 6, "zh": 9}  # words, characters
SOURCE_VARIANTS = 10  # of the voices on offer per language; the ones after them are kept for the test
TEST_VARIANTS = 3
TABLE_COLUMNS = PairColumns(0, 2, 3)  # document, line, zh, en


@dataclass(frozen=True, slots=True)
class Phrase:
    """A text and its usual translation. `count`: how often the corpus has the text."""

    text: str
    translation: str
    count: int


@dataclass(frozen=True, slots=True)
class Utterance:
    """`samples`: (n,) float32 at 16 kHz. `phones` with times in ms."""

    samples: torch.Tensor
    phones: tuple[Mark, ...]


def frequent_phrases(table: Path, directions: Sequence[str], count: int, longest: dict[str, int] | None = None) -> dict[str, list[Phrase]]:
    """By direction ("en-zh"): the `count` most frequent short lines of its first language, each with its most frequent translation."""
    limits = LONGEST if longest is None else longest
    seen: dict[str, dict[str, Counter[str]]] = {direction: defaultdict(Counter) for direction in directions}
    for pair in read_pairs(table, TABLE_COLUMNS):
        sides = {"zh": pair.first.replace(" ", "，"), "en": pair.second}
        if all(_length(text, language) <= limits[language] and WANTED_LETTERS[language].fullmatch(text) for language, text in sides.items()):
            spoken = {language: _spoken(text) for language, text in sides.items()}
            for direction in directions:
                source, target = direction.split("-")
                seen[direction][spoken[source]][spoken[target]] += 1
    found = {}
    for direction, texts in seen.items():
        ranked = sorted(texts.items(), key=lambda item: (-item[1].total(), item[0]))[:count]
        found[direction] = [Phrase(text, _usual(translations), translations.total()) for text, translations in ranked if text]
    return found


def _usual(translations: Counter[str]) -> str:
    """The translation most often given."""
    return min(translations.items(), key=lambda item: (-item[1], item[0]))[0]


def _spoken(text: str) -> str:
    """A text as far as it is heard: small letters, no punctuation at the ends, no dashes."""
    return " ".join(re.sub(r"[-.]+", " ", text.lower()).split()).strip(" ,.?!，。？！'")


def _length(text: str, language: str) -> int:
    return text.count(" ") + 1 if language == "en" else len(text)


class Voices:
    """espeak-ng as a source of training speech: one plain voice per language to learn to speak, many to learn to hear."""

    def __init__(self, speaker: EspeakSpeaker | None = None) -> None:
        self._speaker = EspeakSpeaker() if speaker is None else speaker

    def target(self, language: str) -> VoiceRef:
        return self._speaker.voices(language)[0].ref

    def drawn(self, language: str, generator: np.random.Generator, *, is_test: bool = False) -> VoiceRef:
        """A voice to hear, of a kind that training has (or, for the test, has not), at any pitch and pace."""
        offers = self._speaker.voices(language)[: SOURCE_VARIANTS + TEST_VARIANTS]
        offers = offers[-TEST_VARIANTS:] if is_test else offers[:-TEST_VARIANTS]
        ref = offers[int(generator.integers(len(offers)))].ref
        return VoiceRef(ref.engine, ref.voice, float(generator.uniform(0.8, 1.3)), float(generator.uniform(0.6, 1.5)))

    def say(self, text: str, language: str, voice: VoiceRef) -> Utterance:
        """Speech from the first phone to the last. Raises EngineFailed."""
        speech = self._speaker.speak(text, language, voice)
        samples = resample_poly(speech.audio.samples, RATE_HZ, speech.audio.rate_hz).astype(np.float32)
        last_ms = max((mark.end_ms for mark in speech.phones if mark.symbol), default=speech.audio.length_ms)
        return Utterance(torch.from_numpy(samples[: max(last_ms, 40) * RATE_HZ // 1000]), speech.phones)


def disturbed(samples: torch.Tensor, generator: np.random.Generator) -> torch.Tensor:
    """As another room and microphone would have it: silence round it, and `coloured`."""
    ends = generator.integers(0, RATE_HZ // 4, 2)
    return coloured(torch.nn.functional.pad(samples, (int(ends[0]), int(ends[1]))), generator)


def coloured(samples: torch.Tensor, generator: np.random.Generator) -> torch.Tensor:
    """The same length with a tilted spectrum and noise 15 to 45 dB below."""
    tilted = lfilter([1.0, float(generator.uniform(-0.5, 0.5))], [1.0, float(generator.uniform(-0.3, 0.3))], samples.numpy())
    level = float(np.sqrt(np.mean(np.square(tilted)))) * 10 ** (-float(generator.uniform(15, 45)) / 20)
    noise = lfilter([1.0], [1.0, -float(generator.uniform(0, 0.9))], generator.standard_normal(len(tilted)))
    return torch.from_numpy((tilted + level * noise / max(noise.std(), 1e-6)).astype(np.float32))


def real_speech(folders: Sequence[Path], limit: int, seconds: int = 8) -> Iterator[torch.Tensor]:
    """Up to `limit` files of the folders, evenly spread, the first seconds of each; files without sound are passed over."""
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.suffix.lower() in MEDIA)
    step = max(1, len(files) // max(1, limit))
    for path in files[::step][:limit]:
        try:
            blocks = list(audio_blocks(SoundQuery(path, rate_hz=RATE_HZ, channels=1, length_ms=1000 * seconds)))
        except StudioError:
            continue
        samples = torch.from_numpy(np.concatenate(blocks)[:, 0].copy())
        samples = samples[: int(torch.nonzero(samples).max()) + 1] if bool(samples.any()) else samples[:0]
        if len(samples) > RATE_HZ // 2:
            yield samples

"""Where the voice learns from: recorded people with word times, recorded speech with a transcript, and espeak-ng's own voices.

Each source yields `Spoken`: samples, tokens with their times and what is known of the speaker. A new source is one more function.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import gcd
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

from models.recipes.voice_alignment import TimedTokens, WordTime, fitted_to_words, shifted, stretched, token_times
from models.recipes.voice_sentences import sentences
from models.speech.recogniser import as_spoken
from models.speech.spectrum import RATE_HZ
from studio.engines import espeak_pool
from studio.engines.espeak_phones import EspeakPhones
from studio.engines.espeak_pool import EspeakPool, EspeakRequest, EspeakSpeech
from studio.media.decode import SoundQuery, audio_blocks

LANGUAGE, VOICE = "en-us", "gmw/en-US"
DRAFT_VARIANTS = ("", "+f2", "+m3", "+f4", "+m7", "+f5")
DRAFT_LICENCE = "synthetic (espeak-ng)"
GRID_LICENCE = "CC BY 4.0"
PAUSES = ("sil", "sp")
EDGE_S = 0.15  # of near silence round a draft voice
ROOM_LEVEL = 10 ** (-75 / 20)  # noise under a draft voice: no room is digitally silent
SPEECH_DROP_DB = 35.0  # what is softer than this below the loudest is not speech


@dataclass(frozen=True, slots=True)
class Spoken:
    """One utterance. `samples`: (n,) float32 −1..1 at 24 kHz; `aligned`: whether the token times are known, not guessed.
    `lips`: a file of lip features of the same moment, or None."""

    name: str
    speaker: str
    group: str
    tier: str
    licence: str
    split: str
    text: str
    samples: np.ndarray
    timed: TimedTokens
    aligned: bool
    lips: Path | None = None


class Reader:
    """espeak-ng as the reader of every text: its tokens, and how it would time them."""

    def __init__(self, pool: EspeakPool) -> None:
        self.pool = pool
        self._phones = EspeakPhones(pool)

    def tokens(self, text: str) -> list[str]:
        return list(self._phones(text, LANGUAGE))

    def read(self, text: str, request: EspeakRequest | None = None) -> tuple[TimedTokens, EspeakSpeech]:
        """The tokens of a text at the times of a voice. Raises EngineFailed, ValueError where tokens and speech differ."""
        asked = EspeakRequest(text, VOICE) if request is None else request
        speech = self.pool.speak(asked)
        return token_times(self.tokens(text), speech.phones), speech


def ranked(name: str) -> tuple[int, str]:
    """Order of names by hash. Those of the tenth that the lip scorer never learns from (`models.recipes.syncnet`) come first, so that
    what is tested here is judged by a scorer that has not seen it."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    return int(digest, 16) % 10, digest


def splits(names: Sequence[str], test: int, valid: int) -> dict[str, str]:
    """By name alone: the first `test` of the order above, the next `valid`, the rest to train on."""
    order = sorted(names, key=ranked)
    return {name: "test" if place < test else "valid" if place < test + valid else "train" for place, name in enumerate(order)}


def read_word_times(path: Path) -> dict[str, tuple[WordTime, ...]]:
    """`clip, start_s, end_s, word` with a header, tab-separated; pauses are left out."""
    found: dict[str, list[WordTime]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["word"] not in PAUSES:
                found.setdefault(row["clip"], []).append(WordTime(float(row["start_s"]), float(row["end_s"]), row["word"]))
    return {clip: tuple(words) for clip, words in found.items()}


def sound_of(path: Path) -> np.ndarray:
    """(samples,) float32 at 24 kHz. Raises MediaToolFailed."""
    return np.concatenate([block[:, 0] for block in audio_blocks(SoundQuery(path, rate_hz=RATE_HZ, channels=1))])


@dataclass(frozen=True, slots=True)
class GridFolder:
    """Clips of one speaker with word times. `lips`: a folder of `models.recipes.lip_features`; its file names are the clips' names, or
    end in them after `_`."""

    videos: Path
    speaker: str
    lips: Path | None
    test: int = 50
    valid: int = 30


def from_grid(folder: GridFolder, reader: Reader) -> Iterator[Spoken | str]:
    """Utterances with the speaker's own word times; a sentence for a clip that cannot be used."""
    words = read_word_times(folder.videos / "words.tsv")
    lips = {} if folder.lips is None else {path.stem.rsplit("_", 1)[-1]: path for path in sorted(folder.lips.glob("*.npz")) if not path.stem.startswith("c_")}
    names = {clip: lips[clip].stem if clip in lips else f"{folder.speaker}_{clip}" for clip in words}
    fold = splits(list(names.values()), folder.test, folder.valid)
    for clip, timed_words in words.items():
        text = as_spoken([word.word for word in timed_words])
        try:
            timed = fitted_to_words(_word_by_word(reader, text), timed_words)
        except ValueError as error:
            yield f"{clip}: {error}"
            continue
        name = names[clip]
        samples = sound_of(folder.videos / f"{clip}.mp4")
        yield Spoken(name, folder.speaker, folder.speaker, "A", GRID_LICENCE, fold[name], text, samples, timed, True, lips.get(clip))


def _word_by_word(reader: Reader, text: str) -> TimedTokens:
    """The line as read at once where its words stay apart in it."""
    return reader.read(text)[0]


def from_speech(index: Path, reader: Reader, tiers: Sequence[str]) -> Iterator[Spoken | str]:
    """English recordings with a transcript; their token times are espeak-ng's, stretched over what is loud enough to be speech."""
    with index.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["language"] == "en" and row["transcript"] and row["tier"] in tiers]
    for row in rows:
        name, samples = "s_" + row["file"].rsplit(".", 1)[0].replace("/", "__"), sound_of(index.parent / row["file"])
        try:
            timed, _ = reader.read(row["transcript"])
        except ValueError as error:
            yield f"{name}: {error}"
            continue
        samples = _with_edges(samples, name)
        timed = stretched(timed, *voiced_span_s(samples))
        yield Spoken(name, row["speaker"], row["group"], row["tier"], row["licence"], "train", row["transcript"], samples, timed, False)


def voiced_span_s(samples: np.ndarray, frame: int = 240) -> tuple[float, float]:
    """First and last moment within SPEECH_DROP_DB of the loudest 10 ms."""
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame)
    level = 10 * np.log10(np.square(frames, dtype=np.float64).mean(1) + 1e-12)
    loud = np.flatnonzero(level > level.max() - SPEECH_DROP_DB)
    return float(loud[0]) * frame / RATE_HZ, float(loud[-1] + 1) * frame / RATE_HZ


def from_drafts(count: int, seed: int, reader: Reader) -> Iterator[Spoken | str]:
    """`count` sentences in espeak-ng's voices, each at its own pace and pitch, with exact times."""
    chance = np.random.default_rng(seed)
    for number, text in enumerate(sentences(count, seed)):
        variant = DRAFT_VARIANTS[number % len(DRAFT_VARIANTS)]
        rate_wpm, pitch = round(espeak_pool.NATURAL_RATE_WPM * chance.uniform(0.8, 1.25)), round(float(chance.uniform(42, 58)))
        name = f"e_{number:05d}"
        try:
            timed, speech = reader.read(text, EspeakRequest(text, VOICE + variant, rate_wpm, pitch))
        except ValueError as error:
            yield f"{name}: {error}"
            continue
        samples = _with_edges(_at_rate(np.frombuffer(speech.pcm, np.int16).astype(np.float32) / 32768, speech.rate_hz), name)
        speaker = "espeak" + (variant.replace("+", "-") or "-m0")
        fold = "valid" if number % 50 == 0 else "train"
        yield Spoken(name, speaker, "espeak-ng", "A", DRAFT_LICENCE, fold, text, samples, shifted(timed, EDGE_S), True)


def _at_rate(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    shared = gcd(RATE_HZ, rate_hz)
    return resample_poly(samples, RATE_HZ // shared, rate_hz // shared).astype(np.float32)


def _with_edges(samples: np.ndarray, name: str) -> np.ndarray:
    """EDGE_S of near silence at both ends and the noise of a room under all of it, the same for a name each time."""
    noise = np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]))
    padded = np.pad(samples, round(EDGE_S * RATE_HZ))
    return (padded + ROOM_LEVEL * noise.standard_normal(len(padded))).astype(np.float32)

"""What the vocoder recipe hears: sounds of any folders at 24 kHz and lines spoken by espeak-ng, with their pitch, kept in one file; crops of them.

Every 20th sound is kept out of training. Batch s is a function of (seed, s) alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.signal import resample_poly
from torch import Tensor

from models.recipes.units_speech import MEDIA, Voices
from models.recipes.vocoder_pitch import track_pitch
from models.speech.pulse_vocos import Steering
from models.speech.spectrum import HOP, RATE_HZ
from studio.domain.errors import StudioError
from studio.engines.speaker_espeak import EspeakSpeaker
from studio.media.decode import SoundQuery, audio_blocks

HELD_OUT_EVERY = 20
VOICED_PERIODICITY = 0.55
FULL_SCALE = 16_384  # of 16 bits; sounds may be louder than ±1
QUIETEST_LEVEL, SHORTEST_S, LONGEST_S = 3e-3, 0.5, 12
GAIN_DB = (-12.0, 3.0)


@dataclass(frozen=True, slots=True)
class Sound:
    """`samples` (256 · frames,) int16; `hz` and `periodicity` (frames,); `hz` runs on through what has no pitch."""

    name: str
    samples: np.ndarray
    hz: np.ndarray
    periodicity: np.ndarray

    @property
    def frames(self) -> int:
        return len(self.hz)


@dataclass(frozen=True, slots=True)
class Batch:
    """`samples` (batch, 256 · frames), of which the last hop only rounds off the last mel frame; `steering` and `noise` for the net."""

    samples: Tensor
    steering: Steering
    noise: Tensor


def sound_of(name: str, samples: np.ndarray) -> Sound | None:
    """None for what is too short or too quiet to learn from."""
    samples = samples[: len(samples) // HOP * HOP]
    if len(samples) < SHORTEST_S * RATE_HZ or float(np.sqrt(np.mean(np.square(samples)))) < QUIETEST_LEVEL:
        return None
    track = track_pitch(samples)
    is_voiced, frames = track.periodicity > VOICED_PERIODICITY, np.arange(len(track.hz))
    if not is_voiced.any():
        return None
    hz = np.exp(np.interp(frames, frames[is_voiced], np.log(track.hz[is_voiced]))).astype(np.float32)
    whole = (samples * FULL_SCALE).clip(-32768, 32767).astype(np.int16)
    return Sound(name, whole, hz, track.periodicity)


def sounds_in(folders: Sequence[Path]) -> Iterator[Sound]:
    """Every file with sound, mono at 24 kHz, the first seconds of each; what cannot be read is passed over."""
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.suffix.lower() in MEDIA):
        try:
            blocks = list(audio_blocks(SoundQuery(path, rate_hz=RATE_HZ, channels=1, length_ms=1000 * LONGEST_S)))
        except StudioError:
            continue
        samples = np.concatenate(blocks)[:, 0]
        heard = np.flatnonzero(samples)
        found = sound_of(path.stem, samples[: heard[-1] + 1]) if len(heard) else None
        if found is not None:
            yield found


def spoken(lines: Sequence[tuple[str, str]], seed: int) -> Iterator[Sound]:
    """(language, text) lines in drawn voices of espeak-ng, every other in the plain voice of its language."""
    speaker = EspeakSpeaker()
    voices = Voices(speaker)
    for number, (language, text) in enumerate(lines):
        draw = np.random.default_rng((seed, number))
        voice = voices.target(language) if number % 2 == 0 else voices.drawn(language, draw)
        audio = speaker.speak(text, language, voice).audio
        found = sound_of(f"espeak-{language}-{number}", resample_poly(audio.samples, RATE_HZ, audio.rate_hz).astype(np.float32))
        if found is not None:
            yield found


def save_sounds(path: Path, sounds: Sequence[Sound]) -> None:
    beside = path.with_name("making.npz")
    np.savez(
        beside, names=np.array([one.name for one in sounds]), frames=np.array([one.frames for one in sounds]),
        samples=np.concatenate([one.samples for one in sounds]), hz=np.concatenate([one.hz for one in sounds]),
        periodicity=np.concatenate([one.periodicity for one in sounds]),
    )  # fmt: skip
    beside.replace(path)


def load_sounds(path: Path) -> list[Sound]:
    found, at = [], 0
    with np.load(path, allow_pickle=False) as kept:
        samples, hz, periodicity = kept["samples"], kept["hz"], kept["periodicity"]
        for name, frames in zip(kept["names"], kept["frames"], strict=True):
            part = slice(at, at + frames)
            found.append(Sound(str(name), samples[at * HOP : (at + frames) * HOP], hz[part], periodicity[part]))
            at += frames
    return found


def split(sounds: Sequence[Sound]) -> tuple[list[Sound], list[Sound]]:
    """To learn from, and every 20th to be judged on (one at least, where there are two)."""
    kept_out = [one for number, one in enumerate(sounds) if number % HELD_OUT_EVERY == HELD_OUT_EVERY // 2]
    if not kept_out:
        return list(sounds[:-1]) or list(sounds), list(sounds[-1:])
    return [one for number, one in enumerate(sounds) if number % HELD_OUT_EVERY != HELD_OUT_EVERY // 2], kept_out


def crops(sounds: Sequence[Sound], frames: int, batch: int, generator: np.random.Generator) -> Batch:
    """Pieces drawn by length, at any loudness; sounds shorter than a crop are not drawn."""
    usable = [one for one in sounds if one.frames >= frames]
    if not usable:
        raise ValueError(f"No sound is as long as a crop of {frames} frames; name longer recordings or shorter crops.")
    weight = np.array([one.frames for one in usable], dtype=np.float64)
    chosen = [usable[int(number)] for number in generator.choice(len(usable), batch, p=weight / weight.sum())]
    starts = [int(generator.integers(0, one.frames - frames + 1)) for one in chosen]
    gains = 10 ** (generator.uniform(*GAIN_DB, batch) / 20) / FULL_SCALE
    samples = [one.samples[start * HOP : (start + frames) * HOP] * gain for one, start, gain in zip(chosen, starts, gains, strict=True)]
    steering = Steering(
        torch.from_numpy(np.stack([one.hz[start : start + frames] for one, start in zip(chosen, starts, strict=True)])),
        torch.from_numpy(np.stack([one.periodicity[start : start + frames] > VOICED_PERIODICITY for one, start in zip(chosen, starts, strict=True)])).float(),
    )
    noise = torch.from_numpy(generator.standard_normal((batch, (frames - 1) * HOP)).astype(np.float32))
    return Batch(torch.from_numpy(np.stack(samples).astype(np.float32)), steering, noise)

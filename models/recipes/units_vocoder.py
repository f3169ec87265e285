"""Step `vocoder` of the unit recipe: the unit vocoder learns the target voices of espeak-ng from phrases they say.

The pitch of the original drives the pulse train while learning, so that spectra can be compared; the net learns that pitch beside it.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from models.parts.mel import LogMel, MelConfig
from models.recipes.units_speech import Phrase, Voices
from models.recipes.units_training import train
from models.units.encoder import UnitEncoder, open_encoder
from models.units.features import HOP, Pitch, track_pitch
from models.units.kmeans import deduplicate
from models.units.losses import duration_loss, mel_distance, pitch_loss, spectral_loss
from models.units.vocoder import Controls, UnitVocoder, VocoderConfig, save_vocoder

CROP_UNITS = 48
PACES = (1.0, 1.0, 0.85, 1.2)  # natural twice: only natural speech teaches durations


@dataclass(frozen=True, slots=True)
class Said:
    """One phrase of a target voice: `units` (frames,), `samples` (320 · frames,), pitch per frame. `is_natural`: at the voice's own pace."""

    voice: int
    units: Tensor
    samples: Tensor
    pitch: Pitch
    is_natural: bool


def say_all(phrases: Mapping[str, Sequence[Phrase]], encoder: UnitEncoder, voices: Voices, languages: Sequence[str]) -> list[Said]:
    """The phrases of every direction, in the target voice of their own language."""
    said = []
    for direction, some in phrases.items():
        language = direction.split("-")[0]
        for number, phrase in enumerate(some):
            pace = PACES[number % len(PACES)]
            samples = voices.say(phrase.text, language, replace(voices.target(language), rate_ratio=pace)).samples
            frames = len(samples) // HOP
            if frames > 4:
                units = encoder.units_of(samples)
                said.append(Said(languages.index(language), units, samples[: frames * HOP], track_pitch(samples), pace == 1.0))
    return said


def save_said(path: Path, said: Sequence[Said]) -> None:
    """Sound as 16 bits, so that hours fit; pitch is found again on loading."""
    beside = path.with_name("making.npz")
    np.savez(
        beside, samples=np.concatenate([(one.samples.numpy() * 32767).astype(np.int16) for one in said]),
        units=np.concatenate([one.units.numpy() for one in said]), frames=np.array([len(one.units) for one in said]),
        voices=np.array([one.voice for one in said]), natural=np.array([one.is_natural for one in said]),
    )  # fmt: skip
    beside.replace(path)


def load_said(path: Path) -> list[Said]:
    said, at = [], 0
    with np.load(path, allow_pickle=False) as kept:
        samples, units = kept["samples"], kept["units"]
        for frames, voice, is_natural in zip(kept["frames"], kept["voices"], kept["natural"], strict=True):
            sound = torch.from_numpy(samples[at * HOP : (at + frames) * HOP].astype(np.float32) / 32767)
            said.append(Said(int(voice), torch.from_numpy(units[at : at + frames].copy()), sound, track_pitch(sound), bool(is_natural)))
            at += frames
    return said


def train_vocoder(run: argparse.Namespace, phrases: Mapping[str, Sequence[Phrase]], voices: Voices) -> None:
    """Until the minutes are up; writes `vocoder/` in the run's folder."""
    encoder, path = open_encoder(run.out / "encoder"), run.out / "said.npz"
    torch.manual_seed(run.seed)
    net = UnitVocoder(_config(run, encoder.count))
    if not path.exists():
        wanted = {direction: some[: run.phrases : max(1, run.phrases // run.spoken)] for direction, some in phrases.items()}
        save_said(path, say_all(wanted, encoder, voices, net.config.voices))
    said, mel = load_said(path), LogMel(MelConfig(bands=80))
    print(f"{sum(weight.numel() for weight in net.parameters())} weights, {sum(len(one.units) for one in said) / 3000:.1f} minutes of speech", flush=True)
    steps = train(run, net, lambda step: _loss(net, said, mel, np.random.default_rng((run.seed, step)), run.batch // 4), run.out / "vocoder.pt")
    save_vocoder(net, run.out / "vocoder", half=True)
    print(f"vocoder: {steps} steps", flush=True)


def _loss(net: UnitVocoder, said: Sequence[Said], mel: LogMel, generator: np.random.Generator, batch: int) -> Tensor:
    chosen = [said[int(index)] for index in generator.integers(0, len(said), batch)]
    voices = torch.tensor([one.voice for one in chosen])
    units, samples, pitch = _crops(chosen, generator)
    controls = net.controls(net.dict(units), voices)
    hz = torch.where(pitch.is_voiced, pitch.hz, torch.exp(controls.log_hz.detach()[:, ::2])).repeat_interleave(2, dim=1)
    led = Controls(hz.clamp(50, 500).log(), controls.voicing, controls.tone, controls.noise)
    made = torch.tanh(net.render(led, torch.Generator().manual_seed(int(generator.integers(2**31)))))
    return spectral_loss(made, samples) + mel_distance(made, samples, mel) + 2 * pitch_loss(controls, pitch) + _timing(net, chosen)


def _crops(chosen: Sequence[Said], generator: np.random.Generator) -> tuple[Tensor, Tensor, Pitch]:
    """Equal pieces: units (batch, 48), samples (batch, 48 · 320), pitch (batch, 48); short phrases go round and round."""
    units, samples, pitches = [], [], []
    for one in chosen:
        repeats = -(-CROP_UNITS // len(one.units))
        start = int(generator.integers(0, repeats * len(one.units) - CROP_UNITS + 1))
        part = slice(start, start + CROP_UNITS)
        units.append(one.units.repeat(repeats)[part])
        samples.append(one.samples.repeat(repeats)[start * HOP : (start + CROP_UNITS) * HOP])
        pitches.append(torch.stack([one.pitch.hz, one.pitch.periodicity, one.pitch.is_voiced.float()]).repeat(1, repeats)[:, part])
    hz, periodicity, is_voiced = torch.stack(pitches, dim=1)
    return torch.stack(units), torch.stack(samples), Pitch(hz, periodicity, is_voiced > 0.5)


def _timing(net: UnitVocoder, chosen: Sequence[Said]) -> Tensor:
    """The duration loss over the phrases said at the voice's own pace."""
    natural = [one for one in chosen if one.is_natural]
    if not natural:
        return torch.zeros(())
    runs = [deduplicate(one.units) for one in natural]
    units = nn.utils.rnn.pad_sequence([one.units for one in runs], batch_first=True)
    lengths = nn.utils.rnn.pad_sequence([one.lengths for one in runs], batch_first=True)
    return duration_loss(net.log_durations(units, lengths > 0, torch.tensor([one.voice for one in natural])), lengths, lengths > 0)


def _config(run: argparse.Namespace, units: int) -> VocoderConfig:
    return VocoderConfig(units, width=32, blocks=1, fine_blocks=1, harmonics=20) if run.smoke else VocoderConfig(units)

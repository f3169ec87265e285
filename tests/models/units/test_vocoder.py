"""The vocoder makes 320 samples a unit, sings the pitch it is told, passes gradients to its units, and learns from its losses."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from models.checkpoint import BadWeights
from models.parts.mel import LogMel, MelConfig
from models.units.features import Pitch, track_pitch
from models.units.losses import duration_loss, mel_distance, pitch_loss, spectral_loss
from models.units.vocoder import Controls, open_vocoder, pulses, save_vocoder
from tests.tiny_units import UNITS, speech_like, tiny_vocoder

FRAMES = torch.tensor([1, 1, 1, 5, 5, 9, 9, 9, 2, 2])
MEL = LogMel(MelConfig(bands=20))


def test_a_unit_is_twenty_milliseconds_and_one_seed_one_sound() -> None:
    vocoder = tiny_vocoder()
    made = vocoder.speak(FRAMES, "zh")
    assert made.shape == (320 * len(FRAMES),)
    assert bool(torch.isfinite(made).all())
    assert 0 < float(made.abs().max()) <= 1
    assert torch.equal(made, vocoder.speak(FRAMES, "zh"))
    assert not torch.equal(made, vocoder.speak(FRAMES, "zh", seed=1))
    assert not torch.equal(made, vocoder.speak(FRAMES, "en"))


def test_the_source_sings_the_pitch_it_is_told_and_nothing_above_half_the_rate() -> None:
    hz = torch.full((1, 16_000), 150.0)
    made = pulses(hz, 100)[0]
    pitch = track_pitch(made * 0.1)
    assert float((pitch.hz[5:-5] / 150 - 1).abs().max()) < 0.01
    spectrum = torch.fft.rfft(made).abs()
    harmonics = spectrum[150:7600:150]
    assert float(harmonics.min()) > 100 * float(spectrum[75:7600:150].max())
    assert float(spectrum[7900:].max()) < 0.01 * float(harmonics.max())


def test_filters_shape_the_sound_as_they_are_told() -> None:
    vocoder = tiny_vocoder()
    frames, bands = 60, vocoder.config.bands
    low = torch.linspace(2, -8, bands).expand(1, frames, bands)
    controls = Controls(torch.full((1, frames), 120.0).log(), torch.full((1, frames), 6.0), low, torch.full((1, frames, bands), -12.0))
    spectrum = torch.fft.rfft(vocoder.render(controls, torch.Generator().manual_seed(0))[0]).abs()
    assert float(spectrum[: len(spectrum) // 4].mean()) > 20 * float(spectrum[len(spectrum) // 2 :].mean())


def test_the_sound_has_a_gradient_to_its_units_even_when_they_are_mixed() -> None:
    vocoder = tiny_vocoder()
    mixed = torch.softmax(torch.randn(1, 12, UNITS, generator=torch.Generator().manual_seed(0)), dim=2) @ vocoder.dict.weight
    mixed = mixed.detach().requires_grad_()
    vocoder(mixed, torch.tensor([0]), torch.Generator().manual_seed(0)).square().sum().backward()
    assert bool((mixed.grad.abs().sum(2) > 0).all())


def test_durations_are_real_and_positive() -> None:
    durations = tiny_vocoder().durations(torch.tensor([1, 5, 9, 2]), "en")
    assert durations.shape == (4,)
    assert bool((durations > 0).all())


def test_losses_are_zero_for_what_is_wanted_and_grow_with_distance() -> None:
    speech = torch.from_numpy(speech_like(0.5))[None]
    assert float(spectral_loss(speech, speech)) == 0.0
    assert float(mel_distance(speech, speech, MEL)) == 0.0
    assert 0 < float(spectral_loss(speech * 0.9, speech)) < float(spectral_loss(speech * 0.3, speech))
    lengths, keep = torch.tensor([[2, 3, 0]]), torch.tensor([[True, True, False]])
    assert float(duration_loss(torch.log1p(lengths.float()), lengths, keep)) == 0.0
    assert float(duration_loss(torch.log1p(lengths.float()) + torch.tensor([[0.0, 1.0, 9.0]]), lengths, keep)) == pytest.approx(0.5)


def test_the_pitch_loss_counts_voiced_frames_only() -> None:
    wanted = Pitch(torch.tensor([[100.0, 333.0]]), torch.tensor([[0.9, 0.1]]), torch.tensor([[True, False]]))
    flat, zero = torch.full((1, 4), 100.0).log(), torch.zeros(1, 4, 10)
    sure = torch.tensor([[20.0, 20.0, -20.0, -20.0]])
    assert float(pitch_loss(Controls(flat, sure, zero, zero), wanted)) == pytest.approx(0.0, abs=1e-5)
    assert float(pitch_loss(Controls(flat + 0.5, sure, zero, zero), wanted)) == pytest.approx(0.5, abs=1e-5)


def test_a_few_steps_bring_the_sound_nearer() -> None:
    vocoder, speech = tiny_vocoder().train(), torch.from_numpy(speech_like(0.4))[None]
    units, voices = torch.arange(20)[None] % UNITS, torch.tensor([1])
    optimizer, seen = torch.optim.AdamW(vocoder.parameters(), lr=1e-2), []
    for _ in range(12):
        loss = mel_distance(vocoder(vocoder.dict(units), voices, torch.Generator().manual_seed(0)), speech, MEL)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        seen.append(loss.item())
    assert seen[-1] < 0.8 * seen[0]


def test_a_saved_vocoder_sounds_alike_and_others_are_refused(tmp_path: Path) -> None:
    vocoder = tiny_vocoder()
    save_vocoder(vocoder, tmp_path / "vocoder", half=True)
    opened = open_vocoder(tmp_path / "vocoder")
    assert opened.config == vocoder.config
    assert float(mel_distance(opened.speak(FRAMES, "en")[None], vocoder.speak(FRAMES, "en")[None], MEL)) < 0.1
    with pytest.raises(ValueError, match="speaks en, zh, not fr"):
        opened.speak(FRAMES, "fr")
    (tmp_path / "vocoder" / "config.json").write_text('{"bands": 3}')
    with pytest.raises(BadWeights, match="does not describe a unit vocoder"):
        open_vocoder(tmp_path / "vocoder")

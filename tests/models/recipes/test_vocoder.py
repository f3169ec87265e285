"""The vocoder recipe: what it hears, what it is taught by, and a run that goes on where it stopped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from models.checkpoint import read_training_state
from models.recipes.vocoder import main, parse_flags, train
from models.recipes.vocoder_data import FULL_SCALE, Sound, crops, load_sounds, save_sounds, sound_of, sounds_in, split, spoken
from models.recipes.vocoder_losses import Judges, MultiMel, fooling_loss, judges_loss, matching_loss
from models.recipes.vocoder_pitch import track_pitch
from models.speech.spectrum import HOP, RATE_HZ
from studio.engines.protocols import Audio
from studio.media.wav import write_wav


def buzz(hz: float, seconds: float = 1.0) -> np.ndarray:
    time_s = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return (0.1 * sum(np.cos(2 * np.pi * k * hz * time_s) / k for k in range(1, 20))).astype(np.float32)


def flags(out: Path, *more: str) -> list[str]:
    return ["--out", str(out), "--dim", "16", "--layers", "1", "--batch", "2", "--adversary-from", "1", "--minutes", "1", *more]


@pytest.mark.parametrize("hz", [70.0, 118.0, 231.0, 430.0])
def test_pitch_is_found_to_a_few_cents(hz: float) -> None:
    track = track_pitch(buzz(hz))
    assert len(track.hz) == 94
    assert float(np.abs(1200 * np.log2(track.hz[4:-4] / hz)).max()) < 5
    assert float(track.periodicity[4:-4].min()) > 0.95


def test_noise_has_no_pitch_to_speak_of() -> None:
    noise = np.random.default_rng(0).standard_normal(RATE_HZ).astype(np.float32) * 0.1
    assert float(np.median(track_pitch(noise).periodicity)) < 0.4


def test_a_rumble_and_the_silence_between_words_have_no_pitch() -> None:
    time_s = np.arange(RATE_HZ) / RATE_HZ
    rumble = (0.2 * np.sin(2 * np.pi * 12 * time_s) + 0.001 * np.random.default_rng(0).standard_normal(RATE_HZ)).astype(np.float32)
    assert float((track_pitch(rumble).periodicity > 0.55).mean()) < 0.1
    hummed = np.concatenate([buzz(120), 0.003 * buzz(100)])
    assert float(track_pitch(hummed).periodicity[100:].max()) == 0
    assert float(track_pitch(hummed).periodicity[4:88].min()) > 0.9


def test_folders_are_heard_but_for_silence_and_what_is_no_sound(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", Audio(buzz(110), RATE_HZ))
    write_wav(tmp_path / "b.wav", Audio(np.zeros(RATE_HZ, np.float32), RATE_HZ))
    (tmp_path / "c.wav").write_bytes(b"no sound at all")
    found = list(sounds_in([tmp_path]))
    assert [one.name for one in found] == ["a"]
    save_sounds(tmp_path / "sounds.npz", found)
    again = load_sounds(tmp_path / "sounds.npz")[0]
    assert np.array_equal(again.samples, found[0].samples)
    assert np.array_equal(again.hz, found[0].hz)
    assert len(again.samples) == HOP * again.frames


def test_lines_are_spoken_in_more_than_one_voice() -> None:
    first, second = spoken([("en", "Set the lamp by the door."), ("en", "Set the lamp by the door.")], seed=1)
    assert first.name == "espeak-en-0"
    assert first.frames != second.frames or not np.array_equal(first.samples, second.samples)


def test_every_twentieth_sound_is_kept_out() -> None:
    sounds = [Sound(str(number), np.zeros(0, np.int16), np.zeros(0), np.zeros(0)) for number in range(45)]
    learnt, kept_out = split(sounds)
    assert [one.name for one in kept_out] == ["10", "30"]
    assert not {one.name for one in learnt} & {"10", "30"}


def test_crops_depend_on_the_generator_alone_and_carry_their_own_pitch() -> None:
    sounds = [sound_of("low", buzz(100)), sound_of("high", buzz(300))]
    one, other = (crops(sounds, 20, 6, np.random.default_rng(3)) for _ in range(2))
    assert torch.equal(one.samples, other.samples)
    assert torch.equal(one.noise, other.noise)
    assert one.samples.shape == (6, 20 * HOP)
    assert one.noise.shape == (6, 19 * HOP)
    for samples, hz in zip(one.samples, one.steering.hz, strict=True):
        strongest = float(torch.fft.rfft(samples).abs().argmax()) * RATE_HZ / (20 * HOP)
        assert strongest == pytest.approx(float(hz.median()), abs=6)
    with pytest.raises(ValueError, match="crop of 500 frames"):
        crops(sounds, 500, 1, np.random.default_rng(0))


def test_sounds_louder_than_full_scale_keep_their_shape() -> None:
    loud = sound_of("loud", 5 * buzz(100))
    assert float(np.abs(loud.samples).max()) / FULL_SCALE == pytest.approx(float(np.abs(5 * buzz(100)).max()), rel=1e-3)


def test_the_spectral_loss_is_zero_for_the_same_sound_and_grows_with_noise() -> None:
    loss, sound = MultiMel(), torch.from_numpy(buzz(140, 0.3))[None]
    little, much = (float(loss(sound + level * torch.randn_like(sound), sound)) for level in (0.001, 0.1))
    assert float(loss(sound, sound)) == 0
    assert 0 < little < much


def test_judges_learn_to_tell_a_buzz_from_noise() -> None:
    torch.manual_seed(0)
    judges, optimizer = Judges(4), None
    optimizer = torch.optim.Adam(judges.parameters(), 3e-3)
    real, made = torch.from_numpy(buzz(140, 0.2))[None], 0.1 * torch.randn(1, 4800)
    before = float(judges_loss(judges(real), judges(made)))
    for _ in range(20):
        optimizer.zero_grad()
        judges_loss(judges(real), judges(made)).backward()
        optimizer.step()
    assert float(judges_loss(judges(real), judges(made))) < 0.5 * before
    assert float(fooling_loss(judges(made))) > float(fooling_loss(judges(real)))
    assert float(matching_loss(judges(real), judges(real))) == 0


@pytest.mark.parametrize("kind", ["pulse", "vocos"])
def test_a_resumed_run_is_the_uninterrupted_one(tmp_path: Path, kind: str) -> None:
    sounds = [sound_of(str(hz), buzz(hz)) for hz in (100, 140, 200)]
    for name, stops in {"whole": (4,), "resumed": (2, 4)}.items():
        (tmp_path / name).mkdir()
        for stop in stops:
            run = parse_flags(flags(tmp_path / name, "--texts", "none", "--kind", kind, "--until-step", "4"))
            train(run, sounds, last_step=stop)
    whole, resumed = (read_training_state(tmp_path / name / "state.pt") for name in ("whole", "resumed"))
    assert whole["step"] == resumed["step"] == 4
    assert all(torch.allclose(whole["net"][key], resumed["net"][key], atol=1e-6) for key in whole["net"])
    assert (tmp_path / "whole" / "export" / "model.safetensors").is_file()


def test_the_command_reads_a_folder_once_and_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["--out", str(tmp_path / "run")])
    (tmp_path / "in").mkdir()
    write_wav(tmp_path / "in" / "a.wav", Audio(buzz(110, 1.2), RATE_HZ))
    main(flags(tmp_path / "run", "--sound", str(tmp_path / "in"), "--until-step", "2"))
    assert (tmp_path / "run" / "sounds.npz").is_file()
    assert (tmp_path / "run" / "log.jsonl").read_text().count("held_out_mel") == 1

import csv
import json

import numpy as np
import pytest
import torch

from models.recipes.lip_encoder import Line, Plan, band_targets, disturbed, draw, main, phones_at, read_lines, write_features
from models.recipes.voice_archive import COLUMNS
from models.speech.lip_encoder import LipEncoder, LipEncoderConfig, save_lip_encoder


def archive(folder, lines: int = 3):
    chance = np.random.default_rng(0)
    rows = []
    for index in range(lines):
        name = f"s1_{index}"
        rows.append((name, "s1", "s1", "A", "CC", ("train", "train", "valid")[index % 3], "bin", "1.0", "1"))
        times = {"token_start_s": np.array([0.2, 0.29, 0.29, 0.6], np.float32), "token_end_s": np.array([0.29, 0.29, 0.6, 0.89], np.float32)}
        sound = {"mel": chance.standard_normal((94, 100)).astype(np.float16), "tokens": np.array(["b", "ˈ", "ɪ", "n"])}
        np.savez(folder / f"{name}.npz", mouths=chance.integers(0, 255, (25, 64, 64), np.uint8), ok=np.ones(25, bool), **sound, **times)
    with (folder / "utterances.csv").open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows, ("e_1", "espeak", "e", "A", "x", "train", "bin", "1.0", "0")])


def test_each_moment_has_the_phone_that_is_being_said():
    tokens = np.array(["b", "ˈ", "i", "ː", ",", " ", "n"])
    start = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.7])
    end = np.array([0.2, 0.3, 0.4, 0.5, 0.7, 0.7, 0.8])
    moments = np.array([0.05, 0.15, 0.25, 0.35, 0.45, 0.6, 0.75, 0.9])
    assert phones_at(tokens, start, end, moments) == ["", "b", "i", "i", "i", "", "n", ""]


def test_bands_follow_the_sound_at_each_picture_and_its_neighbours():
    mel = np.full((94, 100), -12.0, np.float32)
    mel[47:] = -2.0
    bands, voiced = band_targets(mel, (np.arange(25) + 0.5) / 25)
    assert bands.shape == (25, 24) and voiced.tolist() == [False] * 13 + [True] * 12
    assert (bands[13:, 8:16] > 0.5).all() and (bands[:12, 8:16] < -0.5).all()
    assert bands[13, 0] == pytest.approx(bands[12, 8]) and bands[12, 16] == pytest.approx(bands[13, 8])


def test_a_disturbed_mouth_keeps_its_size_and_the_same_seed_disturbs_alike():
    mouths = torch.randn(5, 64, 64)
    one, other = (disturbed(mouths, 4, torch.Generator().manual_seed(7)) for _ in range(2))
    assert one.shape == mouths.shape and torch.equal(one, other) and not torch.equal(one, mouths)


def test_lines_without_a_face_are_left_out_and_an_archive_without_any_is_refused(tmp_path):
    archive(tmp_path)
    lines, classes = read_lines(tmp_path)
    assert len(lines) == 3 and classes == ("", "b", "n", "ɪ")
    assert lines[0].phones.tolist() == [0] * 5 + [1] * 2 + [3] * 8 + [2] * 7 + [0] * 3
    with (tmp_path / "utterances.csv").open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS])
    with pytest.raises(ValueError, match="--lips"):
        read_lines(tmp_path)


def test_a_window_longer_than_a_line_repeats_its_last_picture():
    line = Line("one", "train", torch.zeros(4, 64, 64, dtype=torch.uint8), torch.arange(4), torch.zeros(4, 24), torch.ones(4).bool(), torch.ones(4).bool())
    mouths, phones, bands, voiced = draw([line], Plan(batch=2, frames=6), torch.Generator().manual_seed(0))
    assert mouths.shape == (2, 6, 64, 64) and bands.shape == (2, 6, 24) and voiced.all()
    assert phones.tolist() == [[0, 1, 2, 3, 3, 3]] * 2


def test_features_are_written_for_every_face(tmp_path):
    archive(tmp_path)
    torch.manual_seed(0)
    encoder = LipEncoder(LipEncoderConfig((8, 16, 16, 16), 32, 16)).eval()
    assert write_features(encoder, tmp_path, tmp_path / "out") == 3
    assert np.load(tmp_path / "out/s1_2.npy").shape == (25, 16) and sorted(path.name for path in (tmp_path / "out").iterdir()) == [f"s1_{index}.npy" for index in range(3)]


def test_the_command_runs_an_encoder_over_an_archive(tmp_path, capsys):
    archive(tmp_path)
    save_lip_encoder(LipEncoder(LipEncoderConfig((8, 16, 16, 16), 32, 16)), tmp_path / "weights")
    main(["--archive", str(tmp_path), "--weights", str(tmp_path / "weights"), "--features", str(tmp_path / "out")])
    assert "3 lines" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["--archive", str(tmp_path)])


@pytest.mark.slow
def test_the_rehearsal_learns_to_tell_open_from_shut(capsys):
    main(["--smoke"])
    assert json.loads(capsys.readouterr().out.strip().splitlines()[-1])["phone"] > 0.9

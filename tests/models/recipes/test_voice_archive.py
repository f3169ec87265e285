import csv

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from models.recipes.voice_archive import face_arrays, main, write_table
from models.speech.spectrum import frames_of
from models.speech.visual import FACE_WIDTH
from models.speech.voiceprint import Voiceprint


def lips_file(path, frames: int, *, with_points: bool = True) -> None:
    chance = np.random.default_rng(0)
    keys = {"crops": chance.integers(0, 255, (frames, 64, 64), np.uint8), "shape": np.zeros((frames, 7), np.float32), "ok": np.ones(frames, bool)}
    points = {"points": chance.uniform(0, 200, (frames, 45, 2)).astype(np.float32)} if with_points else {}
    np.savez(path, **keys, **points, audio=np.zeros(10, np.int16))


def test_an_archive_of_drafts_holds_what_it_promises_and_is_not_made_twice(tmp_path):
    torch.manual_seed(0)
    save_file({key: value.contiguous() for key, value in Voiceprint().state_dict().items()}, tmp_path / "print.safetensors")
    asked = ["--drafts", "3", "--seed", "5", "--voiceprint", str(tmp_path / "print.safetensors"), "--out", str(tmp_path / "out")]
    main(asked)
    with (tmp_path / "out/utterances.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == ["e_00000", "e_00001", "e_00002"] and {row["has_face"] for row in rows} == {"0"}
    with np.load(tmp_path / "out/e_00001.npz", allow_pickle=False) as file:
        keys = {key: file[key] for key in file}
    assert keys["mel"].dtype == np.float16 and keys["mel"].shape == (frames_of(len(keys["audio"])), 100)
    assert keys["audio"].dtype == np.int16 and float(rows[1]["seconds"]) == pytest.approx(len(keys["audio"]) / 24_000, abs=1e-3)
    assert len(keys["tokens"]) == len(keys["token_start_s"]) == len(keys["token_end_s"]) and keys["tokens"].dtype.kind == "U"
    assert keys["voice"].shape == (256,) and np.linalg.norm(keys["voice"]) == pytest.approx(1.0, abs=1e-4) and bool(keys["aligned"])
    made = (tmp_path / "out/e_00001.npz").stat().st_mtime_ns
    main(asked)
    assert (tmp_path / "out/e_00001.npz").stat().st_mtime_ns == made


def test_a_face_is_cut_or_held_to_the_length_of_its_sound(tmp_path):
    lips_file(tmp_path / "one.npz", 74)
    found = face_arrays(tmp_path / "one.npz", 75)
    assert {key: len(value) for key, value in found.items()} == dict.fromkeys(("mouths", "shape", "ok", "points", "face"), 75)
    assert np.array_equal(found["mouths"][74], found["mouths"][73]) and found["face"].shape == (75, FACE_WIDTH)
    assert len(face_arrays(tmp_path / "one.npz", 70)["mouths"]) == 70


def test_pose_is_left_out_where_the_features_have_no_landmarks(tmp_path):
    lips_file(tmp_path / "one.npz", 20, with_points=False)
    assert set(face_arrays(tmp_path / "one.npz", 20)) == {"mouths", "shape", "ok"}


def test_a_face_of_another_length_than_its_sound_is_refused(tmp_path):
    lips_file(tmp_path / "one.npz", 50)
    with pytest.raises(ValueError, match="50 pictures"):
        face_arrays(tmp_path / "one.npz", 75)


def test_the_table_keeps_rows_of_earlier_runs_and_replaces_its_own(tmp_path):
    row = ("a", "s1", "s1", "A", "CC", "train", "bin", "1.0", "0")
    write_table(tmp_path, [row, ("b", *row[1:])])
    write_table(tmp_path, [("a", *row[1:5], "test", *row[6:])])
    with (tmp_path / "utterances.csv").open(newline="") as file:
        assert [(found["name"], found["split"]) for found in csv.DictReader(file)] == [("a", "test"), ("b", "train")]


def test_nothing_to_learn_from_is_said(tmp_path, capsys):
    save_file({key: value.contiguous() for key, value in Voiceprint().state_dict().items()}, tmp_path / "print.safetensors")
    with pytest.raises(SystemExit):
        main(["--voiceprint", str(tmp_path / "print.safetensors"), "--out", str(tmp_path / "out")])
    assert "--drafts" in capsys.readouterr().err

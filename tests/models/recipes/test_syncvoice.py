import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from models.checkpoint import read_tensors
from models.recipes.syncvoice import export, main
from models.recipes.syncvoice_data import UTTERANCES_FILE
from models.speech.bundle import open_voice
from models.speech.syncvoice import refitted
from models.speech.tokens import TokenTable, write_token_table
from tests.house.tree import ROOT

SMOKE = ["--smoke", "--precision", "no"]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("voice") / "base"
    assert main([*SMOKE, "--out", str(folder)]) == 0
    described = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps({**described, "languages": ["en", "de"]}))
    return folder


def weights(folder):
    return read_tensors(folder / "model.safetensors")


def test_adapters_learn_on_a_voice_while_its_backbone_tokens_and_languages_stay(base, tmp_path):
    assert main([*SMOKE, "--from", str(base), "--learn", "adapters", "--learning-rate", "0.05", "--out", str(tmp_path / "out")]) == 0
    before, after = weights(base), weights(tmp_path / "out")
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved and not any(name.startswith("backbone.") for name in moved)
    bundle = open_voice(tmp_path / "out")
    assert bundle.languages == ("en", "de") and bundle.table.tokens == open_voice(base).table.tokens


def test_the_runs_own_checkpoint_comes_before_the_voice_it_started_from(base, tmp_path, capsys):
    for steps in range(2):
        main([*SMOKE, "--from", str(base), "--out", str(tmp_path / "out")])
        assert f"from step {4 * steps}" in capsys.readouterr().out
    main([*SMOKE, "--from", str(tmp_path / "nowhere"), "--out", str(tmp_path / "out")])
    assert "from step 4" in capsys.readouterr().out


def test_tokens_that_a_voice_lacks_are_named(base, tmp_path):
    poor = tmp_path / "poor"
    poor.mkdir()
    bundle = open_voice(base)
    renamed = ["ø" if token == "d" else token for token in bundle.table.tokens]
    write_token_table(TokenTable({token: place for place, token in enumerate(renamed)}), poor / "tokens.txt")
    for name in ("model.json", "model.safetensors"):
        (poor / name).write_bytes((base / name).read_bytes())
    with pytest.raises(SystemExit, match="no token for “d”, first met in “made_"):
        main([*SMOKE, "--from", str(poor), "--out", str(tmp_path / "out")])


def wide(base, folder):
    """A voice like `base` that was made for lip features 9 wide."""
    net = open_voice(base).net
    other = refitted(net, face_dim=net.config.face_dim, lip_dim=9, frozen_dim=net.config.speaker.frozen_dim)
    export(folder, other.config, dict(other.state_dict()), open_voice(base).table)
    return folder


def test_features_of_another_width_are_refused_unless_that_part_is_to_be_learnt_anew(base, tmp_path):
    (tmp_path / "wide").mkdir()
    other = wide(base, tmp_path / "wide")
    with pytest.raises(SystemExit, match="made for lip features 9 wide, and these are 64 wide.*--refit"):
        main([*SMOKE, "--from", str(other), "--out", str(tmp_path / "out")])
    assert main([*SMOKE, "--from", str(other), "--refit", "--out", str(tmp_path / "out")]) == 0
    assert open_voice(tmp_path / "out").net.config.lip_dim == 64


def test_a_folder_that_is_no_voice_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(SystemExit, match="is no voice"):
        main([*SMOKE, "--from", str(tmp_path), "--out", str(tmp_path / "out")])


def test_an_archive_with_nothing_to_learn_from_is_refused(tmp_path):
    (tmp_path / UTTERANCES_FILE).write_text("name,speaker,group,tier,licence,split,text,seconds,has_face\n")
    with pytest.raises(SystemExit, match="no utterance to learn from"):
        main(["--data", str(tmp_path), "--precision", "no", "--out", str(tmp_path / "out")])


def archive(folder, count=8):
    """A few utterances of noise, enough to keep a run busy."""
    folder.mkdir()
    chance, rows = np.random.default_rng(0), []
    for number in range(count):
        name = f"one_{number}"
        edges = np.linspace(0.1, 0.5, 5, dtype=np.float32)
        arrays = {"mel": chance.normal(-5, 1, (56, 100)).astype(np.float16), "tokens": np.array(list("abde")), "voice": np.full(256, 1 / 16, np.float32)}
        np.savez(folder / f"{name}.npz", **arrays, token_start_s=edges[:-1], token_end_s=edges[1:], aligned=np.array(True))
        rows.append(f"{name},she,footage,own,own,train,abde,0.6,0\n")
    (folder / UTTERANCES_FILE).write_text("name,speaker,group,tier,licence,split,text,seconds,has_face\n" + "".join(rows))
    return folder


def test_control_c_leaves_a_checkpoint_that_the_same_command_goes_on_from(base, tmp_path):
    data, out = archive(tmp_path / "data"), tmp_path / "out"
    asked = ["--data", str(data), "--from", str(base), "--batch-size", "2", "--precision", "no", "--minutes", "5", "--out", str(out)]
    run = subprocess.Popen([sys.executable, "-m", "models.recipes.syncvoice", *asked], cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    try:
        assert "from step 0" in run.stdout.readline()
        time.sleep(1.5)
        run.send_signal(signal.SIGINT)
        told = run.communicate(timeout=60)[0]
    finally:
        run.kill()
    assert run.returncode == 130 and "Stopped at step" in told
    stopped_at = int(told.split("Stopped at step ")[1].split(";")[0])
    assert stopped_at > 0 and torch.load(out / "state.pt", weights_only=True)["step"] == stopped_at


def test_a_smoke_run_needs_no_folder_and_a_real_one_asks_for_it(capsys):
    assert main(SMOKE) == 0
    assert "step 4" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="--out"):
        main(["--data", "nowhere"])

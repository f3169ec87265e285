import json
import tempfile

import pytest
import torch

from models.recipes.syncnet import main
from models.sync.lip_scorer import load_lip_scorer


def lines(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]


def test_the_smoke_run_trains_a_scorer_that_opens(tmp_path, capsys):
    main(["--smoke", "--out", str(tmp_path)])
    assert [line["step"] for line in lines(capsys)[1:]] == [2, 4]
    assert load_lip_scorer(tmp_path).sound(torch.zeros(1, 6400)).shape == (1, 10, 8)


def test_the_smoke_run_needs_no_folder_and_leaves_none(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    main(["--smoke"])
    assert [line["step"] for line in lines(capsys)[1:]] == [2, 4]
    assert not list(tmp_path.glob("lipline-*"))
    with pytest.raises(SystemExit, match="--out"):
        main([])


def test_a_finished_run_is_not_trained_again(tmp_path, capsys):
    main(["--smoke", "--out", str(tmp_path)])
    weights = (tmp_path / "model.safetensors").read_bytes()
    capsys.readouterr()
    main(["--smoke", "--out", str(tmp_path)])
    assert len(lines(capsys)) == 1
    assert (tmp_path / "model.safetensors").read_bytes() == weights


def test_without_features_the_recipe_says_what_to_name(tmp_path):
    with pytest.raises(SystemExit, match="--features"):
        main(["--out", str(tmp_path)])

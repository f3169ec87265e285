"""`check parity` as a user meets it: lines, JSON and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from typer.testing import CliRunner

from studio.cli import app
from studio.domain.errors import BadSetting

RUNNER = CliRunner()


def put(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / f"{name}.json").write_text('{"state_dict": {}}')
    return folder


def put_vocos(folder: Path) -> Path:
    """A small Vocos whose sound is recorded from the net itself, with the salt “a”."""
    import torch

    from models.parity import filled_by_rule
    from models.speech.vocos import Vocos, VocosConfig

    net = Vocos(VocosConfig(dim=8, intermediate_dim=16, num_layers=1)).eval()
    net.load_state_dict(filled_by_rule(net.state_dict(), salt="a"))
    shapes = {key: list(value.shape) for key, value in net.state_dict().items()}
    (folder / "vocos.json").write_text(json.dumps({"state_dict": shapes, "config": {"dim": 8, "intermediate_dim": 16, "num_layers": 1}}))
    mel = torch.randn(1, 100, 9, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        np.savez(folder / "vocos.npz", mel=mel.numpy(), waveform=net.decode(mel).numpy())
    return folder


def test_a_net_that_gives_what_was_recorded_leaves_with_nought(tmp_path: Path) -> None:
    out = tmp_path / "out" / "parity.json"
    out.parent.mkdir()
    result = RUNNER.invoke(app, ["check", "parity", str(put_vocos(tmp_path)), "--salt", "a", "--json", str(out)])
    assert result.exit_code == 0, result.output
    assert "of at most 1e-04" in result.output
    content = json.loads(out.read_text())
    assert content["is_ok"] is True
    assert [(row["fixture"], row["output"], row["is_ok"]) for row in content["rows"]] == [("vocos", "waveform", True)]
    assert RUNNER.invoke(app, ["check", "parity", str(tmp_path), "--salt", "b"]).exit_code == 1


def test_a_fixture_that_does_not_fit_leaves_with_one_and_is_in_the_json(tmp_path: Path) -> None:
    out = tmp_path / "parity.out"
    result = RUNNER.invoke(app, ["check", "parity", str(put(tmp_path, "mystery")), "--salt", "a", "--json", str(out)])
    assert result.exit_code == 1
    assert "WRONG" in result.output
    content = json.loads(out.read_text())
    assert (content["is_ok"], content["salt"]) == (False, "a")


def test_a_folder_that_cannot_be_read_is_the_users_error(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["check", "parity", str(tmp_path / "nowhere")])
    assert isinstance(result.exception, BadSetting)
    assert "is no folder" in str(result.exception)

"""An encoder comes back from its folder as it was, and folders that are not its own are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from models.checkpoint import BadWeights, sha256_of
from models.units.encoder import open_encoder, save_encoder
from tests.tiny_units import UNITS, speech_like, tiny_encoder

SAMPLES = torch.from_numpy(speech_like(1.5, seed=4))


def test_units_are_fifty_a_second_and_within_their_number() -> None:
    units = tiny_encoder().units_of(SAMPLES)
    assert units.shape == (75,)
    assert units.dtype == torch.int64
    assert 0 <= int(units.min()) <= int(units.max()) < UNITS
    assert len(units.unique()) > 5


def test_a_saved_encoder_hears_the_same(tmp_path: Path) -> None:
    encoder = tiny_encoder()
    save_encoder(encoder, tmp_path / "encoder")
    opened = open_encoder(tmp_path / "encoder", sha256=sha256_of(tmp_path / "encoder" / "model.safetensors"))
    assert opened.config == encoder.config
    assert torch.equal(opened.units_of(SAMPLES), encoder.units_of(SAMPLES))


def test_altered_weights_and_other_settings_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "encoder"
    save_encoder(tiny_encoder(), folder)
    with pytest.raises(BadWeights, match="sha256 differs"):
        open_encoder(folder, sha256="0" * 64)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"units": UNITS + 1}))
    with pytest.raises(BadWeights, match="does not fit the net"):
        open_encoder(folder)
    (folder / "config.json").write_text(json.dumps({"colour": "red"}))
    with pytest.raises(BadWeights, match="does not describe a unit encoder"):
        open_encoder(folder)
    (folder / "config.json").write_text("{")
    with pytest.raises(BadWeights, match="missing or damaged"):
        open_encoder(folder)

"""Trainings of the voice and the vocoder in two processes: they stop at the same step, whatever their clocks say, and hold the same weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from models.checkpoint import read_tensors
from tests.models.recipes.two_processes import trained_together


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize(("name", "left"), [("syncvoice", "model.safetensors"), ("vocoder", "export/model.safetensors")])
def test_two_processes_stop_together_with_the_same_weights(name: str, left: str, tmp_path: Path) -> None:
    first, second = trained_together(name, tmp_path)
    assert first["step"] == second["step"] > 1
    assert first["net"].keys() == second["net"].keys()
    for key, weight in first["net"].items():
        assert torch.equal(weight, second["net"][key]), key
    exported = read_tensors(tmp_path / left)
    assert exported.keys() == first["net"].keys() and all(bool(weight.isfinite().all()) for weight in exported.values() if weight.is_floating_point())

"""Weights are opened in one place, strictly, and only when they are the ones that were named."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch

from models.checkpoint import (
    BadWeights, LanguageModelPlace, check_sha256, load_strictly, open_language_model, read_manifest, read_tensors, read_training_state,
    sha256_of, write_tensors, write_training_state,
)  # fmt: skip
from tests.tiny_models import make_language_model


def test_tensors_read_back_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    write_tensors(path, {"a": torch.arange(6.0).reshape(2, 3).T})
    assert torch.equal(read_tensors(path, sha256=sha256_of(path))["a"], torch.arange(6.0).reshape(2, 3).T)
    assert [item.name for item in tmp_path.iterdir()] == ["net.safetensors"]


def test_an_altered_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    write_tensors(path, {"a": torch.zeros(2)})
    expected = sha256_of(path)
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    with pytest.raises(BadWeights, match="sha256 differs"):
        read_tensors(path, sha256=expected)
    with pytest.raises(BadWeights, match="missing"):
        check_sha256(tmp_path / "absent", expected)


def test_a_pickle_that_would_run_code_is_refused(tmp_path: Path) -> None:
    (tmp_path / "net.pt").write_bytes(pickle.dumps(print))
    with pytest.raises(pickle.UnpicklingError):
        read_tensors(tmp_path / "net.pt")


def test_a_missing_key_is_named() -> None:
    with pytest.raises(BadWeights, match="bias"):
        load_strictly(torch.nn.Linear(2, 2), {"weight": torch.zeros(2, 2)}, "net.safetensors")


def test_a_language_model_with_a_missing_tensor_is_refused(tmp_path: Path) -> None:
    folder = make_language_model(tmp_path / "lm")
    tensors = read_tensors(folder / "model.safetensors")
    tensors.pop("model.layers.1.mlp.up_proj.weight")
    from safetensors.torch import save_file

    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BadWeights, match="up_proj"):
        open_language_model(LanguageModelPlace(str(folder)), "cpu")


def test_every_bundled_file_is_the_one_the_manifest_names() -> None:
    manifest = read_manifest()
    assert manifest.bundled
    for entry in manifest.bundled:
        check_sha256(entry.path, entry.sha256)
        assert entry.licence


def test_public_weights_have_a_hub_id_and_a_licence() -> None:
    public = read_manifest().public
    assert {"Qwen/Qwen2.5-0.5B-Instruct", "Qwen/Qwen2.5-7B-Instruct", "Systran/faster-whisper-small"} <= {entry.hub_id for entry in public}
    assert all(entry.licence for entry in public)


def test_an_unknown_name_is_said() -> None:
    with pytest.raises(BadWeights, match="no bundled weights “nothing”"):
        read_manifest().find_bundled("nothing")


def test_a_training_state_reads_back(tmp_path: Path) -> None:
    write_training_state(tmp_path / "state.pt", {"step": 3, "model": {"a": torch.ones(2)}})
    state = read_training_state(tmp_path / "state.pt")
    assert state["step"] == 3
    assert torch.equal(state["model"]["a"], torch.ones(2))

"""Public speech weights on disk, by hand or in the hub's cache; CAM++ opened strictly."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import models.checkpoint
import models.public_folders as public_folders
from models.checkpoint import BadWeights, write_tensors
from models.public_folders import public_folder
from models.speech.campplus import CamPlus, CamPlusConfig
from models.speech.weights_files import open_campplus, unwrapped, weights_file


@pytest.fixture(scope="module")
def net() -> CamPlus:
    torch.manual_seed(0)
    return CamPlus(CamPlusConfig(embedding_size=512)).eval()


def test_weights_that_are_not_here_are_told_with_the_command_that_fetches_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(public_folders, "WEIGHTS_FOLDER", tmp_path)
    monkeypatch.setattr(models.checkpoint.PublicWeights, "cached_folder", lambda self: None)
    with pytest.raises(BadWeights, match="models pull campplus”, or put their files into"):
        public_folder("campplus")
    with pytest.raises(BadWeights, match="names no public weights “nothing”"):
        public_folder("nothing")
    (tmp_path / "campplus").mkdir()
    (tmp_path / "campplus" / "campplus_cn_common.bin").write_bytes(b"")
    assert public_folder("campplus") == tmp_path / "campplus"


def test_safetensors_are_preferred_and_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadWeights, match="holds no weights"):
        weights_file(tmp_path)
    for name in ("a.bin", "b.safetensors", "config.json"):
        (tmp_path / name).write_bytes(b"")
    assert weights_file(tmp_path).name == "b.safetensors"
    assert weights_file(tmp_path / "a.bin").name == "a.bin"


def test_a_prefix_is_cut_where_every_key_has_it() -> None:
    one, two = torch.ones(1, dtype=torch.float16), torch.tensor(3)
    assert set(unwrapped({"module.a": one, "module.b": two})) == {"a", "b"}
    assert set(unwrapped({"module.a": one, "b": two})) == {"module.a", "b"}
    assert unwrapped({"a": one})["a"].dtype == torch.float32


@pytest.mark.parametrize("name", ["campplus.safetensors", "campplus_voxceleb.bin"])
def test_a_speaker_net_is_opened_at_the_size_of_its_weights(net: CamPlus, tmp_path: Path, name: str) -> None:
    if name.endswith(".bin"):
        torch.save(net.state_dict(), tmp_path / name)
    else:
        write_tensors(tmp_path / name, net.state_dict())
    frames = torch.randn(1, 40, 80)
    with torch.inference_mode():
        assert torch.equal(open_campplus(tmp_path)(frames), net(frames))


def test_a_speaker_net_that_does_not_fit_is_told_by_the_first_key(net: CamPlus, tmp_path: Path) -> None:
    state = dict(net.state_dict())
    del state["head.conv1.weight"]
    write_tensors(tmp_path / "a.safetensors", state)
    with pytest.raises(BadWeights, match=r"1 missing \(such as head\.conv1\.weight\)"):
        open_campplus(tmp_path / "a.safetensors")
    write_tensors(tmp_path / "b.safetensors", {"weight": torch.ones(2)})
    with pytest.raises(BadWeights, match=r"no CAM\+\+ speaker net"):
        open_campplus(tmp_path / "b.safetensors")

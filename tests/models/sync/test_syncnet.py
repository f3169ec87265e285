"""The published net: its size, its keys, its shapes, and what a file of weights must hold."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from models.checkpoint import BadWeights, write_tensors
from models.parity import filled_by_rule
from models.sync.syncnet import SyncNet, open_syncnet

NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


@pytest.fixture(scope="module")
def net() -> SyncNet:
    net = SyncNet()
    net.load_state_dict(filled_by_rule(net.state_dict(), salt="test"))
    return net.eval()


def test_it_has_the_published_number_of_parameters() -> None:
    assert sum(weight.numel() for weight in SyncNet().parameters()) == 13_631_616


def test_its_keys_are_those_of_the_published_file() -> None:
    expected = set()
    for tower in ("netcnnaud", "netcnnlip"):
        for at in (0, 4, 8, 11, 14, 18):
            expected |= {f"{tower}.{at}.weight", f"{tower}.{at}.bias"} | {f"{tower}.{at + 1}.{part}" for part in NORM}
    for head in ("netfcaud", "netfclip"):
        expected |= {f"{head}.{at}.{part}" for at in (0, 3) for part in ("weight", "bias")} | {f"{head}.1.{part}" for part in NORM}
    state = SyncNet().state_dict()
    assert set(state) == expected
    assert state["netcnnlip.0.weight"].shape == (96, 3, 5, 7, 7)
    assert state["netcnnaud.18.weight"].shape == (512, 256, 5, 4)


def test_windows_go_in_and_embeddings_come_out(net: SyncNet) -> None:
    with torch.inference_mode():
        assert net.sound(torch.zeros(3, 1, 13, 20)).shape == (3, 1024)
        pictures = torch.zeros(1, 3, 5, 224, 224, dtype=torch.uint8)
        assert net.lips(pictures).shape == (1, 1024)
        assert net.lip_features(pictures).shape == (1, 512)


@pytest.mark.parametrize("name", ["syncnet_v2.model", "syncnet.safetensors"])
def test_weights_are_read_from_the_published_kind_of_file_and_from_safetensors(net: SyncNet, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if path.suffix == ".safetensors":
        write_tensors(path, net.state_dict())
    else:
        torch.save(net.state_dict(), path)
    mfcc = torch.randn(2, 1, 13, 20, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        torch.testing.assert_close(open_syncnet(path).sound(mfcc), net.sound(mfcc), rtol=0, atol=0)


def test_a_file_that_lacks_a_key_or_has_one_too_many_is_refused_by_name(net: SyncNet, tmp_path: Path) -> None:
    state = dict(net.state_dict())
    del state["netfclip.3.bias"]
    torch.save(state, tmp_path / "less.model")
    torch.save({**net.state_dict(), "extra": torch.zeros(1)}, tmp_path / "more.model")
    with pytest.raises(BadWeights, match=r"(?s)less\.model.*netfclip\.3\.bias"):
        open_syncnet(tmp_path / "less.model")
    with pytest.raises(BadWeights, match=r"(?s)more\.model.*extra"):
        open_syncnet(tmp_path / "more.model")

"""The fast form gives the values of the published one, on any layout of its input."""

from __future__ import annotations

import pytest
import torch

from models.parity import filled_by_rule
from models.sync.folded import FoldedSyncNet, folded
from models.sync.syncnet import SyncNet
from models.sync.syncnet_windows import lip_windows


@pytest.fixture(scope="module")
def net() -> SyncNet:
    net = SyncNet()
    net.load_state_dict(filled_by_rule(net.state_dict(), salt="folded"))
    return net.eval()


def worst(found: torch.Tensor, expected: torch.Tensor) -> float:
    assert found.shape == expected.shape
    return float((found - expected).abs().max() / expected.std())


@pytest.mark.parametrize("windows", [1, 90])
def test_the_sound_tower_is_equal_to_1e_4(net: SyncNet, windows: int) -> None:
    mfcc = 8 * torch.randn(windows, 1, 13, 20, generator=torch.Generator().manual_seed(windows))
    with torch.inference_mode():
        assert worst(FoldedSyncNet(net).sound(mfcc), net.sound(mfcc)) < 1e-4


def test_the_lip_tower_is_equal_to_1e_4_on_bytes_seen_through_a_view(net: SyncNet) -> None:
    pictures = torch.randint(0, 256, (13, 224, 224, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    windows, fast = lip_windows(pictures), FoldedSyncNet(net)
    with torch.inference_mode():
        assert worst(fast.lip_features(windows), net.lip_features(windows)) < 1e-4
        expected = net.lips(windows)
        assert worst(fast.lips(windows), expected) < 1e-4
        assert worst(fast.lips(windows.float().contiguous()), expected) < 1e-4


def test_a_folded_layer_is_the_layer_and_its_norm() -> None:
    torch.manual_seed(0)
    layer, norm = torch.nn.Linear(5, 4).double(), torch.nn.BatchNorm1d(4).double()
    norm.load_state_dict(filled_by_rule(norm.state_dict()))
    rows = torch.randn(9, 5, dtype=torch.float64)
    weight, bias = folded(layer, norm)
    torch.testing.assert_close(torch.nn.functional.linear(rows, weight, bias), norm.eval()(layer(rows)))


def test_folding_leaves_the_published_net_as_it_was(net: SyncNet) -> None:
    before = {key: value.clone() for key, value in net.state_dict().items()}
    FoldedSyncNet(net)
    assert all(torch.equal(before[key], value) for key, value in net.state_dict().items())

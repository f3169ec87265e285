"""The benchmark's two forms score alike, its ratios are ratios, and a checkout that is none is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.sync import Span, drawn_clip, lines_of_rescore, lines_of_tower, measure_rescore, measure_tower
from bench.sync_peer import PeerFailed, own_plain_form, public_form
from models.parity import filled_by_rule
from models.sync.folded import FoldedSyncNet
from models.sync.syncnet import SyncNet


@pytest.fixture(scope="module")
def net() -> SyncNet:
    net = SyncNet()
    net.load_state_dict(filled_by_rule(net.state_dict()))
    return net.eval()


def test_both_forms_give_the_same_scores_in_one_small_run(net: SyncNet) -> None:
    crops, sounds = drawn_clip(0.4, 2, seed=0)
    result = measure_rescore(own_plain_form(net), FoldedSyncNet(net), crops, sounds, public_takes=1)
    assert (result.takes, result.public_takes, result.same_offsets) == (2, 1, True)
    assert result.lse_d_difference < 1e-5 * result.lse_scale
    assert result.times_cached.cpu_s > result.times_with_caching.cpu_s > 0
    assert result.times_cached.cpu_s == pytest.approx(2 * result.public_take.cpu_s / result.ours_all.cpu_s, abs=0.01)
    assert "offsets agree" in lines_of_rescore(result)[-1]


def test_the_lip_tower_is_held_against_the_public_one(net: SyncNet) -> None:
    crops, _ = drawn_clip(0.24, 1, seed=0)
    result = measure_tower(own_plain_form(net), FoldedSyncNet(net), crops, repeats=1)
    assert (result.windows, result.difference < 1e-4) == (2, True)
    assert result.times_faster == result.public.over(result.folded)
    assert lines_of_tower(result)[0].startswith("lip tower, 2 windows")


def test_the_clip_is_a_function_of_its_seed() -> None:
    (crops, sounds), (same, _), (other, _) = drawn_clip(0.4, 2, 0), drawn_clip(0.4, 2, 0), drawn_clip(0.4, 2, 1)
    assert (crops.shape, crops.dtype, len(sounds), sounds[0].shape) == ((10, 224, 224, 3), np.uint8, 2, (6400,))
    np.testing.assert_array_equal(crops, same)
    assert (crops != other).any()
    assert (sounds[0] != sounds[1]).any()


def test_spans_add_up() -> None:
    assert (Span(1, 2) + Span(3, 4)) * 2 == Span(8, 12)
    assert Span(8, 12).over(Span(2, 8)) == Span(4, 1.5)


def test_a_folder_without_the_public_code_is_refused_in_a_sentence(net: SyncNet, tmp_path: Path) -> None:
    with pytest.raises(PeerFailed, match=r"holds no SyncNetInstance\.py"):
        public_form([tmp_path], net.state_dict())

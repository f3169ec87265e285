"""Sizes of weights come from their headers, in the precision they will have in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.engines.weight_sizes import nets_bytes, weights_bytes, weights_folder
from tests.hub_cache import cache_model


def test_a_safetensors_file_counts_its_numbers_in_the_precision_asked_for(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    path = tmp_path / "model.safetensors"
    save_file({"a": torch.zeros(10, 10), "b": torch.zeros(4, dtype=torch.int64), "c": torch.zeros(8, dtype=torch.bfloat16)}, path)
    assert weights_bytes((tmp_path,), float_bytes=2) == 100 * 2 + 4 * 8 + 8 * 2
    assert weights_bytes((path,), float_bytes=4) == 100 * 4 + 4 * 8 + 8 * 4
    assert weights_bytes((tmp_path,)) == path.stat().st_size


def test_the_same_weights_in_two_formats_count_once_and_damaged_ones_by_their_length(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"\xff" * 300)
    (tmp_path / "pytorch_model.bin").write_bytes(b"x" * 500)
    assert weights_bytes((tmp_path,), float_bytes=4) == 300
    assert weights_bytes((tmp_path / "nowhere",)) == 0


def test_a_hub_id_is_found_where_it_was_fetched_to_and_no_network_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "model.safetensors").write_bytes(b"\xff" * 300)
    cached = cache_model(tmp_path, monkeypatch, "somebody/large", tmp_path / "made")
    assert weights_folder("somebody/large") == cached and weights_bytes((cached,), float_bytes=2) == 300
    assert weights_folder(str(tmp_path / "made")) == tmp_path / "made"
    assert weights_folder("somebody/other") is None and weights_folder("no id: at all") is None and weights_folder("/nowhere/at/all") is None


def test_an_open_net_is_measured_with_its_buffers_and_shared_tensors_once() -> None:
    import torch

    net = torch.nn.Sequential(torch.nn.Linear(10, 10, bias=False), torch.nn.Linear(10, 10, bias=False))
    net[1].weight = net[0].weight
    net.register_buffer("table", torch.zeros(6, dtype=torch.float16))
    assert nets_bytes([net, net[0]]) == 100 * 4 + 6 * 2

"""Sizes of weights come from their headers, in the precision they will have in memory."""

from __future__ import annotations

from pathlib import Path

from studio.engines.weight_sizes import weights_bytes


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

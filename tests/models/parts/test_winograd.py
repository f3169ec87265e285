"""The convolution with fewer multiplications against the plain one, for every tile and at the edges."""

from __future__ import annotations

import pytest
import torch

from models.parts.winograd import LARGEST_TILE, Axis, WinogradConvolution


def both(rows: Axis, columns: Axis, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    """(out rows, out columns, batch, out) by either way; the plain one on a picture padded by hand."""
    draw = torch.Generator().manual_seed(0)
    weight = torch.randn(5, 4, 3, 3, generator=draw, dtype=torch.float64)
    bias, places = torch.randn(5, generator=draw, dtype=torch.float64), torch.randn(rows.inputs, columns.inputs, 2, 4, generator=draw, dtype=torch.float64)
    found = WinogradConvolution(weight.to(dtype), bias.to(dtype), rows, columns)(places.to(dtype))
    padded = torch.nn.functional.pad(places.permute(2, 3, 0, 1), (columns.padding, 9, rows.padding, 9))
    plain = torch.nn.functional.conv2d(padded, weight, bias).permute(2, 3, 0, 1)
    return found, plain[: sum(rows.tiles), : sum(columns.tiles)]


@pytest.mark.parametrize("tile", range(1, LARGEST_TILE + 1))
def test_every_tile_gives_the_plain_convolution(tile: int) -> None:
    found, plain = both(Axis(tile + 2, 0, (tile,)), Axis(tile + 2, 0, (tile,)), torch.float64)
    torch.testing.assert_close(found, plain, rtol=0, atol=1e-11)


@pytest.mark.parametrize(
    ("rows", "columns"), [(Axis(13, 1, (5, 4, 4)), Axis(20, 1, (5, 5, 5, 4))), (Axis(11, 1, (6, 5)), Axis(9, 1, (5, 4))), (Axis(4, 1, (4,)), Axis(3, 0, (1,)))]
)
def test_axes_of_several_tiles_are_padded_with_zeros_at_either_end(rows: Axis, columns: Axis) -> None:
    found, plain = both(rows, columns, torch.float64)
    torch.testing.assert_close(found, plain, rtol=0, atol=1e-11)
    single, _ = both(rows, columns, torch.float32)
    assert float((single.double() - plain).abs().max() / plain.std()) < 1e-4


def test_a_tile_without_points_is_refused() -> None:
    with pytest.raises(ValueError, match=f"1 to {LARGEST_TILE}"):
        WinogradConvolution(torch.zeros(1, 1, 3, 3), torch.zeros(1), Axis(20, 0, (LARGEST_TILE + 1,)), Axis(3, 0, (1,)))

"""A 3×3 convolution with a quarter of the multiplications (Winograd; Lavin and Gray 2015), for nets that run often and train never.

Enters: (rows, columns, batch, channels), places first, so that the transforms are plain matrix products. Leaves the same layout. Each axis is cut
into tiles of at most six outputs; larger tiles multiply less, round worse, and hold more: every pair of points has a matrix of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

_POINTS = (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5)
_TAPS = 3
LARGEST_TILE = len(_POINTS) + 2 - _TAPS


@dataclass(frozen=True, slots=True)
class Axis:
    """`inputs` places along one axis, `padding` zeros before the first, and the `tiles` of outputs; zeros beyond the last place."""

    inputs: int
    padding: int
    tiles: tuple[int, ...]


class WinogradConvolution(nn.Module):
    """Holds a 3×3 weight, (out, in, 3, 3), and a bias in transformed form. Raises ValueError for tiles it has no points for."""

    def __init__(self, weight: Tensor, bias: Tensor, rows: Axis, columns: Axis) -> None:
        super().__init__()
        down, across = _matrices(rows), _matrices(columns)
        points = torch.from_numpy(np.kron(down.kernel, across.kernel)).to(weight.device)
        kernel = points @ weight.detach().double().permute(2, 3, 1, 0).flatten(2).flatten(0, 1)
        self.register_buffer("kernel", kernel.to(weight.dtype).unflatten(1, (weight.shape[1], weight.shape[0])))
        self.register_buffer("bias", bias.detach().clone())
        for name, matrix in (("rows_in", down.inputs), ("rows_out", down.outputs), ("columns_in", across.inputs), ("columns_out", across.outputs)):
            self.register_buffer(name, torch.from_numpy(matrix).to(weight))

    def forward(self, places: Tensor) -> Tensor:
        """(rows, columns, batch, in) → (output rows, output columns, batch, out)."""
        batch, channels = places.shape[2:]
        seen = (self.rows_in @ places.flatten(1)).unflatten(1, (places.shape[1], batch * channels))
        points = torch.matmul(self.columns_in, seen).reshape(-1, batch, channels)
        products = torch.bmm(points, self.kernel).view(len(self.rows_in), len(self.columns_in), -1)
        found = self.rows_out @ torch.matmul(self.columns_out, products).flatten(1)
        return found.view(len(self.rows_out), len(self.columns_out), batch, -1).add_(self.bias)


@dataclass(frozen=True, slots=True)
class _Matrices:
    """Of a whole axis: `inputs` (points, places), `kernel` (points, 3), `outputs` (output places, points)."""

    inputs: np.ndarray
    kernel: np.ndarray
    outputs: np.ndarray


def _matrices(axis: Axis) -> _Matrices:
    points, outputs = sum(axis.tiles) + (_TAPS - 1) * len(axis.tiles), sum(axis.tiles)
    whole = _Matrices(np.zeros((points, axis.inputs)), np.zeros((points, _TAPS)), np.zeros((outputs, points)))
    point = output = 0
    for tile in axis.tiles:
        part = _tile(tile)
        size = tile + _TAPS - 1
        for at in range(size):
            place = output + at - axis.padding
            if 0 <= place < axis.inputs:
                whole.inputs[point : point + size, place] += part.inputs[:, at]
        whole.kernel[point : point + size] = part.kernel
        whole.outputs[output : output + tile, point : point + size] = part.outputs
        point, output = point + size, output + tile
    return whole


def _tile(outputs: int) -> _Matrices:
    """Toom–Cook on the first points and infinity: outputs @ ((kernel @ taps) · (inputs @ places)) is the sliding product of three taps."""
    if not 1 <= outputs <= LARGEST_TILE:
        raise ValueError(f"A tile has 1 to {LARGEST_TILE} outputs, not {outputs}.")
    size = outputs + _TAPS - 1
    points = np.array(_POINTS[: size - 1])
    back, kernel, inputs = np.zeros((outputs, size)), np.zeros((size, _TAPS)), np.zeros((size, size))
    for at, point in enumerate(points):
        others = np.delete(points, at)
        back[:, at] = point ** np.arange(outputs)
        kernel[at] = point ** np.arange(_TAPS) / np.prod(point - others)
        inputs[at, :-1] = np.poly(others)[::-1]
    back[-1, -1] = kernel[-1, -1] = 1.0
    inputs[-1] = np.poly(points)[::-1]
    balance = np.sqrt(np.abs(inputs).sum(axis=1) / np.abs(kernel).sum(axis=1))[:, None]  # neither side may dwarf the other in float32
    return _Matrices(inputs / balance, kernel * balance, back)

"""Weights by rule instead of by file, so that two implementations of a net can be held against each other without its checkpoint.

Enters: keys and shapes of a state dict and a salt. Leaves: the tensors both sides fill in. Every draw depends on its key alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from math import prod

import numpy as np
import torch
from torch import Tensor


def filled_by_rule(state: Mapping[str, Tensor], *, salt: str = "") -> dict[str, Tensor]:
    """The state dict with every floating-point entry drawn anew, but for keys that end in `window` or `fb`, which are tables.

    Matrices keep the variance of their input; norms stay near one; all else is small."""
    return {
        key: value if not value.is_floating_point() or key.endswith(("window", "fb")) else _drawn(key, tuple(value.shape), salt).to(value)
        for key, value in state.items()
    }


def _drawn(key: str, shape: tuple[int, ...], salt: str) -> Tensor:
    values = np.asarray(np.random.RandomState(zlib.crc32((salt + key).encode())).standard_normal(shape))
    if key.endswith("running_var"):
        values = 1 + 0.1 * np.abs(values)
    elif len(shape) >= 2:
        values = values * prod(shape[1:]) ** -0.5
    elif len(shape) == 1 and key.endswith("weight"):
        values = 1 + 0.1 * values
    else:
        values = 0.1 * values
    return torch.from_numpy(np.asarray(values))

"""Linear layers for inference on a CPU: weights in the order oneDNN likes best, with what follows them done in the same pass.

A weight and a bias enter, a function of rows leaves. Where torch has no oneDNN the same arithmetic runs through torch's plain operations.
The weights are copies: changing the net afterwards changes nothing here.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_AFTER = {"none": lambda made: made, "tanh": torch.tanh, "sigmoid": torch.sigmoid}


def can_pack(dtype: torch.dtype) -> bool:
    """Whether this torch, on this processor, has oneDNN's packed linear layers for numbers of this kind."""
    if not torch.backends.mkldnn.is_available() or not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        return False
    return dtype == torch.float32 or (dtype == torch.bfloat16 and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()))


class FastLinear:
    """x W^T + b for x (…, inputs) of `dtype`."""

    def __init__(self, weight: Tensor, bias: Tensor, dtype: torch.dtype) -> None:
        plain = weight.detach().to(dtype).contiguous()
        self.bias = bias.detach().to(dtype).contiguous()
        self.is_packed = can_pack(dtype)
        self.weight = torch.ops.mkldnn._reorder_linear_weight(plain) if self.is_packed else plain

    def __call__(self, x: Tensor, then: str = "none") -> Tensor:
        """`then`: "none", "tanh" or "sigmoid" of the result."""
        if self.is_packed:
            return torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, then, [], "")
        return _AFTER[then](functional.linear(x, self.weight, self.bias))

    def times(self, x: Tensor, factor: Tensor) -> Tensor:
        """The result times `factor`, which has its shape and kind."""
        if self.is_packed:
            return torch.ops.mkldnn._linear_pointwise.binary(x, factor, self.weight, self.bias, "mul")
        return functional.linear(x, self.weight, self.bias) * factor

    def onto(self, stream: Tensor, x: Tensor) -> Tensor:
        """`stream` plus the result. `stream` may be of a finer kind than x, and then is changed in place."""
        if self.is_packed and stream.dtype == x.dtype:
            return torch.ops.mkldnn._linear_pointwise.binary(x, stream, self.weight, self.bias, "add")
        return stream.add_(self(x))

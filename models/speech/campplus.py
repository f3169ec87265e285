"""CAM++ speaker embeddings (papers §4.10): Kaldi filterbank frames in, one vector of a voice out. Keys and shapes are the public checkpoints'.

Put spectra in through `models.speech.fbank`; the cosine of two vectors says how alike two voices are.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SEGMENT_FRAMES = 100
_FRONT, _GROWTH, _NARROW = 32, 32, 128
_BLOCKS = ((12, 1), (24, 2), (16, 2))  # layers, dilation


@dataclass(frozen=True, slots=True)
class CamPlusConfig:
    """`embedding_size`: 192 in the Chinese and bilingual checkpoints, 512 in the English one."""

    feat_dim: int = 80
    embedding_size: int = 192

    @classmethod
    def from_json(cls, values: object) -> CamPlusConfig:
        """Raises ValueError saying which size is wrong."""
        if not isinstance(values, Mapping):
            raise ValueError("The speaker net's sizes are no table; a table of feat_dim and embedding_size is wanted.")
        sizes = {name: values[name] for name in cls.__dataclass_fields__ if name in values}
        for name, size in sizes.items():
            if isinstance(size, bool) or not isinstance(size, int) or not 0 < size <= 4096 or (name == "feat_dim" and size % 8):
                raise ValueError(f"“{name}” of the speaker net's sizes is {size!r}; a whole number is wanted, of bands one that 8 divides.")
        return cls(**sizes)


class Residual(nn.Module):
    """Two convolutions over (batch, 32, bands, frames) beside a shortcut; `stride` thins out the bands."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(_FRONT, _FRONT, 3, (stride, 1), 1, bias=False)
        self.bn1 = nn.BatchNorm2d(_FRONT)
        self.conv2 = nn.Conv2d(_FRONT, _FRONT, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(_FRONT)
        self.shortcut = nn.Sequential()
        if stride != 1:
            self.shortcut = nn.Sequential(nn.Conv2d(_FRONT, _FRONT, 1, (stride, 1), bias=False), nn.BatchNorm2d(_FRONT))

    def forward(self, x: Tensor) -> Tensor:
        changed = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(changed + self.shortcut(x))


class Front(nn.Module):
    """Sees the spectrum as a picture: (batch, bands, frames) → (batch, 32 · bands / 8, frames)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(1, _FRONT, 3, 1, 1, bias=False), nn.BatchNorm2d(_FRONT)
        self.layer1, self.layer2 = (nn.Sequential(Residual(2), Residual(1)) for _ in range(2))
        self.conv2, self.bn2 = nn.Conv2d(_FRONT, _FRONT, 3, (2, 1), 1, bias=False), nn.BatchNorm2d(_FRONT)

    def forward(self, bands: Tensor) -> Tensor:
        x = torch.relu(self.bn1(self.conv1(bands[:, None])))
        x = torch.relu(self.bn2(self.conv2(self.layer2(self.layer1(x)))))
        return x.flatten(1, 2)


class Normed(nn.Module):
    """Batch norm, then a rectifier unless it is the last of the net."""

    def __init__(self, width: int, *, is_last: bool = False) -> None:
        super().__init__()
        self.batchnorm = nn.BatchNorm1d(width, affine=not is_last)
        self.is_last = is_last

    def forward(self, x: Tensor) -> Tensor:
        x = self.batchnorm(x)
        return x if self.is_last else torch.relu(x)


class ContextMask(nn.Module):
    """A convolution, every channel of which is let through as far as the whole recording and the hundred frames around call for it."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.linear_local = nn.Conv1d(_NARROW, _GROWTH, 3, padding=dilation, dilation=dilation, bias=False)
        self.linear1 = nn.Conv1d(_NARROW, _NARROW // 2, 1)
        self.linear2 = nn.Conv1d(_NARROW // 2, _GROWTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        around = F.avg_pool1d(x, SEGMENT_FRAMES, SEGMENT_FRAMES, ceil_mode=True).repeat_interleave(SEGMENT_FRAMES, dim=2)[:, :, : x.shape[2]]
        context = x.mean(dim=2, keepdim=True) + around
        return self.linear_local(x) * torch.sigmoid(self.linear2(torch.relu(self.linear1(context))))


class DenseLayer(nn.Module):
    """(batch, width, frames) → the 32 channels that this layer adds."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.nonlinear1 = Normed(width)
        self.linear1 = nn.Conv1d(width, _NARROW, 1, bias=False)
        self.nonlinear2 = Normed(_NARROW)
        self.cam_layer = ContextMask(dilation)

    def forward(self, x: Tensor) -> Tensor:
        return self.cam_layer(self.nonlinear2(self.linear1(self.nonlinear1(x))))


class DenseBlock(nn.Module):
    """Every layer sees what all before it said."""

    def __init__(self, width: int, layers: int, dilation: int) -> None:
        super().__init__()
        for number in range(layers):
            self.add_module(f"tdnnd{number + 1}", DenseLayer(width + number * _GROWTH, dilation))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.children():
            x = torch.cat([x, layer(x)], dim=1)
        return x


class Joined(nn.Module):
    """A convolution without bias and a norm, in the order in which they are named."""

    def __init__(self, sizes: tuple[int, int, int], *, stride: int = 1, is_norm_first: bool = False, is_last: bool = False) -> None:
        super().__init__()
        width, out, kernel = sizes
        linear = nn.Conv1d(width, out, kernel, stride, kernel // 2, bias=False)
        self.linear, self.nonlinear = linear, Normed(width if is_norm_first else out, is_last=is_last)
        self.is_norm_first = is_norm_first

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.nonlinear(x)) if self.is_norm_first else self.nonlinear(self.linear(x))


class MeanAndSpread(nn.Module):
    """(batch, width, frames) → (batch, 2 · width, 1)."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x.mean(dim=2), x.std(dim=2)], dim=1)[:, :, None]


class CamPlus(nn.Module):
    """(batch, frames, 80), the mean over frames taken off → (batch, embedding_size). Three frames at least."""

    def __init__(self, config: CamPlusConfig | None = None) -> None:
        super().__init__()
        self.config = CamPlusConfig() if config is None else config
        self.head = Front()
        width = _NARROW
        parts: list[tuple[str, nn.Module]] = [("tdnn", Joined((_FRONT * self.config.feat_dim // 8, width, 5), stride=2))]
        for number, (layers, dilation) in enumerate(_BLOCKS, start=1):
            grown = width + layers * _GROWTH
            parts += [(f"block{number}", DenseBlock(width, layers, dilation)), (f"transit{number}", Joined((grown, grown // 2, 1), is_norm_first=True))]
            width = grown // 2
        parts += [("out_nonlinear", Normed(width)), ("stats", MeanAndSpread()), ("dense", Joined((2 * width, self.config.embedding_size, 1), is_last=True))]
        self.xvector = nn.Sequential(OrderedDict(parts))

    def forward(self, frames: Tensor) -> Tensor:
        return self.xvector(self.head(frames.transpose(1, 2)))[:, :, 0]

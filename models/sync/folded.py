"""The fast form of SyncNet: the same values to 1e-4 with the norms folded into the convolutions, and pictures laid channels last.

Enter and leave what `models/sync/syncnet.py` says. Only the first lip convolution spans time, so five frames of three colours run as
fifteen channels of one picture (papers §5.2). Pooling comes before the rectifier, which gives the same and costs less.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.sync.syncnet import SyncNet

_CONVOLUTIONS = (0, 4, 8, 11, 14, 18)  # places in either tower, each followed by its norm


class FoldedSyncNet(nn.Module):
    """For evaluation only: there is nothing left to train. Build it from a `SyncNet` that holds its weights."""

    def __init__(self, net: SyncNet) -> None:
        super().__init__()
        self.lip_tower = nn.ModuleList(_picture_convolution(net.netcnnlip[at], net.netcnnlip[at + 1]) for at in _CONVOLUTIONS)
        self.sound_tower = nn.ModuleList(_picture_convolution(net.netcnnaud[at], net.netcnnaud[at + 1]) for at in _CONVOLUTIONS)
        self.lip_head = _folded_head(net.netfclip)
        self.sound_head = _folded_head(net.netfcaud)
        self.requires_grad_(False).eval()

    def lips(self, pictures: Tensor) -> Tensor:
        """(windows, 3, 5, 224, 224), of any number type → (windows, 1024)."""
        return self.lip_head(self.lip_features(pictures))

    def lip_features(self, pictures: Tensor) -> Tensor:
        """(windows, 3, 5, 224, 224), of any number type → (windows, 512)."""
        first, second, third, fourth, fifth, last = self.lip_tower
        seen = _rectified(F.max_pool2d(first(_laid_flat(pictures, first.weight.dtype)), 3, 2))
        seen = _rectified(F.max_pool2d(second(seen), 3, 2, 1))
        seen = _rectified(fourth(_rectified(third(seen))))
        seen = _rectified(F.max_pool2d(fifth(seen), 3, 2))
        return _rectified(last(seen)).flatten(1)

    def sound(self, mfcc: Tensor) -> Tensor:
        """(windows, 1, 13, 20) → (windows, 1024)."""
        first, second, third, fourth, fifth, last = self.sound_tower
        heard = _rectified(first(mfcc.contiguous(memory_format=torch.channels_last)))
        heard = _rectified(F.max_pool2d(second(heard), 3, (1, 2)))
        heard = _rectified(fourth(_rectified(third(heard))))
        heard = _rectified(F.max_pool2d(fifth(heard), 3, 2))
        return self.sound_head(_rectified(last(heard)).flatten(1))


def folded(convolution: nn.Conv2d | nn.Conv3d | nn.Linear, norm: nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d) -> tuple[Tensor, Tensor]:
    """Weight and bias of a layer with the norm that follows it multiplied in, worked out in float64."""
    scale = norm.weight.double() * torch.rsqrt(norm.running_var.double() + norm.eps)
    weight = convolution.weight.double() * scale.reshape(-1, *[1] * (convolution.weight.dim() - 1))
    bias = (convolution.bias.double() - norm.running_mean.double()) * scale + norm.bias.double()
    return weight.to(convolution.weight.dtype), bias.to(convolution.weight.dtype)


def _picture_convolution(convolution: nn.Conv2d | nn.Conv3d, norm: nn.BatchNorm2d | nn.BatchNorm3d) -> nn.Conv2d:
    """A folded convolution without time: the frames of its kernel become channels, (frame, colour) in that order."""
    with torch.no_grad():
        weight, bias = folded(convolution, norm)
        if weight.dim() == 5:
            weight = weight.transpose(1, 2).flatten(1, 2)
        made = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2:], convolution.stride[-2:], convolution.padding[-2:])
        made.weight = nn.Parameter(weight.contiguous(memory_format=torch.channels_last))
        made.bias = nn.Parameter(bias)
    return made


def _folded_head(head: nn.Sequential) -> nn.Sequential:
    with torch.no_grad():
        weight, bias = folded(head[0], head[1])
        first, last = nn.Linear(*head[0].weight.shape[::-1]), nn.Linear(*head[3].weight.shape[::-1])
        first.weight, first.bias = nn.Parameter(weight), nn.Parameter(bias)
        last.load_state_dict(head[3].state_dict())
    return nn.Sequential(first, nn.ReLU(), last)


def _laid_flat(pictures: Tensor, dtype: torch.dtype) -> Tensor:
    """(windows, 3, 5, height, width) → (windows, 15, height, width) with the channels innermost in memory."""
    windows, colours, frames, height, width = pictures.shape
    flat = torch.empty((windows, height, width, frames, colours), dtype=dtype, device=pictures.device)
    flat.copy_(pictures.permute(0, 3, 4, 2, 1))
    return flat.flatten(3).permute(0, 3, 1, 2)


def _rectified(values: Tensor) -> Tensor:
    return values.relu_()

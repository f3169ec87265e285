"""The fast form of SyncNet: the same values to 1e-4, with the norms folded into the convolutions and pooling before the rectifier.

Enter and leave what `models/sync/syncnet.py` says. Lips: only the first convolution spans time, so five frames of three colours run as
fifteen channels of one picture, channels last (papers §5.2). Sound, which every new take asks for: Winograd convolutions, places first.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.parts.winograd import Axis, WinogradConvolution
from models.sync.syncnet import SyncNet

_CONVOLUTIONS = (0, 4, 8, 11, 14, 18)  # places in either tower, each followed by its norm
_LIPS_AT_ONCE, _SOUNDS_AT_ONCE = 7, 82  # windows; tensors of over 32 MiB go back to the system after every layer, and cost page faults
# rows (MFCC) and columns (time) of the four 3×3 sound layers; the last of twenty columns is never pooled, so it is not made
_SOUND_AXES = ((Axis(13, 1, (5, 4, 4)), Axis(20, 1, (5, 5, 5, 4))), *[(Axis(11, 1, (6, 5)), Axis(9, 1, (5, 4)))] * 3)


class FoldedSyncNet(nn.Module):
    """For evaluation only: there is nothing left to train. Build it from a `SyncNet` that holds its weights."""

    def __init__(self, net: SyncNet) -> None:
        super().__init__()
        self.lip_tower = nn.ModuleList(_picture_convolution(net.netcnnlip[at], net.netcnnlip[at + 1]) for at in _CONVOLUTIONS)
        self.sound_first = _picture_convolution(net.netcnnaud[0], net.netcnnaud[1])
        self.sound_tower = nn.ModuleList(
            WinogradConvolution(*folded(net.netcnnaud[at], net.netcnnaud[at + 1]), *axes) for at, axes in zip(_CONVOLUTIONS[1:5], _SOUND_AXES, strict=True)
        )
        self.sound_last = _whole_picture_layer(net.netcnnaud[18], net.netcnnaud[19])
        self.lip_head = _folded_head(net.netfclip)
        self.sound_head = _folded_head(net.netfcaud)
        self.requires_grad_(False).eval()

    def lips(self, pictures: Tensor) -> Tensor:
        """(windows, 3, 5, 224, 224), of any number type → (windows, 1024)."""
        return self.lip_head(self.lip_features(pictures))

    def lip_features(self, pictures: Tensor) -> Tensor:
        """(windows, 3, 5, 224, 224), of any number type → (windows, 512)."""
        return torch.cat([self._lip_features(piece) for piece in pictures.split(_LIPS_AT_ONCE)])

    def sound(self, mfcc: Tensor) -> Tensor:
        """(windows, 1, 13, 20) → (windows, 1024)."""
        return self.sound_head(torch.cat([self._sound_features(piece) for piece in mfcc.split(_SOUNDS_AT_ONCE)]))

    def _lip_features(self, pictures: Tensor) -> Tensor:
        first, second, third, fourth, fifth, last = self.lip_tower
        seen = F.max_pool2d(first(_laid_flat(pictures, first.weight.dtype)), 3, 2).relu_()
        seen = F.max_pool2d(second(seen), 3, 2, 1).relu_()
        seen = fourth(third(seen).relu_()).relu_()
        seen = F.max_pool2d(fifth(seen), 3, 2).relu_()
        return last(seen).relu_().flatten(1)

    def _sound_features(self, mfcc: Tensor) -> Tensor:
        """From the second layer to the last: (rows, columns, windows, channels)."""
        second, third, fourth, fifth = self.sound_tower
        heard = self.sound_first(mfcc).relu_().permute(2, 3, 0, 1).contiguous()
        heard = _pooled(second(heard), 1, 2).relu_()
        heard = fourth(third(heard).relu_()).relu_()
        heard = _pooled(fifth(heard), 2, 2).relu_()
        return self.sound_last(heard.permute(2, 0, 1, 3).flatten(1)).relu_()


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


def _whole_picture_layer(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Linear:
    """A folded convolution whose kernel is all there is to see, as a layer of (rows, columns, channels) laid flat."""
    with torch.no_grad():
        weight, bias = folded(convolution, norm)
        made = nn.Linear(weight[0].numel(), len(weight))
        made.weight, made.bias = nn.Parameter(weight.permute(0, 2, 3, 1).flatten(1)), nn.Parameter(bias)
    return made


def _pooled(places: Tensor, row_step: int, column_step: int) -> Tensor:
    """Largest of 3×3 places, (rows, columns, …)."""
    rows = torch.maximum(torch.maximum(places[:-2:row_step], places[1:-1:row_step]), places[2::row_step])
    return torch.maximum(torch.maximum(rows[:, :-2:column_step], rows[:, 1:-1:column_step]), rows[:, 2::column_step])


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

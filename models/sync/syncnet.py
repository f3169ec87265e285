"""SyncNet as published (papers §5.2): the lip tower and the sound tower, loading `syncnet_v2.model` key for key.

Enter: five frames of 224×224 BGR pictures, 0–255, and twenty columns of 13 MFCC. Leave: 1024-wide embeddings, not normalised.
`models/sync/folded.py` is the fast form of the same net; this one is the plain form it is held against, and the one to train on.
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from models.checkpoint import load_strictly, read_tensors

SIDE_PX = 224
WINDOW_FRAMES = 5
WINDOW_COLUMNS = 20  # of MFCC, at 100 Hz
EMBEDDING, _FEATURES = 1024, 512


class SyncNet(nn.Module):
    """13,631,616 parameters. The numbers in the layer names are those of the published file."""

    def __init__(self) -> None:
        super().__init__()
        self.netcnnaud = _sound_layers()
        self.netfcaud = _head()
        self.netcnnlip = _lip_layers()
        self.netfclip = _head()

    def sound(self, mfcc: Tensor) -> Tensor:
        """(windows, 1, 13, 20) → (windows, 1024)."""
        return self.netfcaud(self.netcnnaud(mfcc).flatten(1))

    def lips(self, pictures: Tensor) -> Tensor:
        """(windows, 3, 5, 224, 224) → (windows, 1024)."""
        return self.netfclip(self.lip_features(pictures))

    def lip_features(self, pictures: Tensor) -> Tensor:
        """What stands before the last layers: (windows, 3, 5, 224, 224), of any number type → (windows, 512)."""
        return self.netcnnlip(pictures.to(self.netcnnlip[0].weight.dtype)).flatten(1)


def open_syncnet(path: Path) -> SyncNet:
    """The net of a file of weights, in evaluation mode on the CPU. Raises BadWeights for another set of keys or shapes."""
    net = SyncNet()
    load_strictly(net, read_tensors(path), str(path))
    return net.eval()


def _sound_layers() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(1, 1),
        nn.Conv2d(64, 192, 3, padding=1), nn.BatchNorm2d(192), nn.ReLU(), nn.MaxPool2d(3, (1, 2)),
        nn.Conv2d(192, 384, 3, padding=1), nn.BatchNorm2d(384), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1), nn.BatchNorm2d(256), nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1), nn.BatchNorm2d(256), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(256, _FEATURES, (5, 4)), nn.BatchNorm2d(_FEATURES), nn.ReLU(),
    )  # fmt: skip


def _lip_layers() -> nn.Sequential:
    """Only the first convolution spans time; all that follows sees one moment."""
    return nn.Sequential(
        nn.Conv3d(3, 96, (5, 7, 7), (1, 2, 2)), nn.BatchNorm3d(96), nn.ReLU(), nn.MaxPool3d((1, 3, 3), (1, 2, 2)),
        nn.Conv3d(96, 256, (1, 5, 5), (1, 2, 2), (0, 1, 1)), nn.BatchNorm3d(256), nn.ReLU(), nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),
        nn.Conv3d(256, 256, (1, 3, 3), padding=(0, 1, 1)), nn.BatchNorm3d(256), nn.ReLU(),
        nn.Conv3d(256, 256, (1, 3, 3), padding=(0, 1, 1)), nn.BatchNorm3d(256), nn.ReLU(),
        nn.Conv3d(256, 256, (1, 3, 3), padding=(0, 1, 1)), nn.BatchNorm3d(256), nn.ReLU(), nn.MaxPool3d((1, 3, 3), (1, 2, 2)),
        nn.Conv3d(256, _FEATURES, (1, 6, 6)), nn.BatchNorm3d(_FEATURES), nn.ReLU(),
    )  # fmt: skip


def _head() -> nn.Sequential:
    return nn.Sequential(nn.Linear(_FEATURES, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Linear(512, EMBEDDING))

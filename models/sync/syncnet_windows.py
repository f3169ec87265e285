"""Windows of SyncNet (papers §5.1) and the embedding of whole streams, a bounded batch at a time.

Enter: pictures at 25 Hz, speech at 16 kHz. Leave: one embedding per window, window f looking at frames f … f + 4 and at the 0.2 s of sound
from the start of frame f. As published, the last window that would fit is left out.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from models.parts.mfcc import RATE_HZ, Mfcc
from models.sync.syncnet import SIDE_PX, WINDOW_COLUMNS, WINDOW_FRAMES

FRAME_RATE_HZ = 25
SAMPLES_PER_FRAME = RATE_HZ // FRAME_RATE_HZ
COLUMNS_PER_FRAME = 4
FEWEST_FRAMES = WINDOW_FRAMES + 1
LIP_BATCH = 20  # windows
SOUND_BATCH = 256
_FULL_SCALE = 32768


class Towers(Protocol):
    """`SyncNet` or `FoldedSyncNet`."""

    def lips(self, pictures: Tensor) -> Tensor: ...

    def sound(self, mfcc: Tensor) -> Tensor: ...


def window_count(frames: int) -> int:
    """Windows of so many frames of picture or sound; none under six."""
    return max(0, frames - WINDOW_FRAMES)


def lip_windows(pictures: Tensor) -> Tensor:
    """(frames, 224, 224, 3) → a view (frames − 4, 3, 5, 224, 224)."""
    return pictures.unfold(0, WINDOW_FRAMES, 1).permute(0, 3, 4, 1, 2)


def sound_windows(mfcc: Tensor) -> Tensor:
    """(columns, 13) → a view (windows, 1, 13, 20) of every window that is whole, four columns from one to the next."""
    return mfcc.unfold(0, WINDOW_COLUMNS, COLUMNS_PER_FRAME)[:, None]


def int16_scale(samples: np.ndarray) -> np.ndarray:
    """Speech, −1..1 → the whole numbers a 16-bit file would hold, float64."""
    return np.clip(np.rint(samples.astype(np.float64) * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE - 1)


def embed_lips(net: Towers, pictures: np.ndarray, *, batch: int = LIP_BATCH) -> np.ndarray:
    """uint8 BGR, (frames, 224, 224, 3) → float32 (frames − 5, 1024). Memory for `batch` windows, whatever the length."""
    if pictures.ndim != 4 or pictures.shape[1:] != (SIDE_PX, SIDE_PX, 3):
        raise ValueError(f"SyncNet looks at pictures of {SIDE_PX}×{SIDE_PX} px in three colours, not at {pictures.shape}.")
    windows = window_count(len(pictures))
    embedded = [
        _on_net(net, "lips", lip_windows(torch.from_numpy(np.ascontiguousarray(pictures[start : min(windows, start + batch) + WINDOW_FRAMES - 1]))))
        for start in range(0, windows, batch)
    ]
    return np.concatenate(embedded) if embedded else np.empty((0, 1024), np.float32)


def embed_sound(net: Towers, samples: np.ndarray, *, batch: int = SOUND_BATCH) -> np.ndarray:
    """Speech at 16 kHz, −1..1, (samples,) → float32 (samples // 640 − 5, 1024)."""
    windows = window_count(len(samples) // SAMPLES_PER_FRAME)
    if windows == 0:
        return np.empty((0, 1024), np.float32)
    with torch.inference_mode():
        mfcc = Mfcc()(torch.from_numpy(int16_scale(samples))[None])[0].float()
    every = sound_windows(mfcc)[:windows]
    return np.concatenate([_on_net(net, "sound", every[start : start + batch]) for start in range(0, windows, batch)])


def _on_net(net: Towers, tower: str, windows: Tensor) -> np.ndarray:
    weight = next(net.parameters())
    with torch.inference_mode():
        return getattr(net, tower)(windows.to(weight.device)).float().cpu().numpy()

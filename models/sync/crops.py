"""Where SyncNet looks: the two crop protocols of papers §5.1 as pure geometry. Their numbers must never be compared.

Enter face boxes of one track, in px of the picture. Leave squares (top, bottom, left, right), whole px, that may reach beyond the picture,
where the published code pads with grey 110. What is inside is resized to 224×224 by whoever holds the pictures.
"""

from __future__ import annotations

import numpy as np

SIDE_PX = 224
PAD_GREY = 110
_SCALE = 0.40  # cs: how far the crop reaches beyond the face
_SMOOTH_FRAMES = 13


def filled_boxes(frames: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """A track's boxes on every frame from its first to its last, missing ones drawn on a straight line between their neighbours.

    `frames`: (seen,), rising; `boxes`: (seen, 4). Returns float64 (frames, 4)."""
    every = np.arange(frames[0], frames[-1] + 1)
    return np.stack([np.interp(every, frames, boxes[:, side].astype(np.float64)) for side in range(4)], axis=1)


def track_windows(boxes: np.ndarray) -> np.ndarray:
    """Protocol "track", for real videos: centre and half size smoothed by a median over 13 frames, then more room below than above.

    `boxes`: (frames, 4), left, top, right, bottom. Returns int64 (frames, 4): top, bottom, left, right."""
    left, top, right, bottom = np.asarray(boxes, dtype=np.float64).T
    half = median_smoothed(np.maximum(bottom - top, right - left) / 2)
    middle_x, middle_y = median_smoothed((left + right) / 2), median_smoothed((top + bottom) / 2)
    below, aside = half * (1 + 2 * _SCALE), half * (1 + _SCALE)
    pad = below.astype(np.int64)  # the published code cuts from a padded picture, and rounds down there
    x, y = middle_x + pad, middle_y + pad
    edges = np.stack([y - half, y + below, x - aside, x + aside], axis=1)
    return edges.astype(np.int64) - pad[:, None]


def face_windows(frames: int, height_px: int, width_px: int) -> np.ndarray:
    """Protocol "face", for clips already cut to the face, as in LRS: the whole picture, whatever its shape. int64 (frames, 4)."""
    return np.tile(np.array([0, height_px, 0, width_px], dtype=np.int64), (frames, 1))


def median_smoothed(values: np.ndarray, *, width: int = _SMOOTH_FRAMES) -> np.ndarray:
    """Running median of odd `width`, with zeros beyond both ends, as the published filter has it."""
    if len(values) == 0:
        return values.astype(np.float64)
    padded = np.pad(values.astype(np.float64), width // 2)
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, width), axis=1)

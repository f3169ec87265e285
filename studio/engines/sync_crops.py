"""The pictures SyncNet looks at: 224×224 BGR crops of one face track, cut from RGB pictures as they come; constant memory.

Enter pictures at 25 Hz and a square for each (`models.sync.crops`); leave uint8 crops. Beyond the picture there is grey 110, as published.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def track_crops(pictures: Iterator[np.ndarray], boxes: np.ndarray) -> Iterator[np.ndarray]:
    """Protocol "track". `pictures`: RGB uint8, one for each of `boxes`, (frames, 4): left, top, width, height in px, no frame missing
    (`models.sync.crops.filled_boxes`). Yields uint8 (224, 224, 3), BGR."""
    import numpy as np

    from models.sync.crops import track_windows

    corners = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)
    for picture, window in zip(pictures, track_windows(corners), strict=False):
        yield cut(picture, window)


def face_crops(pictures: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Protocol "face": pictures that are already cut to the face, RGB uint8, resized. Yields uint8 (224, 224, 3), BGR."""
    from models.sync.crops import face_windows

    for picture in pictures:
        yield cut(picture, face_windows(1, *picture.shape[:2])[0])


def cut(picture: np.ndarray, window: np.ndarray) -> np.ndarray:
    """One crop: `picture` RGB uint8 (height, width, 3), `window` top, bottom, left, right → uint8 (224, 224, 3), BGR."""
    import cv2
    import numpy as np

    from models.sync.crops import PAD_GREY, SIDE_PX

    height, width = picture.shape[:2]
    top, bottom, left, right = (int(edge) for edge in window)
    bottom, right = max(bottom, top + 1), max(right, left + 1)
    canvas = np.full((bottom - top, right - left, 3), PAD_GREY, dtype=np.uint8)
    seen = picture[max(0, top) : max(0, bottom), max(0, left) : max(0, right), ::-1]
    if seen.size:
        down, across = max(0, -top), max(0, -left)
        canvas[down : down + seen.shape[0], across : across + seen.shape[1]] = seen
    if (height, width) == (SIDE_PX, SIDE_PX) and canvas.shape == picture.shape:
        return canvas
    return cv2.resize(canvas, (SIDE_PX, SIDE_PX))

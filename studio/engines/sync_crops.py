"""The pictures SyncNet looks at: 224×224 BGR crops, cut from RGB pictures.

Enter a picture and its square (`models.sync.crops`); leaves a uint8 crop. Beyond the picture there is grey 110, as published.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


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

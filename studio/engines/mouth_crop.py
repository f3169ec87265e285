"""The mouth as a small grey picture: turned upright, scaled by the face, 64 × 64. The scorers of lip synchrony are trained on this cut.

Enter an RGB picture and the landmarks of a face; leaves the crop. Its numbers are part of what was trained: change none of them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from studio.domain.faces import MOUTH_SIDE_PX

if TYPE_CHECKING:
    import numpy as np

COVER = 1.15
"""The side of the crop, in units of the face's size."""
FACE_PER_EYE_TO_MOUTH = 1.35
_BLUR_BELOW = 0.5
"""Shrinking by more than this would alias: the picture is smoothed first."""
_EYES = (33, 263)
_MOUTH = (61, 291, 13, 14)


def face_size_px(landmarks: np.ndarray) -> float:
    """The size a crop is scaled by: the distance of the outer eye corners, or of eyes and mouth where the face is turned away."""
    left, right = landmarks[_EYES[0]], landmarks[_EYES[1]]
    mouth = landmarks[list(_MOUTH)].mean(axis=0)
    across, down = right - left, mouth - (left + right) / 2
    return max(math.hypot(*across), FACE_PER_EYE_TO_MOUTH * math.hypot(*down))


def mouth_crop(picture: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Mouth of the face at `landmarks` (float32, shape (478, 2), px) in `picture` (RGB uint8): uint8, shape (64, 64).

    Only the part of the picture that matters is looked at; the edge of the picture is repeated beyond it."""
    import cv2
    import numpy as np

    left, right = landmarks[_EYES[0]], landmarks[_EYES[1]]
    mouth = landmarks[list(_MOUTH)].mean(axis=0)
    size_px = max(face_size_px(landmarks), 1.0)
    scale = MOUTH_SIDE_PX / (COVER * size_px)
    reach = int(1 / scale) if scale < _BLUR_BELOW else 0  # what smoothing looks at around a pixel: twice its radius
    half = math.ceil(MOUTH_SIDE_PX / scale * math.sqrt(0.5)) + reach + 2
    top, bottom = _range(mouth[1], half, picture.shape[0])
    begin, end = _range(mouth[0], half, picture.shape[1])
    grey = cv2.cvtColor(np.ascontiguousarray(picture[top:bottom, begin:end]), cv2.COLOR_RGB2GRAY)
    if scale < _BLUR_BELOW:
        radius = int(_BLUR_BELOW / scale)
        grey = cv2.blur(grey, (2 * radius + 1, 2 * radius + 1))
    angle = math.atan2(right[1] - left[1], right[0] - left[0])
    cosine, sine = math.cos(-angle) * scale, math.sin(-angle) * scale
    x, y = mouth[0] - begin, mouth[1] - top
    middle = MOUTH_SIDE_PX / 2
    turn = np.array([[cosine, -sine, middle - (cosine * x - sine * y)], [sine, cosine, middle - (sine * x + cosine * y)]])
    size = (MOUTH_SIDE_PX, MOUTH_SIDE_PX)
    return cv2.warpAffine(grey, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _range(centre: float, half: int, size: int) -> tuple[int, int]:
    """Pixels within `half` of `centre`, at least one, inside 0..size."""
    begin = min(max(0, int(centre) - half), size - 1)
    return begin, max(begin + 1, min(size, int(centre) + half + 1))

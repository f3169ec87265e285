"""SyncNet's crops of one face while pictures go by, any number of faces in one pass: by where the face is, or the whole picture.

Enter the boxes of a track, or none; leave a crop for a picture. Geometry: `models.sync.crops`; pixels: `studio.engines.sync_crops`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


class FaceCutter:
    """`boxes`: (frames, 4), left, top, width, height in px, of which only those `found` count; None: the whole picture is the face."""

    def __init__(self, boxes: np.ndarray | None = None, found: np.ndarray | None = None) -> None:
        self._windows = None if boxes is None or found is None else _windows(boxes, found)

    def crop(self, place: int, picture: np.ndarray) -> np.ndarray:
        """The crop of the track's frame `place`: uint8 (224, 224, 3), BGR. `picture`: RGB uint8."""
        from models.sync.crops import face_windows
        from studio.engines.sync_crops import cut

        return cut(picture, face_windows(1, *picture.shape[:2])[0] if self._windows is None else self._windows[place])


def _windows(boxes: np.ndarray, found: np.ndarray) -> np.ndarray:
    """One square a frame; the last box stays where a track ends unseen."""
    import numpy as np

    from models.sync.crops import filled_boxes, track_windows

    seen = np.flatnonzero(found)
    filled = filled_boxes(np.concatenate([[0], seen, [len(boxes) - 1]]), boxes[np.concatenate([seen[:1], seen, seen[-1:]])])
    return track_windows(np.concatenate([filled[:, :2], filled[:, :2] + filled[:, 2:]], axis=1))

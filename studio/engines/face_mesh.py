"""Faces in one picture after the other, by MediaPipe's full-range detector and its face mesh; runs inside the face worker's process.

Known faces are followed by a mesh each, on an enlarged piece of the picture; every few frames, after a cut and when one is lost, the
detector looks for more: over the whole picture, and by turns over parts of it, where small faces are large enough to be found.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studio.engines.mouth_crop import mouth_crop
from studio.engines.protocols import FaceSeen
from studio.media.shot_cuts import CutDetector

if TYPE_CHECKING:
    import numpy as np

MAX_FACES = 6


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """How often the detector looks (`every_frames` while faces are followed, `empty_every_frames` while there are none), the
    confidences asked of it and of the mesh, how much more than the face its mesh is shown, and at what size at most."""

    every_frames: int = 10
    empty_every_frames: int = 3
    detector_confidence: float = 0.5
    mesh_confidence: float = 0.4
    piece_ratio: float = 2.0
    piece_px: int = 320
    parts_from_px: int = 480
    same_overlap: float = 0.3


@dataclass(slots=True)
class _Square:
    """Where to look: a square in px of the picture."""

    x: float
    y: float
    side: float

    def holds(self, other: _Square) -> bool:
        """Whether a look at this square still shows `other` well: near its middle, about its size."""
        near = max(abs(other.x - self.x), abs(other.y - self.y)) < 0.1 * self.side
        return near and 0.8 < other.side / self.side < 1.25


class FaceFinder:
    """Feed it the pictures of a film in order. Deterministic; constant memory."""

    def __init__(self, plan: SearchPlan | None = None) -> None:
        self._plan = SearchPlan() if plan is None else plan
        self._detector = _Detector(self._plan.detector_confidence)
        self._followed: list[_Follower] = []
        self._idle: list[_Mesh] = []
        self._cuts = CutDetector()
        self._views: deque[int] = deque()
        self._since_search = self._searches = 0

    def look(self, picture: np.ndarray) -> tuple[FaceSeen, ...]:
        """Up to six faces of the next picture (RGB uint8)."""
        is_cut = self._cuts.is_cut(picture)
        if is_cut:
            self._release(self._followed)
        count = len(self._followed)
        seen = [(follower, face) for follower in self._followed if (face := follower.look(picture)) is not None]
        seen = self._distinct(seen)
        is_lost = len(seen) < count
        self._release([follower for follower in self._followed if all(follower is not kept for kept, _ in seen)])
        if self._is_due(is_cut=is_cut, is_lost=is_lost):
            seen += self._searched(picture, [face for _, face in seen], is_thorough=is_cut or self._searches == 0)
        return tuple(face for _, face in seen)

    def _is_due(self, *, is_cut: bool, is_lost: bool) -> bool:
        self._since_search += 1
        wait = self._plan.every_frames if self._followed else self._plan.empty_every_frames
        return is_cut or is_lost or self._searches == 0 or bool(self._views) or self._since_search >= wait

    def _searched(self, picture: np.ndarray, known: list[FaceSeen], *, is_thorough: bool) -> list[tuple[_Follower, FaceSeen]]:
        """Faces not followed yet, in one view of the picture; after a cut the other views follow in the next pictures."""
        self._since_search = 0
        views = _views(picture, self._plan.parts_from_px)
        if is_thorough:
            self._views = deque(range(1, len(views)))
            number = 0
        elif self._views:
            number = self._views.popleft()
        else:
            number = 0 if self._searches % 2 == 0 else 1 + self._searches // 2 % max(1, len(views) - 1)
        self._searches += 1
        found = self._detector.boxes(picture, views[min(number, len(views) - 1)])
        if not found and not known and number == 0:  # a face that fills the picture is too near for this detector, not for the mesh
            found = [_Square(picture.shape[1] / 2, picture.shape[0] / 2, max(picture.shape[:2]) / self._plan.piece_ratio)]
        added = []
        for square in found:
            if len(self._followed) >= MAX_FACES:
                break
            if any(_is_at(square, face) for face in [*known, *(face for _, face in added)]):
                continue
            follower = _Follower(self._idle.pop() if self._idle else _Mesh(self._plan.mesh_confidence), square, self._plan)
            face = follower.look(picture)
            if face is None or self._is_known(face, [*known, *(face for _, face in added)]):
                self._idle.append(follower.mesh)
                continue
            self._followed.append(follower)
            added.append((follower, face))
        return added

    def _distinct(self, seen: list[tuple[_Follower, FaceSeen]]) -> list[tuple[_Follower, FaceSeen]]:
        """Two followers on one face become one, the older."""
        kept: list[tuple[_Follower, FaceSeen]] = []
        for follower, face in seen:
            if not self._is_known(face, [other for _, other in kept]):
                kept.append((follower, face))
        return kept

    def _is_known(self, face: FaceSeen, others: list[FaceSeen]) -> bool:
        return any(_shared(face.box, other.box) > self._plan.same_overlap for other in others)

    def _release(self, followers: list[_Follower]) -> None:
        gone = {id(follower) for follower in followers}
        self._idle.extend(follower.mesh for follower in followers)
        self._followed = [follower for follower in self._followed if id(follower) not in gone]


class _Follower:
    """A mesh on one face, shown a piece of the picture that moves with it only when it must: the mesh remembers places."""

    def __init__(self, mesh: _Mesh, square: _Square, plan: SearchPlan) -> None:
        self.mesh, self._plan = mesh, plan
        self._piece = _Square(square.x, square.y, square.side * plan.piece_ratio)
        mesh.forget()

    def look(self, picture: np.ndarray) -> FaceSeen | None:
        """The face in this picture; None where it is lost."""
        points = self.mesh.points(picture, self._piece, self._plan.piece_px)
        if points is None:
            return None
        low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
        width, height = (float(value) for value in high - low)
        centre = (low + high) / 2
        if max(width, height) < 2 or not (0 <= centre[0] < picture.shape[1] and 0 <= centre[1] < picture.shape[0]):
            return None
        wanted = _Square(float(centre[0]), float(centre[1]), max(width, height) * self._plan.piece_ratio)
        if not self._piece.holds(wanted):
            self._piece = wanted
        landmarks = points[:, :2].copy()
        box = (float(low[0]), float(low[1]), width, height)
        return FaceSeen(box, landmarks, yaw_deg(points), mouth_crop(picture, landmarks))


class _Mesh:
    """MediaPipe's face mesh with irises, in following mode, for one face."""

    def __init__(self, confidence: float) -> None:
        import mediapipe

        self._graph: Any = mediapipe.solutions.face_mesh.FaceMesh(
            static_image_mode=False,
            max_num_faces=1,
            refine_landmarks=True,
            min_detection_confidence=confidence,
            min_tracking_confidence=confidence,
        )
        self._is_used = False

    def forget(self) -> None:
        """Start anew with another face."""
        if self._is_used:
            self._graph.reset()
            self._is_used = False

    def points(self, picture: np.ndarray, square: _Square, most_px: int) -> np.ndarray | None:
        """Landmarks, float32, shape (478, 3), px of the picture, depth on the same scale; None where no face fits."""
        import cv2
        import numpy as np

        left, top, right, bottom = _inside(square, picture.shape)
        piece = np.ascontiguousarray(picture[top:bottom, left:right])
        height, width = piece.shape[:2]
        ratio = min(1.0, most_px / max(width, height))
        if ratio < 1:
            how = cv2.INTER_LINEAR if ratio >= 0.5 else cv2.INTER_AREA
            piece = cv2.resize(piece, None, fx=ratio, fy=ratio, interpolation=how)
        self._is_used = True
        found = self._graph.process(piece).multi_face_landmarks
        if not found:
            return None
        points = np.array([(point.x, point.y, point.z) for point in found[0].landmark], np.float32)
        return points * np.array([width, height, width], np.float32) + np.array([left, top, 0], np.float32)


class _Detector:
    """MediaPipe's full-range detector on one view of a picture."""

    def __init__(self, confidence: float) -> None:
        import mediapipe

        self._graph: Any = mediapipe.solutions.face_detection.FaceDetection(model_selection=1, min_detection_confidence=confidence)

    def boxes(self, picture: np.ndarray, view: tuple[int, int, int, int]) -> list[_Square]:
        """Faces in `view` (left, top, right, bottom), the largest first."""
        import numpy as np

        left, top, right, bottom = view
        found = self._graph.process(np.ascontiguousarray(picture[top:bottom, left:right])).detections or ()
        squares = []
        for item in found:
            box = item.location_data.relative_bounding_box
            width, height = box.width * (right - left), box.height * (bottom - top)
            x, y = left + box.xmin * (right - left) + width / 2, top + box.ymin * (bottom - top) + height / 2
            if max(width, height) >= 2:
                squares.append(_Square(x, y, max(width, height)))
        return sorted(squares, key=lambda square: (-square.side, square.x, square.y))


def yaw_deg(points: np.ndarray) -> float:
    """How far a face is turned about the vertical, from the depth of its sides: 0 to the camera, positive to the picture's right."""
    across = points[454] - points[234]
    return math.degrees(math.atan2(float(across[2]), float(math.hypot(across[0], across[1]))))


def _views(picture: np.ndarray, parts_from_px: int) -> list[tuple[int, int, int, int]]:
    """The whole picture, then, where it is large, overlapping squares along its longer side."""
    height, width = picture.shape[:2]
    views = [(0, 0, width, height)]
    if max(height, width) < parts_from_px:
        return views
    side = min(height, width)
    for offset in (0, 1, 2):
        start = (max(height, width) - side) * offset // 2
        views.append((start, 0, start + side, height) if width >= height else (0, start, width, start + side))
    return views


def _inside(square: _Square, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The part of a square that lies in the picture, at least a pixel: left, top, right, bottom."""
    half = square.side / 2
    left, top = min(max(0, int(square.x - half)), shape[1] - 1), min(max(0, int(square.y - half)), shape[0] - 1)
    return left, top, max(left + 1, min(shape[1], int(square.x + half))), max(top + 1, min(shape[0], int(square.y + half)))


def _is_at(square: _Square, face: FaceSeen) -> bool:
    """Whether a detection is a face already known: its middle lies in that face's box."""
    left, top, width, height = face.box
    return left <= square.x <= left + width and top <= square.y <= top + height


def _shared(first: tuple[float, float, float, float], second: tuple[float, float, float, float]) -> float:
    """What two boxes share, over the smaller one."""
    width = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    height = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    smaller = min(first[2] * first[3], second[2] * second[3])
    return max(0.0, width) * max(0.0, height) / smaller if smaller > 0 else 0.0

"""Faces of single frames joined into tracks: by how their boxes overlap and how far their features moved, never across a cut.

Enter the faces of each frame in order; rows go to the archive as soon as a face has proved to be one; leave `FaceTrack`s.
Held in memory: the open tracks, a few frames each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from studio.domain.faces import KEPT_POINTS, FaceTrack
from studio.engines.protocols import FaceSeen
from studio.media.face_archive import FaceArchiveWriter, FaceRow

PROFILE_DEG = 40.0
"""Turned further than this, a face hides one corner of its mouth."""
INNER_LIPS = (13, 14)
MOUTH_CORNERS = (61, 291)
BROW_AND_CHIN = (10, 152)
_LIPS_ROWS, _LIPS_COLUMNS = slice(14, 54), slice(8, 56)
_MAX_PX = 2048


@dataclass(frozen=True, slots=True)
class JoinRules:
    """A face continues a track when their boxes overlap by `least_overlap` (intersection over union), or its features moved on average
    by less than `most_moved` of its size, and it grew or shrank by less than `most_growth`. A track survives `longest_gap_frames`
    without being seen; a face seen in fewer than `fewest_frames` is a mistake of the detector and left out."""

    least_overlap: float = 0.35
    most_moved: float = 0.35
    most_growth: float = 1.7
    longest_gap_frames: int = 12
    fewest_frames: int = 8


class TrackJoiner:
    """Feed it every frame, then `finish`."""

    def __init__(self, archive: FaceArchiveWriter, rules: JoinRules | None = None) -> None:
        self._archive, self._rules = archive, JoinRules() if rules is None else rules
        self._open: list[_Open] = []
        self._done: list[FaceTrack] = []
        self._next_id = 1
        self._shot = 0
        self.frame_count = 0

    def feed(self, faces: Sequence[FaceSeen], *, is_cut: bool = False, px_ratio: float = 1.0) -> None:
        """The faces of the next frame. `is_cut`: a new shot begins with it; `px_ratio`: source px in one px of the picture."""
        if is_cut:
            self._shot += 1
            self._close(self._open)
        frame = self.frame_count
        self._close([track for track in self._open if frame - track.last_frame > self._rules.longest_gap_frames])
        left = list(faces)
        for track, face in self._pairs(left):
            left = [other for other in left if other is not face]
            track.add(frame, face, px_ratio)
        for face in left:
            self._open.append(_Open(frame, self._shot, face, px_ratio))
        for track in self._open:
            self._store(track)
        self.frame_count += 1

    def finish(self) -> tuple[FaceTrack, ...]:
        """All tracks, in order of appearance."""
        self._close(self._open)
        return tuple(sorted(self._done, key=lambda track: (track.start_frame, track.id)))

    def _pairs(self, faces: Sequence[FaceSeen]) -> list[tuple[_Open, FaceSeen]]:
        """Which face continues which track, the best matches first; each at most once."""
        scored = [(likeness(track.face, face, self._rules), i, j) for i, track in enumerate(self._open) for j, face in enumerate(faces)]
        pairs, tracks_used, faces_used = [], set(), set()
        for _score, i, j in sorted((item for item in scored if item[0] > 0), key=lambda item: (-item[0], item[1], item[2])):
            if i not in tracks_used and j not in faces_used:
                pairs.append((self._open[i], faces[j]))
                tracks_used.add(i)
                faces_used.add(j)
        return pairs

    def _store(self, track: _Open) -> None:
        """Hand the rows of a proven track to the archive."""
        if track.id is None:
            if track.found_frames < self._rules.fewest_frames:
                return
            track.id, self._next_id = self._next_id, self._next_id + 1
            self._archive.begin(track.id, track.start_frame)
        for row in track.rows:
            self._archive.add(track.id, row)
        track.rows.clear()

    def _close(self, tracks: Sequence[_Open]) -> None:
        for track in tracks:
            if track.id is not None:
                self._archive.end(track.id)
                self._done.append(track.summary())
        gone = {id(track) for track in tracks}
        self._open = [track for track in self._open if id(track) not in gone]


class _Open:
    """A track that may go on: its last face, rows not yet stored, and the sums its summary needs."""

    def __init__(self, frame: int, shot: int, face: FaceSeen, px_ratio: float) -> None:
        self.id: int | None = None
        self.start_frame, self.last_frame, self.shot = frame, frame - 1, shot
        self.face = face
        self.rows: list[FaceRow] = []
        self.found_frames = self._profile_frames = 0
        self._face_px, self._mouth_px = np.zeros(_MAX_PX, np.int32), np.zeros(_MAX_PX, np.int32)
        self.add(frame, face, px_ratio)

    def add(self, frame: int, face: FaceSeen, px_ratio: float) -> None:
        stir = lip_stir(self.face.mouth, face.mouth) if self.found_frames else 0.0
        if frame > self.last_frame + 1:
            bridge = self._row(self.face, 0.0, found=False)
            self.rows.extend([bridge] * (frame - self.last_frame - 1))
        self.rows.append(self._row(face, stir, found=True))
        self.face, self.last_frame = face, frame
        self.found_frames += 1
        self._profile_frames += abs(face.yaw_deg) > PROFILE_DEG
        for counts, size_px in ((self._face_px, face.box[2]), (self._mouth_px, distance(face, MOUTH_CORNERS))):
            counts[int(min(_MAX_PX - 1, max(0.0, size_px * px_ratio + 0.5)))] += 1

    def summary(self) -> FaceTrack:
        assert self.id is not None
        end = self.last_frame + 1
        return FaceTrack(
            id=self.id,
            start_frame=self.start_frame,
            end_frame=end,
            shot=self.shot,
            face_px=_median(self._face_px),
            mouth_px=_median(self._mouth_px),
            profile_share=self._profile_frames / self.found_frames,
            found_share=self.found_frames / (end - self.start_frame),
        )

    @staticmethod
    def _row(face: FaceSeen, stir: float, *, found: bool) -> FaceRow:
        points = face.landmarks[list(KEPT_POINTS)].astype(np.float32)
        return FaceRow(found, face.box, opening_ratio(face), stir, face.yaw_deg, face.mouth, points)


def likeness(before: FaceSeen, after: FaceSeen, rules: JoinRules) -> float:
    """How well two faces of neighbouring frames go together: 0 not at all, higher is better."""
    growth = max(after.box[2], 1.0) / max(before.box[2], 1.0)
    if not 1 / rules.most_growth < growth < rules.most_growth:
        return 0.0
    moved = float(np.linalg.norm(after.landmarks - before.landmarks, axis=1).mean()) / max(before.box[2], before.box[3], 1.0)
    shared = overlap(before.box, after.box)
    if shared < rules.least_overlap and moved > rules.most_moved:
        return 0.0
    return shared + max(0.0, 1.0 - moved)


def overlap(first: tuple[float, float, float, float], second: tuple[float, float, float, float]) -> float:
    """Intersection over union of two boxes.

    >>> overlap((0, 0, 2, 2), (1, 0, 2, 2)) == 1 / 3
    True
    """
    width = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    height = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    shared = max(0.0, width) * max(0.0, height)
    union = first[2] * first[3] + second[2] * second[3] - shared
    return shared / union if union > 0 else 0.0


def distance(face: FaceSeen, pair: tuple[int, int]) -> float:
    """Between two landmarks, px of the picture."""
    return float(np.linalg.norm(face.landmarks[pair[0]] - face.landmarks[pair[1]]))


def opening_ratio(face: FaceSeen) -> float:
    """The gap of the inner lips over the height of the face, which a turn of the head leaves alone."""
    return distance(face, INNER_LIPS) / max(distance(face, BROW_AND_CHIN), 1.0)


def lip_stir(before: np.ndarray, after: np.ndarray) -> float:
    """Mean grey difference of two mouth crops around the lips, 0..1."""
    first, second = (crop[_LIPS_ROWS, _LIPS_COLUMNS].astype(np.int16) for crop in (before, after))
    return float(np.abs(second - first).mean()) / 255


def _median(counts: np.ndarray) -> float:
    """The median of whole numbers given as counts."""
    return float(np.searchsorted(np.cumsum(counts), counts.sum() / 2))

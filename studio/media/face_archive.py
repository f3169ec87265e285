"""The file beside a film that keeps its faces: mouth crops, boxes, opening and turn of every track, written as they come, read by ranges.

A zip of .npy parts of a few seconds each, so that neither side ever holds a film. Enter rows in order per track, tracks in any order;
leave arrays for a track and a range of frames. No pickles. A new quantity is one more kind of part, or field in `_CURVE`, and a new `VERSION`.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np

from studio.domain.errors import MediaToolFailed
from studio.domain.faces import KEPT_POINTS, MOUTH_SIDE_PX
from studio.media.ffmpeg import storage_error

VERSION = 2
_READ = (1, 2)  # archives of version 1 have no landmarks
_POINT_STEPS = 8192  # landmarks are kept in these parts of their box, from −4 to 4 times its size
PART_FRAMES = 125
_CURVE = np.dtype([("found", "?"), ("opening", "<f4"), ("stir", "<f4"), ("yaw_deg", "<f4"), ("box", "<f4", (4,))])
_BINS = 400
_WIDEST = 0.4  # of the face's height: no mouth opens further
_LEAST_RANGE = 0.02  # of the face's height: a mouth that moves less than this keeps still, and its noise must not fill the curve
_INDEX = "index.json"
_EMPTY = {"mouths": ((0, MOUTH_SIDE_PX, MOUTH_SIDE_PX), np.uint8), "curve": ((0,), _CURVE), "points": ((0, len(KEPT_POINTS), 2), np.int16)}


@dataclass(frozen=True, slots=True)
class FaceRow:
    """One face in one frame. `found` False: bridged, the rest repeats what was seen last. `box`: left, top, width, height in px of
    the picture that was looked at. `opening`: gap of the inner lips over the height of the face. `stir`: mean grey difference of the
    lips from the frame before, 0..1. `mouth`: uint8, shape (64, 64). `points`: `KEPT_POINTS` of the face, (45, 2), px; None: not known,
    then for no row of the track."""

    found: bool
    box: tuple[float, float, float, float]
    opening: float
    stir: float
    yaw_deg: float
    mouth: np.ndarray
    points: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class FaceCurves:
    """A track over `start_frame` and on, one value per frame of the 25 Hz grid. `opening`: float32, 0 (shut) to 1 (this face's widest),
    NaN where the mouth was not seen; `stir` likewise, 0..1 of grey; `yaw_deg`; `boxes` (frames, 4); `found`: bool. `reach`: how much
    of the face's height the opening 1 is more than the opening 0."""

    start_frame: int
    reach: float
    opening: np.ndarray
    stir: np.ndarray
    yaw_deg: np.ndarray
    boxes: np.ndarray
    found: np.ndarray


class FaceArchiveWriter:
    """Writes an archive to `path`, which must not be in use (a draft). As a context: an error leaves no index, so the file is no archive."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open: dict[int, _OpenTrack] = {}
        self._index: dict[str, dict[str, object]] = {}
        try:
            self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        except OSError as error:
            raise storage_error(error, path) from error

    def __enter__(self) -> FaceArchiveWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close(is_whole=kind is None)

    def begin(self, track_id: int, start_frame: int) -> None:
        """Open a track. Raises ValueError for an id used before."""
        if track_id in self._open or str(track_id) in self._index:
            raise ValueError(f"track {track_id} is there already")
        self._open[track_id] = _OpenTrack(start_frame)

    def add(self, track_id: int, row: FaceRow) -> None:
        """The next frame of an open track. Raises OutOfSpace."""
        track = self._open[track_id]
        track.add(row)
        if len(track.rows) == PART_FRAMES:
            self._flush(track_id, track)

    def end(self, track_id: int) -> None:
        """Close a track; the rows kept back are written. Raises OutOfSpace."""
        track = self._open.pop(track_id)
        self._flush(track_id, track)
        low, high = track.opening_range()
        place = {"start": track.start_frame, "end": track.start_frame + track.count}
        self._index[str(track_id)] = {**place, "shut": low, "wide": high, "points": track.has_points}

    def close(self, *, is_whole: bool = True) -> None:
        """Close what is open and write the index; with `is_whole` False only the file is let go."""
        if self._zip.fp is None:
            return
        try:
            if is_whole:
                for track_id in list(self._open):
                    self.end(track_id)
                self._zip.writestr(_INDEX, json.dumps({"version": VERSION, "tracks": self._index}))
            self._zip.close()
        except OSError as error:
            raise storage_error(error, self._path) from error

    def _flush(self, track_id: int, track: _OpenTrack) -> None:
        if not track.rows:
            return
        points = track.packed_points()
        mouths, curve = track.taken()
        number = (track.count - 1) // PART_FRAMES
        try:
            self._zip.writestr(_part("mouths", track_id, number), _npy(mouths))
            self._zip.writestr(_part("curve", track_id, number), _npy(curve))
            if points is not None:
                self._zip.writestr(_part("points", track_id, number), _npy(points))
        except OSError as error:
            raise storage_error(error, self._path) from error


class _OpenTrack:
    """Rows not yet written, and a histogram of the openings: what is shut and what is wide for this face."""

    def __init__(self, start_frame: int) -> None:
        self.start_frame, self.count = start_frame, 0
        self.rows: list[FaceRow] = []
        self.has_points = True
        self._openings = np.zeros(_BINS, np.int64)

    def add(self, row: FaceRow) -> None:
        self.rows.append(row)
        self.count += 1
        self.has_points = self.has_points and row.points is not None
        if row.found:
            self._openings[min(_BINS - 1, max(0, int(row.opening / _WIDEST * _BINS)))] += 1

    def packed_points(self) -> np.ndarray | None:
        """The landmarks of the held rows in steps of their boxes, int16; None where one is not known."""
        if not self.has_points:
            return None
        boxes = np.array([row.box for row in self.rows])[:, None, :]
        places = (np.stack([row.points for row in self.rows]) - boxes[..., :2]) / np.maximum(boxes[..., 2:], 1.0)
        return np.clip(np.round(places * _POINT_STEPS), -32768, 32767).astype("<i2")

    def taken(self) -> tuple[np.ndarray, np.ndarray]:
        """The held rows as mouths and curve; none are held afterwards."""
        mouths = np.stack([row.mouth for row in self.rows]).astype(np.uint8)
        curve = np.array([(row.found, row.opening, row.stir, row.yaw_deg, row.box) for row in self.rows], dtype=_CURVE)
        self.rows.clear()
        return mouths, curve

    def opening_range(self) -> tuple[float, float]:
        """The 5th and 97th percentile of the openings, at least `_LEAST_RANGE` apart."""
        total = self._openings.sum()
        if not total:
            return 0.0, _LEAST_RANGE
        reached = np.cumsum(self._openings) / total
        low, high = (float(np.searchsorted(reached, share) + 0.5) * _WIDEST / _BINS for share in (0.05, 0.97))
        return low, max(high, low + _LEAST_RANGE)


class FaceArchive:
    """Reads an archive by ranges; safe for several threads. Raises MediaToolFailed for a file that is no whole archive."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._judged():
            self._zip = zipfile.ZipFile(path)
            index = json.loads(self._zip.read(_INDEX))
        if index["version"] not in _READ:
            raise MediaToolFailed("Reading the faces", f"the archive has version {index['version']}, and {VERSION} is read; look at the faces again.")
        self._tracks: dict[int, dict[str, float]] = {int(key): value for key, value in index["tracks"].items()}

    def close(self) -> None:
        """Let the file go; it is let go anyway once nobody holds the archive."""
        self._zip.close()

    def track_ids(self) -> tuple[int, ...]:
        return tuple(sorted(self._tracks))

    def span(self, track_id: int) -> tuple[int, int]:
        """First frame and end (exclusive) of a track. Raises ValueError for one that is not there."""
        if track_id not in self._tracks:
            raise ValueError(f"there is no face track {track_id} in this archive")
        return int(self._tracks[track_id]["start"]), int(self._tracks[track_id]["end"])

    def mouths(self, track_id: int, start_frame: int, end_frame: int) -> np.ndarray:
        """Mouth crops, uint8, shape (end − start, 64, 64). Raises ValueError for frames outside the track."""
        return self._range("mouths", track_id, start_frame, end_frame)

    @property
    def has_points(self) -> bool:
        """Whether the landmarks of every face are here; archives of before they were kept have none."""
        return all(track.get("points", False) for track in self._tracks.values())

    def points(self, track_id: int, start_frame: int, end_frame: int) -> np.ndarray:
        """Landmarks `KEPT_POINTS` in px of the picture, float32 (end − start, 45, 2). Raises ValueError for frames outside the track, and
        where they were not kept."""
        if not self._tracks.get(track_id, {"points": True}).get("points", False):
            raise ValueError(f"the landmarks of face track {track_id} were not kept; look at the faces again")
        steps = self._range("points", track_id, start_frame, end_frame).astype(np.float32)
        boxes = self._range("curve", track_id, start_frame, end_frame)["box"][:, None, :]
        return boxes[..., :2] + steps / _POINT_STEPS * np.maximum(boxes[..., 2:], 1.0)

    def curves(self, track_id: int, start_frame: int | None = None, end_frame: int | None = None) -> FaceCurves:
        """Everything but the pictures, for a range or the whole track. Raises ValueError for frames outside the track."""
        first, last = self.span(track_id)
        start, end = first if start_frame is None else start_frame, last if end_frame is None else end_frame
        rows = self._range("curve", track_id, start, end)
        shut, wide = self._tracks[track_id]["shut"], self._tracks[track_id]["wide"]
        opening = np.clip((rows["opening"] - shut) / (wide - shut), 0, 1).astype(np.float32)
        opening[~rows["found"]] = np.nan
        stir = np.where(rows["found"], rows["stir"], np.nan).astype(np.float32)
        return FaceCurves(start, wide - shut, opening, stir, rows["yaw_deg"].copy(), rows["box"].copy(), rows["found"].copy())

    def _range(self, kind: str, track_id: int, start_frame: int, end_frame: int) -> np.ndarray:
        first, last = self.span(track_id)
        if not first <= start_frame <= end_frame <= last:
            raise ValueError(f"frames {start_frame}–{end_frame} are not all in face track {track_id}, which has {first}–{last}")
        if start_frame == end_frame:
            return np.zeros(*_EMPTY[kind])
        numbers = range((start_frame - first) // PART_FRAMES, (end_frame - first - 1) // PART_FRAMES + 1)
        joined = np.concatenate(list(self._parts(kind, track_id, numbers)))
        offset = start_frame - first - numbers[0] * PART_FRAMES
        return joined[offset : offset + end_frame - start_frame]

    def _parts(self, kind: str, track_id: int, numbers: range) -> Iterator[np.ndarray]:
        for number in numbers:
            with self._judged():
                part = np.load(io.BytesIO(self._zip.read(_part(kind, track_id, number))), allow_pickle=False)
            yield part

    @contextmanager
    def _judged(self) -> Iterator[None]:
        """What is wrong with the file becomes a sentence."""
        try:
            yield
        except (OSError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise MediaToolFailed("Reading the faces", f"{self._path.name} is missing or damaged; look at the faces again.") from error


def _part(kind: str, track_id: int, number: int) -> str:
    return f"{kind}/{track_id:06d}/{number:06d}.npy"


def _npy(array: np.ndarray) -> bytes:
    held = io.BytesIO()
    np.lib.format.write_array(held, array, allow_pickle=False)
    return held.getvalue()

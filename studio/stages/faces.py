"""Who is seen: the pictures of a film, once through, become face tracks and the archive of their mouths.

Enter RGB pictures at 25 Hz, a face tracker and an open archive; leave `FaceTracks`. Memory does not grow with the film.
Who speaks, and whose line it is, follows from that and the speech: `face_speech.py`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from studio.domain.errors import Cancelled
from studio.domain.faces import FaceTracks
from studio.engines.protocols import FaceTracker
from studio.media.face_archive import FaceArchiveWriter
from studio.media.ffmpeg import CancelCheck
from studio.media.shot_cuts import CutDetector
from studio.stages.face_tracks import TrackJoiner


@dataclass(frozen=True, slots=True)
class Watch:
    """How a pass over the pictures is watched: `progress` is told the frames done (of the 25 Hz grid), `cancel` asked each frame.
    `source_longest_px`: the longer side of the source picture, where the pictures come scaled down; sizes are told in its px."""

    progress: Callable[[int], None] | None = None
    cancel: CancelCheck | None = None
    source_longest_px: int | None = None


def track_faces(pictures: Iterable[np.ndarray], engine: FaceTracker, archive: FaceArchiveWriter, watch: Watch = Watch()) -> FaceTracks:
    """Look at every picture (RGB uint8, shape (height, width, 3), 25 Hz) once. The archive gets every track's rows; the caller closes
    it and gives its key to the result (`archive` is None here). Raises Cancelled and what the pictures and the engine raise."""
    eyes = _Eyes(pictures, watch)
    joiner = TrackJoiner(archive)
    for seen in engine.faces(iter(eyes)):
        is_cut, px_ratio = eyes.told.popleft()
        joiner.feed(seen, is_cut=is_cut, px_ratio=px_ratio)
        if watch.progress is not None:
            watch.progress(joiner.frame_count)
    return FaceTracks(joiner.finish(), joiner.frame_count, None, f"{engine.name} {engine.version}")


class _Eyes:
    """Hands pictures on to the engine and notes for each whether a new shot begins and how many source px one of its px is."""

    def __init__(self, pictures: Iterable[np.ndarray], watch: Watch) -> None:
        self._pictures, self._watch = pictures, watch
        self.told: deque[tuple[bool, float]] = deque()

    def __iter__(self) -> Iterator[np.ndarray]:
        cuts = CutDetector()
        for picture in self._pictures:
            if self._watch.cancel is not None and self._watch.cancel():
                raise Cancelled
            longest = self._watch.source_longest_px
            ratio = 1.0 if longest is None else longest / max(picture.shape[:2])
            self.told.append((cuts.is_cut(picture), ratio))
            yield picture

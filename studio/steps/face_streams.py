"""The face that speaks a line, cut out of the archive of faces for a voice that sees: mouths and landmarks on the take's own time axis."""

from __future__ import annotations

import numpy as np

from studio.domain.faces import FACE_RATE_HZ
from studio.domain.timing import TimeSpan
from studio.engines.voice_protocols import FaceStreams
from studio.media.face_archive import FaceArchive

CONTEXT_FRAMES = 25
"""Seen before and after a line: what is usual for a face, and where its motion comes from, is read from its neighbourhood."""
_FRAME_MS = 1000 / FACE_RATE_HZ


def face_streams(archive: FaceArchive, track_id: int, span: TimeSpan) -> FaceStreams | None:
    """One face around `span`; frames outside its track, and frames where it is hidden, are there but not seen. None where it is not seen
    within the span at all, or the archive keeps no landmarks. Raises MediaToolFailed for a damaged archive."""
    if not archive.has_points:
        return None
    first = int(span.start_ms / _FRAME_MS) - CONTEXT_FRAMES
    last = -int(-span.end_ms // _FRAME_MS) + CONTEXT_FRAMES
    start, end = (min(max(frame, first), last) for frame in archive.span(track_id))
    if start >= end:
        return None
    found = archive.curves(track_id, start, end).found
    is_seen = np.zeros(last - first, bool)
    is_seen[start - first : end - first] = found
    if not is_seen[CONTEXT_FRAMES : len(is_seen) - CONTEXT_FRAMES].any():
        return None
    ends = (start - first, last - end)
    points = np.pad(archive.points(track_id, start, end), (ends, (0, 0), (0, 0)), mode="edge")
    mouths = np.pad(archive.mouths(track_id, start, end), (ends, (0, 0), (0, 0)), mode="edge")
    return FaceStreams(points, mouths, is_seen, first * _FRAME_MS - span.start_ms)

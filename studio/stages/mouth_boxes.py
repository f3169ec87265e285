"""Where on the picture a line's mouth is: a face's landmarks in, one box per frame of the 25 Hz grid out, as shares of the picture. Pure."""

from __future__ import annotations

from studio.domain.faces import FACE_RATE_HZ
from studio.domain.media import VideoTrack
from studio.domain.timing import TimeSpan
from studio.media.face_archive import FaceArchive

LIP_POINTS = 40  # of `KEPT_POINTS`, which begin with the lips
MARGIN_RATIO = 0.25  # of the lips' own size, on every side
Box = tuple[float, float, float, float]


def looked_at_px(video: VideoTrack, longest_px: int) -> tuple[float, float]:
    """Width and height of the picture as it was looked at: upright, and scaled down to `longest_px`."""
    width, height = (video.height_px, video.width_px) if video.rotation_deg % 180 else (video.width_px, video.height_px)
    scale = min(1.0, longest_px / max(width, height))
    return width * scale, height * scale


def mouth_boxes(archive: FaceArchive, track_id: int, span: TimeSpan, picture_px: tuple[float, float]) -> tuple[Box | None, ...]:
    """(left, top, width, height) of the lips over `span`, 0..1 of the picture; None where they are not seen. Empty where no landmarks
    were kept. Raises MediaToolFailed for a damaged archive."""
    import numpy as np

    if not archive.has_points:
        return ()
    first, last = span.start_ms * FACE_RATE_HZ // 1000, -(-span.end_ms * FACE_RATE_HZ // 1000)
    start, end = archive.span(track_id)
    low, high = max(start, first), min(end, last)
    if high <= low:
        return (None,) * (last - first)
    lips = archive.points(track_id, low, high)[:, :LIP_POINTS] / np.asarray(picture_px, np.float32)
    corner, size = lips.min(axis=1), np.ptp(lips, axis=1)
    placed = np.concatenate([corner - MARGIN_RATIO * size, size * (1 + 2 * MARGIN_RATIO)], axis=1)
    found = archive.curves(track_id, low, high).found
    boxes = [tuple(round(float(value), 4) for value in box) if is_seen else None for box, is_seen in zip(placed, found, strict=True)]
    return (*[None] * (low - first), *boxes, *[None] * (last - high))  # type: ignore[return-value]

"""How a take stands to the mouth and to the source's speech: one score, one overlap, and the curves that show why.

Pure. Enter lip embeddings of a face track (made once), a take's sound and where it starts; leave `LineSync` parts and `LineCurves`.
Whatever cannot be measured is answered with a sentence, never with a number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from studio.domain.errors import NotMeasurable
from studio.domain.faces import FACE_RATE_HZ, SMALLEST_FACE_PX, LinePresence, Presence
from studio.domain.sync import LineCurves, SpeechOverlap, SyncScore, speech_overlap
from studio.domain.timing import TimeSpan, ms_to_samples
from studio.engines.protocols import Audio, SyncScorer
from studio.media.face_archive import FaceArchive, FaceCurves
from studio.stages.ingest import SPEECH_RATE_HZ
from studio.stages.speech_activity import heard_spans, level_curve, speech_spans

FRAME_MS = 1000 // FACE_RATE_HZ
LEAST_FOUND_RATIO = 0.5  # of the frames of a take: a mouth that is hidden for longer cannot be judged
HIDDEN_DEG = 55.0  # turned further than this, too little of a mouth is seen; three-quarter views below it are judged as well as frontal ones
_Value = TypeVar("_Value")
_PIECE_FRAMES, _CONTEXT_FRAMES = 1500, 16


@dataclass(frozen=True, slots=True)
class TrackLips:
    """Lip embeddings of a face track. `windows`: float32 (windows, dim), row n begins at frame `start_frame` + n; rows of NaN show a
    mouth that cannot be judged. `found`: bool per frame, whether it was really seen; `turned`: whether it was turned too far away."""

    start_frame: int
    windows: np.ndarray
    found: np.ndarray
    turned: np.ndarray


@dataclass(frozen=True, slots=True)
class PlacedSound:
    """A take's speech at 16 kHz and where it starts on the programme's timeline."""

    audio: Audio
    start_ms: int

    @property
    def span(self) -> TimeSpan:
        return TimeSpan(self.start_ms, self.start_ms + max(1, self.audio.length_ms))


def embed_track(archive: FaceArchive, track_id: int, scorer: SyncScorer) -> np.ndarray:
    """Every lip window of a track, float32 (windows, dim), piece by piece: memory does not grow with the film. Rows that the scorer
    cannot judge are NaN. Raises NotMeasurable where that is all of them."""
    start, end = archive.span(track_id)
    pieces: list[np.ndarray] = []
    reason: NotMeasurable | None = None
    for first in range(start, end, _PIECE_FRAMES):
        last = min(end, first + _PIECE_FRAMES)
        from_frame, to_frame = max(start, first - _CONTEXT_FRAMES), min(end, last + _CONTEXT_FRAMES)
        try:
            windows = scorer.embed_lips(archive.mouths(track_id, from_frame, to_frame))
        except NotMeasurable as error:
            reason = error
            pieces.append(np.full((last - first, 1), np.nan, np.float32))
        else:
            pieces.append(windows[first - from_frame : last - from_frame])
    width = max(piece.shape[1] for piece in pieces)
    if reason is not None and width == 1:
        raise reason
    return np.concatenate([piece if piece.shape[1] == width else np.full((len(piece), width), np.nan, np.float32) for piece in pieces])


def turned_away(curves: FaceCurves) -> np.ndarray:
    """For each frame of a track whether its face is turned too far to show its mouth, bool."""
    return np.abs(curves.yaw_deg) > HIDDEN_DEG


def why_unmeasurable(presence: LinePresence) -> str | None:
    """Why a line's lips cannot be judged whatever its take; None where they can."""
    if presence.track_id is None or presence.presence in (Presence.OFF_SCREEN, Presence.UNKNOWN):
        return presence.why
    if presence.face_px < SMALLEST_FACE_PX:
        return f"The face is {presence.face_px:.0f} px wide; under {SMALLEST_FACE_PX} px its lips cannot be judged."
    return None


def score_sound(lips: TrackLips, sound: PlacedSound, scorer: SyncScorer) -> SyncScore:
    """A take against the mouth, over the time in which both are there. Raises NotMeasurable with the reason."""
    first = max(lips.start_frame, _nearest_frame(sound.start_ms))
    last = min(lips.start_frame + len(lips.found), -(-sound.span.end_ms // FRAME_MS))
    if last <= first:
        raise NotMeasurable("The speaker's mouth is not in the picture while this take is heard.")
    at = first - lips.start_frame
    found = float(lips.found[at : at + last - first].mean())
    if found < LEAST_FOUND_RATIO:
        raise NotMeasurable(f"The mouth is hidden or lost for most of this take; it is seen in {100 * found:.0f} % of its frames.")
    if lips.turned[at : at + last - first].mean() > 1 - LEAST_FOUND_RATIO:
        raise NotMeasurable("The speaker is seen in profile for most of this take; half a mouth cannot be judged.")
    windows = np.asarray(lips.windows[at : at + last - first], np.float32)
    if not len(windows) or np.isnan(windows).any():
        raise NotMeasurable("The mouth does not move while this take is heard: the picture stands still.")
    return scorer.score(windows, _cut(sound, first, last))


def dub_overlap(source: Sequence[TimeSpan], sound: PlacedSound) -> SpeechOverlap | None:
    """Overlap of a take's speech with the source's; None where the source does not speak."""
    return speech_overlap(source, speech_spans(sound.audio, start_ms=sound.start_ms))


def source_spans(source: Audio | None, heard: Sequence[TimeSpan], start_ms: int) -> tuple[TimeSpan, ...]:
    """Where the source speaks in a stretch of its sound that starts at `start_ms`; `heard`: what the voice-activity engine heard."""
    if source is None:
        return ()
    around = TimeSpan(start_ms, start_ms + max(1, source.length_ms))
    return heard_spans(source, [span for span in heard if span.overlaps(around)], start_ms=start_ms)


@dataclass(frozen=True, slots=True)
class CurveParts:
    """What the curves of a line are drawn from. `opening` at 25 Hz from `span`'s start; `source` its sound there, None without any."""

    span: TimeSpan
    opening: tuple[float | None, ...]
    source: Audio | None
    heard: tuple[TimeSpan, ...]
    dub: PlacedSound | None
    why: str


def line_curves(parts: CurveParts) -> LineCurves:
    """Mouth, source and dub of one stretch on one axis of 25 values a second; what is not there is silent and shut out."""
    count = -(-parts.span.length_ms // FRAME_MS)
    source = level_curve(parts.source) if parts.source is not None else ()
    dub = level_curve(laid_out(parts.dub, parts.span)) if parts.dub is not None else ()
    return LineCurves(
        start_ms=parts.span.start_ms,
        end_ms=parts.span.end_ms,
        opening=_filled(parts.opening, count, None),
        source_level=_filled(source, count, 0.0),
        dub_level=_filled(dub, count, 0.0),
        source_speech=source_spans(parts.source, parts.heard, parts.span.start_ms),
        dub_speech=speech_spans(parts.dub.audio, start_ms=parts.dub.start_ms) if parts.dub is not None else (),
        presence_why=parts.why,
    )


def track_opening(archive: FaceArchive | None, track_id: int | None, span: TimeSpan) -> tuple[float | None, ...]:
    """Mouth opening at 25 Hz over `span`, None where the mouth is not seen; empty without a face."""
    if archive is None or track_id is None:
        return ()
    first, count = _nearest_frame(span.start_ms), -(-span.length_ms // FRAME_MS)
    start, end = archive.span(track_id)
    low, high = max(start, first), min(end, first + count)
    if high <= low:
        return (None,) * count
    seen = [None if np.isnan(value) else float(value) for value in archive.curves(track_id, low, high).opening]
    return (*[None] * (low - first), *seen, *[None] * (first + count - high))


def at_speech_rate(audio: Audio) -> Audio:
    """The same sound at 16 kHz."""
    if audio.rate_hz == SPEECH_RATE_HZ:
        return audio
    import soxr

    return Audio(np.asarray(soxr.resample(audio.samples, audio.rate_hz, SPEECH_RATE_HZ), np.float32), SPEECH_RATE_HZ)


def laid_out(sound: PlacedSound, span: TimeSpan) -> Audio:
    """The sound of exactly `span`, silent where the take is not heard."""
    samples = np.zeros(ms_to_samples(span.length_ms, SPEECH_RATE_HZ), np.float32)
    offset = ms_to_samples(abs(sound.start_ms - span.start_ms), SPEECH_RATE_HZ)
    piece = sound.audio.samples
    if sound.start_ms < span.start_ms:
        piece, offset = piece[offset:], 0
    piece = piece[: max(0, len(samples) - offset)]
    samples[offset : offset + len(piece)] = piece
    return Audio(samples, SPEECH_RATE_HZ)


def _cut(sound: PlacedSound, first_frame: int, last_frame: int) -> Audio:
    return laid_out(sound, TimeSpan(first_frame * FRAME_MS, last_frame * FRAME_MS))


def _nearest_frame(ms: int) -> int:
    return (ms + FRAME_MS // 2) // FRAME_MS


def _filled(values: Sequence[_Value], count: int, filler: _Value) -> tuple[_Value, ...]:
    """Exactly `count` values."""
    return (*values[:count], *[filler] * (count - len(values)))

"""Where a line's voice is to speak and where to pause: as drawn by the editor, else as in the source, else as its lips move.

`stretches_key` looks at nothing anew; `speech_stretches` reads sound or lips of one line. A new cue is one more branch in both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from studio.domain.drawn_pauses import speech_between
from studio.domain.line import Line, Slot
from studio.domain.settings import Guidance
from studio.domain.timing import TimeSpan
from studio.media.face_archive import FaceArchive
from studio.stages.lip_wishes import spoken_with_open_lips
from studio.stages.speech_activity import heard_spans
from studio.stages.sync import track_opening
from studio.steps.lip_guide import LipCues, cue_span, spans_inside
from studio.steps.speech import source_speech
from studio.workshop import Workshop

DRAWN_SCALE = 1.0
Stretches = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of picture and sound, and the face that speaks the line, None where none does."""

    known: LipCues
    track: int | None


def pausing(scales: Guidance, line: Line) -> Guidance:
    """The scales a line is voiced with: pauses that an editor drew count as scale 1 where the scale is 0, for whoever draws a pause
    wants it."""
    return replace(scales, pause_scale=DRAWN_SCALE) if line.pauses is not None and scales.pause_scale == 0 else scales


def stretches_key(seen: Seen, line: Line, slot: Slot, scales: Guidance) -> object:
    """What a take owes to `speech_stretches`, for its fingerprint; None where pauses are left free."""
    if line.pauses is not None:
        return "drawn", line.pauses
    if scales.pause_scale <= 0:
        return None
    heard = (seen.known.speech.wav, _heard_inside(seen, slot))
    if found_in(seen, slot) != "lips":
        return heard
    return "lips", seen.known.archive, seen.track, slot.start_ms


def speech_stretches(shop: Workshop, seen: Seen, line: Line, slot: Slot, scales: Guidance) -> Stretches | None:
    """Where there is to be speech, ms from the line's start; None where pauses are left free, or nobody knows. Raises MediaToolFailed
    where the faces' file is damaged."""
    if line.pauses is not None:
        return speech_between(line.pauses, slot.length_ms) or None
    return found_stretches(shop, seen, slot) if scales.pause_scale > 0 else None


def found_stretches(shop: Workshop, seen: Seen, slot: Slot) -> Stretches | None:
    """Where the source speaks or, where nobody hears it speak, where the lips are not closed; None where neither is known. Faces are
    those found already: pauses alone make nobody look for any."""
    return _of_sound(shop, seen, slot) if _is_heard(seen, slot) else _of_lips(shop, seen, slot)


def found_in(seen: Seen, slot: Slot) -> str:
    """What `found_stretches` goes by: "source", "lips", or "" for nothing."""
    if _is_heard(seen, slot):
        return "source"
    return "lips" if seen.track is not None and seen.known.archive is not None else ""


def _heard_inside(seen: Seen, slot: Slot) -> tuple[TimeSpan, ...]:
    return spans_inside(seen.known.speech.spans, cue_span(slot))


def _is_heard(seen: Seen, slot: Slot) -> bool:
    return seen.known.speech.wav is not None and bool(_heard_inside(seen, slot))


def _of_sound(shop: Workshop, seen: Seen, slot: Slot) -> Stretches | None:
    span = cue_span(slot)
    audio = source_speech(shop, seen.known.speech, span)
    if audio is None:
        return None
    heard = heard_spans(audio, _heard_inside(seen, slot), start_ms=slot.start_ms)
    return tuple((max(0, one.start_ms - span.start_ms), min(span.length_ms, one.end_ms - span.start_ms)) for one in heard) or None


def _of_lips(shop: Workshop, seen: Seen, slot: Slot) -> Stretches | None:
    if seen.known.archive is None or seen.track is None:
        return None
    opening = track_opening(FaceArchive(shop.blobs.path(seen.known.archive)), seen.track, cue_span(slot))
    return spoken_with_open_lips(opening, slot.length_ms) or None

"""What the lips and the source say about a line's timing: gathered from what the faces and speech steps have kept, and its fingerprint.

`cues` looks at nothing anew and is cheap enough for every look at the page; `lip_guide` reads the curves of one line, to voice it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from studio.domain.errors import EngineUnavailable
from studio.domain.faces import LinePresence, Presence
from studio.domain.line import Line, Slot
from studio.domain.lip_guide import LipGuide
from studio.domain.plain import fingerprint
from studio.domain.project import Project
from studio.domain.settings import Guidance
from studio.domain.timing import TimeSpan
from studio.media.face_archive import FaceArchive
from studio.stages.speech_activity import heard_spans, level_curve
from studio.stages.sync import track_opening
from studio.steps.faces import kept_faces, kept_presence, kept_presences
from studio.steps.run import Run
from studio.steps.speech import NO_SPEECH, HeardSpeech, kept_speech, source_speech, speech_of
from studio.workshop import Workshop

GUIDE_VERSION = "1"  # changes whenever the same cues may give another timing


@dataclass(frozen=True, slots=True)
class LipCues:
    """What is known of a project's picture and sound. `archive`: the faces' curves, None without any face; `presences` by line id."""

    archive: str | None
    presences: Mapping[str, LinePresence]
    speech: HeardSpeech

    def presence(self, line: Line) -> Presence:
        found = self.presences.get(line.id)
        return found.presence if found is not None else Presence.UNKNOWN


NO_CUES = LipCues(None, {}, NO_SPEECH)


def scales_of(project: Project, line: Line) -> Guidance:
    """How far the picture may guide a line: its own scales where it has them."""
    return line.guidance if line.guidance is not None else project.settings.guidance


def is_guided(project: Project, line: Line) -> bool:
    """Whether anyone wants this line's timing to follow more than its words. Without a picture there is nothing to follow."""
    scales, source = scales_of(project, line), project.source
    return source is not None and source.info.video is not None and (scales.lip_scale > 0 or scales.face_scale > 0)


def _wants_cues(project: Project, line: Line) -> bool:
    """Whether picture or sound of the source matter to the line; its pauses may follow the sound where there is no picture."""
    return is_guided(project, line) or (scales_of(project, line).pause_scale > 0 and project.source is not None)


def cues(shop: Workshop, project: Project, lines: Sequence[Line]) -> LipCues:
    """What the faces and speech steps have kept for `project`; nothing where no line follows any of it."""
    if not any(_wants_cues(project, line) for line in lines):
        return NO_CUES
    return all_cues(shop, project, lines)


def all_cues(shop: Workshop, project: Project, lines: Sequence[Line]) -> LipCues:
    """As `cues`, whether or not a line follows any of it."""
    faces = kept_faces(shop, project)
    return LipCues(faces.archive if faces is not None else None, kept_presence(shop, project, lines), kept_speech(shop, project))


def listened(run: Run, lines: Sequence[Line]) -> LipCues:
    """As `cues`, once the source has been listened to and the lines held against the faces there are, where a line follows them: before
    voicing."""
    if any(_wants_cues(run.project, line) for line in lines):
        with suppress(EngineUnavailable):  # the step that looks for faces needs the same engine, and has told the person
            speech_of(run)
            kept_presences(run)
    return cues(run.shop, run.project, lines)


def guide_keys(project: Project, lines: Sequence[Line], slots: Mapping[str, Slot], known: LipCues) -> dict[str, str]:
    """By line id, for those lines only whose timing follows lips or source: the fingerprint of all it follows."""
    wanted = [line for line in lines if is_guided(project, line) and known.presence(line) is not Presence.OFF_SCREEN]
    return {line.id: _key(scales_of(project, line), line, slots[line.id], known) for line in wanted if _has_cues(line, slots[line.id], known)}


def lip_guide(shop: Workshop, project: Project, line: Line, slot: Slot, known: LipCues) -> LipGuide | None:
    """What `line` may follow; None where nobody asked, where it is spoken off screen, and where nothing is known. Raises
    MediaToolFailed where the faces' file is damaged."""
    if not is_guided(project, line) or known.presence(line) is Presence.OFF_SCREEN or not _has_cues(line, slot, known):
        return None
    span = cue_span(slot)
    audio = source_speech(shop, known.speech, span)
    heard = heard_spans(audio, spans_inside(known.speech.spans, span), start_ms=slot.start_ms) if audio is not None else ()
    level = level_curve(audio) if audio is not None else ()
    archive = FaceArchive(shop.blobs.path(known.archive)) if known.archive is not None else None
    opening = track_opening(archive, _track(line, known), span)
    return LipGuide(known.presence(line), scales_of(project, line), opening, heard, level)


def _has_cues(line: Line, slot: Slot, known: LipCues) -> bool:
    return _track(line, known) is not None or bool(spans_inside(known.speech.spans, cue_span(slot)))


def _key(scales: Guidance, line: Line, slot: Slot, known: LipCues) -> str:
    speech = known.speech.wav, spans_inside(known.speech.spans, cue_span(slot))
    picture = {"face_scale": scales.face_scale, "lip_scale": scales.lip_scale}  # the other scales are nothing to a voice that is re-timed
    return fingerprint("guide", GUIDE_VERSION, picture, known.presence(line), known.archive, _track(line, known), slot.start_ms, speech)


def _track(line: Line, known: LipCues) -> int | None:
    seen = known.presences.get(line.id)
    return seen.track_id if seen is not None and known.archive is not None else None


def cue_span(slot: Slot) -> TimeSpan:
    return TimeSpan(slot.start_ms, slot.start_ms + max(1, slot.length_ms))


def spans_inside(spans: Sequence[TimeSpan], slot: TimeSpan) -> tuple[TimeSpan, ...]:
    """Those of `spans`, which are in order, that reach into the slot."""
    first = bisect_right(spans, slot.start_ms, key=lambda span: span.end_ms)
    return tuple(spans[first : bisect_left(spans, slot.end_ms, key=lambda span: span.start_ms)])

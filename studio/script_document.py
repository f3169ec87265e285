"""A project as a script to pass on (`formats/scripted.py`): lines, roles, both languages, status, notes, what is seen, what was recorded.

Enter: a project with its stores. Leaves: a ScriptDocument that any writer of scripts takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from studio.domain.faces import FaceTracks, LinePresence, Presence
from studio.domain.line import Line, LineStatus, Take
from studio.domain.project import Cast, OnScreen, Project
from studio.domain.timebase import timebase_of
from studio.formats.scripted import Recording, ScriptCharacter, ScriptDocument, ScriptEvent, ScriptType, TextPiece
from studio.handover.names import line_wav_name
from studio.review import programme_ms
from studio.stages.fit import place
from studio.steps.faces import kept_faces, kept_presence
from studio.steps.render import circled
from studio.workshop import Workshop

AUDIO = "audio"  # not the folder of the stems: these are takes as fitted, without handles
EDGE_MS = 120  # a face that comes or goes nearer than this to the edge of a line was there from its start, or to its end


@dataclass(frozen=True, slots=True)
class Voiced:
    """A recording of a script: the line's id, the blob that holds the sound, the path beside the script that it goes to."""

    line_id: str
    blob: str
    path: str


@dataclass(frozen=True, slots=True)
class _Seen:
    presences: Mapping[str, LinePresence]
    tracks: FaceTracks | None


def script_document(shop: Workshop, project: Project, kind: ScriptType | None = None) -> ScriptDocument:
    """The project as a script of `kind`; None: the kind it has grown to. An original transcript holds the original only."""
    cast = shop.lines.cast(project.id)
    kind = kind_of(cast) if kind is None else kind
    seen = _Seen(kept_presence(shop, project, cast.lines), kept_faces(shop, project))
    heard = _recordings(shop, project, cast) if kind is ScriptType.AS_RECORDED else {}
    is_original = kind is ScriptType.ORIGINAL
    return ScriptDocument(
        kind=kind,
        language=project.source_language if is_original else project.target_language,
        from_language=project.source_language,
        characters=_characters(cast, kind, {take.line_id: take for take in shop.lines.circled_takes(project.id)}),
        events=tuple(replace(_event(line, project, seen, is_original=is_original), recordings=heard.get(line.id, ())) for line in cast.lines),
        title=project.name,
        media=project.source.name if project.source is not None else None,
        fps=timebase_of(project.source.info).fps if project.source is not None and project.source.info.video is not None else None,
    )


def kind_of(cast: Cast) -> ScriptType:
    """What the lines have grown to: a transcript, its translation, or, once every line with words is approved, the script to record."""
    translated = [line for line in cast.lines if line.target_text.strip()]
    if not translated:
        return ScriptType.ORIGINAL
    worded = [line for line in cast.lines if line.target_text.strip() or line.source_text.strip()]
    is_ready = all(line.target_text.strip() and line.status in (LineStatus.APPROVED, LineStatus.LOCKED) for line in worded)
    return ScriptType.PRE_RECORDING if is_ready else ScriptType.TRANSLATED


def voiced(shop: Workshop, project: Project, cast: Cast) -> tuple[Voiced, ...]:
    """What an as-recorded script refers to: the circled take of each line that has one, in timeline order; named as in deliveries."""
    base = timebase_of(project.source.info if project.source is not None else None, start_hour=project.settings.handover.start_hour)
    names = {speaker.id: speaker.name for speaker in cast.speakers}
    takes = {take.id: take for take in shop.lines.circled_takes(project.id)}
    numbers = {line.id: number for number, line in enumerate(cast.lines, start=1)}
    return tuple(
        Voiced(line.id, take.fitted_blob, f"{AUDIO}/{line_wav_name(line, numbers[line.id], names[line.speaker_id], base)}")
        for line, take in circled(cast, takes, programme_ms(project, cast))
        if take.report.fitted_ms > 0 and shop.blobs.exists(take.fitted_blob)
    )


def _recordings(shop: Workshop, project: Project, cast: Cast) -> dict[str, tuple[Recording, ...]]:
    """Where the mix puts each take: with its line, or later where its speaker is still talking."""
    takes = {take.id: take for take in shop.lines.circled_takes(project.id)}
    heard = circled(cast, takes, programme_ms(project, cast))
    placed = place([line for line, _ in heard], {line.id: take.report for line, take in heard}, programme_ms(project, cast))
    late_ms = {one.line_id: max(0, one.late_ms) for one in placed}
    return {one.line_id: (Recording(one.path, offset_ms=late_ms.get(one.line_id, 0)),) for one in voiced(shop, project, cast)}


def _characters(cast: Cast, kind: ScriptType, takes: Mapping[str, Take]) -> tuple[ScriptCharacter, ...]:
    """Roles; in an as-recorded script with the voice that spoke them."""
    voices: dict[str, str] = {}
    if kind is ScriptType.AS_RECORDED:
        for line in cast.lines:
            if line.id in takes:
                voices.setdefault(line.speaker_id, f"{takes[line.id].voice.engine} {takes[line.id].voice.voice}".strip())
    return tuple(ScriptCharacter(speaker.id, speaker.name, voices.get(speaker.id)) for speaker in cast.speakers)


def _event(line: Line, project: Project, seen: _Seen, *, is_original: bool) -> ScriptEvent:
    texts = [TextPiece(project.source_language, line.source_text, project.source_language)] if line.source_text else []
    if line.target_text and not is_original:
        texts.append(TextPiece(project.target_language, line.target_text, project.source_language))
    return ScriptEvent(
        id=line.id,
        start_ms=line.span.start_ms,
        end_ms=line.span.end_ms,
        texts=tuple(texts),
        character_ids=(line.speaker_id,),
        on_screen=_on_screen(line, seen),
        status=line.status,
        notes=line.notes,
    )


def _on_screen(line: Line, seen: _Seen) -> OnScreen | None:
    """From the look at the faces: the speaker's own face tells who comes and goes. None where nobody has looked."""
    presence = seen.presences.get(line.id)
    if presence is None or presence.presence is Presence.UNKNOWN:
        return None
    if presence.presence is Presence.OFF_SCREEN:
        return OnScreen.OFF
    track = next((one for one in seen.tracks.tracks if one.id == presence.track_id), None) if seen.tracks is not None else None
    if presence.presence is Presence.ON_SCREEN or track is None:
        return OnScreen.ON
    comes, goes = track.start_ms > line.span.start_ms + EDGE_MS, track.end_ms < line.span.end_ms - EDGE_MS
    return OnScreen.OFF_ON if comes and not goes else OnScreen.ON_OFF if goes and not comes else OnScreen.ON

"""Scripts as ScriptDocuments and as cues for an import: the two views of one thing. Nothing is read or written here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from studio.domain.project import Script
from studio.formats.cue import Cue, Ledger
from studio.formats.scripted import ScriptCharacter, ScriptDocument, ScriptEvent, ScriptType, TextPiece

SEEN = "Describes what is seen, not what is said."
RECORDINGS = "Recordings that the script refers to are not fetched; voice the lines, or import their sound as takes elsewhere."


def cues_of(document: ScriptDocument, ledger: Ledger) -> list[Cue]:
    """A cue for each event; descriptions of a kind become notes that name it."""
    names = {one.id: one.name for one in document.characters}
    cues = []
    for event in document.events:
        spoken_by = [names.get(key, key) for key in event.character_ids]
        if event.recordings:
            ledger.change(f"event {event.id}", RECORDINGS)
        cues.append(
            Cue(
                where=f"event {event.id}",
                start_ms=event.start_ms,
                end_ms=event.end_ms,
                text=document.source_text(event),
                speaker=spoken_by[0] if spoken_by else None,
                target_text=document.target_text(event),
                notes=(*event.notes, *_told(event, spoken_by, event.notes)),
                is_kept_empty=True,
                key=event.id,
                status=event.status,
                on_screen=event.on_screen,
            )
        )
    return cues


def _told(event: ScriptEvent, spoken_by: Sequence[str], notes: Sequence[str]) -> list[str]:
    told = [f"{one.kind}: {one.text}" for one in event.descriptions if one.text.strip()]
    if event.represents.startswith("visual"):
        told.append(SEEN)
    if len(spoken_by) > 1:
        told.append(f"Spoken together by {', '.join(spoken_by)}.")
    return [note for note in told if note not in notes]


def with_facts(script: Script, document: ScriptDocument) -> Script:
    """`script` with what the document says of itself as a whole."""
    is_original = document.kind is ScriptType.ORIGINAL
    spoken_in = document.from_language or (document.language if is_original else "")
    return replace(script, media=document.media, source_language=spoken_in or None, target_language=None if is_original else document.language or None)


def document_of(cues: Sequence[Cue], frame: ScriptDocument) -> ScriptDocument:
    """Cues as the events of `frame`, which brings everything but events and roles. Roles go by their names."""
    names = list(dict.fromkeys(cue.speaker for cue in cues if cue.speaker))
    roles = {name: str(number) for number, name in enumerate(names, start=1)}
    events = tuple(_event(cue, roles, frame, number) for number, cue in enumerate(cues, start=1))
    return replace(frame, characters=tuple(ScriptCharacter(key, name) for name, key in roles.items()), events=events)


def _event(cue: Cue, roles: dict[str, str], frame: ScriptDocument, number: int) -> ScriptEvent:
    spoken_in = frame.from_language or frame.language
    texts = [TextPiece(spoken_in, cue.text, spoken_in)] if cue.text or (cue.target_text and spoken_in == frame.language) else []
    texts += [TextPiece(frame.language, cue.target_text, spoken_in)] if cue.target_text else []
    return ScriptEvent(
        id=cue.key if cue.key is not None else str(number),
        start_ms=cue.start_ms,
        end_ms=cue.end_ms,
        texts=tuple(texts),
        character_ids=(roles[cue.speaker],) if cue.speaker else (),
        on_screen=cue.on_screen,
        status=cue.status,
        notes=cue.notes,
    )

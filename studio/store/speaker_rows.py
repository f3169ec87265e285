"""Rows of the speakers table to `SpeakerProfile` and back. No transaction here."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select

from studio.domain.character import CharacterSheet, VoiceRef
from studio.domain.errors import NotFound
from studio.domain.line import SpeakerProfile
from studio.domain.plain import from_plain, to_plain
from studio.store.schema import SPEAKERS
from studio.store.text import storable


def read_speakers(connection: Connection, project_id: str) -> tuple[SpeakerProfile, ...]:
    query = select(SPEAKERS).where(SPEAKERS.c.project_id == project_id).order_by(SPEAKERS.c.ordinal, SPEAKERS.c.id)
    return tuple(_speaker(row) for row in connection.execute(query))


def require_speakers(connection: Connection, project_id: str, ids: set[str]) -> None:
    """Raises NotFound for the first of `ids` that is no speaker of the project."""
    known = {speaker.id for speaker in read_speakers(connection, project_id)}
    if missing := ids - known:
        raise NotFound("speaker", min(missing))


def require_speaker(connection: Connection, project_id: str, speaker_id: str) -> SpeakerProfile:
    """Raises NotFound for a speaker that is not of this project."""
    found = next((one for one in read_speakers(connection, project_id) if one.id == speaker_id), None)
    if found is None:
        raise NotFound("speaker", speaker_id)
    return found


def speaker_columns(project_id: str, speaker: SpeakerProfile, ordinal: int) -> dict[str, Any]:
    return {
        "project_id": project_id,
        "id": speaker.id,
        "name": storable(speaker.name, "The speaker's name"),
        "voice": to_plain(speaker.voice),
        "pitch_hz": speaker.pitch_hz,
        "ordinal": ordinal,
        "sheet": sheet_column(speaker.sheet),
    }


def sheet_column(sheet: CharacterSheet | None) -> dict[str, Any] | None:
    """A sheet as it is kept: a blank one is none. Raises BadSetting for text that no database holds."""
    if sheet is None or sheet.is_blank:
        return None
    for text in (sheet.name, sheet.register, sheet.note, *sheet.forbidden, *(word for pair in sheet.preferred for word in pair)):
        storable(text, "A character sheet")
    return to_plain(sheet)


def _speaker(row: Row[Any]) -> SpeakerProfile:
    voice = None if row.voice is None else VoiceRef(**row.voice)
    return SpeakerProfile(row.id, row.name, voice, row.pitch_hz, from_plain(CharacterSheet | None, row.sheet))

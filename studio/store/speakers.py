"""Speakers of a project: names, voices, merging two into one, giving lines to another. One part of `LineStore`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update

from studio.domain.errors import BadSetting, NotFound
from studio.domain.line import SpeakerProfile, VoiceRef
from studio.domain.plain import to_plain
from studio.store.database import reading, writing
from studio.store.line_rows import Author, EditLog, line_of
from studio.store.schema import LINES, SPEAKERS
from studio.store.text import storable


class SpeakerRecords:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def speakers(self, project_id: str) -> tuple[SpeakerProfile, ...]:
        """Speakers in the order in which they were first heard or added."""
        with reading(self._engine) as connection:
            return read_speakers(connection, project_id)

    def add_speaker(self, project_id: str, speaker: SpeakerProfile) -> None:
        """Raises BadSetting when a speaker of this id exists."""
        with writing(self._engine) as connection:
            known = read_speakers(connection, project_id)
            if speaker.id in {one.id for one in known}:
                raise BadSetting(f"There already is a speaker “{speaker.id}” in this project; choose another.")
            last = connection.execute(select(func.max(SPEAKERS.c.ordinal)).where(SPEAKERS.c.project_id == project_id)).scalar()
            connection.execute(insert(SPEAKERS), [speaker_columns(project_id, speaker, 0 if last is None else last + 1)])

    def revise_speaker(self, project_id: str, speaker: SpeakerProfile) -> None:
        """Replace name and voice. Raises NotFound for a speaker that is not of this project."""
        values = speaker_columns(project_id, speaker, 0)
        with writing(self._engine) as connection:
            changed = connection.execute(
                update(SPEAKERS).where(_one(project_id, speaker.id)).values(name=values["name"], voice=values["voice"])
            )
            if changed.rowcount == 0:
                raise NotFound("speaker", speaker.id)

    def delete_speaker(self, project_id: str, speaker_id: str) -> None:
        """Raises BadSetting while lines are theirs: give those to another speaker first."""
        with writing(self._engine) as connection:
            require_speakers(connection, project_id, {speaker_id})
            theirs = select(func.count()).select_from(LINES).where(LINES.c.project_id == project_id, LINES.c.speaker_id == speaker_id)
            if count := connection.execute(theirs).scalar_one():
                raise BadSetting(f"The speaker “{speaker_id}” still has {count} lines; give them to someone else first.")
            connection.execute(delete(SPEAKERS).where(_one(project_id, speaker_id)))

    def merge_speakers(self, project_id: str, into_id: str, other_ids: Sequence[str], *, by: str) -> None:
        """Give all lines of `other_ids` to `into_id` and remove the others, in one transaction with its history."""
        others = set(other_ids) - {into_id}
        with writing(self._engine) as connection:
            require_speakers(connection, project_id, {into_id, *others})
            _reassign(connection, Author(project_id, by), LINES.c.speaker_id.in_(sorted(others)), into_id)
            connection.execute(delete(SPEAKERS).where(SPEAKERS.c.project_id == project_id, SPEAKERS.c.id.in_(sorted(others))))

    def reassign(self, project_id: str, line_ids: Sequence[str], speaker_id: str, *, by: str) -> None:
        """Give lines to a speaker. Raises NotFound when the speaker or a line is not of this project; then nothing changes."""
        wanted = sorted(set(line_ids))
        with writing(self._engine) as connection:
            require_speakers(connection, project_id, {speaker_id})
            found = _reassign(connection, Author(project_id, by), LINES.c.id.in_(wanted), speaker_id)
            if missing := set(wanted) - found:
                raise NotFound("line", min(missing))


def read_speakers(connection: Connection, project_id: str) -> tuple[SpeakerProfile, ...]:
    query = select(SPEAKERS).where(SPEAKERS.c.project_id == project_id).order_by(SPEAKERS.c.ordinal, SPEAKERS.c.id)
    return tuple(_speaker(row) for row in connection.execute(query))


def require_speakers(connection: Connection, project_id: str, ids: set[str]) -> None:
    """Raises NotFound for the first of `ids` that is no speaker of the project."""
    known = {speaker.id for speaker in read_speakers(connection, project_id)}
    if missing := ids - known:
        raise NotFound("speaker", min(missing))


def speaker_columns(project_id: str, speaker: SpeakerProfile, ordinal: int) -> dict[str, Any]:
    return {
        "project_id": project_id,
        "id": speaker.id,
        "name": storable(speaker.name, "The speaker's name"),
        "voice": to_plain(speaker.voice),
        "ordinal": ordinal,
    }


def _one(project_id: str, speaker_id: str) -> Any:
    return (SPEAKERS.c.project_id == project_id) & (SPEAKERS.c.id == speaker_id)


def _speaker(row: Row[Any]) -> SpeakerProfile:
    return SpeakerProfile(row.id, row.name, None if row.voice is None else VoiceRef(**row.voice))


def _reassign(connection: Connection, author: Author, which: Any, speaker_id: str) -> set[str]:
    """Returns the ids of the lines that `which` names."""
    here = (LINES.c.project_id == author.project_id) & which
    log, found = EditLog(author), set()
    for row in connection.execute(select(LINES).where(here)):
        line = line_of(row)
        found.add(line.id)
        log.revised(line, replace(line, speaker_id=speaker_id))
    changed = here & (LINES.c.speaker_id != speaker_id)
    connection.execute(update(LINES).where(changed).values(speaker_id=speaker_id, revision=LINES.c.revision + 1))
    log.write(connection)
    return found

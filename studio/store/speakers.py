"""Speakers of a project: names, voices, merging two into one, giving lines to another. One part of `LineStore`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, true, update

from studio.domain.errors import BadSetting, NotFound
from studio.domain.line import SpeakerProfile, VoiceRef
from studio.domain.plain import to_plain
from studio.store.database import reading, writing
from studio.store.line_rows import Author, EditLog, hold_project, line_of
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
            hold_project(connection, project_id)
            _add_speaker(connection, project_id, speaker)

    def update_speaker(self, project_id: str, speaker_id: str, *, name: str) -> None:
        """Rename. Raises NotFound for a speaker that is not of this project."""
        self._set(project_id, speaker_id, {"name": storable(name, "The speaker's name")})

    def set_speaker_voice(self, project_id: str, speaker_id: str, voice: VoiceRef | None) -> None:
        """None lets the studio choose. Raises NotFound for a speaker that is not of this project."""
        self._set(project_id, speaker_id, {"voice": to_plain(voice)})

    def set_speaker_pitch(self, project_id: str, speaker_id: str, pitch_hz: float) -> None:
        self._set(project_id, speaker_id, {"pitch_hz": pitch_hz})

    def delete_speaker(self, project_id: str, speaker_id: str) -> None:
        """Raises BadSetting while lines are theirs: give those to another speaker first."""
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            require_speakers(connection, project_id, {speaker_id})
            theirs = select(func.count()).select_from(LINES).where(LINES.c.project_id == project_id, LINES.c.speaker_id == speaker_id)
            if count := connection.execute(theirs).scalar_one():
                raise BadSetting(f"The speaker “{speaker_id}” still has {count} lines; give them to someone else first.")
            connection.execute(delete(SPEAKERS).where(_one(project_id, speaker_id)))

    def merge_speakers(self, project_id: str, speaker_ids: Sequence[str], *, by: str = "") -> None:
        """Give all lines of these speakers to the first of them and remove the others, in one action."""
        into, others = speaker_ids[0], sorted(set(speaker_ids) - {speaker_ids[0]})
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            require_speakers(connection, project_id, set(speaker_ids))
            _reassign(connection, Author(project_id, by), LINES.c.speaker_id.in_(others), into)
            connection.execute(delete(SPEAKERS).where(SPEAKERS.c.project_id == project_id, SPEAKERS.c.id.in_(others)))

    def split_speaker(
        self, project_id: str, speaker_id: str, line_ids: Sequence[str], new: SpeakerProfile, *, by: str = ""
    ) -> SpeakerProfile:
        """Give some lines of a speaker to `new`. Raises NotFound for a line that is not theirs; then nothing changes."""
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            require_speakers(connection, project_id, {speaker_id})
            _add_speaker(connection, project_id, new)
            theirs = LINES.c.speaker_id == speaker_id
            _give(connection, Author(project_id, by), line_ids, new.id, theirs)
        return new

    def reassign(self, project_id: str, line_ids: Sequence[str], speaker_id: str, *, by: str) -> None:
        """Give lines to a speaker. Raises NotFound when the speaker or a line is not of this project; then nothing changes."""
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            require_speakers(connection, project_id, {speaker_id})
            _give(connection, Author(project_id, by), line_ids, speaker_id, true())

    def _set(self, project_id: str, speaker_id: str, values: dict[str, Any]) -> None:
        with writing(self._engine) as connection:
            if connection.execute(update(SPEAKERS).where(_one(project_id, speaker_id)).values(**values)).rowcount == 0:
                raise NotFound("speaker", speaker_id)


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
        "pitch_hz": speaker.pitch_hz,
        "ordinal": ordinal,
    }


def _one(project_id: str, speaker_id: str) -> Any:
    return (SPEAKERS.c.project_id == project_id) & (SPEAKERS.c.id == speaker_id)


def _speaker(row: Row[Any]) -> SpeakerProfile:
    return SpeakerProfile(row.id, row.name, None if row.voice is None else VoiceRef(**row.voice), row.pitch_hz)


def _add_speaker(connection: Connection, project_id: str, speaker: SpeakerProfile) -> None:
    if speaker.id in {one.id for one in read_speakers(connection, project_id)}:
        raise BadSetting(f"There already is a speaker “{speaker.id}” in this project; choose another.")
    last = connection.execute(select(func.max(SPEAKERS.c.ordinal)).where(SPEAKERS.c.project_id == project_id)).scalar()
    connection.execute(insert(SPEAKERS), [speaker_columns(project_id, speaker, 0 if last is None else last + 1)])


def _give(connection: Connection, author: Author, line_ids: Sequence[str], speaker_id: str, condition: Any) -> None:
    """Give exactly these lines to a speaker; raises NotFound when one is not here or not as `condition` asks."""
    wanted, found = sorted(set(line_ids)), set()
    for start in range(0, len(wanted), 500):  # databases limit the parameters of one statement
        found |= _reassign(connection, author, condition & LINES.c.id.in_(wanted[start : start + 500]), speaker_id)
    if missing := set(wanted) - found:
        raise NotFound("line", min(missing))


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

"""Speakers of a project: names, voices, merging two into one, giving lines to another. One part of `LineStore`.

Every change is one transaction that writes the speakers, their lines, and the action it is in the history. `by`: who, or which action.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Engine, func, select, true, update

from studio.domain.errors import BadSetting, NotFound
from studio.domain.line import LineStatus, SpeakerProfile, VoiceRef
from studio.domain.plain import to_plain
from studio.store.changes import Action, Author, By, EditLog
from studio.store.database import reading, writing
from studio.store.line_rows import hold_project, line_of
from studio.store.line_writes import AT_ONCE, drop_speakers, insert_speaker, set_speaker
from studio.store.schema import LINES, SPEAKERS
from studio.store.speaker_rows import read_speakers, require_speaker, require_speakers
from studio.store.text import storable


class SpeakerRecords:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def speakers(self, project_id: str) -> tuple[SpeakerProfile, ...]:
        """Speakers in the order in which they were first heard or added."""
        with reading(self._engine) as connection:
            return read_speakers(connection, project_id)

    def add_speaker(self, project_id: str, speaker: SpeakerProfile, *, by: By = "") -> None:
        """Raises BadSetting when a speaker of this id exists."""
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            log = EditLog(Author(project_id, by))
            _add_speaker(connection, project_id, speaker, log)
            log.write(connection)

    def update_speaker(self, project_id: str, speaker_id: str, *, name: str, by: By = "") -> None:
        """Rename. Raises NotFound for a speaker that is not of this project."""
        self._set(project_id, speaker_id, {"name": storable(name, "The speaker's name")}, by)

    def set_speaker_voice(self, project_id: str, speaker_id: str, voice: VoiceRef | None, *, by: By = "") -> None:
        """None lets the studio choose. Raises NotFound for a speaker that is not of this project."""
        self._set(project_id, speaker_id, {"voice": to_plain(voice)}, by)

    def set_speaker_pitch(self, project_id: str, speaker_id: str, pitch_hz: float) -> None:
        """Measured, not decided: no action of anybody."""
        with writing(self._engine) as connection:
            if connection.execute(update(SPEAKERS).where(_one(project_id, speaker_id)).values(pitch_hz=pitch_hz)).rowcount == 0:
                raise NotFound("speaker", speaker_id)

    def delete_speaker(self, project_id: str, speaker_id: str, *, by: By = "") -> None:
        """Raises BadSetting while lines are theirs: give those to another speaker first."""
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            speaker = require_speaker(connection, project_id, speaker_id)
            theirs = select(func.count()).select_from(LINES).where(LINES.c.project_id == project_id, LINES.c.speaker_id == speaker_id)
            if count := connection.execute(theirs).scalar_one():
                many = "1 line" if count == 1 else f"{count} lines"
                raise BadSetting(f"The speaker “{speaker.name}” still has {many}; give them to someone else first.")
            log = EditLog(Author(project_id, by))
            drop_speakers(connection, project_id, [speaker_id], log)
            log.write(connection)

    def merge_speakers(self, project_id: str, speaker_ids: Sequence[str], *, by: By = "") -> None:
        """Give all lines of these speakers to the first of them and remove the others, in one action. Raises BadSetting where a line that
        would change hands is locked; then nothing changes."""
        into, others = speaker_ids[0], sorted(set(speaker_ids) - {speaker_ids[0]})
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            require_speakers(connection, project_id, set(speaker_ids))
            _check_locks(connection, project_id, others)
            log = EditLog(_named(project_id, by, "Speakers merged"))
            _reassign(connection, project_id, LINES.c.speaker_id.in_(others), into, log)
            drop_speakers(connection, project_id, others, log)
            log.write(connection)

    def split_speaker(self, project_id: str, speaker_id: str, line_ids: Sequence[str], new: SpeakerProfile, *, by: By = "") -> SpeakerProfile:
        """Give some lines of a speaker to `new`. Raises NotFound for a line that is not theirs; then nothing changes."""
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            require_speakers(connection, project_id, {speaker_id})
            log = EditLog(_named(project_id, by, f"New speaker “{new.name}” for {{lines}}"))
            _add_speaker(connection, project_id, new, log)
            _give(connection, project_id, (tuple(line_ids), new.id, LINES.c.speaker_id == speaker_id), log)
            log.write(connection)
        return new

    def reassign(self, project_id: str, line_ids: Sequence[str], speaker_id: str, *, by: By) -> None:
        """Give lines to a speaker. Raises NotFound when the speaker or a line is not of this project; then nothing changes."""
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            require_speakers(connection, project_id, {speaker_id})
            log = EditLog(Author(project_id, by))
            _give(connection, project_id, (tuple(line_ids), speaker_id, true()), log)
            log.write(connection)

    def _set(self, project_id: str, speaker_id: str, values: dict[str, Any], by: By) -> None:
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            before = require_speaker(connection, project_id, speaker_id)
            word = "Name" if "name" in values else "Voice"
            log = EditLog(_named(project_id, by, f"{word} of speaker “{values.get('name', before.name)}”"))
            set_speaker(connection, project_id, before, values, log)
            log.write(connection)


def _named(project_id: str, by: By, title: str) -> Author:
    """The author of an action that is called so unless the caller calls it otherwise."""
    return Author(project_id, Action(by, title) if isinstance(by, str) else by)


def _one(project_id: str, speaker_id: str) -> Any:
    return (SPEAKERS.c.project_id == project_id) & (SPEAKERS.c.id == speaker_id)


def _add_speaker(connection: Connection, project_id: str, speaker: SpeakerProfile, log: EditLog) -> None:
    if speaker.id in {one.id for one in read_speakers(connection, project_id)}:
        raise BadSetting(f"There already is a speaker “{speaker.id}” in this project; choose another.")
    last = connection.execute(select(func.max(SPEAKERS.c.ordinal)).where(SPEAKERS.c.project_id == project_id)).scalar()
    insert_speaker(connection, project_id, speaker, 0 if last is None else last + 1, log)


def _give(connection: Connection, project_id: str, what: tuple[tuple[str, ...], str, Any], log: EditLog) -> None:
    """Give exactly these lines to a speaker; raises NotFound when one is not here or not as the condition asks."""
    line_ids, speaker_id, condition = what
    wanted, found = sorted(set(line_ids)), set()
    for start in range(0, len(wanted), AT_ONCE):
        found |= _reassign(connection, project_id, condition & LINES.c.id.in_(wanted[start : start + AT_ONCE]), speaker_id, log)
    if missing := set(wanted) - found:
        raise NotFound("line", min(missing))


def _reassign(connection: Connection, project_id: str, which: Any, speaker_id: str, log: EditLog) -> set[str]:
    """Returns the ids of the lines that `which` names."""
    here = (LINES.c.project_id == project_id) & which
    found = set()
    for row in connection.execute(select(LINES).where(here)):
        line = line_of(row)
        found.add(line.id)
        log.revised(line, replace(line, speaker_id=speaker_id))
    changed = here & (LINES.c.speaker_id != speaker_id)
    connection.execute(update(LINES).where(changed).values(speaker_id=speaker_id, revision=LINES.c.revision + 1))
    return found


def _check_locks(connection: Connection, project_id: str, speaker_ids: Sequence[str]) -> None:
    theirs = (LINES.c.project_id == project_id) & LINES.c.speaker_id.in_(speaker_ids) & (LINES.c.status == LineStatus.LOCKED.value)
    if count := connection.execute(select(func.count()).select_from(LINES).where(theirs)).scalar_one():
        lines, them = ("1 line is", "it") if count == 1 else (f"{count} lines are", "them")
        raise BadSetting(f"{lines} locked, so their speaker stays; unlock {them} first.")

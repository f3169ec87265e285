"""What edits are about, read from the tables as it stands, and written back as it shall be. Runs in the caller's transaction.

Enter: edits, or two scenes. Leave: a `Scene`; or rows and a log of all that differs between the two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from studio.domain.history import LINE, PROJECT, SPEAKER, Crossed, Crossing, EditRecord, Scene, locked_lines
from studio.domain.line import Line
from studio.domain.plain import to_plain
from studio.store.changes import EditLog
from studio.store.line_writes import LineChange, apply, drop_speakers, insert_speaker, set_speaker, stored_lines
from studio.store.projects import project_fields, read_project, write_fields
from studio.store.schema import LINES
from studio.store.speaker_rows import read_speakers

Follows = Mapping[str, Callable[[Connection, Line, Line], None]]  # by line: what else to write when its translation changes


def read_scene(connection: Connection, project_id: str, edits: Sequence[EditRecord]) -> Scene:
    """All that these edits touch, as it stands; what is gone is None."""
    line_ids = list(dict.fromkeys(edit.line_id for edit in edits if edit.subject == LINE))
    lines = stored_lines(connection, project_id, line_ids)
    known = {one.id: one for one in read_speakers(connection, project_id)}
    speaker_ids = {edit.line_id for edit in edits if edit.subject == SPEAKER}
    is_about_project = any(edit.subject == PROJECT for edit in edits)
    return Scene(
        {line_id: lines[line_id][0] if line_id in lines else None for line_id in line_ids},
        {speaker_id: known.get(speaker_id) for speaker_id in speaker_ids},
        project_fields(read_project(connection, project_id)) if is_about_project else {},
    )


def write_scene(
    connection: Connection, log: EditLog, before: Scene, after: Scene, follows: Follows | None, *, keeps_locked: bool = False
) -> tuple[str, ...]:
    """Write what differs; returns the ids of the lines that did. Raises Crossed where the others of the project do not allow it:
    a locked line, a speaker who is gone, one whose lines are not."""
    project_id = log.author.project_id
    if keeps_locked and (locked := locked_lines(before, after)):
        raise Crossed(Crossing(LINE, locked[0].id, "locked"))
    _come(connection, log, before, after)
    change = _lines(before, after)
    _require_speakers(connection, project_id, change)
    apply(connection, log.author, change, log)
    _go(connection, log, before, after)
    if changed := {name: value for name, value in after.project.items() if before.project.get(name) != value}:
        write_fields(connection, project_id, changed)
        for name, value in changed.items():
            log.project(name, before.project.get(name), value)
    for line in change.revised:
        old = before.lines[line.id]
        if follows is not None and old is not None and line.id in follows and old.target_text != line.target_text:
            follows[line.id](connection, old, line)
    return tuple([line.id for line in (*change.revised, *change.added)] + list(change.removed_ids))


def _lines(before: Scene, after: Scene) -> LineChange:
    pairs = [(key, line, after.lines[key]) for key, line in before.lines.items()]
    return LineChange(
        revised=tuple(then for _, now, then in pairs if now is not None and then is not None and now != then),
        added=tuple(then for _, now, then in pairs if now is None and then is not None),
        removed_ids=tuple(key for key, now, then in pairs if now is not None and then is None),
        beside=after.beside,
    )


def _require_speakers(connection: Connection, project_id: str, change: LineChange) -> None:
    known = {one.id for one in read_speakers(connection, project_id)}
    lost = next((line for line in (*change.revised, *change.added) if line.speaker_id not in known), None)
    if lost is not None:
        raise Crossed(Crossing(SPEAKER, lost.speaker_id, SPEAKER))


def _come(connection: Connection, log: EditLog, before: Scene, after: Scene) -> None:
    """Speakers who come back or change, before the lines that are theirs."""
    for speaker_id, now in before.speakers.items():
        then = after.speakers[speaker_id]
        if then is not None and now is None:
            place = after.beside[speaker_id].ordinal if speaker_id in after.beside else len(read_speakers(connection, log.author.project_id))
            insert_speaker(connection, log.author.project_id, then, place, log)
        elif then is not None and now is not None and now != then:
            values: dict[str, Any] = {"name": then.name, "voice": to_plain(then.voice), "pitch_hz": then.pitch_hz, "sheet": to_plain(then.sheet)}
            set_speaker(connection, log.author.project_id, now, values, log)


def _go(connection: Connection, log: EditLog, before: Scene, after: Scene) -> None:
    gone = [key for key, now in before.speakers.items() if now is not None and after.speakers[key] is None]
    for speaker_id in gone:
        theirs = select(func.count()).select_from(LINES).where(LINES.c.project_id == log.author.project_id, LINES.c.speaker_id == speaker_id)
        if connection.execute(theirs).scalar_one():
            raise Crossed(Crossing(SPEAKER, speaker_id, SPEAKER))
    drop_speakers(connection, log.author.project_id, gone, log)

"""Lines and speakers written with their history: the one place that changes their rows. Everything here runs in the caller's transaction.

Enter: an author, and lines and speakers as they shall be. Leave: rows, and edits that can be taken back exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from studio.domain.errors import NotFound
from studio.domain.history import Beside
from studio.domain.line import Line, SpeakerProfile
from studio.store.changes import Author, EditLog
from studio.store.line_rows import line_columns, line_of, lines_query
from studio.store.schema import CANDIDATES, LINES, SPEAKERS
from studio.store.speaker_rows import read_speakers, require_speakers, speaker_columns

AT_ONCE = 500  # databases limit the parameters of one statement


@dataclass(frozen=True, slots=True)
class LineChange:
    """Lines revised, added and removed as one action: what adding, deleting, splitting and merging all are.

    `beside`: for lines that come back, where they stood and the wordings they had.
    """

    revised: tuple[Line, ...] = ()
    added: tuple[Line, ...] = ()
    removed_ids: tuple[str, ...] = ()
    beside: Mapping[str, Beside] = field(default_factory=dict)


def stored_lines(connection: Connection, project_id: str, ids: Sequence[str]) -> dict[str, tuple[Line, int]]:
    """Those of the lines that are there, with their revisions, by id."""
    found: dict[str, tuple[Line, int]] = {}
    for start in range(0, len(ids), AT_ONCE):
        query = select(LINES).where(LINES.c.project_id == project_id, LINES.c.id.in_(ids[start : start + AT_ONCE]))
        found.update({row.id: (line_of(row), row.revision) for row in connection.execute(query)})
    return found


def required_lines(connection: Connection, project_id: str, ids: Sequence[str]) -> dict[str, tuple[Line, int]]:
    """Lines with their revisions by id. Raises NotFound for the first that is not of this project."""
    found = stored_lines(connection, project_id, ids)
    if missing := set(ids) - found.keys():
        raise NotFound("line", min(missing))
    return found


def apply(connection: Connection, author: Author, change: LineChange, log: EditLog | None = None) -> dict[str, int]:
    """Write a change and its history; returns the new revisions of the revised lines. With a `log` the caller writes that one."""
    before = required_lines(connection, author.project_id, [*(line.id for line in change.revised), *change.removed_ids])
    require_speakers(connection, author.project_id, {line.speaker_id for line in (*change.revised, *change.added)})
    own_log, revisions, updates = log or EditLog(author), {}, []
    for line in change.revised:
        old, revision = before[line.id]
        revisions[line.id] = revision + (line != old)
        if line != old:
            own_log.revised(old, line)
            updates.append({**line_columns(line), "key": line.id, "revision": revision + 1})
    _update_rows(connection, updates)
    _remove(connection, [before[line_id][0] for line_id in change.removed_ids], own_log)
    _insert_rows(connection, author.project_id, change, own_log)
    if log is None:
        own_log.write(connection)
    return revisions


def replace_lines(connection: Connection, author: Author, lines: tuple[Line, ...], log: EditLog) -> None:
    """Make the project's lines exactly `lines`."""
    stored = {row.id: (line_of(row), row.revision) for row in connection.execute(lines_query(author.project_id))}
    updates = []
    for ordinal, line in enumerate(lines):
        if line.id in stored:
            old, revision = stored[line.id]
            log.revised(old, line)
            updates.append({**line_columns(line), "key": line.id, "revision": revision + (line != old), "ordinal": ordinal})
    kept = {line.id for line in lines}
    _remove(connection, [line for line, _ in stored.values() if line.id not in kept], log)
    _update_rows(connection, updates)
    _insert_rows(connection, author.project_id, LineChange(added=tuple(line for line in lines if line.id not in stored)), log)


def _update_rows(connection: Connection, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(update(LINES).where(LINES.c.id == bindparam("key")), rows)


def _remove(connection: Connection, lines: Sequence[Line], log: EditLog) -> None:
    """Delete rows; what stood beside them goes into the history, for the day they come back."""
    ids = [line.id for line in lines]
    if not ids:
        return
    beside = _beside(connection, ids)
    for line in lines:
        log.removed(line, beside[line.id])
    connection.execute(delete(LINES).where(LINES.c.id == bindparam("key")), [{"key": line_id} for line_id in ids])


def _beside(connection: Connection, ids: Sequence[str]) -> dict[str, Beside]:
    ordinals: dict[str, int] = {}
    wordings: dict[str, list[dict[str, Any]]] = {line_id: [] for line_id in ids}
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        ordinals |= {row.id: row.ordinal for row in connection.execute(select(LINES.c.id, LINES.c.ordinal).where(LINES.c.id.in_(some)))}
        for row in connection.execute(select(CANDIDATES).where(CANDIDATES.c.line_id.in_(some)).order_by(CANDIDATES.c.rank)):
            wordings[row.line_id].append(dict(row._mapping))
    return {line_id: Beside(ordinals[line_id], tuple(wordings[line_id])) for line_id in ids}


def _insert_rows(connection: Connection, project_id: str, change: LineChange, log: EditLog) -> None:
    lines = change.added
    if not lines:
        return
    last = connection.execute(select(func.max(LINES.c.ordinal)).where(LINES.c.project_id == project_id)).scalar()
    free = 0 if last is None else last + 1
    shared = {"project_id": project_id, "revision": 1}
    ordinals = [change.beside[line.id].ordinal if line.id in change.beside else free + index for index, line in enumerate(lines)]
    connection.execute(insert(LINES), [{**line_columns(line), **shared, "ordinal": ordinal} for line, ordinal in zip(lines, ordinals, strict=True)])
    for line in lines:
        log.added(line)
    wordings = [row for line in lines if line.id in change.beside for row in change.beside[line.id].candidates]
    if wordings:
        connection.execute(insert(CANDIDATES), wordings)


# speakers


def put_speakers(connection: Connection, project_id: str, speakers: Sequence[SpeakerProfile], log: EditLog) -> None:
    """Add or change speakers, in this order; those there already keep the pitch that was heard."""
    known = {speaker.id: speaker for speaker in read_speakers(connection, project_id)}
    for ordinal, speaker in enumerate(speakers):
        row = speaker_columns(project_id, speaker, ordinal)
        if speaker.id in known:
            set_speaker(connection, project_id, known[speaker.id], {name: row[name] for name in ("name", "voice", "ordinal")}, log)
        else:
            insert_speaker(connection, project_id, speaker, ordinal, log)


def insert_speaker(connection: Connection, project_id: str, speaker: SpeakerProfile, ordinal: int, log: EditLog) -> None:
    connection.execute(insert(SPEAKERS), [speaker_columns(project_id, speaker, ordinal)])
    log.speaker(None, speaker)


def set_speaker(connection: Connection, project_id: str, before: SpeakerProfile, values: dict[str, Any], log: EditLog) -> None:
    """Change columns of a speaker's row."""
    here = (SPEAKERS.c.project_id == project_id) & (SPEAKERS.c.id == before.id)
    connection.execute(update(SPEAKERS).where(here).values(**values))
    after = next(one for one in read_speakers(connection, project_id) if one.id == before.id)
    log.speaker(before, after)


def drop_speakers(connection: Connection, project_id: str, ids: Sequence[str], log: EditLog) -> None:
    """Remove speakers who have no lines any more."""
    for speaker in read_speakers(connection, project_id):
        if speaker.id in ids:
            here = (SPEAKERS.c.project_id == project_id) & (SPEAKERS.c.id == speaker.id)
            ordinal = connection.execute(select(SPEAKERS.c.ordinal).where(here)).scalar_one()
            connection.execute(delete(SPEAKERS).where(here))
            log.speaker(speaker, None, ordinal)

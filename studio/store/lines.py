"""Lines of a project with their speakers, candidates, takes and history: `LineStore` is the one class to use.

Every change is one transaction that writes the lines and the history of what changed; it is durable on return. Callers
check who owns the project; each call here names it, and a line of another project is as absent as none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, delete, func, insert, select, update

from studio.domain.errors import BadSetting, NotFound, UserError
from studio.domain.line import Line, SpeakerProfile
from studio.domain.plain import from_plain, to_plain
from studio.domain.project import Cast, Script, Skipped
from studio.store.database import reading, utc_now, writing
from studio.store.line_rows import Author, EditLog, EditRecord, edit_of, hold_project, line_columns, line_of, lines_query, twice_named
from studio.store.schema import IMPORTS, LINE_EDITS, LINES, SPEAKERS
from studio.store.speakers import SpeakerRecords, read_speakers, require_speakers, speaker_columns
from studio.store.takes import TakeRecords
from studio.store.voice_rows import VoiceRecords, read_references

_BESIDE = "beside "  # before the format of a file that left the lines where they were
Follow = Callable[[Connection, Line, Line], None]  # what else to write with an edit: the line before it, and after


@dataclass(frozen=True, slots=True)
class LineChange:
    """Lines revised, added and removed as one action: what adding, deleting, splitting and merging all are."""

    revised: tuple[Line, ...] = ()
    added: tuple[Line, ...] = ()
    removed_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Imported:
    """The file or recogniser that a cast came from, by name, with what it left out."""

    name: str
    script: Script


class LineStore(SpeakerRecords, TakeRecords, VoiceRecords):
    """Everything about the lines of projects."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def cast(self, project_id: str) -> Cast:
        """Speakers, lines in timeline order, and recordings that voices are made of, of one moment."""
        with reading(self._engine) as connection:
            lines = tuple(line_of(row) for row in connection.execute(lines_query(project_id)))
            return Cast(read_speakers(connection, project_id), lines, read_references(connection, project_id))

    def line(self, project_id: str, line_id: str) -> Line:
        """Raises NotFound for a line that is not of this project."""
        with reading(self._engine) as connection:
            return _stored(connection, project_id, [line_id])[line_id][0]

    def revision(self, project_id: str, line_id: str) -> int:
        """How often the line has been changed, from 1 on; hand it back to `revise` to notice another's change."""
        with reading(self._engine) as connection:
            return _stored(connection, project_id, [line_id])[line_id][1]

    def last_change(self, project_id: str) -> int:
        """A number that grows with every change of any line of the project: the same number, the same lines."""
        with reading(self._engine) as connection:
            return connection.execute(select(func.max(LINE_EDITS.c.seq)).where(LINE_EDITS.c.project_id == project_id)).scalar() or 0

    def replace_cast(self, project_id: str, cast: Cast, *, by: str = "", imported: Imported | None = None) -> None:
        """Make the project's speakers and lines exactly `cast`. Lines that keep their id keep candidates and takes."""
        ids = [line.id for line in cast.lines]
        if twice := twice_named(ids):
            raise BadSetting(f"The line “{min(twice)}” occurs twice in what should be stored; import the lines again.")
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            _put_speakers(connection, project_id, cast.speakers)
            _replace_lines(connection, Author(project_id, by), cast.lines)
            _drop_other_speakers(connection, project_id, cast.speakers)
            if imported is not None:
                _add_import(connection, project_id, imported)

    def revise(self, project_id: str, line: Line, *, by: str, expected_revision: int | None = None) -> int:
        """Store a line's new state; returns its revision. Raises NotFound when it was deleted, and UserError when
        `expected_revision` is given and someone else changed the line since."""
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            revision = _stored(connection, project_id, [line.id])[line.id][1]
            if expected_revision is not None and revision != expected_revision:
                raise UserError(
                    "This line was changed elsewhere since you opened it; nothing was overwritten. Reload the line and edit it again."
                )
            return _apply(connection, Author(project_id, by), LineChange(revised=(line,)))[line.id]

    def edit(self, project_id: str, line_id: str, change: Callable[[Line], Line], *, by: str, follow: Follow | None = None) -> Line:
        """Change a line as it stands now, in one transaction, so that nobody else's change to its other fields is lost.
        What `follow` writes belongs to that transaction."""
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            before = _stored(connection, project_id, [line_id])[line_id][0]
            line = change(before)
            _apply(connection, Author(project_id, by), LineChange(revised=(line,)))
            if follow is not None:
                follow(connection, before, line)
            return line

    def circle_take(self, project_id: str, line_id: str, take_id: str | None, *, by: str = "") -> Line:
        """Make a take the line's own; None takes it away. Raises NotFound when the take is not one of this line."""
        if take_id is not None and take_id not in {take.id for take in self.takes(project_id, line_id)}:
            raise NotFound("take", take_id)
        return self.edit(project_id, line_id, lambda line: replace(line, take_id=take_id), by=by)

    def change_lines(self, project_id: str, change: LineChange, *, by: str) -> None:
        """Apply revisions, additions and removals as one action. Any unknown line or speaker: NotFound, nothing changes."""
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            _apply(connection, Author(project_id, by), change)

    def add_lines(self, project_id: str, lines: Sequence[Line], *, by: str) -> None:
        self.change_lines(project_id, LineChange(added=tuple(lines)), by=by)

    def delete_lines(self, project_id: str, line_ids: Sequence[str], *, by: str = "") -> None:
        """Their takes stay; their candidates go."""
        self.change_lines(project_id, LineChange(removed_ids=tuple(dict.fromkeys(line_ids))), by=by)

    def split_line(self, project_id: str, first: Line, second: Line, *, by: str) -> None:
        """`first` keeps the id of the line that is split, `second` brings a new one."""
        self.change_lines(project_id, LineChange(revised=(first,), added=(second,)), by=by)

    def merge_lines(self, project_id: str, merged: Line, gone_ids: Sequence[str], *, by: str) -> None:
        """`merged` keeps the id of one of the lines; the others go."""
        self.change_lines(project_id, LineChange(revised=(merged,), removed_ids=tuple(dict.fromkeys(gone_ids))), by=by)

    def history(self, project_id: str, line_id: str | None = None, *, limit: int = 200) -> tuple[EditRecord, ...]:
        """What was changed, newest first; of one line, or of the whole project."""
        query = select(LINE_EDITS).where(LINE_EDITS.c.project_id == project_id).order_by(LINE_EDITS.c.seq.desc()).limit(limit)
        with reading(self._engine) as connection:
            rows = connection.execute(query if line_id is None else query.where(LINE_EDITS.c.line_id == line_id))
            return tuple(edit_of(row) for row in rows)

    def record_import(self, project_id: str, imported: Imported) -> None:
        """Keep what an import left out, without touching lines (a file that filled target texts, for one)."""
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            _add_import(connection, project_id, imported, mark=_BESIDE)

    def import_format(self, project_id: str) -> str | None:
        """What the lines last came from: a subtitle format, or "heard"; None where nothing was imported. Files that only filled target
        texts do not count."""
        query = select(IMPORTS.c.format).where(IMPORTS.c.project_id == project_id, ~IMPORTS.c.format.startswith(_BESIDE))
        with reading(self._engine) as connection:
            return connection.execute(query.order_by(IMPORTS.c.seq.desc()).limit(1)).scalar_one_or_none()

    def skipped(self, project_id: str) -> tuple[Skipped, ...]:
        """What the latest import left out or changed."""
        query = select(IMPORTS.c.skipped).where(IMPORTS.c.project_id == project_id).order_by(IMPORTS.c.seq.desc()).limit(1)
        with reading(self._engine) as connection:
            return from_plain(tuple[Skipped, ...], connection.execute(query).scalar_one_or_none() or [])


def _stored(connection: Connection, project_id: str, ids: Sequence[str]) -> dict[str, tuple[Line, int]]:
    """Lines with their revisions by id. Raises NotFound for the first that is not of this project."""
    found: dict[str, tuple[Line, int]] = {}
    for start in range(0, len(ids), 500):  # databases limit the parameters of one statement
        query = select(LINES).where(LINES.c.project_id == project_id, LINES.c.id.in_(ids[start : start + 500]))
        found.update({row.id: (line_of(row), row.revision) for row in connection.execute(query)})
    if missing := set(ids) - found.keys():
        raise NotFound("line", min(missing))
    return found


def _apply(connection: Connection, author: Author, change: LineChange) -> dict[str, int]:
    """Write a change and its history; returns the new revisions of the revised lines."""
    before = _stored(connection, author.project_id, [*(line.id for line in change.revised), *change.removed_ids])
    require_speakers(connection, author.project_id, {line.speaker_id for line in (*change.revised, *change.added)})
    log, revisions, updates = EditLog(author), {}, []
    for line in change.revised:
        old, revision = before[line.id]
        revisions[line.id] = revision + (line != old)
        if line != old:
            log.revised(old, line)
            updates.append({**line_columns(line), "key": line.id, "revision": revision + 1})
    for line_id in change.removed_ids:
        log.removed(before[line_id][0])
    _update_rows(connection, updates)
    _delete_rows(connection, change.removed_ids)
    _insert_rows(connection, author.project_id, change.added, log)
    log.write(connection)
    return revisions


def _replace_lines(connection: Connection, author: Author, lines: tuple[Line, ...]) -> None:
    stored = {row.id: (line_of(row), row.revision) for row in connection.execute(lines_query(author.project_id))}
    log, updates = EditLog(author), []
    for ordinal, line in enumerate(lines):
        if line.id in stored:
            old, revision = stored[line.id]
            log.revised(old, line)
            updates.append({**line_columns(line), "key": line.id, "revision": revision + (line != old), "ordinal": ordinal})
    kept = {line.id for line in lines}
    gone = [line for line, _ in stored.values() if line.id not in kept]
    for line in gone:
        log.removed(line)
    _delete_rows(connection, [line.id for line in gone])
    _update_rows(connection, updates)
    _insert_rows(connection, author.project_id, [line for line in lines if line.id not in stored], log)
    log.write(connection)


def _update_rows(connection: Connection, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(update(LINES).where(LINES.c.id == bindparam("key")), rows)


def _delete_rows(connection: Connection, ids: Sequence[str]) -> None:
    if ids:
        connection.execute(delete(LINES).where(LINES.c.id == bindparam("key")), [{"key": line_id} for line_id in ids])


def _insert_rows(connection: Connection, project_id: str, lines: Sequence[Line], log: EditLog) -> None:
    if not lines:
        return
    last = connection.execute(select(func.max(LINES.c.ordinal)).where(LINES.c.project_id == project_id)).scalar()
    first_ordinal = 0 if last is None else last + 1
    shared = {"project_id": project_id, "revision": 1}
    rows = [{**line_columns(line), **shared, "ordinal": first_ordinal + index} for index, line in enumerate(lines)]
    connection.execute(insert(LINES), rows)
    for line in lines:
        log.added(line)


def _put_speakers(connection: Connection, project_id: str, speakers: tuple[SpeakerProfile, ...]) -> None:
    known = {speaker.id for speaker in read_speakers(connection, project_id)}
    rows = [speaker_columns(project_id, speaker, ordinal) for ordinal, speaker in enumerate(speakers)]
    for row in rows:
        if row["id"] in known:
            here = (SPEAKERS.c.project_id == project_id) & (SPEAKERS.c.id == row["id"])
            connection.execute(update(SPEAKERS).where(here).values(name=row["name"], voice=row["voice"], ordinal=row["ordinal"]))
    if new := [row for row in rows if row["id"] not in known]:
        connection.execute(insert(SPEAKERS), new)


def _drop_other_speakers(connection: Connection, project_id: str, speakers: tuple[SpeakerProfile, ...]) -> None:
    kept = {speaker.id for speaker in speakers}
    for speaker in read_speakers(connection, project_id):
        if speaker.id not in kept:
            connection.execute(delete(SPEAKERS).where(SPEAKERS.c.project_id == project_id, SPEAKERS.c.id == speaker.id))


def _add_import(connection: Connection, project_id: str, imported: Imported, *, mark: str = "") -> None:
    script = imported.script
    values = {"name": imported.name, "format": f"{mark}{script.format}" if script.format is not None else None, "encoding": script.encoding, "skipped": to_plain(script.skipped)}
    connection.execute(insert(IMPORTS).values(project_id=project_id, created_at=utc_now(), **values))

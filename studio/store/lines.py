"""Lines of a project with their speakers, candidates, takes and history: `LineStore` is the one class to use.

Every change is one transaction that writes the lines and the history of what changed; it is durable on return. `by` is who changes, or
the action it is part of. Callers check who owns the project; each call here names it, and a line of another project is as absent as none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Engine, func, insert, select

from studio.domain.errors import BadSetting, NotFound, UserError
from studio.domain.history import EditRecord
from studio.domain.line import Line
from studio.domain.plain import from_plain, to_plain
from studio.domain.project import Cast, Script, Skipped
from studio.store.changes import Action, Author, By, EditLog, edit_of
from studio.store.database import reading, utc_now, writing
from studio.store.history import HistoryRecords
from studio.store.line_rows import hold_project, line_of, lines_query, twice_named
from studio.store.line_writes import LineChange, apply, drop_speakers, put_speakers, replace_lines, required_lines, stored_lines
from studio.store.schema import IMPORTS, LINE_EDITS
from studio.store.looks import LookRecords
from studio.store.speaker_rows import read_speakers
from studio.store.speakers import SpeakerRecords
from studio.store.takes import TakeRecords
from studio.store.voice_rows import VoiceRecords, read_references

_BESIDE = "beside "  # before the format of a file that left the lines where they were
Follow = Callable[[Connection, Line, Line], None]  # what else to write with an edit: the line before it, and after


@dataclass(frozen=True, slots=True)
class Imported:
    """The file or recogniser that a cast came from, by name, with what it left out."""

    name: str
    script: Script


class LineStore(HistoryRecords, LookRecords, SpeakerRecords, TakeRecords, VoiceRecords):
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
            return required_lines(connection, project_id, [line_id])[line_id][0]

    def revision(self, project_id: str, line_id: str) -> int:
        """How often the line has been changed, from 1 on; hand it back to `revise` to notice another's change."""
        with reading(self._engine) as connection:
            return required_lines(connection, project_id, [line_id])[line_id][1]

    def last_change(self, project_id: str) -> int:
        """A number that grows with every change of any line of the project: the same number, the same lines."""
        with reading(self._engine) as connection:
            return connection.execute(select(func.max(LINE_EDITS.c.seq)).where(LINE_EDITS.c.project_id == project_id)).scalar() or 0

    def replace_cast(self, project_id: str, cast: Cast, *, by: By = "", imported: Imported | None = None) -> None:
        """Make the project's speakers and lines exactly `cast`. Lines that keep their id keep candidates and takes."""
        ids = [line.id for line in cast.lines]
        if twice := twice_named(ids):
            raise BadSetting(f"The line “{min(twice)}” occurs twice in what should be stored; import the lines again.")
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            author = Author(project_id, by if isinstance(by, Action) or imported is None else Action(by, f"Import of “{imported.name}”"))
            log = EditLog(author)
            put_speakers(connection, project_id, cast.speakers, log)
            replace_lines(connection, author, cast.lines, log)
            kept = {speaker.id for speaker in cast.speakers}
            drop_speakers(connection, project_id, [one.id for one in read_speakers(connection, project_id) if one.id not in kept], log)
            log.write(connection)
            if imported is not None:
                _add_import(connection, project_id, imported)

    def revise(self, project_id: str, line: Line, *, by: By, expected_revision: int | None = None) -> int:
        """Store a line's new state; returns its revision. Raises NotFound when it was deleted, and UserError when
        `expected_revision` is given and someone else changed the line since."""
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            revision = required_lines(connection, project_id, [line.id])[line.id][1]
            if expected_revision is not None and revision != expected_revision:
                raise UserError(
                    "This line was changed elsewhere since you opened it; nothing was overwritten. Reload the line and edit it again."
                )
            return apply(connection, Author(project_id, by), LineChange(revised=(line,)))[line.id]

    def edit(self, project_id: str, line_id: str, change: Callable[[Line], Line], *, by: By, follow: Follow | None = None) -> Line:
        """Change a line as it stands now, in one transaction, so that nobody else's change to its other fields is lost.
        What `follow` writes belongs to that transaction."""
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            before = required_lines(connection, project_id, [line_id])[line_id][0]
            line = change(before)
            apply(connection, Author(project_id, by), LineChange(revised=(line,)))
            if follow is not None:
                follow(connection, before, line)
            return line

    def edit_many(self, project_id: str, changes: Mapping[str, Callable[[Line], Line]], *, by: By) -> set[str]:
        """Change lines as they stand now, in one transaction and as one action; a change may answer the line itself. Lines that are gone
        are passed over; returns the ids of those that were there."""
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            stored = stored_lines(connection, project_id, list(changes))
            ordered = [line_id for line_id in changes if line_id in stored]
            apply(connection, Author(project_id, by), LineChange(revised=tuple(changes[line_id](stored[line_id][0]) for line_id in ordered)))
            return set(stored)

    def circle_take(self, project_id: str, line_id: str, take_id: str | None, *, by: By = "") -> Line:
        """Make a take the line's own; None takes it away. Raises NotFound when the take is not one of this line."""
        if take_id is not None and take_id not in {take.id for take in self.takes(project_id, line_id)}:
            raise NotFound("take", take_id)
        return self.edit(project_id, line_id, lambda line: replace(line, take_id=take_id), by=by)

    def change_lines(self, project_id: str, change: LineChange, *, by: By) -> None:
        """Apply revisions, additions and removals as one action. Any unknown line or speaker: NotFound, nothing changes."""
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            apply(connection, Author(project_id, by), change)

    def add_lines(self, project_id: str, lines: Sequence[Line], *, by: By) -> None:
        self.change_lines(project_id, LineChange(added=tuple(lines)), by=by)

    def delete_lines(self, project_id: str, line_ids: Sequence[str], *, by: By = "") -> None:
        """Their takes stay; their candidates go."""
        self.change_lines(project_id, LineChange(removed_ids=tuple(dict.fromkeys(line_ids))), by=by)

    def split_line(self, project_id: str, first: Line, second: Line, *, by: By) -> None:
        """`first` keeps the id of the line that is split, `second` brings a new one."""
        self.change_lines(project_id, LineChange(revised=(first,), added=(second,)), by=_named(by, "Split of {line}"))

    def merge_lines(self, project_id: str, merged: Line, gone_ids: Sequence[str], *, by: By) -> None:
        """`merged` keeps the id of one of the lines; the others go."""
        self.change_lines(project_id, LineChange(revised=(merged,), removed_ids=tuple(dict.fromkeys(gone_ids))), by=_named(by, "Merge of {lines}"))

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


def _named(by: By, title: str) -> Action:
    """The action, called so unless the caller calls it otherwise."""
    return Action(by, title) if isinstance(by, str) else by


def _add_import(connection: Connection, project_id: str, imported: Imported, *, mark: str = "") -> None:
    script = imported.script
    values = {"name": imported.name, "format": f"{mark}{script.format}" if script.format is not None else None, "encoding": script.encoding, "skipped": to_plain(script.skipped)}
    connection.execute(insert(IMPORTS).values(project_id=project_id, created_at=utc_now(), **values))

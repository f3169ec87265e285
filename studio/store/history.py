"""The history as it is asked for and taken back: undo, redo, restoring, and what has happened since a moment. One part of `LineStore`.

Every taking back is one transaction and one new action. It is all or nothing: half an undone split or merge would lose or double words, and
could not be redone exactly. The arithmetic is `domain/history.py`; rows are written by `line_writes.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Engine, func, select, update

from studio.domain.errors import NotFound, NotReady
from studio.domain.history import (
    LINE,
    ChangedSince,
    ChangeKind,
    ChangeRecord,
    Crossed,
    Crossing,
    EditRecord,
    Undone,
    field_word,
    taken_back,
    title_of,
)
from studio.store.changes import Action, Author, EditLog, change_of, edit_of
from studio.store.database import reading, writing
from studio.store.line_rows import hold_project, lines_query
from studio.store.scenes import Follows, read_scene, write_scene
from studio.store.schema import CHANGES, LINE_EDITS

_GONE = "It was spoken by somebody who is not among the speakers any more. Nothing was changed; bring that speaker back first, by undo."
SHOWN_EDITS = 40  # of one action in a list of many: an import has thousands
_UNDOABLE = (ChangeKind.EDIT.value, ChangeKind.JOB.value, ChangeKind.RESTORE.value)
_FRESH = (ChangeKind.EDIT.value, ChangeKind.RESTORE.value)  # after one's own new action there is nothing to redo


@dataclass(frozen=True, slots=True)
class Happened:
    """Edits since a moment: each action's id, whose it is, and the lines it touched. `seq`: the moment to ask from next."""

    seq: int
    changes: tuple[tuple[str, str, tuple[str, ...]], ...]


class HistoryRecords:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def happened(self, project_id: str, since: int | None) -> Happened:
        """What was edited after the edit `since`; None: from now on. Cheap: nothing is asked of the lines themselves."""
        mine = LINE_EDITS.c.project_id == project_id
        with reading(self._engine) as connection:
            if since is None:
                return Happened(connection.execute(select(func.max(LINE_EDITS.c.seq)).where(mine)).scalar() or 0, ())
            columns = (LINE_EDITS.c.seq, LINE_EDITS.c.change_id, LINE_EDITS.c.by, LINE_EDITS.c.line_id)
            rows = connection.execute(select(*columns).where(mine, LINE_EDITS.c.seq > since).order_by(LINE_EDITS.c.seq)).all()
        found: dict[tuple[str, str], dict[str, None]] = {}
        for row in rows:
            found.setdefault((row.change_id, row.by), {})[row.line_id] = None
        return Happened(max((row.seq for row in rows), default=since), tuple((key, by, tuple(ids)) for (key, by), ids in found.items()))

    def changes(self, project_id: str, line_id: str | None = None, *, limit: int = 50, before_seq: int | None = None) -> tuple[ChangeRecord, ...]:
        """Actions, the latest first; of one line, only its edits. `before_seq`: older than an action's `last_seq`."""
        here = LINE_EDITS.c.project_id == project_id
        if line_id is not None:
            here &= LINE_EDITS.c.line_id == line_id
        last = func.max(LINE_EDITS.c.seq)
        query = select(LINE_EDITS.c.change_id, last).where(here).group_by(LINE_EDITS.c.change_id).order_by(last.desc()).limit(limit)
        with reading(self._engine) as connection:
            found = connection.execute(query if before_seq is None else query.having(last < before_seq)).all()
            return tuple(self._change(connection, project_id, row.change_id, line_id) for row in found)

    def change(self, project_id: str, change_id: str) -> ChangeRecord:
        """One action with all its edits. Raises NotFound."""
        with reading(self._engine) as connection:
            return _whole(connection, project_id, change_id)

    def last_edit(self, project_id: str, line_id: str, name: str) -> EditRecord | None:
        """The last edit of one field of a line ("line": its coming or going)."""
        here = (LINE_EDITS.c.project_id == project_id) & (LINE_EDITS.c.line_id == line_id) & (LINE_EDITS.c.field == name)
        with reading(self._engine) as connection:
            row = connection.execute(select(LINE_EDITS).where(here).order_by(LINE_EDITS.c.seq.desc()).limit(1)).first()
            return None if row is None else edit_of(row)

    def touched_since(self, project_id: str, change_id: str) -> frozenset[str]:
        """The lines whose translation was changed after an action. Raises NotFound for an unknown one."""
        after = LINE_EDITS.c.seq > self.change(project_id, change_id).last_seq
        query = select(LINE_EDITS.c.line_id).where(LINE_EDITS.c.project_id == project_id, after, LINE_EDITS.c.field == "target_text")
        with reading(self._engine) as connection:
            return frozenset(connection.execute(query.distinct()).scalars())

    def next_undo(self, project_id: str, by: str, passing: Collection[str] = ()) -> str | None:
        """This person's last action that stands, but for those passed over; None where there is none."""
        query = select(CHANGES.c.id).where(_mine(project_id, by), CHANGES.c.kind.in_(_UNDOABLE), CHANGES.c.undone_by.is_(None))
        with reading(self._engine) as connection:
            return connection.execute(query.where(CHANGES.c.id.not_in(list(passing))).order_by(CHANGES.c.seq.desc()).limit(1)).scalar()

    def next_redo(self, project_id: str, by: str, passing: Collection[str] = ()) -> str | None:
        """This person's last undo that stands, where they have done nothing new since."""
        undos = select(CHANGES.c.id, CHANGES.c.seq).where(_mine(project_id, by), CHANGES.c.kind == ChangeKind.UNDO.value, CHANGES.c.undone_by.is_(None))
        fresh = select(func.max(CHANGES.c.seq)).where(_mine(project_id, by), CHANGES.c.kind.in_(_FRESH))
        with reading(self._engine) as connection:
            row = connection.execute(undos.where(CHANGES.c.id.not_in(list(passing))).order_by(CHANGES.c.seq.desc()).limit(1)).first()
            return row.id if row is not None and row.seq > (connection.execute(fresh).scalar() or 0) else None

    def take_back(self, project_id: str, change_id: str, *, by: str, follows: Follows | None = None) -> Undone:
        """Undo an action, or redo one by taking its undo back. Raises ChangedSince where it does not stand any more as it was made."""
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            change = _whole(connection, project_id, change_id)
            if change.undone_by is not None:
                raise ChangedSince(f"“{change.title}” has been undone already.", change_id)
            kind = ChangeKind.REDO if change.kind is ChangeKind.UNDO else ChangeKind.UNDO
            action = Action(by, change.title, kind, undoes=change.id)
            done = _taken(connection, action, change, follows)
            connection.execute(update(CHANGES).where(CHANGES.c.id == change.id).values(undone_by=done.change_id))
            if kind is ChangeKind.REDO:  # what the undo took back stands again, and can be undone again
                connection.execute(update(CHANGES).where(CHANGES.c.id == change.undoes).values(undone_by=None))
            return done

    def restore(
        self, project_id: str, change_id: str, *, by: str, line_id: str | None = None, follows: Follows | None = None, is_before: bool = False
    ) -> Undone:
        """Make the project, or one line, as it was right after an action (or `is_before` it): whatever was done since is taken back as one
        new action."""
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            change = _whole(connection, project_id, change_id)
            edits = _edits_since(connection, project_id, change.first_seq - 1 if is_before else change.last_seq, line_id)
            if not edits:
                raise NotReady("Nothing has been changed since then.")
            scene = read_scene(connection, project_id, edits)
            then = taken_back(scene, edits, is_strict=False)
            if line_id is not None and then.lines.get(line_id) is None:
                raise NotReady("This line did not exist then; choose a later moment.")
            title = f"As it was after “{change.title}”" if line_id is None else "Restoring of {line}"
            log = EditLog(Author(project_id, Action(by, title, ChangeKind.RESTORE)))
            try:
                line_ids = write_scene(connection, log, scene, then, follows)
            except Crossed as crossed:
                raise NotReady(_GONE) from crossed
            made = log.write(connection)
            if made is None:
                raise NotReady("It is as it was then already.")
            return Undone(made, ChangeKind.RESTORE, _title(connection, made), line_ids)

    def _change(self, connection: Connection, project_id: str, change_id: str, line_id: str | None) -> ChangeRecord:
        query = select(LINE_EDITS).where(LINE_EDITS.c.change_id == change_id, LINE_EDITS.c.project_id == project_id)
        if line_id is not None:
            query = query.where(LINE_EDITS.c.line_id == line_id)
        edits = [edit_of(row) for row in connection.execute(query.order_by(LINE_EDITS.c.seq.desc()).limit(SHOWN_EDITS + 1))]
        found = _record(connection, project_id, change_id, edits[:SHOWN_EDITS][::-1])
        return replace(found, has_more=len(edits) > SHOWN_EDITS)


def _mine(project_id: str, by: str) -> object:
    return (CHANGES.c.project_id == project_id) & (CHANGES.c.by == by)


def _title(connection: Connection, change_id: str) -> str:
    return connection.execute(select(CHANGES.c.title).where(CHANGES.c.id == change_id)).scalar_one()


def _whole(connection: Connection, project_id: str, change_id: str) -> ChangeRecord:
    here = (LINE_EDITS.c.project_id == project_id) & (LINE_EDITS.c.change_id == change_id)
    edits = [edit_of(row) for row in connection.execute(select(LINE_EDITS).where(here).order_by(LINE_EDITS.c.seq))]
    return _record(connection, project_id, change_id, edits)


def _record(connection: Connection, project_id: str, change_id: str, edits: Sequence[EditRecord]) -> ChangeRecord:
    row = connection.execute(select(CHANGES).where(CHANGES.c.project_id == project_id, CHANGES.c.id == change_id)).first()
    if row is not None:
        return change_of(row, edits)
    if not edits:
        raise NotFound("action", change_id)
    first = edits[0]  # of before actions were kept
    return ChangeRecord(change_id, 0, first.by, first.at, ChangeKind.EDIT, title_of(edits, {}), None, None, tuple(edits))


def _edits_since(connection: Connection, project_id: str, seq: int, line_id: str | None) -> tuple[EditRecord, ...]:
    """Newest first."""
    query = select(LINE_EDITS).where(LINE_EDITS.c.project_id == project_id, LINE_EDITS.c.seq > seq)
    if line_id is not None:
        query = query.where(LINE_EDITS.c.line_id == line_id)
    return tuple(edit_of(row) for row in connection.execute(query.order_by(LINE_EDITS.c.seq.desc())))


def _taken(connection: Connection, action: Action, change: ChangeRecord, follows: Follows | None) -> Undone:
    project_id = _project_of(connection, change)
    edits = change.edits[::-1]
    scene = read_scene(connection, project_id, edits)
    log = EditLog(Author(project_id, action))
    try:
        line_ids = write_scene(connection, log, scene, taken_back(scene, edits), follows, keeps_locked=True)
    except Crossed as crossed:
        raise ChangedSince(_sentence(connection, project_id, (change, action), crossed.crossing), change.id) from crossed
    return Undone(log.write(connection, is_kept=True), action.kind, change.title, line_ids)


def _project_of(connection: Connection, change: ChangeRecord) -> str:
    return connection.execute(select(CHANGES.c.project_id).where(CHANGES.c.id == change.id)).scalar_one()


def _sentence(connection: Connection, project_id: str, what: tuple[ChangeRecord, Action], crossing: Crossing) -> str:
    """Who crossed an action, and where."""
    change, action = what
    word = "redone" if action.kind is ChangeKind.REDO else "undone"
    subject = _subject(connection, project_id, crossing)
    if crossing.field == "locked":
        return f"“{change.title}” cannot be {word}: {subject} is locked. Nothing was changed; unlock it first."
    here = (LINE_EDITS.c.project_id == project_id) & (LINE_EDITS.c.line_id == crossing.subject_id) & (LINE_EDITS.c.change_id != change.id)
    if crossing.field != crossing.subject:
        here &= LINE_EDITS.c.field.in_((crossing.field, crossing.subject))
    by = connection.execute(select(LINE_EDITS.c.by).where(here).order_by(LINE_EDITS.c.seq.desc()).limit(1)).scalar() or "somebody"
    who = "you have" if by == action.by else f"{by} has"
    whole = crossing.field == crossing.subject
    thing = subject if whole else f"the {field_word(crossing.subject, crossing.field)} of {subject}"
    return f"“{change.title}” cannot be {word}: {who} changed {thing} since. Nothing was overwritten."


def _subject(connection: Connection, project_id: str, crossing: Crossing) -> str:
    if crossing.subject != LINE:
        return f"this {crossing.subject}"
    ids = [row.id for row in connection.execute(lines_query(project_id))]
    return f"line {ids.index(crossing.subject_id) + 1}" if crossing.subject_id in ids else "a line that is gone"

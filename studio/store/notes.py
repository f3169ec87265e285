"""Notes of projects, and whether any changed: `NoteStore` is the class to use. Enter: a project's id and `Note` records. Leave: the same.

Texts are kept as `domain.notes.with_ids` writes them. Every change of a note moves `last_change`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update

from studio.domain.errors import BadSetting, NotFound
from studio.domain.notes import MAX_GUEST_NOTES, MAX_NOTES, Note
from studio.store.database import reading, utc_now, writing
from studio.store.line_rows import hold_project
from studio.store.schema import NOTES
from studio.store.text import storable


class NoteStore:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def notes(self, project_id: str) -> tuple[Note, ...]:
        """All notes of a project, oldest first."""
        query = select(NOTES).where(NOTES.c.project_id == project_id).order_by(NOTES.c.seq)
        with reading(self._engine) as connection:
            return tuple(_note(row) for row in connection.execute(query))

    def add(self, project_id: str, note: Note) -> Note:
        """Keep a note, durable on return; an answer to an answer joins its thread. Raises NotFound for an unknown `reply_to`, BadSetting
        where the project holds all it can."""
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            _check_room(connection, project_id, note)
            opened = _thread(connection, project_id, note.reply_to) if note.reply_to is not None else None
            values = _columns(note) | {"project_id": project_id, "reply_to": opened}
            connection.execute(insert(NOTES).values(**values))
            return _note(_one(connection, project_id, note.id))

    def resolve(self, project_id: str, note_id: str, *, by: str) -> Note:
        """Close the thread a note belongs to; closed already, it stays as it is. Raises NotFound."""
        return self._mark(project_id, note_id, lambda row: {"resolved_by": by, "resolved_at": utc_now()} if row.resolved_at is None else {})

    def reopen(self, project_id: str, note_id: str) -> Note:
        """Open the thread a note belongs to again. Raises NotFound."""
        return self._mark(project_id, note_id, lambda row: {"resolved_by": None, "resolved_at": None})

    def delete(self, project_id: str, note_id: str) -> None:
        """Remove a note for good, with its answers. Raises NotFound."""
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            _one(connection, project_id, note_id)
            gone = (NOTES.c.id == note_id) | (NOTES.c.reply_to == note_id)
            connection.execute(delete(NOTES).where(NOTES.c.project_id == project_id, gone))

    def note(self, project_id: str, note_id: str) -> Note:
        """Raises NotFound for a note that is not of this project."""
        with reading(self._engine) as connection:
            return _note(_one(connection, project_id, note_id))

    def last_change(self, project_id: str) -> str:
        """A text that is another one whenever a note of the project came, went, was resolved or opened again; cheap to ask."""
        marks = func.count(), func.count(NOTES.c.resolved_at), func.max(NOTES.c.seq), func.max(NOTES.c.at), func.max(NOTES.c.resolved_at)
        with reading(self._engine) as connection:
            found = connection.execute(select(*marks).where(NOTES.c.project_id == project_id)).one()
        return "/".join("" if mark is None else str(mark) for mark in found)

    def _mark(self, project_id: str, note_id: str, change: Callable[[Row[Any]], dict[str, Any]]) -> Note:
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            opened = _thread(connection, project_id, note_id)
            if values := change(_one(connection, project_id, opened)):
                connection.execute(update(NOTES).where(NOTES.c.id == opened).values(**values))
            return _note(_one(connection, project_id, opened))


def _check_room(connection: Connection, project_id: str, note: Note) -> None:
    here = select(func.count()).select_from(NOTES).where(NOTES.c.project_id == project_id)
    if connection.execute(here).scalar_one() >= MAX_NOTES:
        raise BadSetting(f"This project holds {MAX_NOTES} notes, which is all it can; delete some first.")
    if note.is_guest and connection.execute(here.where(NOTES.c.is_guest)).scalar_one() >= MAX_GUEST_NOTES:
        raise BadSetting("This project takes no more notes from guests; ask whoever sent you the link to delete some.")


def _one(connection: Connection, project_id: str, note_id: str) -> Row[Any]:
    row = connection.execute(select(NOTES).where(NOTES.c.project_id == project_id, NOTES.c.id == note_id)).first()
    if row is None:
        raise NotFound("note", note_id)
    return row


def _thread(connection: Connection, project_id: str, note_id: str) -> str:
    """The id of the note that opened the thread which `note_id` belongs to."""
    row = _one(connection, project_id, note_id)
    return row.reply_to if row.reply_to is not None else row.id


def _columns(note: Note) -> dict[str, Any]:
    return {
        "id": note.id,
        "line_id": note.line_id,
        "at_ms": note.at_ms,
        "text": storable(note.text, "The note"),
        "by": storable(note.by, "The name"),
        "is_guest": note.is_guest,
        "at": note.at or utc_now(),
        "resolved_by": note.resolved_by,
        "resolved_at": note.resolved_at,
    }


def _note(row: Row[Any]) -> Note:
    return Note(
        id=row.id,
        text=row.text,
        by=row.by,
        at=row.at,
        is_guest=bool(row.is_guest),
        line_id=row.line_id,
        at_ms=row.at_ms,
        reply_to=row.reply_to,
        resolved_by=row.resolved_by,
        resolved_at=row.resolved_at,
    )

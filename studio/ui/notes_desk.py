"""What the page asks about notes through the desk's calls: all of them, one more, resolve, open again, delete. Part of `Desk`.

Enter: plain values of a JSON body. Leave: `NotesView`, always with all notes, for they are few. A new verb is a method and its name here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from studio.domain.errors import BadSetting
from studio.domain.notes import Mention
from studio.service import Studio


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note as the page shows it. `place`: the line it stands on, None where it stands on none; `is_mine`: the reader wrote it."""

    id: str
    text: str
    by: str
    at: str
    is_guest: bool
    is_mine: bool
    line_id: str | None
    at_ms: int | None
    reply_to: str | None
    resolved_by: str | None
    resolved_at: str | None
    mentions: tuple[Mention, ...]
    place: str | None


@dataclass(frozen=True, slots=True)
class NotesView:
    """`notes` None: nothing changed since the mark asked with. `added`: the id of a note just written."""

    mark: str
    notes: tuple[NoteView, ...] | None
    added: str = ""


class NotesDesk:
    _studio: Studio
    _project_id: str

    def notes(self, since: str = "") -> NotesView:
        mark = self._studio.notes_mark(self._project_id)
        return NotesView(mark, None) if mark == since else self._notes()

    def add_note(self, text: str, line_id: str | None = None, at_ms: int | None = None, reply_to: str | None = None) -> NotesView:
        if not isinstance(text, str):
            raise BadSetting("A note is text.")
        added = self._studio.add_note(self._project_id, text, line_id, None if at_ms is None else int(at_ms), reply_to)
        return self._notes(added.id)

    def resolve_note(self, note_id: str) -> NotesView:
        self._studio.resolve_note(self._project_id, note_id)
        return self._notes()

    def reopen_note(self, note_id: str) -> NotesView:
        self._studio.reopen_note(self._project_id, note_id)
        return self._notes()

    def delete_note(self, note_id: str) -> NotesView:
        self._studio.delete_note(self._project_id, note_id)
        return self._notes()

    def _notes(self, added: str = "") -> NotesView:
        found = self._studio.placed_notes(self._project_id)
        views = tuple(
            NoteView(
                id=note.id,
                text=note.text,
                by=note.by,
                at=note.at,
                is_guest=note.is_guest,
                is_mine=not note.is_guest and note.by == self._studio.user,
                line_id=note.line_id,
                at_ms=note.at_ms,
                reply_to=note.reply_to,
                resolved_by=note.resolved_by,
                resolved_at=note.resolved_at,
                mentions=note.mentions,
                place=found.places.get(note.id),
            )
            for note in found.notes
        )
        return NotesView(found.mark, views, added)


NOTES_CALLS: dict[str, Callable[..., Any]] = {
    "notes": NotesDesk.notes,
    "add_note": NotesDesk.add_note,
    "resolve_note": NotesDesk.resolve_note,
    "reopen_note": NotesDesk.reopen_note,
    "delete_note": NotesDesk.delete_note,
}

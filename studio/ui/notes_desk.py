"""What the page asks about notes through the desk's calls: all of them, one more, resolve, open again, delete. Part of `Desk`.

Enter: plain values of a JSON body. Leave: `NotesView`, always with all notes, for they are few. A new verb is a method and its name here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from studio.domain.errors import BadSetting
from studio.domain.notes import Mention, Note
from studio.domain.review_link import DEFAULT_DAYS
from studio.service import PlacedNotes, Studio


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note as the page shows it. `place`: the line it stands on, None where it stands on none; `is_mine`: the reader wrote it;
    `is_closed_by_me`: the reader resolved it."""

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
    is_closed_by_me: bool


@dataclass(frozen=True, slots=True)
class NotesView:
    """`notes` None: nothing changed since the mark asked with. `added`: the id of a note just written."""

    mark: str
    notes: tuple[NoteView, ...] | None
    added: str = ""


@dataclass(frozen=True, slots=True)
class LinkView:
    """A review link as its project's editor sees it. `by`: who made it, "" for oneself; it closes with their right to export."""

    id: str
    label: str
    by: str
    created_at: str
    expires_at: str
    is_revoked: bool
    is_expired: bool


@dataclass(frozen=True, slots=True)
class LinksView:
    """`address`: of a link just made, relative to the page; it is never told again."""

    links: tuple[LinkView, ...]
    address: str = ""
    default_days: int = DEFAULT_DAYS


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

    # links to review by

    def review_links(self) -> LinksView:
        now = datetime.now(UTC).isoformat()
        links = self._studio.review_links(self._project_id)
        views = (LinkView(one.id, one.label, "" if one.by == self._studio.user else one.by, one.created_at, one.expires_at, one.revoked_at is not None, one.expires_at <= now) for one in links)
        return LinksView(tuple(views))

    def add_review_link(self, label: str = "", days: int = DEFAULT_DAYS) -> LinksView:
        """The new link's address is in the answer, once."""
        made = self._studio.add_review_link(self._project_id, label, days)
        return replace(self.review_links(), address=f"review/{made.token}")

    def revoke_review_link(self, link_id: str) -> LinksView:
        self._studio.revoke_review_link(self._project_id, link_id)
        return self.review_links()

    def _notes(self, added: str = "") -> NotesView:
        return notes_view(self._studio.placed_notes(self._project_id), reader=self._studio.user, added=added)


def notes_view(found: PlacedNotes | None, *, reader: str | None, added: str = "", mark: str = "") -> NotesView:
    """All notes as `reader` sees them (None: a guest, to whom nothing belongs); `found` None: nothing changed since `mark`."""
    if found is None:
        return NotesView(mark, None)
    return NotesView(found.mark, tuple(_view(note, found.places.get(note.id), reader) for note in found.notes), added)


def _view(note: Note, place: str | None, reader: str | None) -> NoteView:
    return NoteView(
        id=note.id,
        text=note.text,
        by=note.by,
        at=note.at,
        is_guest=note.is_guest,
        is_mine=not note.is_guest and note.by == reader,
        line_id=note.line_id,
        at_ms=note.at_ms,
        reply_to=note.reply_to,
        resolved_by=note.resolved_by,
        resolved_at=note.resolved_at,
        mentions=note.mentions,
        place=place,
        is_closed_by_me=reader is not None and note.resolved_by == reader,
    )


NOTES_CALLS: dict[str, Callable[..., Any]] = {
    "notes": NotesDesk.notes,
    "add_note": NotesDesk.add_note,
    "resolve_note": NotesDesk.resolve_note,
    "reopen_note": NotesDesk.reopen_note,
    "delete_note": NotesDesk.delete_note,
    "review_links": NotesDesk.review_links,
    "add_review_link": NotesDesk.add_review_link,
    "revoke_review_link": NotesDesk.revoke_review_link,
}

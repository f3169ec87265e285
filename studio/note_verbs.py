"""The verbs about notes: on lines, on moments, answers, and who resolved what. Part of `Studio`, the class to use.

Enter: ids and plain values, of the user's own projects only. Leave: `Note` records as they are read. Everything raised is a StudioError.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from studio.domain.errors import BadSetting, NotFound
from studio.domain.line import Line
from studio.domain.notes import Note, note_text, open_counts, places, with_ids, with_numbers
from studio.domain.project import Project
from studio.lip_verbs import LipVerbs
from studio.review import programme_ms
from studio.workshop import Workshop


@dataclass(frozen=True, slots=True)
class PlacedNotes:
    """All notes of a project, oldest first, with the line each stands on (`domain.notes.places`), and the mark that changes with them."""

    notes: tuple[Note, ...]
    places: dict[str, str]
    mark: str


class NoteVerbs(LipVerbs):
    def notes(self, project_id: str) -> tuple[Note, ...]:
        """All notes of a project, oldest first; mentions bear the numbers their lines have now."""
        return self.placed_notes(project_id).notes

    def placed_notes(self, project_id: str) -> PlacedNotes:
        return placed_notes(self._shop, self._own(project_id))

    def notes_mark(self, project_id: str) -> str:
        """Another text whenever a note of the project has changed."""
        return self._shop.notes.last_change(self._own(project_id).id)

    def note_counts(self, project_id: str) -> dict[str, int]:
        """Open threads by line id; lines without any are left out."""
        project = self._own(project_id)
        notes = self._shop.notes.notes(project.id)
        return open_counts(notes, self._shop.lines.cast(project.id).lines) if notes else {}

    def add_note(
        self, project_id: str, text: str, line_id: str | None = None, at_ms: int | None = None, reply_to: str | None = None
    ) -> Note:
        """Say something about a line, a moment or the programme, or answer a note; durable when it returns. Raises BadSetting for an
        empty or overlong text or a moment outside the programme, NotFound for an unknown line or note."""
        draft = Note("", text, self.user, "", line_id=line_id, at_ms=at_ms, reply_to=reply_to)
        return keep_note(self._shop, self._own(project_id), draft)

    def resolve_note(self, project_id: str, note_id: str) -> Note:
        """Close the thread a note belongs to. Raises NotFound."""
        project = self._own(project_id)
        return self._read(project, self._shop.notes.resolve(project.id, note_id, by=self.user))

    def reopen_note(self, project_id: str, note_id: str) -> Note:
        project = self._own(project_id)
        return self._read(project, self._shop.notes.reopen(project.id, note_id))

    def delete_note(self, project_id: str, note_id: str) -> None:
        """Remove a note and its answers for good: by who wrote it, or by the project's owner. Raises NotFound, BadSetting."""
        project = self._own(project_id)
        note = self._shop.notes.note(project.id, note_id)
        if self.user != project.owner and (note.is_guest or note.by != self.user):
            raise BadSetting("Only who wrote a note, or the project's owner, can delete it; resolve it instead.")
        self._shop.notes.delete(project.id, note_id)

    # within

    def _read(self, project: Project, note: Note) -> Note:
        return as_read((note,), self._shop.lines.cast(project.id).lines)[0]


def keep_note(shop: Workshop, project: Project, draft: Note) -> Note:
    """Check a note as it was typed, and keep it. `draft.id` and `draft.at` are filled in; a note on a line remembers when that line
    begins, so that it stands on what speaks then should the line be merged or deleted."""
    cast = shop.lines.cast(project.id)
    line = next((line for line in cast.lines if line.id == draft.line_id), None)
    if draft.line_id is not None and line is None:
        raise NotFound("line", draft.line_id)
    if draft.at_ms is not None and not (isinstance(draft.at_ms, int) and 0 <= draft.at_ms <= max(programme_ms(project, cast), 1)):
        raise BadSetting("A note is pinned to a moment of the programme; this one lies outside it.")
    ids = {number: line.id for number, line in enumerate(cast.lines, start=1)}
    at_ms = line.span.start_ms if line is not None and draft.at_ms is None else draft.at_ms
    note = replace(draft, id=uuid.uuid4().hex, text=with_ids(note_text(draft.text), ids), at_ms=at_ms)
    return as_read((shop.notes.add(project.id, note),), cast.lines)[0]


def as_read(notes: Sequence[Note], lines: Sequence[Line]) -> tuple[Note, ...]:
    numbers = {line.id: number for number, line in enumerate(lines, start=1)}
    return tuple(replace(note, text=text, mentions=mentions) for note in notes for text, mentions in (with_numbers(note.text, numbers),))


def placed_notes(shop: Workshop, project: Project) -> PlacedNotes:
    mark = shop.notes.last_change(project.id)  # first: a change in between is only looked at twice
    notes, lines = shop.notes.notes(project.id), shop.lines.cast(project.id).lines
    return PlacedNotes(as_read(notes, lines), places(notes, lines), mark)

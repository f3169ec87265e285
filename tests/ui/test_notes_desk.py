"""Notes as the page asks for them: all of them with every answer, nothing where nothing changed, and links told once."""

from __future__ import annotations

import pytest

from studio.domain.errors import BadSetting
from studio.domain.project import Project
from studio.service import Studio
from studio.ui.desk import Desk, DeskFeed


@pytest.fixture
def desk(studio: Studio, project: Project) -> Desk:
    return Desk(studio, project.id, DeskFeed())


def test_every_answer_brings_all_notes_and_a_known_mark_brings_none(desk: Desk, studio: Studio, project: Project) -> None:
    first, second = (row.line.id for row in studio.rows(project.id))
    added = desk.add_note("See #2", first)
    assert added.notes is not None and added.added == added.notes[0].id
    note = added.notes[0]
    assert note.is_mine and note.place == first and note.mentions[0].line_id == second and note.at_ms == 400
    assert desk.notes(added.mark).notes is None
    assert desk.resolve_note(note.id).notes[0].resolved_by == "local"
    assert desk.notes(added.mark).notes is not None
    assert desk.reopen_note(note.id).notes[0].resolved_at is None
    assert desk.delete_note(note.id).notes == ()
    with pytest.raises(BadSetting, match="text"):
        desk.add_note(["x"])  # type: ignore[arg-type]


def test_a_link_is_told_once_and_listed_without_its_token(desk: Desk) -> None:
    made = desk.add_review_link(" For the director ", 3)
    token = made.address.removeprefix("review/")
    assert len(token) == 43 and made.links[0].label == "For the director" and made.links[0].by == "", "one's own"
    again = desk.review_links()
    assert again.address == "" and token not in repr(again) and not again.links[0].is_expired
    assert desk.revoke_review_link(made.links[0].id).links[0].is_revoked
    with pytest.raises(BadSetting, match="days"):
        desk.add_review_link("x", 0)

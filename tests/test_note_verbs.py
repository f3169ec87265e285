"""Notes through the studio: whose they are, where they stand once lines change, and who may take them away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.domain.errors import BadSetting, NotFound
from studio.service import Studio
from tests.studio_fixtures import SCRIPT, fake_studio


@pytest.fixture
def studio(home: Path) -> Iterator[Studio]:
    opened = fake_studio(home)
    yield opened
    opened.close()


@pytest.fixture
def project_id(studio: Studio) -> str:
    project = studio.create_project("Pilot", "en", "de")
    studio.import_script(project.id, SCRIPT, "a.srt")
    return project.id


def test_a_mention_follows_its_line_when_lines_come_before_it(studio: Studio, project_id: str) -> None:
    first, second = (row.line.id for row in studio.rows(project_id))
    note = studio.add_note(project_id, "Rhymes with #2.", first)
    assert [mention.line_id for mention in note.mentions] == [second]
    studio.add_line(project_id, 0, 300)
    assert studio.notes(project_id)[0].text == "Rhymes with #3."
    studio.delete_lines(project_id, [second])
    assert studio.notes(project_id)[0].text == "Rhymes with #2." and studio.notes(project_id)[0].mentions == ()


def test_a_note_on_a_line_that_goes_stands_on_what_speaks_then(studio: Studio, project_id: str) -> None:
    first, second = (row.line.id for row in studio.rows(project_id))
    note = studio.add_note(project_id, "x", second)
    merged = studio.merge_lines(project_id, [first, second]).line.id
    assert studio.placed_notes(project_id).places == {note.id: merged} and studio.note_counts(project_id) == {merged: 1}


def test_threads_are_counted_until_they_are_resolved(studio: Studio, project_id: str) -> None:
    first, second = (row.line.id for row in studio.rows(project_id))
    note = studio.add_note(project_id, "x", first)
    studio.add_note(project_id, "y", reply_to=note.id)
    studio.add_note(project_id, "z", at_ms=2000)
    mark = studio.notes_mark(project_id)
    assert studio.note_counts(project_id) == {first: 1, second: 1}
    assert studio.resolve_note(project_id, note.id).resolved_by == studio.user
    assert studio.note_counts(project_id) == {second: 1} and studio.notes_mark(project_id) != mark
    assert studio.reopen_note(project_id, note.id).is_open
    studio.delete_note(project_id, note.id)
    assert [one.text for one in studio.notes(project_id)] == ["z"]


def test_what_cannot_be_pinned_is_refused_and_nobody_else_sees_a_note(studio: Studio, project_id: str) -> None:
    for values in ({"line_id": "nobody"}, {"reply_to": "nobody"}):
        with pytest.raises(NotFound):
            studio.add_note(project_id, "x", **values)
    for at_ms in (-1, 10**9):
        with pytest.raises(BadSetting, match="outside"):
            studio.add_note(project_id, "x", at_ms=at_ms)
    note, bob = studio.add_note(project_id, "x"), studio.as_user("bob")
    for act in (bob.notes, bob.note_counts, bob.notes_mark, lambda one: bob.delete_note(one, note.id), lambda one: bob.add_note(one, "x")):
        with pytest.raises(NotFound):
            act(project_id)

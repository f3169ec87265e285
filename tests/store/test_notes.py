"""Notes on disk: whole, threaded, counted, and every change moves the mark."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from studio.domain.errors import BadSetting, NotFound
from studio.domain.notes import Note
from studio.domain.project import Project
from studio.store import notes as notes_module
from studio.store.database import new_id, open_database
from studio.store.notes import NoteStore
from studio.store.projects import ProjectStore
from tests.store.samples import a_project


@pytest.fixture
def store(engine: Engine) -> NoteStore:
    return NoteStore(engine)


def note(text: str = "“Too” stiff 🎬 <b>", **values: object) -> Note:
    return Note(new_id(), text, "ada", "2026-01-02T03:04:05.000000+00:00", **values)  # type: ignore[arg-type]


def test_a_note_comes_back_whole_and_survives_reopening(engine: Engine, store: NoteStore, project: Project) -> None:
    kept = store.add(project.id, note(line_id=new_id(), at_ms=1234, is_guest=True))
    assert store.notes(project.id) == (kept,)
    assert NoteStore(open_database(engine.url.render_as_string(hide_password=False))).notes(project.id) == (kept,)


def test_an_answer_to_an_answer_joins_the_thread_and_goes_with_it(store: NoteStore, project: Project) -> None:
    first, other = store.add(project.id, note()), store.add(project.id, note())
    answer = store.add(project.id, note(reply_to=first.id))
    deep = store.add(project.id, note(reply_to=answer.id))
    assert deep.reply_to == first.id
    store.delete(project.id, first.id)
    assert store.notes(project.id) == (other,)
    with pytest.raises(NotFound):
        store.add(project.id, note(reply_to=first.id))


def test_resolving_any_note_of_a_thread_closes_the_thread_once(store: NoteStore, project: Project) -> None:
    first = store.add(project.id, note())
    answer = store.add(project.id, note(reply_to=first.id))
    closed = store.resolve(project.id, answer.id, by="bob")
    assert (closed.id, closed.resolved_by) == (first.id, "bob")
    assert store.resolve(project.id, first.id, by="eve") == closed, "who resolved it first stays"
    assert store.reopen(project.id, answer.id).is_open


def test_every_change_moves_the_mark_and_looking_does_not(store: NoteStore, project: Project) -> None:
    marks = [store.last_change(project.id)]

    def moved(*_: object) -> None:
        marks.append(store.last_change(project.id))
        assert marks[-1] != marks[-2]
        assert store.last_change(project.id) == marks[-1]

    one = note()
    moved(store.add(project.id, one))
    two = Note(new_id(), "later", "ada", "")
    moved(store.add(project.id, two))
    moved(store.resolve(project.id, one.id, by="ada"))
    moved(store.reopen(project.id, one.id))
    moved(store.resolve(project.id, one.id, by="ada"))
    moved(store.delete(project.id, two.id))
    moved(store.add(project.id, Note(new_id(), "in the place of the one deleted", "ada", "")))


def test_notes_of_other_projects_are_not_there(engine: Engine, store: NoteStore, project: Project) -> None:
    other = ProjectStore(engine).create(a_project("bob"))
    mine = store.add(project.id, note())
    assert store.notes(other.id) == ()
    for act in (store.delete, store.reopen, store.note):
        with pytest.raises(NotFound):
            act(other.id, mine.id)
    with pytest.raises(NotFound):
        store.add("nobody", note())


def test_there_is_an_end_of_notes_and_an_earlier_one_for_guests(store: NoteStore, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notes_module, "MAX_NOTES", 3)
    monkeypatch.setattr(notes_module, "MAX_GUEST_NOTES", 1)
    store.add(project.id, note(is_guest=True))
    with pytest.raises(BadSetting, match="guests"):
        store.add(project.id, note(is_guest=True))
    store.add(project.id, note())
    store.add(project.id, note())
    with pytest.raises(BadSetting, match="3 notes"):
        store.add(project.id, note())
    with pytest.raises(BadSetting, match="half an emoji"):
        store.delete(project.id, store.notes(project.id)[0].id)
        store.add(project.id, note("half \ud83d"))

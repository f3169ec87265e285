"""The history at the desk: undo and redo with their sentences, both sides of a conflict, and a pulse that builds no row."""

from __future__ import annotations

import pytest

from studio.domain.errors import BadSetting, NotFound, NotReady
from studio.domain.project import Project
from studio.service import Studio
from studio.store.changes import Action
from studio.ui.desk import Desk, DeskFeed, Revision
from tests.studio_fixtures import finish


@pytest.fixture
def desk(studio: Studio, project: Project) -> Desk:
    return Desk(studio, project.id, DeskFeed())


@pytest.fixture
def first(desk: Desk) -> str:
    return desk.view().order[0]


def another_types(studio: Studio, project: Project, line_id: str, text: str) -> None:
    """Somebody else at the same line, whoever may open the project."""
    from dataclasses import replace

    studio._shop.lines.edit(project.id, line_id, lambda line: replace(line, target_text=text), by="bo")


def test_typing_is_one_action_however_often_it_is_stored(desk: Desk, first: str) -> None:
    began = desk.view().rows[0].target
    for text in ("e", "ei", "eins"):
        desk.revise(Revision(first, target=text, base={"target": began}, change_id="a" * 32))
        began = text
    desk.revise(Revision(first, target="eins zwei", base={"target": began}, change_id="b" * 32))
    done = desk.undo()
    assert (done.title, done.line_ids, done.kind) == ("Translation of line 1", (first,), "undo")
    assert desk.view().rows[0].target == "eins"
    desk.undo()
    assert desk.view().rows[0].target == ""
    assert desk.redo().kind == "redo" and desk.redo().is_done and desk.view().rows[0].target == "eins zwei"
    with pytest.raises(NotReady, match="nothing to redo"):
        desk.redo()


def test_typing_goes_on_as_an_action_of_its_own_after_something_else_was_done(desk: Desk, first: str) -> None:
    desk.revise(Revision(first, target="eins", change_id="a" * 32))
    desk.set_status([first], "approved")
    desk.revise(Revision(first, target="eins zwei", change_id="a" * 32))
    assert [one.title for one in desk.history().changes[:3]] == ["Translation of line 1", "Status of line 1: approved", "Translation of line 1"]


def test_an_edit_that_meets_anothers_is_told_and_both_texts_are_kept(desk: Desk, studio: Studio, project: Project, first: str) -> None:
    another_types(studio, project, first, "theirs")
    reply = desk.revise(Revision(first, target="mine", base={"target": ""}))
    (conflict,) = reply.conflict
    assert (conflict.field, conflict.mine, conflict.theirs, conflict.met, conflict.by) == ("target", "mine", "theirs", "changed", "bo")
    assert conflict.at and reply.row is not None and reply.row.target == "theirs"
    assert [(one.text, one.engine) for one in desk.panel(first).candidates] == [("mine", "typed by local")]
    kept = desk.revise(Revision(first, target="mine", base={"target": "theirs"}))
    assert kept.conflict == () and kept.row is not None and kept.row.target == "mine"


def test_fields_nobody_else_touched_are_written_beside_a_conflict(desk: Desk, studio: Studio, project: Project, first: str) -> None:
    another_types(studio, project, first, "theirs")
    reply = desk.revise(Revision(first, target="mine", source="one 2", base={"target": "", "source": "one two"}))
    assert [one.field for one in reply.conflict] == ["target"] and reply.row is not None and reply.row.source == "one 2"


def test_an_approval_is_given_to_the_words_that_were_seen_and_to_no_others(desk: Desk, studio: Studio, project: Project, first: str) -> None:
    second = desk.view().order[1]
    desk.revise(Revision(first, target="eins"))
    seen = {first: "eins", second: ""}
    another_types(studio, project, first, "etwas anderes")
    reply = desk.set_status([first, second], "approved", seen)
    assert [row.status for row in desk.view().rows] == ["adapted", "approved"] and reply.changed_count == 1
    assert reply.passed_over == ("The translation of line 1 has been changed since you looked, so it was not approved; read it again.",)
    assert desk.sign_off([first], {first: "eins"}).passed_over and desk.view().rows[0].status == "adapted"
    assert desk.set_status([first], "approved", {first: "etwas anderes"}).passed_over == ()
    assert desk.set_status([first], "adapted", {first: "eins"}).changed_count == 1, "taking an approval back asks for no words"
    assert desk.sign_off([first], {first: "etwas anderes"}).changed_count == 1
    with pytest.raises(BadSetting, match="texts by line"):
        desk.set_status([first], "approved", [first])


def test_a_text_typed_while_the_line_was_closed_is_kept_aside(desk: Desk, first: str) -> None:
    for status in ("approved", "locked"):
        desk.set_status([first], status)
        reply = desk.revise(Revision(first, target=f"into {status}", base={"target": "", "status": "draft"}))
        assert [(one.met, one.theirs, one.by) for one in reply.conflict] == [(status, "", "")]
    assert {one.text for one in desk.panel(first).candidates} == {"into approved", "into locked"}
    with pytest.raises(BadSetting, match="locked"):
        desk.revise(Revision(first, target="x", base={"target": "", "status": "locked"}))


def test_a_text_typed_into_a_line_that_was_deleted_is_told_and_the_line_can_come_back(desk: Desk, first: str) -> None:
    desk.revise(Revision(first, target="eins"))
    desk.delete([first])
    reply = desk.revise(Revision(first, target="eins zwei", base={"target": "eins"}))
    assert [(one.met, one.mine) for one in reply.conflict] == [("deleted", "eins zwei")] and reply.desk is not None
    assert desk.undo().title == "Deleted line 1"
    assert desk.revise(Revision(first, target="eins zwei", base={"target": "eins"})).row.target == "eins zwei"
    with pytest.raises(NotFound):
        desk.revise(Revision("0" * 32, target="x"))


def test_undo_overwrites_nobody_says_who_and_can_go_past_it(desk: Desk, studio: Studio, project: Project, first: str) -> None:
    second = desk.view().order[1]
    desk.revise(Revision(second, target="zwei"))
    desk.revise(Revision(first, target="eins"))
    another_types(studio, project, first, "theirs")
    blocked = desk.undo()
    assert not blocked.is_done and blocked.sentence == (
        "“Translation of line 1” cannot be undone: bo has changed the translation of line 1 since. Nothing was overwritten."
    )
    past = desk.undo(passing=[blocked.change_id])
    assert past.is_done and past.line_ids == (second,)
    assert [row.target for row in desk.view().rows] == ["theirs", ""]


def test_a_job_is_undone_as_one_action(desk: Desk, studio: Studio) -> None:
    order = desk.view().order
    finish(studio, studio.job(desk.regenerate(order, over_budget=False).job.id))
    assert all(row.target and row.take_id for row in desk.view().rows)
    done = desk.undo()
    assert done.title == "Regenerated 2 lines" and set(done.line_ids) == set(order)
    assert all(not row.target and row.take_id is None for row in desk.view().rows)
    desk.redo()
    assert all(row.voiced == "voiced" for row in desk.view().rows)


def test_a_line_and_a_project_are_restored_to_a_moment(desk: Desk, first: str) -> None:
    second = desk.view().order[1]
    desk.revise(Revision(first, target="eins"))
    moment = desk.history().changes[0].id
    for line_id in (first, second):
        desk.revise(Revision(line_id, target="later"))
    desk.delete([first])
    assert desk.restore(moment, first).is_done
    assert [row.target for row in desk.view().rows] == ["eins", "later"]
    desk.restore(moment)
    assert [row.target for row in desk.view().rows] == ["eins", ""]
    assert desk.undo().kind == "undo" and [row.target for row in desk.view().rows] == ["eins", "later"]


def test_settings_and_terms_are_undone(desk: Desk, studio: Studio, project: Project) -> None:
    desk.set_terms("one = eins")
    assert desk.undo().title == "Project: translation" and desk.house().terms == ""
    assert desk.redo().is_done and desk.house().terms == "one = eins"
    studio.set_languages(project.id, "en", "fr")
    desk.undo()
    assert studio.project(project.id).project.target_language == "de"


def test_the_history_shows_before_and_after(desk: Desk, studio: Studio, project: Project, first: str) -> None:
    desk.revise(Revision(first, target="eins"))
    another_types(studio, project, first, "zwei")
    desk.rename_speaker(desk.view().speakers[0].id, "Mei")
    named, theirs, mine = desk.history().changes[:3]
    assert (named.title, named.edits[0].word) == ("Name of speaker “Mei”", "name")
    assert (theirs.by, [(edit.word, edit.before, edit.after) for edit in theirs.edits]) == ("bo", [("translation", "eins", "zwei")])
    assert mine.by == "" and mine.line_id == first
    assert [one.id for one in desk.history(line_id=first).changes[:2]] == [theirs.id, mine.id]
    older = desk.history(before_seq=mine.seq)
    assert older.is_all and mine.id not in [one.id for one in older.changes]


def test_the_pulse_tells_what_others_did_and_costs_no_rows(desk: Desk, studio: Studio, project: Project, first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = desk.pulse()
    monkeypatch.setattr(Studio, "rows", lambda *_: pytest.fail("the pulse must not build rows"))
    assert desk.pulse(quiet.seq) == quiet
    another_types(studio, project, first, "theirs")
    news = desk.pulse(quiet.seq)
    assert news.mark != quiet.mark and [(one.by, one.line_ids) for one in news.changes] == [("bo", (first,))]
    assert desk.pulse(news.seq).changes == ()
    studio._shop.lines.edit(project.id, first, lambda line: line, by=Action("bo"))
    assert desk.pulse(news.seq).mark == news.mark, "an edit that changes nothing is no news"

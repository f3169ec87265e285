"""Learning from the desk, over the real stores: what becomes a choice, what does not, whose it is, and when it is gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.domain.errors import BadSetting, NotFound, NotReady
from studio.domain.line import LineStatus
from studio.domain.preference import Choice
from studio.domain.project import JobKind, Project
from studio.service import LineEdit, Studio
from tests.fakes import FakeTranslator
from tests.studio_fixtures import SCRIPT, fake_studio, finish


@pytest.fixture
def studio(home: Path) -> Iterator[Studio]:
    studio = fake_studio(home)
    yield studio
    studio.close()


def translated(studio: Studio, *, keep: bool = True) -> Project:
    """Two lines with a machine's wordings: “one.de two.de” and “three.de four.de five.de”."""
    project = studio.create_project("Pilot", "en", "de")
    studio.import_script(project.id, SCRIPT, "lines.srt")
    project = studio.set_learning(project.id, keep)
    finish(studio, studio.submit(project.id, JobKind.TRANSLATE))
    return project


def kept(studio: Studio, project: Project) -> tuple[Choice, ...]:
    return studio._shop.preferences.choices(project.id)


def type_in(studio: Studio, project: Project, number: int, *texts: str) -> None:
    line_id = studio.rows(project.id)[number - 1].line.id
    for text in texts:
        studio.revise_line(project.id, line_id, LineEdit(target_text=text))


def test_nothing_is_kept_until_it_is_asked_for(studio: Studio) -> None:
    project = translated(studio, keep=False)
    assert not studio.create_project("New", "en", "de").settings.learning.keep_choices
    type_in(studio, project, 1, "eins zwei")
    line_id = studio.rows(project.id)[1].line.id
    studio.pick_candidate(project.id, line_id, studio.line(project.id, line_id).candidates[1].id)
    assert kept(studio, project) == ()
    assert studio.preference_count(project.id) == studio.project(project.id).kept_choices == 0


def test_an_edit_is_kept_with_times_languages_context_and_author(studio: Studio) -> None:
    project = translated(studio)
    machine = studio.rows(project.id)[1].line.target_text
    type_in(studio, project, 2, "dr", "drei", "drei vier fünf")
    (choice,) = kept(studio, project)
    assert (choice.chosen, choice.rejected, choice.source_text) == ("drei vier fünf", machine, "three four five")
    assert (choice.source_language, choice.target_language, choice.who, choice.source_ms) == ("en", "de", "local", 1000)
    assert choice.ms_of("drei vier fünf") == 12 * 60
    assert choice.ms_of(machine) is not None
    assert {one.text for one in studio.line(project.id, choice.line_id).candidates} <= {one.text for one in choice.wordings}
    first = studio.rows(project.id)[0].line
    assert [(one.source, one.source_ms, one.target) for one in choice.before] == [(first.source_text, 900, first.target_text)]
    assert choice.when.endswith("+00:00")
    assert studio.project(project.id).kept_choices == 1


def test_going_back_to_the_machines_words_and_approving_them_are_no_choices(studio: Studio) -> None:
    project = translated(studio)
    row = studio.rows(project.id)[0]
    type_in(studio, project, 1, "eins", row.line.target_text)
    studio.set_status(project.id, [row.line.id], LineStatus.APPROVED)
    studio.revise_line(project.id, row.line.id, LineEdit(status=LineStatus.LOCKED))
    assert kept(studio, project) == ()
    with pytest.raises(BadSetting, match="locked"):
        type_in(studio, project, 1, "eins zwei")
    assert kept(studio, project) == ()


def test_a_pick_is_kept_over_the_wording_it_replaced(studio: Studio) -> None:
    project = translated(studio)
    line = studio.rows(project.id)[1].line
    other = next(one for one in studio.line(project.id, line.id).candidates if one.text != line.target_text)
    studio.pick_candidate(project.id, line.id, other.id)
    assert [(one.chosen, one.rejected) for one in kept(studio, project)] == [(other.text, line.target_text)]


def test_words_that_no_machine_proposed_teach_nothing(studio: Studio) -> None:
    project = studio.create_project("Imported", "en", "de")
    studio.set_learning(project.id, True)
    studio.import_script(project.id, SCRIPT, "lines.srt")
    studio.import_script(project.id, SCRIPT.replace(b"one two", b"Eins, zwei"), "de.srt", as_target=True)
    type_in(studio, project, 1, "Eins und zwei", "Eins!")
    assert kept(studio, project) == ()


def test_switching_off_keeps_what_there_is_and_forgetting_deletes_it(studio: Studio) -> None:
    project = translated(studio)
    type_in(studio, project, 1, "eins zwei")
    studio.set_learning(project.id, False)
    type_in(studio, project, 1, "eins und zwei")
    assert [one.chosen for one in kept(studio, project)] == ["eins zwei"]
    assert studio.forget_choices(project.id) == 1
    assert kept(studio, project) == ()
    with pytest.raises(NotReady, match="no choices yet"):
        studio.export(project.id, "preferences")


def test_another_user_neither_sees_nor_exports_nor_deletes_choices(studio: Studio) -> None:
    project = translated(studio)
    type_in(studio, project, 1, "eins zwei")
    stranger = studio.as_user("eve")
    attempts = (
        lambda: stranger.preference_count(project.id),
        lambda: stranger.lessons(project.id),
        lambda: stranger.export(project.id, "preferences"),
        lambda: stranger.forget_choices(project.id),
        lambda: stranger.set_learning(project.id, False),
        lambda: stranger.set_terms(project.id, []),
    )
    for attempt in attempts:
        with pytest.raises(NotFound):
            attempt()
    assert studio.preference_count(project.id) == 1


def test_choices_go_with_their_project(studio: Studio) -> None:
    project = translated(studio)
    type_in(studio, project, 1, "eins zwei")
    studio.delete_project(project.id)
    with pytest.raises(NotFound):
        studio.preference_count(project.id)
    assert studio._shop.projects.purge("9999") == 1
    assert kept(studio, project) == ()


def test_a_glossary_is_kept_and_a_bad_one_refused(studio: Studio) -> None:
    project = translated(studio)
    studio.set_terms(project.id, [(" two ", "zwei"), ("five", "fünf")])
    assert studio.project(project.id).project.settings.translation.terms == (("two", "zwei"), ("five", "fünf"))
    assert studio.project(project.id).project.settings.learning.keep_choices, "other settings stay"
    for bad in ([("a", "")], [("half \ud83d emoji", "x")], [("a", "b\nc")]):
        with pytest.raises(BadSetting):
            studio.set_terms(project.id, bad)
    assert len(studio.project(project.id).project.settings.translation.terms) == 2


def test_a_line_that_leaves_out_a_term_says_so(studio: Studio) -> None:
    project = translated(studio)
    studio.set_terms(project.id, [("two", "zwei"), ("five", "fünf")])
    type_in(studio, project, 1, "eins und")
    type_in(studio, project, 2, "drei, vier, Fünf!")
    first, second = studio.rows(project.id)
    assert "The translation leaves out “zwei” of the glossary." in first.flags
    assert not any("glossary" in flag for flag in second.flags)
    type_in(studio, project, 1, "")
    assert not any("glossary" in flag for flag in studio.rows(project.id)[0].flags)


def test_a_wish_goes_to_a_translator_that_follows_it_and_is_refused_by_one_that_does_not(home: Path, studio: Studio) -> None:
    project = translated(studio)
    assert not studio.project(project.id).follows_instructions
    line_id = studio.rows(project.id)[0].line.id
    with pytest.raises(BadSetting, match="follows no instructions"):
        studio.regenerate(project.id, [line_id], instruction="shorter")
    translator = FakeTranslator(follows_instructions=True)
    polite = fake_studio(home / "polite", translator=translator)
    project = translated(polite)
    assert polite.project(project.id).follows_instructions
    line_id = polite.rows(project.id)[0].line.id
    finish(polite, polite.regenerate(project.id, [line_id], instruction="  keep the\n joke "))
    assert [request.instruction for request in translator.asked][-1] == "keep the joke"
    polite.close()

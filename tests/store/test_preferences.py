"""Choices on disk: whole, in the transaction of their line's edit, and gone with their project."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from studio.domain.errors import BadSetting, NotFound
from studio.domain.line import Line
from studio.domain.preference import Choice, Earlier, TimedText
from studio.domain.project import Project
from studio.store.database import new_id, open_database
from studio.store.lines import LineStore
from studio.store.preferences import PreferenceStore
from studio.store.projects import ProjectStore
from tests.store.samples import a_cast


def a_choice(line: Line, chosen: str = "两秒了。") -> Choice:
    wordings = (TimedText("现在是两秒。", 820), TimedText(chosen, None))
    before = (Earlier("It is 0 ms. “So”", 900, "零毫秒\n🎬"),)
    return Choice(new_id(), line.id, "en", "zh", line.source_text, 900, chosen, "现在是两秒。", wordings, before, "ada", "2026-01-02T03:04:05+00:00")


@pytest.fixture
def line(engine: Engine, project: Project) -> Line:
    """The second line of a project that has no choices."""
    cast = a_cast()
    LineStore(engine).replace_cast(project.id, cast, by="ada")
    return cast.lines[1]


def edit(engine: Engine, project: Project, line: Line, text: str, choices: tuple[Choice, ...]) -> None:
    follow = PreferenceStore(engine).following(project.id, lambda known, before, after: choices)
    LineStore(engine).edit(project.id, line.id, lambda now: replace(now, target_text=text), by="ada", follow=follow)


def test_a_choice_comes_back_whole_and_survives_reopening(engine: Engine, project: Project, line: Line) -> None:
    choice = a_choice(line)
    edit(engine, project, line, choice.chosen, (choice,))
    assert PreferenceStore(engine).choices(project.id) == (choice,)
    assert PreferenceStore(open_database(engine.url.render_as_string(hide_password=False))).choices(project.id) == (choice,)


def test_decisions_see_what_is_kept_and_the_line_before_and_after(engine: Engine, project: Project, line: Line) -> None:
    first, second = a_choice(line), a_choice(line, "两秒！")
    edit(engine, project, line, first.chosen, (first,))
    seen = []

    def decide(known: tuple[Choice, ...], before: Line, after: Line) -> tuple[Choice, ...]:
        seen.append((known, before.target_text, after.target_text))
        return (replace(first, chosen="改"), second)

    store = PreferenceStore(engine)
    LineStore(engine).edit(project.id, line.id, lambda now: replace(now, target_text="两秒！"), by="ada", follow=store.following(project.id, decide))
    assert seen == [((first,), first.chosen, "两秒！")]
    assert store.choices(project.id) == (replace(first, chosen="改"), second)
    edit(engine, project, line, "x", ())
    assert store.choices(project.id) == ()


def test_an_edit_that_fails_leaves_no_choice_and_a_choice_that_fails_no_edit(engine: Engine, project: Project, line: Line) -> None:
    bad = a_choice(line, "half \ud83d emoji")
    with pytest.raises(BadSetting, match="half an emoji"):
        edit(engine, project, line, "fine", (bad,))
    assert LineStore(engine).line(project.id, line.id).target_text == line.target_text
    with pytest.raises(NotFound):
        edit(engine, project, replace(line, id=new_id()), "fine", (a_choice(line),))
    assert PreferenceStore(engine).choices(project.id) == ()


def test_a_time_is_filled_in_where_it_was_not_known_and_changed_nowhere_else(engine: Engine, project: Project, line: Line) -> None:
    choice = a_choice(line)
    edit(engine, project, line, choice.chosen, (choice,))
    store = PreferenceStore(engine)
    store.time(project.id, line.id, choice.chosen, 640)
    store.time(project.id, line.id, choice.chosen, 1)
    store.time(project.id, line.id, "现在是两秒。", 2)
    store.time(project.id, line.id, "elsewhere", 3)
    assert [one.wordings for one in store.choices(project.id)] == [(TimedText("现在是两秒。", 820), TimedText(choice.chosen, 640))]


def test_only_what_teaches_is_counted_and_all_is_forgotten(engine: Engine, project: Project, line: Line) -> None:
    edit(engine, project, line, "", (a_choice(line), a_choice(line, "")))
    store = PreferenceStore(engine)
    assert store.count(project.id) == 1
    assert store.forget(project.id) == 1
    assert store.choices(project.id) == ()


def test_choices_outlive_their_line_and_never_their_project(engine: Engine, project: Project, line: Line) -> None:
    edit(engine, project, line, "x", (a_choice(line),))
    LineStore(engine).delete_lines(project.id, [line.id])
    assert PreferenceStore(engine).count(project.id) == 1
    projects = ProjectStore(engine)
    projects.delete(project.id, project.owner)
    assert projects.purge("9999") == 1
    assert PreferenceStore(engine).choices(project.id) == ()

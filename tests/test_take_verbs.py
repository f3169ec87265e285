"""Takes on the desk: their history and notes, what regenerating would redo, and that locked lines keep what they have."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.domain.errors import BadSetting, NotFound
from studio.domain.line import LineStatus
from studio.domain.project import JobKind, Project
from studio.service import LineEdit, Studio
from tests.studio_fixtures import clip_project, fake_studio, finish, render


def voiced(home: Path, clip: Path) -> tuple[Studio, Project, list[str]]:
    studio = fake_studio(home)
    project = clip_project(studio, clip)
    finish(studio, studio.submit(project.id, JobKind.VOICE))
    return studio, project, [row.line.id for row in studio.rows(project.id)]


def test_a_plan_counts_what_the_job_then_does(home: Path, clip: Path) -> None:
    studio, project, (first, second) = voiced(home, clip)
    plan = studio.regenerate_plan(project.id, [first], words=False)
    assert plan.is_nothing and plan.kept == 1
    studio.revise_line(project.id, first, LineEdit(target_text="alpha beta gamma"))
    plan = studio.regenerate_plan(project.id, [first, second], words=False)
    assert (plan.takes, plan.kept, plan.reused, plan.mix_ms) == (1, 1, 0, 0)
    before = {line: len(studio.take_history(project.id, line)) for line in (first, second)}
    finish(studio, studio.revoice(project.id, [first, second]))
    after = {line: len(studio.take_history(project.id, line)) for line in (first, second)}
    assert after == {first: before[first] + 1, second: before[second]}
    studio.close()


def test_words_that_come_back_use_their_take_again(home: Path, clip: Path) -> None:
    studio, project, (first, _) = voiced(home, clip)
    words = studio.line(project.id, first).row.line.target_text
    studio.revise_line(project.id, first, LineEdit(target_text="alpha beta"))
    finish(studio, studio.revoice(project.id, [first]))
    studio.revise_line(project.id, first, LineEdit(target_text=words))
    plan = studio.regenerate_plan(project.id, [first], words=False)
    assert (plan.reused, plan.takes) == (1, 0)
    finish(studio, studio.revoice(project.id, [first]))
    history = studio.take_history(project.id, first)
    assert [record.number for record in history] == [2, 1] and [record.is_circled for record in history] == [False, True]
    studio.close()


def test_a_plan_with_words_says_whose_words_stay_and_what_is_mixed_again(home: Path, clip: Path) -> None:
    studio, project, (first, second) = voiced(home, clip)
    render(studio, project)
    studio.revise_line(project.id, first, LineEdit(target_text="my own words"))
    plan = studio.regenerate_plan(project.id, [first, second, "nobody"])
    length_ms = studio.project(project.id).project.source.info.duration_ms
    assert (plan.lines, plan.wordings, plan.kept_words, plan.takes, plan.mix_ms) == (2, 2, 1, 2, length_ms)
    studio.close()


def test_a_locked_line_keeps_its_take_whatever_is_voiced(home: Path, clip: Path) -> None:
    studio, project, (first, second) = voiced(home, clip)
    studio.revise_line(project.id, first, LineEdit(target_text="changed after voicing"))
    studio.set_status(project.id, [first], LineStatus.LOCKED)
    circled = studio.line(project.id, first).row.line.take_id
    assert studio.regenerate_plan(project.id, [first]).locked == 1
    studio.revise_line(project.id, second, LineEdit(target_text="changed as well"))
    finish(studio, studio.revoice(project.id, [first, second]))
    assert studio.line(project.id, first).row.line.take_id == circled
    assert len(studio.take_history(project.id, first)) == 1 and len(studio.take_history(project.id, second)) == 2
    studio.close()


def test_a_history_says_when_and_whether_the_sound_is_still_there(home: Path, clip: Path) -> None:
    studio, project, (first, _) = voiced(home, clip)
    (record,) = studio.take_history(project.id, first)
    assert record.is_circled and not record.is_missing and record.made_at.startswith("20")
    studio.take_wav(project.id, record.take.id).unlink()
    (record,) = studio.take_history(project.id, first)
    assert record.is_missing
    assert studio.regenerate_plan(project.id, [first], words=False).takes == 1
    with pytest.raises(NotFound):
        studio.take_history(project.id, "nobody")
    studio.close()


def test_a_note_on_a_take_stays_with_it_on_one_line(home: Path, clip: Path) -> None:
    studio, project, (first, _) = voiced(home, clip)
    take = studio.take_history(project.id, first)[0].take
    assert studio.note_take(project.id, take.id, "  too\nloud ").note == "too loud"
    assert studio.take_history(project.id, first)[0].take.note == "too loud"
    assert studio.note_take(project.id, take.id, "").note == ""
    with pytest.raises(BadSetting, match="500 characters"):
        studio.note_take(project.id, take.id, "x" * 501)
    with pytest.raises(NotFound):
        studio.note_take(project.id, "nobody", "x")
    with pytest.raises(NotFound):
        studio.as_user("other").note_take(project.id, take.id, "x")
    studio.close()

"""Sharing a project: those it is shared with work on it as themselves, others never see it, and only its owner shares or deletes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.domain.errors import BadSetting, Forbidden, NotFound
from studio.domain.project import JobKind, JobState
from studio.service import LineEdit, Studio
from tests.studio_fixtures import clip_project, fake_studio, finish


@pytest.fixture
def studio(home: Path) -> Iterator[Studio]:
    studio = fake_studio(home)
    yield studio
    studio.close()


def test_a_shared_project_is_in_both_lists_and_each_edit_bears_its_editors_name(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    mei = studio.as_user("mei")
    with pytest.raises(NotFound):
        mei.rows(project.id)
    assert studio.add_member(project.id, " mei ") == ("mei",)
    assert [view.project.id for view in mei.projects()] == [project.id]
    line = mei.rows(project.id)[0].line
    mei.revise_line(project.id, line.id, LineEdit(target_text="von Mei"))
    assert studio.rows(project.id)[0].line.target_text == "von Mei"
    assert studio.history(project.id)[0].by == "mei"


def test_undo_takes_back_ones_own_work_and_not_the_others(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    studio.add_member(project.id, "mei")
    mei, (first, second) = studio.as_user("mei"), studio.rows(project.id)
    mei.revise_line(project.id, first.line.id, LineEdit(target_text="von Mei"))
    studio.revise_line(project.id, second.line.id, LineEdit(target_text="von mir"))
    before = first.line.target_text
    mei.undo(project.id)
    assert [row.line.target_text for row in studio.rows(project.id)] == [before, "von mir"]


def test_a_members_work_runs_under_their_name_and_the_owner_can_follow_it(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    studio.add_member(project.id, "mei")
    mei = studio.as_user("mei")
    job = mei.submit(project.id, JobKind.VOICE)
    assert job.owner == "mei"
    assert finish(mei, job).state is JobState.DONE
    assert studio.job(job.id).id == job.id
    with pytest.raises(NotFound):
        studio.as_user("eve").job(job.id)


def test_only_the_owner_shares_and_deletes(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    studio.add_member(project.id, "mei")
    mei = studio.as_user("mei")
    for forbidden in (lambda: mei.add_member(project.id, "eve"), lambda: mei.delete_project(project.id)):
        with pytest.raises(Forbidden, match="only they can (share|delete) it"):
            forbidden()
    with pytest.raises(NotFound):
        studio.as_user("eve").remove_member(project.id, "eve")
    assert studio.members(project.id) == ("mei",)


def test_who_leaves_or_is_sent_away_sees_it_no_more_and_their_work_stays(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    studio.add_member(project.id, "mei")
    studio.add_member(project.id, "mei")  # twice is once
    mei = studio.as_user("mei")
    mei.revise_line(project.id, mei.rows(project.id)[0].line.id, LineEdit(target_text="von Mei"))
    assert mei.remove_member(project.id, "mei") == ()
    with pytest.raises(NotFound):
        mei.rows(project.id)
    assert studio.rows(project.id)[0].line.target_text == "von Mei"


@pytest.mark.parametrize("name", ["", "two words", "x" * 65, "<b>"])
def test_a_name_nobody_can_log_in_with_is_refused(studio: Studio, clip: Path, name: str) -> None:
    with pytest.raises(BadSetting, match="name this person logs in with"):
        studio.add_member(clip_project(studio, clip).id, name)

"""Sharing a project: those it is shared with work on it as themselves, others never see it, and only its owner shares or deletes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.domain.account import Member
from studio.domain.errors import BadSetting, Forbidden, NotFound
from studio.domain.project import JobKind, JobState
from studio.domain.rights import Role
from studio.service import LineEdit, Studio, new_job
from tests.accounts import add_people
from tests.studio_fixtures import clip_project, fake_studio, finish


@pytest.fixture
def studio(home: Path) -> Iterator[Studio]:
    studio = fake_studio(home)
    add_people(studio, mei=Role.EDITOR, eve=Role.EDITOR, gus=Role.GUEST)
    yield studio
    studio.close()


def test_a_shared_project_is_in_both_lists_and_each_edit_bears_its_editors_name(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    mei = studio.as_user("mei")
    with pytest.raises(NotFound):
        mei.rows(project.id)
    assert studio.add_member(project.id, " mei ") == (Member("mei", Role.EDITOR),)
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
    assert studio.members(project.id) == (Member("mei", Role.EDITOR),)


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
    with pytest.raises(BadSetting, match="cannot be a name"):
        studio.add_member(clip_project(studio, clip).id, name)


def test_who_has_no_account_is_switched_off_or_a_guest_is_not_shared_with(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    studio.disable_account("eve")
    for name, why in (("nobody", "Nobody here is called"), ("eve", "is switched off"), ("gus", "is a guest")):
        with pytest.raises(BadSetting, match=why):
            studio.add_member(project.id, name)
    with pytest.raises(BadSetting, match="an editor or with a reviewer"):
        studio.add_member(project.id, "mei", Role.ADMIN)


def test_sharing_again_gives_another_role_and_it_holds_at_once(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    studio.add_member(project.id, "mei")
    mei = studio.as_user("mei")
    mei.rename_project(project.id, "Folge 1")
    assert studio.add_member(project.id, "mei", Role.REVIEWER) == (Member("mei", Role.REVIEWER),)
    with pytest.raises(Forbidden, match="look at “Folge 1” but not change it; ask local"):
        mei.rename_project(project.id, "Folge 2")
    assert mei.add_note(project.id, "Good.").by == "mei"


def test_work_of_somebody_who_was_sent_away_is_not_done(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    studio.add_member(project.id, "mei")
    job = new_job(project, "mei", JobKind.TRANSLATE)
    studio.remove_member(project.id, "mei")
    done = studio._runner.run_now(job)
    assert done.state is JobState.FAILED and "belongs to someone else" in done.message


def test_guests_and_reviewers_look_at_one_demo_and_editors_have_their_own(studio: Studio) -> None:
    add_people(studio, rita=Role.REVIEWER)
    gus, rita, mei = (studio.as_user(name) for name in ("gus", "rita", "mei"))
    shared = gus.demo_project()
    assert rita.demo_project().id == shared.id and [view.project.id for view in gus.projects()] == [shared.id]
    assert mei.demo_project().id != shared.id and mei.demo_project().owner == "mei"
    with pytest.raises(Forbidden, match="looks at projects and makes or changes none"):
        gus.rename_project(shared.id, "Mine")
    assert gus.rows(shared.id)

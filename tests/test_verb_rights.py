"""Every verb of the studio, tried by those who may not: made from the list of verbs, so that a new one without a right fails here."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.domain.errors import Forbidden, NotFound
from studio.domain.project import Project
from studio.domain.rights import Right, Role
from studio.service import Studio
from studio.verb_rights import ITSELF, VERB_RIGHTS
from tests.accounts import add_people
from tests.studio_fixtures import clip_project, fake_studio

VERBS: dict[str, Callable[..., Any]] = {
    name: verb for name in dir(Studio) if not name.startswith("_") and inspect.isfunction(verb := inspect.getattr_static(Studio, name))
}
ABOUT_PROJECTS = [name for name, verb in VERBS.items() if "project_id" in list(inspect.signature(verb).parameters)[1:2] and VERB_RIGHTS.get(name) is not ITSELF]
BEYOND_READING = [name for name in ABOUT_PROJECTS if VERB_RIGHTS.get(name) not in (Right.READ, Right.NOTE)]
OF_THE_PERSON = [name for name, verb in VERBS.items() if name not in ABOUT_PROJECTS and VERB_RIGHTS.get(name) in (Right.EDIT, Right.ADMIN)]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Iterator[tuple[Studio, Project]]:
    """Ada's project, which Rita reviews; Bob, Gus and Max have nothing to do with it."""
    studio = fake_studio(tmp_path_factory.mktemp("home"))
    add_people(studio, ada=Role.EDITOR, bob=Role.EDITOR, eva=Role.EDITOR, rita=Role.REVIEWER, gus=Role.GUEST, max=Role.ADMIN)
    ada = studio.as_user("ada")
    project = clip_project(ada, clip)
    ada.add_member(project.id, "rita", Role.REVIEWER)
    ada.add_member(project.id, "eva", Role.REVIEWER)  # an editor elsewhere
    yield ada, project
    studio.close()


def tried(studio: Studio, name: str, project: Project) -> None:
    """Call a verb with values that make no sense but for the project."""
    known = {"project_id": project.id}
    needed = [key for key, one in list(inspect.signature(VERBS[name]).parameters.items())[1:] if one.default is one.empty and one.kind is not one.VAR_KEYWORD]
    getattr(studio, name)(**{key: known.get(key, "x") for key in needed})


def test_every_verb_has_a_right_and_every_right_a_verb() -> None:
    assert VERBS.keys() == VERB_RIGHTS.keys()


def test_no_verb_hides_another_of_the_same_name() -> None:
    counts = Counter(name for part in Studio.__mro__ for name, verb in vars(part).items() if inspect.isfunction(verb) and not name.startswith("_") and part is not Studio)
    assert [name for name, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("name", ABOUT_PROJECTS)
def test_who_has_nothing_to_do_with_a_project_gets_nowhere(shared: tuple[Studio, Project], name: str) -> None:
    ada, project = shared
    for stranger in ("bob", "gus", "max", "local"):
        with pytest.raises(NotFound) as refused:
            tried(ada.as_user(stranger), name, project)
        assert refused.value.kind == "project", stranger


@pytest.mark.parametrize("name", BEYOND_READING)
def test_who_reviews_a_project_changes_runs_and_takes_nothing(shared: tuple[Studio, Project], name: str) -> None:
    ada, project = shared
    for reviewer in ("rita", "eva"):
        with pytest.raises(Forbidden):
            tried(ada.as_user(reviewer), name, project)


@pytest.mark.parametrize("name", OF_THE_PERSON)
def test_who_only_looks_makes_nothing_and_who_makes_projects_does_not_run_the_studio(shared: tuple[Studio, Project], name: str) -> None:
    ada, project = shared
    for person in ("rita", "gus", *(("ada",) if VERB_RIGHTS[name] is Right.ADMIN else ())):
        with pytest.raises(Forbidden):
            tried(ada.as_user(person), name, project)


def test_a_job_is_read_and_stopped_by_those_of_its_project_only(shared: tuple[Studio, Project]) -> None:
    ada, project = shared
    job = ada._shop.jobs
    from studio.domain.project import JobKind
    from studio.service import new_job

    made = job.submit(new_job(project, "ada", JobKind.LINES))
    for verb in ("job", "is_user_error", "cancel"):
        with pytest.raises(NotFound):
            getattr(ada.as_user("bob"), verb)(made.id)
    assert ada.as_user("rita").job(made.id).id == made.id
    with pytest.raises(Forbidden):
        ada.as_user("rita").cancel(made.id)
    ada.cancel(made.id)


def test_a_reviewer_reads_and_writes_notes(shared: tuple[Studio, Project]) -> None:
    ada, project = shared
    rita = ada.as_user("rita")
    assert [view.project.id for view in rita.projects()] == [project.id]
    note = rita.add_note(project.id, "Too fast.")
    assert rita.resolve_note(project.id, note.id).resolved_by == "rita"
    assert rita.rights(project.id) == {Right.READ, Right.NOTE}


def test_a_verb_nobody_declared_refuses_to_work(shared: tuple[Studio, Project]) -> None:
    from studio.verb_rights import guarded

    class Undeclared:
        def leak_everything(self) -> str:
            return "secrets"

    with pytest.raises(TypeError, match="no right in"):
        guarded(Undeclared)().leak_everything()

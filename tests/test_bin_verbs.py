"""The bin: its owner's alone, brought back whole, or gone for good; and the room that gives back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from studio.domain.errors import Forbidden, NotFound
from studio.domain.project import Project
from studio.domain.rights import Role
from studio.service import Studio
from studio.ui.launch import ServeOptions, build_app
from tests.accounts import add_people, client_of
from tests.studio_fixtures import clip_project, fake_studio


@pytest.fixture
def studio(home: Path) -> Iterator[Studio]:
    opened = fake_studio(home)
    add_people(opened, ada=Role.EDITOR, bob=Role.EDITOR, root=Role.ADMIN)
    yield opened.as_user("ada")
    opened.close()


@pytest.fixture
def project(studio: Studio, clip: Path) -> Project:
    return clip_project(studio, clip)


def test_a_deleted_project_comes_back_as_it_was_with_those_it_was_shared_with(studio: Studio, project: Project) -> None:
    studio.add_member(project.id, "bob")
    before = [row.line.source_text for row in studio.rows(project.id)]
    studio.delete_project(project.id)
    assert [one.name for one in studio.binned()] == ["Pilot"] and studio.projects() == ()
    assert studio.restore_project(project.id).id == project.id
    assert [row.line.source_text for row in studio.rows(project.id)] == before and studio.binned() == ()
    assert studio.as_user("bob").project(project.id).project.name == "Pilot"


def test_a_bin_is_its_owner_s_alone(studio: Studio, project: Project) -> None:
    studio.add_member(project.id, "bob")
    studio.delete_project(project.id)
    for other in (studio.as_user("bob"), studio.as_user("root")):
        assert other.binned() == ()
        for verb in (other.restore_project, other.erase_project):
            with pytest.raises(NotFound):
                verb(project.id)
        assert other.empty_bin() == 0
    assert len(studio.binned()) == 1


def test_emptying_gives_the_room_back_at_once(studio: Studio, project: Project) -> None:
    used = studio.room()
    assert used.used_bytes > 0 and used.binned_bytes == 0
    studio.delete_project(project.id)
    assert studio.room().binned_bytes == used.used_bytes == studio.room().used_bytes
    assert studio.empty_bin() == 1
    assert studio.room().used_bytes == 0
    with pytest.raises(NotFound):
        studio.restore_project(project.id)


def test_a_file_two_projects_share_counts_once_and_is_not_the_bin_s(studio: Studio, project: Project, clip: Path) -> None:
    used = studio.room().used_bytes
    again = clip_project(studio, clip)
    assert studio.room().used_bytes == used
    studio.delete_project(again.id)
    assert studio.room().binned_bytes == 0, "the other project still names it"


def test_sweeping_and_measures_are_for_who_runs_the_studio(studio: Studio) -> None:
    for verb in (studio.free_space, lambda: studio.change_keeping(bin_days=1), lambda: studio.set_quota("ada", 1)):
        with pytest.raises(Forbidden):
            verb()
    root = studio.as_user("root")
    assert root.change_keeping(bin_days=3).bin_days == root.keeping().bin_days == 3
    root.free_space()
    with pytest.raises(NotFound):
        root.set_quota("nobody", 1)


def test_the_bin_over_http_restores_erases_and_says_how_long_it_keeps(studio: Studio, project: Project) -> None:
    app = build_app(studio, ServeOptions())
    ada, bob = client_of(app, "ada"), client_of(app, "bob")
    json = {"content-type": "application/json"}
    studio.delete_project(project.id)
    view = ada.get("/bin").json()
    assert [(one["name"], one["days_left"]) for one in view["projects"]] == [("Pilot", studio.keeping().bin_days)] and view["size"]
    for verb in ("restore", "erase"):
        assert bob.post(f"/bin/{project.id}/{verb}", headers=json, content="{}").status_code == 404
        assert ada.post(f"/bin/{project.id}/{verb}", content="{}").status_code == 400, "a form elsewhere could send this"
    assert bob.get("/bin").json()["projects"] == []
    assert ada.post(f"/bin/{project.id}/restore", headers=json, content="{}").json()["projects"] == []
    studio.delete_project(project.id)
    assert ada.post("/bin/empty", headers=json, content="{}").json()["projects"] == []
    assert TestClient(app, base_url="http://127.0.0.1:7860").get("/bin").status_code == 401

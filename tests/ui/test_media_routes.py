"""Who may have a medium: a session, the right to the project and a pass, all three; and what a pass whose time has come does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from studio.domain.project import JobKind, Project
from studio.domain.rights import Role
from studio.service import Studio
from studio.ui.launch import ServeOptions, build_app
from studio.ui.media_links import WINDOW_S, MediaLinks
from studio.ui.media_routes import MEDIA
from tests.accounts import add_people, client_of, signed
from tests.studio_fixtures import clip_project, fake_studio, finish


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Iterator[tuple[Studio, Project]]:
    studio = fake_studio(tmp_path_factory.mktemp("home"))
    add_people(studio, ada=Role.EDITOR, bob=Role.EDITOR, rita=Role.REVIEWER)
    ada = studio.as_user("ada")
    project = clip_project(ada, clip)
    finish(ada, ada.submit(project.id, JobKind.INGEST))
    ada.add_member(project.id, "rita")
    yield ada, project
    studio.close()


@pytest.fixture(scope="module")
def app(shared: tuple[Studio, Project]) -> object:
    return build_app(shared[0], ServeOptions())


def film(project: Project) -> str:
    return f"/media/source/{project.id}/video"


def test_a_guessed_address_opens_nothing_even_for_the_owner(app: object, shared: tuple[Studio, Project]) -> None:
    ada, project = client_of(app, "ada"), shared[1]
    for kind in (*MEDIA, "peaks", "context"):
        refused = ada.get(f"/media/{kind}/{project.id}/x")
        assert refused.status_code == 403 and "not made" in refused.json()["error"], kind
    for address in (f"/media/handover/{project.id}/stems", f"/media/quality/{project.id}"):
        assert ada.get(address).status_code == 403, address


def test_a_link_serves_the_person_it_was_made_for_and_nobody_else(app: object, shared: tuple[Studio, Project]) -> None:
    ada, rita, bob, nobody = (client_of(app, name) for name in ("ada", "rita", "bob", None))
    link = signed(ada, film(shared[1]))
    assert ada.get(link).status_code == 200
    assert rita.get(link).status_code == 403, "a member takes a link of her own"
    assert rita.get(signed(rita, film(shared[1]))).status_code == 200
    assert bob.get(link).status_code == 404
    assert nobody.get(link).status_code == 401


def test_a_link_dies_with_the_membership(app: object, shared: tuple[Studio, Project]) -> None:
    studio, project = shared
    studio.add_member(project.id, "bob")
    bob = client_of(app, "bob")
    link = signed(bob, film(project))
    assert bob.get(link).status_code == 200
    studio.remove_member(project.id, "bob")
    assert bob.get(link).status_code == 404


def test_a_pass_of_one_project_opens_no_other(app: object, shared: tuple[Studio, Project], clip: Path) -> None:
    studio, project = shared
    other = clip_project(studio, clip)
    ada = client_of(app, "ada")
    given = signed(ada, film(project)).partition("?")[2]
    assert ada.get(f"{film(other)}?{given}").status_code == 403


def test_a_pass_whose_time_has_come_is_renewed_without_the_player_noticing(
    shared: tuple[Studio, Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1_800_000_000.0]
    studio, project = shared
    links = MediaLinks(studio.link_key(), lambda: clock[0])
    monkeypatch.setattr("studio.ui.routes.MediaLinks", lambda key: links)
    app = build_app(studio, ServeOptions())
    ada, bob = client_of(app, "ada"), client_of(app, "bob")
    link = f"{signed(ada, film(project))}&stamp=a%20b"
    clock[0] += 3 * WINDOW_S
    moved = ada.get(link, headers={"range": "bytes=5-9"})
    assert moved.status_code == 307 and moved.headers["location"].startswith("?stamp=a+b&pass=")
    part = ada.get(f"{film(project)}{moved.headers['location']}", headers={"range": "bytes=5-9"})
    assert part.status_code == 206 and len(part.content) == 5
    assert bob.get(link).status_code == 404 and TestClient(app, base_url="http://127.0.0.1:7860").get(link).status_code == 401


def test_media_cannot_be_shown_inside_other_sites(app: object, shared: tuple[Studio, Project]) -> None:
    ada = client_of(app, "ada")
    answer = ada.get(signed(ada, film(shared[1])))
    assert answer.headers["cross-origin-resource-policy"] == "same-origin" and "private" in answer.headers["cache-control"]


def test_a_file_swept_away_between_look_and_sending_is_told_and_not_a_fault(app: object, shared: tuple[Studio, Project], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone.mp4"
    monkeypatch.setitem(MEDIA, "source", lambda *_: gone)
    ada = client_of(app, "ada")
    answer = ada.get(signed(ada, film(shared[1])))
    assert answer.status_code == 503 and "ask for it again" in answer.json()["error"]


def test_a_fault_of_ours_is_a_sentence_with_a_reference_and_nothing_of_its_inside(app: object, shared: tuple[Studio, Project], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Path:
        raise ValueError("/srv/secret is no number")

    monkeypatch.setitem(MEDIA, "source", broken)
    ada = client_of(app, "ada", raise_server_exceptions=False)
    answer = ada.get(signed(ada, film(shared[1])))
    assert answer.status_code == 500
    assert "reference" in answer.json()["error"] and "secret" not in answer.text

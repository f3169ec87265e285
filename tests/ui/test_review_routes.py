"""The review page: one project's film, lines and notes for whoever has its link, and nothing else for anybody."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from studio.domain.project import JobKind, Project
from studio.domain.rights import Role
from studio.service import Studio
from studio.ui.launch import ServeOptions, build_app
from studio.ui.review_routes import Pace
from studio.ui.desk_calls import CALLS
from tests.accounts import add_people
from tests.studio_fixtures import SCRIPT, clip_project, fake_studio, finish
SCRIPTED = "<script>alert(1)</script> & “so”"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Iterator[tuple[Studio, Project, Project]]:
    """Ada's rendered project, and another of hers that no link opens."""
    studio = fake_studio(tmp_path_factory.mktemp("home"))
    ada = studio.as_user("ada")
    project = clip_project(ada, clip)
    finish(ada, ada.submit(project.id, JobKind.RENDER))
    other = ada.create_project("Secret", "en", "de")
    ada.import_script(other.id, SCRIPT, "a.srt")
    yield ada, project, other
    studio.close()


@pytest.fixture(scope="module")
def app(shared: tuple[Studio, Project, Project]) -> object:
    add_people(shared[0], ada=Role.EDITOR)
    return build_app(shared[0], ServeOptions())


@pytest.fixture
def guest(app: object) -> TestClient:
    return TestClient(app, base_url="http://127.0.0.1:7860", follow_redirects=False)


@pytest.fixture
def token(shared: tuple[Studio, Project, Project]) -> str:
    return shared[0].add_review_link(shared[1].id, "Director").token


def test_a_guest_sees_film_lines_and_notes_of_the_one_project(guest: TestClient, token: str, shared: tuple[Studio, Project, Project]) -> None:
    studio, project, other = shared
    film = guest.get(f"/review/{token}/film").json()
    assert film["name"] == "Pilot" and film["films"] == ["dub", "source"] and film["lines"][0]["source"] == "one two"
    assert set(film["lines"][0]) == {"id", "number", "start_ms", "end_ms", "speaker", "source", "target"}
    for kind in film["films"]:
        part = guest.get(f"/review/{token}/media/{kind}", headers={"range": "bytes=10-29"})
        assert part.status_code == 206 and len(part.content) == 20
    assert guest.get(f"/review/{token}").status_code == 200 and project.id not in guest.get(f"/review/{token}").text
    assert other.id not in str(film) and other.name not in str(film)


def test_a_guests_note_is_marked_as_one_and_kept_as_text(guest: TestClient, token: str, shared: tuple[Studio, Project, Project]) -> None:
    studio, project, _ = shared
    line_id = studio.rows(project.id)[0].line.id
    answer = guest.post(f"/review/{token}/notes", json={"name": f" ada {SCRIPTED}"[:40], "text": SCRIPTED, "line_id": line_id}).json()
    note = next(one for one in answer["notes"] if one["id"] == answer["added"])
    assert note["is_guest"] and not note["is_mine"] and note["text"] == SCRIPTED and note["place"] == line_id
    assert studio.note_counts(project.id)[line_id] >= 1
    reply = guest.post(f"/review/{token}/notes", json={"name": "ada", "text": "again", "reply_to": note["id"], "at_ms": 500}).json()
    assert all(one["is_guest"] for one in reply["notes"]) and guest.get(f"/review/{token}/notes", params={"since": reply["mark"]}).json()["notes"] is None
    assert SCRIPTED not in guest.get(f"/review/{token}").text


def test_no_verb_of_the_desk_and_no_medium_is_reached_through_a_link(guest: TestClient, token: str, shared: tuple[Studio, Project, Project]) -> None:
    studio, project, other = shared
    row = studio.rows(project.id)[0]
    before = [one.line for one in studio.rows(project.id)], studio.project(project.id).project, studio.notes(project.id)
    note_id = studio.add_note(project.id, "mine").id
    bodies = {"line_id": row.line.id, "line_ids": [row.line.id], "note_id": note_id, "target": "x", "text": "a = b", "status": "approved"}
    for verb in CALLS:
        for address in (f"/review/{token}/{verb}", f"/review/{token}/desk/{verb}", f"/review/{token}/desk/{project.id}/{verb}"):
            if verb == "notes" and address.endswith("/notes") and "desk" not in address:
                continue
            assert guest.post(address, json=bodies).status_code == 404, address
        assert guest.post(f"/desk/{project.id}/{verb}", json=bodies).status_code == 401, verb
    items = {"take": row.line.take_id, "voice": "x", "clip": row.line.id, "preview": row.line.id, "export": "script_csv", "peaks": "all", "rendered": "video", "source": "video", "context": row.line.id}
    for kind, item in items.items():
        assert guest.get(f"/media/{kind}/{project.id}/{item}").status_code == 401, kind
        for address in (f"/review/{token}/media/{kind}/{project.id}/{item}", f"/review/{token}/media/{kind}/{item}", f"/review/{token}/media/{other.id}"):
            assert guest.get(address).status_code == 404, address
    for method in ("put", "patch", "delete", "options"):
        assert getattr(guest, method)(f"/review/{token}/notes").status_code == 404
    studio.delete_note(project.id, note_id)
    assert ([one.line for one in studio.rows(project.id)], studio.project(project.id).project, studio.notes(project.id)) == before


def test_other_projects_are_out_of_reach(guest: TestClient, token: str, shared: tuple[Studio, Project, Project]) -> None:
    studio, project, other = shared
    theirs = studio.rows(other.id)[0].line.id
    note = studio.add_note(other.id, "secret")
    for values in ({"line_id": theirs}, {"reply_to": note.id}):
        assert guest.post(f"/review/{token}/notes", json={"name": "Jo", "text": "x", **values}).status_code == 404
    for values in ({"project_id": other.id}, {"is_guest": False}, {"by": "ada"}, {"at_ms": "1"}, {"at_ms": True}, {"text": None}, {"name": ""}, {"text": " "}, {"name": "x" * 100}):
        assert guest.post(f"/review/{token}/notes", json={"name": "Jo", "text": "x", **values}).status_code == 400, values
    for address in (f"/review/{token}/../../desk/{project.id}/rows", f"/review/%2e%2e/desk/{project.id}/rows", f"/review/{token}/%2e%2e/%2e%2e/", "/review/", "/review/x/config", "/review/x/gradio_api/info"):
        assert guest.get(address).status_code in (401, 404), address
    assert guest.get(f"/desk/{project.id}/rows").status_code == 401 and studio.notes(other.id) == (note,)


def test_unknown_expired_and_revoked_links_are_told_the_same_calm_sentence(guest: TestClient, shared: tuple[Studio, Project, Project], monkeypatch: pytest.MonkeyPatch) -> None:
    studio, project, _ = shared
    revoked, expired = studio.add_review_link(project.id), studio.add_review_link(project.id, days=1)
    assert guest.get(f"/review/{revoked.token}/film").status_code == 200
    studio.revoke_review_link(project.id, revoked.link.id)
    later = (datetime.now(UTC) + timedelta(days=1, seconds=1)).isoformat(timespec="microseconds")
    monkeypatch.setattr("studio.store.review_links.utc_now", lambda: later)
    answers = {guest.get(f"/review/{one}/film").text for one in (revoked.token, expired.token, "A" * 43, "x")}
    assert answers == {'{"error":"This link does not open anything, or no longer. Ask whoever sent it to you for a new one."}'}
    page = guest.get(f"/review/{expired.token}")
    assert page.status_code == 404 and "no longer" in page.text and expired.token not in page.text
    assert guest.post(f"/review/{expired.token}/notes", json={"name": "Jo", "text": "x"}).status_code == 404
    assert guest.get(f"/review/{expired.token}/media/dub").status_code == 404


def test_guessing_is_slowed_down_and_those_who_are_in_stay_in(app: object, token: str) -> None:
    client = TestClient(app, base_url="http://127.0.0.1:7860", client=("10.1.2.3", 5))
    assert client.get(f"/review/{token}/film").status_code == 200
    codes = [client.get(f"/review/{n:043}/film").status_code for n in range(25)]
    assert codes[:20] == [404] * 20 and set(codes[20:]) == {429}
    assert client.get(f"/review/{token}/film").status_code == 200, "whoever opened a link before is not locked out by others"
    assert TestClient(app, base_url="http://127.0.0.1:7860", client=("10.9.9.9", 5)).get("/review/x/film").status_code == 404


def test_notes_come_at_a_human_pace_as_json_and_not_too_large(guest: TestClient, token: str, shared: tuple[Studio, Project, Project]) -> None:
    address = f"/review/{token}/notes"
    assert guest.post(address, content=b'{"name":"a","text":"b"}', headers={"content-type": "text/plain"}).status_code == 400
    for body in (b"{", b"[" * 16_000):
        assert guest.post(address, content=body, headers={"content-type": "application/json"}).status_code == 400
    assert guest.post(address, json={"name": "Jo", "text": "x" * 20_000}).status_code == 400
    assert guest.post(address, json={"name": "Jo", "text": "x"}, headers={"origin": "https://evil.example"}).status_code == 403
    codes = [guest.post(address, json={"name": "Jo", "text": str(n)}).status_code for n in range(21)]
    assert codes == [200] * 20 + [429]


def test_answers_keep_the_link_to_themselves(guest: TestClient, token: str, caplog: pytest.LogCaptureFixture, shared: tuple[Studio, Project, Project], monkeypatch: pytest.MonkeyPatch) -> None:
    for address in (f"/review/{token}", f"/review/{token}/film", f"/review/{token}/media/dub", "/review/nobody", f"/review/{token}/no/such"):
        headers = guest.get(address).headers
        assert headers["referrer-policy"] == "no-referrer" and headers["x-content-type-options"] == "nosniff" and "private" in headers["cache-control"], address
    policy = guest.get(f"/review/{token}").headers["content-security-policy"]
    assert "script-src 'self';" in policy and "unsafe-eval" not in policy and "frame-ancestors 'none'" in policy
    monkeypatch.setattr("studio.review_links.ReviewRoom.film", lambda self: 1 / 0)
    monkeypatch.setattr(logging.getLogger("studio"), "propagate", True)
    with caplog.at_level(logging.DEBUG):
        answer = guest.get(f"/review/{token}/film")
    assert answer.status_code == 500 and "reference" in answer.json()["error"]
    ours = [record for record in caplog.records if record.name.startswith(("studio", "uvicorn", "starlette", "fastapi"))]
    said = "".join(f"{record.getMessage()} {record.exc_text}" for record in ours)
    assert "unexpected error" in said and token not in said


def test_a_link_of_a_deleted_project_opens_nothing(guest: TestClient, shared: tuple[Studio, Project, Project]) -> None:
    studio = shared[0]
    gone = studio.create_project("Gone", "en", "de")
    made = studio.add_review_link(gone.id)
    assert guest.get(f"/review/{made.token}/film").json()["films"] == []
    studio.delete_project(gone.id)
    assert guest.get(f"/review/{made.token}/film").status_code == 404


def test_a_link_closes_with_the_right_of_who_made_it(guest: TestClient, shared: tuple[Studio, Project, Project]) -> None:
    owner = shared[0]
    add_people(owner, ben=Role.EDITOR)
    project = owner.create_project("Lent", "en", "de")
    owner.add_member(project.id, "ben")
    made = owner.as_user("ben").add_review_link(project.id)
    assert guest.get(f"/review/{made.token}/film").status_code == 200
    owner.add_member(project.id, "ben", Role.REVIEWER)
    assert guest.get(f"/review/{made.token}/film").status_code == 404
    owner.add_member(project.id, "ben", Role.EDITOR)
    assert guest.get(f"/review/{made.token}/film").status_code == 200
    owner.remove_member(project.id, "ben")
    assert guest.get(f"/review/{made.token}/film").status_code == 404
    assert guest.post(f"/review/{made.token}/notes", json={"name": "Ben", "text": "still here"}).status_code == 404


def test_a_pace_forgets_what_is_long_ago_and_never_grows() -> None:
    pace = Pace(limit=2, window_s=0.0, keys=3)
    for n in range(10):
        pace.count(str(n))
        pace.count("same")
    assert not pace.is_spent("same") and len(pace._seen) == 3

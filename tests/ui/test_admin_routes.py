"""The administrator's page over the whole application: what it shows, what it changes, and that nobody else reaches any of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from studio.domain.audit import AuditQuery
from studio.domain.errors import NotFound
from studio.domain.project import JobKind, Project
from studio.domain.rights import Role
from studio.service import Studio, new_job
from studio.ui.admin_routes import CALLS, VIEWS
from studio.ui.launch import ServeOptions, build_app
from tests.accounts import add_people, client_of, password_of
from tests.studio_fixtures import clip_project, fake_studio, finish

NAME = "Project Nightfall"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Iterator[tuple[Studio, Project]]:
    studio = fake_studio(tmp_path_factory.mktemp("home"))
    add_people(studio, ada=Role.ADMIN, bob=Role.EDITOR, rea=Role.REVIEWER, guy=Role.GUEST)
    bob = studio.as_user("bob")
    project = clip_project(bob, clip)
    bob.rename_project(project.id, NAME)
    finish(bob, bob.submit(project.id, JobKind.RENDER))
    yield studio, project
    studio.close()


@pytest.fixture(scope="module")
def app(shared: tuple[Studio, Project]) -> object:
    return build_app(shared[0], ServeOptions(with_demo=False))


@pytest.fixture(scope="module")
def ada(app: object) -> TestClient:
    return client_of(app, "ada")


def act(client: TestClient, call: str, **values: object) -> int:
    return client.post(f"/admin/api/{call}", json=values).status_code


def test_the_page_and_its_calls_are_for_administrators_alone(app: object) -> None:
    addresses = ["/admin", "/admin/audit.csv", "/admin/api/trail", *(f"/admin/api/{view}" for view in VIEWS)]
    for name, refusals in (("bob", {403}), ("rea", {403}), ("guy", {403}), (None, {303, 401})):
        client = client_of(app, name)
        for address in addresses:
            answer = client.get(address)
            assert answer.status_code in refusals, (name, address, answer.status_code)
            assert "ada" not in answer.text
        for call in CALLS:
            answer = client.post(f"/admin/api/{call}", json={"name": "bob", "role": "admin", "password": "x" * 12})
            assert answer.status_code in {403, 401}, (name, call)


def test_every_view_answers_and_names_no_project(ada: TestClient, shared: tuple[Studio, Project]) -> None:
    page = ada.get("/admin")
    assert page.status_code == 200 and "script-src 'self'" in page.headers["content-security-policy"]
    for view in (*VIEWS, "trail"):
        answer = ada.get(f"/admin/api/{view}")
        assert answer.status_code == 200 and NAME not in answer.text, view
    assert ada.get("/admin/api/nonsense").status_code == 400
    people = {one["name"]: one for one in ada.get("/admin/api/people").json()}
    assert people["bob"]["role"] == "editor" and people["bob"]["mark"].startswith("u-") and "local" not in people
    [share] = ada.get("/admin/api/disk").json()
    assert share["owner"] == "bob" and share["bytes_by_kind"]["media"] > 1000 and share["bytes_by_kind"]["takes"] > 1000
    assert all(check["is_ok"] for check in ada.get("/admin/api/overview").json()["checks"])


def test_accounts_are_changed_and_the_trail_says_by_whom(ada: TestClient, app: object, shared: tuple[Studio, Project]) -> None:
    assert act(ada, "add", name="zoe", role="reviewer", password="a long password") == 200
    assert act(ada, "role", name="zoe", role="editor") == 200
    assert act(ada, "quota", name="zoe", quota_bytes=5_000_000_000) == 200
    assert act(ada, "disable", name="zoe") == 200
    zoe = next(one for one in ada.get("/admin/api/people").json() if one["name"] == "zoe")
    assert (zoe["role"], zoe["is_disabled"], zoe["quota_bytes"]) == ("editor", True, 5_000_000_000)
    actions = [entry["action"] for entry in ada.get("/admin/api/trail", params={"user": "ada", "action": "account."}).json()]
    assert actions[:4] == ["account.disable", "account.quota", "account.role", "account.add"]
    assert "a long password" not in ada.get("/admin/api/trail").text


@pytest.mark.parametrize(
    ("call", "values"),
    [
        ("nonsense", {}),
        ("role", {"name": "bob"}),
        ("role", {"name": "bob", "role": "king"}),
        ("role", {"name": ["bob"], "role": "admin"}),
        ("quota", {"name": "bob", "quota_bytes": "many"}),
        ("quota", {"name": "bob", "quota_bytes": True}),
        ("measure", {"group": "keeping", "name": "bin_days", "value": -1}),
        ("measure", {"group": "keeping", "name": "__class__", "value": 1}),
        ("measure", {"group": "nonsense", "name": "bin_days", "value": 1}),
        ("cancel", {"job_id": "0" * 32, "more": 1}),
        ("disable", {"name": "ada"}),
    ],
)
def test_a_call_that_makes_no_sense_is_refused_in_a_sentence(ada: TestClient, call: str, values: dict[str, object]) -> None:
    answer = ada.post(f"/admin/api/{call}", json=values)
    assert answer.status_code == 400 and answer.json()["error"].endswith("."), answer.text


def test_bodies_that_are_no_call_are_refused(ada: TestClient) -> None:
    for body in (b"no json", b"[1]", b'"x"', b"{" + b" " * 20_000 + b"}", b"[" * 16_000):
        assert ada.post("/admin/api/cancel", content=body, headers={"content-type": "application/json"}).status_code == 400


def test_a_call_as_a_form_elsewhere_could_send_it_changes_nothing(ada: TestClient) -> None:
    answer = ada.post("/admin/api/role", content=b'{"name":"bob","role":"guest"}', headers={"content-type": "text/plain"})
    assert answer.status_code == 400 and "JSON" in answer.json()["error"]


def test_measures_are_set_for_all_servers(ada: TestClient, shared: tuple[Studio, Project]) -> None:
    before = {(one["group"], one["name"]): one for one in ada.get("/admin/api/measures").json()}
    assert before["keeping", "bin_days"]["help"].endswith(".") and before["queue", "desk_lines"]["low"] == 1
    assert act(ada, "measure", group="keeping", name="bin_days", value=9) == 200
    assert act(ada, "measure", group="queue", name="max_running_jobs", value=2) == 200
    assert shared[0]._shop.keeping.get().bin_days == 9 and shared[0]._shop.queue.settings().max_running_jobs == 2
    [last, _] = ada.get("/admin/api/trail", params={"action": "studio.measure"}).json()
    assert (last["subject"], last["detail"]) == ("max_running_jobs", {"value": 2})


def test_anybodys_job_is_seen_by_its_ids_and_can_be_stopped(ada: TestClient, shared: tuple[Studio, Project]) -> None:
    studio, _ = shared
    waiting = studio.as_user("bob").create_project(NAME, "en", "de")
    job = studio._shop.jobs.submit(new_job(waiting, "bob", JobKind.RENDER))
    seen = ada.get("/admin/api/overview").json()["jobs"]
    assert [(one["id"], one["owner"]) for one in seen] == [(job.id, "bob")] or studio.as_user("bob").job(job.id).state.is_over
    assert act(ada, "cancel", job_id=job.id) == 200
    assert act(ada, "cancel", job_id="0" * 32) == 404


def test_the_trail_leaves_as_a_table_that_no_spreadsheet_runs(ada: TestClient, shared: tuple[Studio, Project]) -> None:
    studio, project = shared
    studio._shop.audit.write("=HYPERLINK(1)", "login.refused", None, "@SUM(1)", address="+1")
    answer = ada.get("/admin/audit.csv")
    assert answer.headers["content-disposition"].startswith("attachment") and answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[0] == ["at", "user", "action", "project", "subject", "detail"]
    assert ["'=HYPERLINK(1)", "login.refused", "", "'@SUM(1)", "address=+1"] in [row[1:] for row in rows]
    assert rows[1][2] == "audit.export", "that it was taken is in it"
    filtered = list(csv.reader(io.StringIO(ada.get("/admin/audit.csv", params={"action": "login.refused"}).text)))
    assert {row[2] for row in filtered[1:]} == {"login.refused"}
    assert ada.get("/admin/audit.csv", params={"since": "yesterday"}).status_code == 400
    assert ada.get("/admin/api/trail", params={"since": "2999-01-01"}).json() == []


def test_logins_and_refused_logins_stand_in_the_trail_without_what_was_typed(app: object, ada: TestClient) -> None:
    client_of(app, None).post("/login", data={"name": "bob", "password": "my secret typo"})
    client_of(app, None).post("/login", data={"name": "hunter2 typed in the wrong field", "password": "x"})
    client_of(app, "bob").post("/leave")
    trail = ada.get("/admin/api/trail").text
    assert "my secret typo" not in trail and "hunter2" not in trail and password_of("bob") not in trail
    users = {(entry["action"].split(".")[0], entry["user"]) for entry in ada.get("/admin/api/trail").json()}
    assert ("login", "bob") in users
    assert {"login.enter", "login.refused", "login.leave"} <= {entry["action"] for entry in ada.get("/admin/api/trail", params={"user": "bob"}).json()}


def test_a_projects_owner_reads_its_own_trail_and_nobody_else(shared: tuple[Studio, Project]) -> None:
    studio, project = shared
    bob = studio.as_user("bob")
    for _ in range(3):  # as a browser fetches it
        bob.export(project.id, "target_srt")
    trail = bob.project_trail(project.id)
    assert [entry.subject for entry in trail if entry.action == "project.export"] == ["target_srt"]
    assert all(entry.project_id == project.id for entry in trail)
    assert {"project.create", "project.rename", "project.export"} <= {entry.action for entry in trail}
    assert NAME not in repr(trail)
    for name in ("ada", "rea", "guy"):
        with pytest.raises(NotFound):
            studio.as_user(name).project_trail(project.id)
    assert studio.as_user("ada").trail(AuditQuery(limit=1))

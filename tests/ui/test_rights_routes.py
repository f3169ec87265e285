"""Every route of the page server, the framework's own included, tried by those who may not: nobody, another user, a reviewer, a guest.

Made from the list of routes as the running application has it. A route without an entry here fails the test, and so does a desk call, a kind of
media, or an administrator's call that nobody thought of.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from gradio.routes import App
from httpx import Response

from studio.domain.plain import to_plain
from studio.domain.project import JobKind, Project
from studio.domain.rights import Right, Role
from studio.domain.upload import Purpose
from studio.service import Studio
from studio.ui import admin_routes
from studio.ui.desk_calls import CALL_RIGHTS, CALLS
from studio.ui.gradio_guard import _files_in, own_name, passes
from studio.ui.headers import SAME_FOR_ALL
from studio.ui.launch import ServeOptions, build_app
from studio.ui.media_links import PARAMETER, MediaLinks
from studio.ui.media_routes import MEDIA
from studio.ui.trust import Trust
from tests.accounts import ADDRESS, add_people, client_of
from tests.studio_fixtures import clip_project, fake_studio, finish

SECRET = "Abracadabra"  # in the project's name and lines: no answer to a stranger may hold it
REFUSED = (401, 403, 404)
# what each route is about; a route of ours that is not here fails
OPEN = {  # no login: each says nothing of anybody, or asks for a token of its own
    "GET /login", "POST /login", "POST /leave", "GET /healthz", "GET /readyz", "GET /metrics",
    "GET /review/{token}", "GET /review/{token}/film", "GET /review/{token}/notes", "GET /review/{token}/media/{kind}", "POST /review/{token}/notes",
    "* /review/{rest:path}", "* /look/css", "* /look/js", "* /look/icons", "* /look/fonts", "* /look/vendor", "* /look/lang",
}  # fmt: skip
OF_PROJECT: dict[str, Right] = {
    "GET /media/handover/{project_id}/{kind}": Right.EXPORT,
    "GET /media/quality/{project_id}": Right.READ,
    "GET /media/peaks/{project_id}/{item}": Right.READ,
    "GET /media/context/{project_id}/{item}": Right.READ,
    "GET /media/{kind}/{project_id}/{item}": Right.READ,  # each kind below
    "GET /desk/{project_id}/rows": Right.READ,
    "GET /desk/{project_id}/opening": Right.READ,
    "GET /desk/{project_id}/pulse": Right.READ,
    "POST /desk/{project_id}/{verb}": Right.READ,  # each verb below
    "POST /voices/{project_id}": Right.EDIT,
    "POST /bin/{project_id}/restore": Right.DELETE,
    "POST /bin/{project_id}/erase": Right.DELETE,
}
OF_UPLOAD = {"HEAD /uploads/{upload_id}", "PATCH /uploads/{upload_id}", "DELETE /uploads/{upload_id}", "POST /uploads/{upload_id}/take"}
OF_PERSON = {  # about whoever asks, and nobody else
    "OPTIONS /uploads", "GET /uploads", "POST /uploads", "GET /bin", "POST /bin/empty",
    "GET /me/here", "GET /me/settings", "POST /me/settings", "POST /me/password", "GET /me/queue", "POST /me/queue",
}  # fmt: skip
OF_ADMIN = {"GET /admin", "GET /admin/audit.csv", "GET /admin/api/trail", "GET /admin/api/{view}", "POST /admin/api/{call}"}
OWN_ROUTES = OPEN | OF_PROJECT.keys() | OF_UPLOAD | OF_PERSON | OF_ADMIN
# of the framework's routes, those that pass its guard; all others are closed to everybody
FRAMEWORK_PASSES = {
    "GET /", "HEAD /", "GET /config", "GET /config/", "GET /theme.css", "GET /favicon.ico", "GET /svelte/{path:path}", "GET /static/{path:path}",
    "GET /assets/{path:path}", "GET /gradio_api/info", "GET /gradio_api/info/", "GET /gradio_api/startup-events", "GET /gradio_api/theme.css",
    "GET /gradio_api/heartbeat/{session_hash}", "GET /gradio_api/queue/data", "POST /gradio_api/queue/join", "POST /gradio_api/reset",
    "POST /gradio_api/reset/",
}  # fmt: skip


@dataclass(frozen=True)
class House:
    """Ada's voiced project, which Rita reviews and Bob and Gus have nothing to do with; one of hers in the bin; a file of hers on its way."""

    app: Any
    ada: Studio
    project: Project
    binned: Project
    upload_id: str
    job_id: str
    clients: dict[str | None, TestClient] = field(default_factory=dict)

    def client(self, name: str | None) -> TestClient:
        if name not in self.clients:
            self.clients[name] = client_of(self.app, name, raise_server_exceptions=False)
        return self.clients[name]

    def state(self) -> str:
        """All that a stranger could have changed, as text."""
        ada, shop, key = self.ada, self.ada._shop, self.project.id
        line_id = ada.rows(key)[0].line.id
        parts = (
            ada.project(key).project, ada._shop.lines.cast(key), ada.notes(key), ada.members(key), ada.review_links(key), ada.line(key, line_id).takes,
            ada.reference_voices(key), ada.shows(), ada.preference_count(key), shop.jobs.latest(key), ada.uploads(), ada.binned(),
            [(one.name, one.role, one.disabled_at, one.quota_bytes) for one in shop.accounts.list()], ada.keeping(), ada.queue_settings(),
        )  # fmt: skip
        return json.dumps(to_plain(parts), default=str, sort_keys=True)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Iterator[House]:
    studio = fake_studio(tmp_path_factory.mktemp("home"))
    add_people(studio, ada=Role.EDITOR, bob=Role.EDITOR, rita=Role.REVIEWER, gus=Role.GUEST, max=Role.ADMIN)
    ada = studio.as_user("ada")
    project = clip_project(ada, clip)
    ada.rename_project(project.id, SECRET)
    job = finish(ada, ada.submit(project.id, JobKind.RENDER))
    ada.add_member(project.id, "rita", Role.REVIEWER)
    binned = ada.create_project(f"{SECRET} binned", "en", "de")
    ada.delete_project(binned.id)
    upload = ada.begin_upload(f"{SECRET}.mp4", 1000, Purpose("media"), project.id)
    yield House(build_app(studio, ServeOptions()), ada, project, binned, upload.id, job.id)
    studio.close()


def routes_of(routes: Any) -> Iterator[tuple[str, Any]]:
    """("GET /path", the route) for every route, through routers that were included; the framework's are left out."""
    for route in routes:
        if hasattr(route, "original_router"):
            yield from routes_of(route.original_router.routes)
        elif not isinstance(getattr(route, "app", None), App):
            methods = sorted(getattr(route, "methods", None) or ())
            for method in methods if 0 < len(methods) < 5 else ["*"]:
                yield f"{method} {route.path}", route


def framework_routes(app: Any) -> dict[str, Any]:
    framework = next(inside for route in app.routes if isinstance(inside := getattr(route, "app", None), App))
    return dict(routes_of(framework.routes))


def filled(house: House, path: str) -> str:
    """An address with Ada's things in it."""
    row = house.ada.rows(house.project.id)[0]
    binned = house.binned.id if path.startswith("/bin/") else house.project.id
    values = {
        "{project_id}": binned, "{upload_id}": house.upload_id, "{item}": row.line.id, "{kind}": "stems" if "handover" in path else "source",
        "{verb}": "panel", "{view}": "people", "{call}": "disable", "{token}": "x" * 43, "{rest:path}": "x", "{session_hash}": "made-up",
        "{event_id}": "e" * 32, "{api_name}": "predict", "{path_or_url:path}": "/etc/passwd", "{url_path:path}": "http://192.0.2.1/",
        "{path:path}": "x.js", "{size}": "64", "{key}": "x", "{id}": "x", "{environment}": "client", "{type}": "component", "{file_name}": "x.js",
        "{run}": "1", "{component_id}": "1", "{segment_id}": "1", "{ext}": "ts",
    }  # fmt: skip
    for name, value in values.items():
        path = path.replace(name, value)
    assert "{" not in path, f"{path} has a part that nothing fills"
    return path


def tries(house: House, route: str, name: str | None) -> Iterator[tuple[str, Response]]:
    """A route asked for with all that this person could come by: for media also Ada's pass, and even one of their own making."""
    method, path = route.split(" ", 1)
    client, address = house.client(name), filled(house, path)
    links = MediaLinks(house.ada.link_key())
    addresses = [address]
    if path.startswith("/media/"):
        addresses += [f"{address}?{PARAMETER}={links.sign(owner, house.project.id)}" for owner in ("ada", name or "")]
    for one in addresses:
        yield one, client.request(method, one, **body_of(house, route))


def body_of(house: House, route: str) -> dict[str, Any]:
    if route == "POST /voices/{project_id}":
        return {"content": b"RIFF", "headers": {"content-type": "application/octet-stream"}, "params": {"name": "x", "whose": "x", "agreed": "true"}}
    if route.startswith("PATCH "):
        headers = {"content-type": "application/offset+octet-stream", "upload-offset": "0", "tus-resumable": "1.0.0"}
        return {"content": b"x", "headers": headers}
    if route == "POST /desk/{project_id}/{verb}":
        return {"json": {"line_id": house.ada.rows(house.project.id)[0].line.id}}
    tus = {"headers": {"tus-resumable": "1.0.0"}} if route in OF_UPLOAD else {}
    return {"json": {}, **tus} if route.startswith("POST ") else tus


def check_refused(answer: Response, what: str) -> None:
    assert answer.status_code in REFUSED, f"{what}: {answer.status_code} {answer.text[:200]}"
    assert SECRET not in answer.text and SECRET not in str(answer.headers), what


def test_every_route_has_an_entry(house: House) -> None:
    assert {name for name, _ in routes_of(house.app.routes)} == OWN_ROUTES
    found = framework_routes(house.app)
    assert {name for name in found if passes(name.split(" ")[0], filled(house, name.split(" ", 1)[1]))} == FRAMEWORK_PASSES


def test_nobody_gets_past_the_login(house: House) -> None:
    before = house.state()
    for route in [*(OWN_ROUTES - OPEN), *framework_routes(house.app)]:
        if route.split(" ", 1)[1] in ("/login", "/login/", "/openapi.json") or route.startswith("*"):
            continue
        for address, answer in tries(house, route, None):
            assert answer.status_code == 401, f"{route} {address}: {answer.status_code}"
    assert house.client(None).get("/metrics").status_code in REFUSED
    assert house.state() == before


@pytest.mark.parametrize("name", ["bob", "gus", "max"])
def test_other_people_get_nothing_of_a_project(house: House, name: str) -> None:
    before = house.state()
    for route in [*OF_PROJECT, *OF_UPLOAD]:
        for address, answer in tries(house, route, name):
            check_refused(answer, f"{name}: {route} {address}")
    for route in OF_PERSON:
        for _, answer in tries(house, route, name):
            assert SECRET not in answer.text and house.project.id not in answer.text, f"{name}: {route}"
    assert house.state() == before


@pytest.mark.parametrize("name", ["bob", "gus", "rita", "ada"])
def test_only_an_administrator_reaches_what_is_for_administrators(house: House, name: str) -> None:
    before, client = house.state(), house.client(name)
    for route in OF_ADMIN:
        for address, answer in tries(house, route, name):
            check_refused(answer, f"{name}: {address}")
    for view in admin_routes.VIEWS:
        check_refused(client.get(f"/admin/api/{view}"), view)
    for call in admin_routes.CALLS:
        values = {"name": "ada", "role": "guest", "password": "long enough", "job_id": house.job_id, "quota_bytes": 1, "group": "x", "value": 1}
        wanted = inspect.signature(admin_routes.CALLS[call]).parameters
        check_refused(client.post(f"/admin/api/{call}", json={key: one for key, one in values.items() if key in wanted}), call)
    check_refused(client.get("/metrics"), "figures")
    assert house.state() == before


@pytest.mark.parametrize("verb", CALLS)
def test_a_desk_call_asks_for_its_right(house: House, verb: str) -> None:
    before = house.state()
    row = house.ada.rows(house.project.id)[0].line
    known = {"line_id": row.id, "line_ids": [row.id], "speaker_id": row.speaker_id, "take_id": row.take_id, "kind": "voice", "name": "bob", "text": "x"}
    wanted = inspect.signature(CALLS[verb]).parameters
    values = {key: one for key, one in known.items() if key in wanted} or {"line_id": row.id}
    address = f"/desk/{house.project.id}/{verb}"
    assert house.client(None).post(address, json=values).status_code == 401
    for name in ("bob", "gus", "max"):
        answer = house.client(name).post(address, json=values)
        assert answer.status_code == 404 and SECRET not in answer.text, name
    rita = house.client("rita").post(address, json=values if CALL_RIGHTS[verb] not in (Right.READ, Right.NOTE) else {"nothing": "like this"})
    assert (rita.status_code == 403) == (CALL_RIGHTS[verb] not in (Right.READ, Right.NOTE)), rita.text
    assert house.state() == before


@pytest.mark.parametrize("kind", MEDIA)
def test_every_kind_of_media_is_its_projects_own(house: House, kind: str) -> None:
    row, links = house.ada.rows(house.project.id)[0].line, MediaLinks(house.ada.link_key())
    item = {"take": row.take_id, "export": "target_srt", "picture": house.ada.desk_picture(house.project.id).mark, "source": "video", "rendered": "video"}.get(kind, row.id)
    address = f"/media/{kind}/{house.project.id}/{item}"

    def status(name: str, signed: str) -> int:
        return house.client(name).get(f"{address}?{PARAMETER}={links.sign(signed, house.project.id)}").status_code

    wanted = {"voice": 404}.get(kind, 200)
    assert status("ada", "ada") == wanted, "the test asks for something that is there"
    assert status("rita", "rita") == (403 if kind == "export" else wanted)
    for name in ("bob", "gus", "max"):
        assert status(name, name) == 404 and status(name, "ada") in REFUSED
    assert status("rita", "ada") in REFUSED, "a link that was copied out of a page"


def test_a_reviewer_reads_the_project_and_is_refused_the_rest(house: House) -> None:
    before = house.state()
    for route, right in OF_PROJECT.items():
        if "{verb}" in route or "{kind}/{project_id}" in route:
            continue  # each by itself, above
        for address, answer in tries(house, route, "rita"):
            if right is not Right.READ:
                assert answer.status_code in REFUSED, f"{route} {address}: {answer.status_code}"
            elif "/media/" not in address:
                assert answer.status_code == 200, f"{route} {address}: {answer.text[:200]}"
    assert house.state() == before


def test_the_frameworks_other_routes_are_closed_to_everybody(house: House) -> None:
    client = house.client("ada")
    for route in framework_routes(house.app).keys() - FRAMEWORK_PASSES:
        method, path = route.split(" ", 1)
        if path not in ("/login", "/login/"):
            assert client.request(method, filled(house, path)).status_code == 404, route
    assert client.get("/login/").status_code in (200, 307, 404)


@pytest.mark.parametrize("how", ["by password", "by a proxy"])
def test_no_cache_between_keeps_what_is_one_persons(house: House, how: str) -> None:
    """Every route that is read, the framework's too: an answer is private, or the same for whoever asks. Two are left out: its heartbeat, a stream
    without an end, and its startup, which begins a queue that ends with this test's request."""
    client = house.client("ada")
    if how == "by a proxy":
        app = build_app(house.ada, ServeOptions(trust=Trust.read("10.0.0.0/8", "X-Remote-User")))
        client = TestClient(app, base_url=ADDRESS, client=("10.0.0.9", 1), headers={"x-remote-user": "ada"}, follow_redirects=False, raise_server_exceptions=False)
        assert client.get("/me/settings").status_code == 200
    links, seen = MediaLinks(house.ada.link_key()), set()
    for route in sorted(OWN_ROUTES | FRAMEWORK_PASSES):
        method, path = route.replace("* ", "GET ").split(" ", 1)
        if method not in ("GET", "HEAD") or path.rpartition("gradio_api/")[2].startswith(("heartbeat", "startup-events")):
            continue
        place = filled(house, path) if "/look/" not in path else f"{path}/x"
        for address in (place, f"{place}?{PARAMETER}={links.sign('ada', house.project.id)}"):
            answer = client.request(method, address)
            kept = answer.headers.get("cache-control", "")
            is_same_for_all = place.startswith(SAME_FOR_ALL)
            assert is_same_for_all or "private" in kept or "no-store" in kept, f"{route}: {answer.status_code} {kept!r}"
            seen.add((is_same_for_all, answer.status_code // 100))
    assert {(False, 2), (False, 4), (True, 2)} <= seen, "the test asks for something that is there"


def join(client: TestClient, session_hash: str, data: list[Any], fn_index: int = 0) -> Response:
    return client.post("/gradio_api/queue/join", json={"session_hash": session_hash, "fn_index": fn_index, "data": data})


def test_nobody_listens_to_anothers_events_or_acts_in_their_session(house: House) -> None:
    framework = next(inside for route in house.app.routes if isinstance(inside := getattr(route, "app", None), App))
    queue = framework.get_blocks()._queue
    taken = join(house.client("ada"), "shared-name", [])
    assert taken.status_code == 200, taken.text
    assert own_name("ada", "shared-name") in queue.pending_messages_per_session
    assert "shared-name" not in queue.pending_messages_per_session and own_name("bob", "shared-name") not in queue.pending_messages_per_session
    heard = house.client("bob").get("/gradio_api/queue/data", params={"session_hash": "shared-name"}).text
    assert "session_not_found" in heard and SECRET not in heard
    assert own_name("ada", "shared-name") != own_name("bob", "shared-name")


def test_a_file_is_found_however_deep_it_is_named() -> None:
    deep: Any = {"path": "/etc/passwd"}
    for _ in range(5000):
        deep = [deep]
    assert list(_files_in({"a": deep})) == ["/etc/passwd"]


def test_an_event_that_names_a_file_is_refused(house: House) -> None:
    for data in ([{"path": "/etc/passwd"}], [[{"a": {"path": str(house.ada._shop.cache), "meta": {"_type": "gradio.FileData"}}}]]):
        assert join(house.client("ada"), "x", data).status_code == 403
    for body in (b"", b"[]", b"{}", b"{", b'{"session_hash": 5}', b" " * (2 << 20)):
        assert house.client("ada").post("/gradio_api/queue/join", content=body, headers={"content-type": "application/json"}).status_code == 400

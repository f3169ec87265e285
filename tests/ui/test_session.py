"""The gate: who a request speaks for, and which requests never reach a route."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.domain.rights import LOCAL_USER, Role
from studio.service import Knock, Studio
from studio.ui.session import COOKIE, LOGIN, USER, Gate, cookies_of
from studio.ui.trust import LOOPBACK, Trust
from tests.accounts import add_people, password_of
from tests.studio_fixtures import fake_studio

PROXY, STRANGER = "10.0.0.1", "192.0.2.66"
SIGN_ON = Trust.read("10.0.0.0/8, ::1", "X-Remote-User", "reviewer")


@pytest.fixture
def alone(home: Path) -> Iterator[Studio]:
    """Nobody has an account."""
    opened = fake_studio(home)
    yield opened
    opened.close()


@pytest.fixture
def studio(alone: Studio) -> Studio:
    add_people(alone, ada=Role.ADMIN)
    return alone


def ask(studio: Studio, path: str, *, trust: Trust = Trust(), method: str = "GET", peer: str = "127.0.0.1", scheme: str = "http", **headers: str) -> dict[str, Any]:
    """The start message of the answer; with it the scope that reached the application ("" where none did)."""
    sent: list[dict[str, Any]] = []
    reached: dict[str, Any] = {}

    async def inner(scope: dict[str, Any], receive: Any, send: Any) -> None:
        reached.update(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"inside"})

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    lines = [(key.replace("_", "-").encode(), value.encode()) for key, value in ({"host": "127.0.0.1:7860"} | headers).items()]
    scope = {"type": "http", "path": path, "method": method, "headers": lines, "client": (peer, 5000), "scheme": scheme}
    asyncio.run(Gate(inner, studio.door, trust, LOOPBACK)(scope, None, send))
    return {**sent[0], "scope": reached}


def cookie(studio: Studio, name: str = "ada") -> str:
    return f"{COOKIE}={studio.door.enter(Knock(name, password_of(name), '192.0.2.1')).token}"


def test_where_nobody_has_an_account_everyone_at_the_machine_is_the_local_user(alone: Studio) -> None:
    reached = ask(alone, "/")
    assert reached["status"] == 200 and reached["scope"][USER] == LOCAL_USER and not reached["scope"][LOGIN]


def test_nobody_passes_the_gate_without_a_login(studio: Studio) -> None:
    for path in ("/", "/config", "/gradio_api/queue/join", "/media/source/p/video", "/desk/p/rows", "/theme.css", "/static/x", "/loginx", "/anything"):
        assert ask(studio, path)["status"] == 401, path
    sent = ask(studio, "/", accept="text/html")
    assert sent["status"] == 303 and (b"location", b"/login") in sent["headers"]
    assert ask(studio, "/login")["status"] == 200
    reached = ask(studio, "/", cookie=cookie(studio))
    assert reached["status"] == 200 and reached["scope"][USER] == "ada" and reached["scope"][LOGIN]


def test_a_guessed_or_stale_cookie_is_nobody(studio: Studio) -> None:
    for jar in (f"{COOKIE}=guess", f"{COOKIE}=", "=;=;", f'{COOKIE}="\\"', f"{COOKIE}=\u00ff"):
        assert ask(studio, "/", cookie=jar)["status"] == 401
    assert cookies_of({"cookie": "a=1; b=2"}) == {"a": "1", "b": "2"} and cookies_of({}) == {}


def test_a_websocket_is_closed(studio: Studio) -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(Gate(None, studio.door, Trust(), LOOPBACK)({"type": "websocket", "path": "/", "headers": []}, None, send))
    assert [message["type"] for message in sent] == ["websocket.close"]


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("POST", {"origin": "https://evil.example"}, 403),
        ("POST", {"origin": "null"}, 403),
        ("POST", {"origin": "http://127.0.0.1:8000"}, 403),  # another program of this machine
        ("POST", {"origin": "http://127.0.0.1:7860"}, 200),
        ("POST", {"sec_fetch_site": "cross-site"}, 403),
        ("POST", {"sec_fetch_site": "same-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}, 403),
        ("POST", {"sec_fetch_site": "same-origin"}, 200),
        ("GET", {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors", "sec_fetch_dest": "video"}, 403),
        ("GET", {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"}, 403),
        ("GET", {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}, 200),
        ("GET", {"sec_fetch_site": "none"}, 200),
        ("GET", {}, 200),
    ],
)
def test_requests_that_other_pages_make_are_refused_and_links_are_followed(alone: Studio, method: str, headers: dict[str, str], status: int) -> None:
    assert ask(alone, "/desk/p/delete", method=method, **headers)["status"] == status


def test_a_name_pointed_at_this_machine_by_someone_else_is_refused_where_no_login_protects(alone: Studio) -> None:
    assert ask(alone, "/", host="evil.example:7860")["status"] == 403
    assert ask(alone, "/", host="localhost:7860")["status"] == 200
    add_people(alone, ada=Role.ADMIN)
    alone.door._asked_at_s = -1e9  # seconds later
    assert ask(alone, "/", host="studio.example", cookie=cookie(alone))["status"] == 200


def test_every_answer_forbids_the_browser_to_call_out(alone: Studio) -> None:
    headers = dict(ask(alone, "/")["headers"])
    assert b"default-src 'self'" in headers[b"content-security-policy"]
    assert b"http:" not in headers[b"content-security-policy"] and b"https:" not in headers[b"content-security-policy"]


def test_a_name_in_the_header_counts_from_the_proxy_only(studio: Studio, caplog: pytest.LogCaptureFixture) -> None:
    reached = ask(studio, "/", trust=SIGN_ON, peer=PROXY, x_remote_user="eve")["scope"]
    assert reached[USER] == "eve" and not reached[LOGIN]
    assert b"x-remote-user" not in dict(reached["headers"])
    assert ask(studio, "/", trust=SIGN_ON, peer=PROXY, x_remote_user="zoë")["scope"][USER] == "zoë"
    assert {account.name: account.role for account in studio.accounts()}["eve"] is Role.REVIEWER
    with caplog.at_level("WARNING", logger="studio.ui.trust"):
        for _ in range(3):
            assert ask(studio, "/", trust=SIGN_ON, peer=STRANGER, x_remote_user="ada")["status"] == 401
    assert sum(STRANGER in record.getMessage() for record in caplog.records) == 1
    assert ask(studio, "/", peer=PROXY, x_remote_user="ada")["status"] == 401, "off by default"


def test_with_single_sign_on_nobody_is_local_and_a_switched_off_account_is_told_so(alone: Studio) -> None:
    assert ask(alone, "/", trust=SIGN_ON)["status"] == 401
    assert ask(alone, "/", trust=SIGN_ON, peer=PROXY, x_remote_user="<b>")["status"] == 403
    assert ask(alone, "/", trust=SIGN_ON, peer=PROXY, x_remote_user="local")["status"] == 403


def test_a_stream_of_somebody_a_proxy_named_ends_with_their_account(studio: Studio) -> None:
    sent: list[dict[str, Any]] = []

    async def inner(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        studio.as_user("ada").disable_account("eve")
        studio.door._believed.clear()  # as after the few seconds
        await send({"type": "http.response.body", "body": b"two", "more_body": True})

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/", "method": "GET", "headers": [(b"x-remote-user", b"eve")], "client": (PROXY, 5000), "scheme": "http"}
    asyncio.run(Gate(inner, studio.door, SIGN_ON, LOOPBACK)(scope, None, send))
    assert [message.get("body") for message in sent[1:]] == [b"one", b""] and not sent[-1]["more_body"]


def test_where_a_request_comes_from_is_believed_of_the_proxy_only(studio: Studio) -> None:
    told = {"x_forwarded_for": f"203.0.113.9, {STRANGER}, {PROXY}", "x_forwarded_proto": "https", "x_forwarded_host": "studio.example"}
    behind = ask(studio, "/login", trust=SIGN_ON, peer=PROXY, **told)["scope"]
    assert (behind["client"][0], behind["scheme"]) == (STRANGER, "https")
    claimed = ask(studio, "/login", trust=SIGN_ON, peer=STRANGER, **told)["scope"]
    assert (claimed["client"][0], claimed["scheme"]) == (STRANGER, "http")
    assert not any(key.startswith(b"x-forwarded") for key, _ in claimed["headers"])
    assert ask(studio, "/login", method="POST", trust=SIGN_ON, peer=PROXY, origin="https://studio.example", **told)["status"] == 200

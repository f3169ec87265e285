"""Logins and the gate: who gets in, and which requests never reach a route."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from studio.ui.session import COOKIE, LOCAL_USER, LOOPBACK, Gate, Sessions, cookies_of


def knows_ada(name: str, password: str) -> bool:
    return (name, password) == ("ada", "secret")


async def inner(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"inside"})


def ask(sessions: Sessions, path: str, *, hosts: frozenset[str] | None = LOOPBACK, method: str = "GET", **headers: str) -> dict[str, Any]:
    """The start message of the gate's answer."""
    sent: list[dict[str, Any]] = []
    lines = [(key.replace("_", "-").encode(), value.encode()) for key, value in ({"host": "127.0.0.1:7860"} | headers).items()]

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(Gate(inner, sessions, hosts)({"type": "http", "path": path, "method": method, "headers": lines}, None, send))
    return sent[0]


def test_without_a_users_file_everyone_is_the_local_user() -> None:
    sessions = Sessions()
    assert not sessions.asks_for_login and sessions.user({}) == LOCAL_USER
    assert ask(sessions, "/")["status"] == 200


def test_a_login_opens_a_session_and_leaving_closes_it() -> None:
    sessions = Sessions(knows_ada)
    assert sessions.enter("ada", "wrong") is None
    token = sessions.enter("ada", "secret")
    assert token is not None and sessions.user({COOKIE: token}) == "ada"
    sessions.leave(token)
    assert sessions.user({COOKIE: token}) is None


def test_two_logins_get_two_tokens() -> None:
    sessions = Sessions(knows_ada)
    assert sessions.enter("ada", "secret") != sessions.enter("ada", "secret")


def test_nobody_passes_the_gate_without_a_session() -> None:
    sessions = Sessions(knows_ada)
    for path in ("/", "/config", "/gradio_api/queue/join", "/media/source/p/video", "/desk/p/rows", "/theme.css", "/static/x"):
        assert ask(sessions, path)["status"] == 401, path
    assert ask(sessions, "/", accept="text/html")["status"] == 303
    assert ask(sessions, "/login")["status"] == 200
    token = sessions.enter("ada", "secret")
    assert ask(sessions, "/", cookie=f"{COOKIE}={token}")["status"] == 200


def test_a_guessed_or_stale_cookie_is_nobody() -> None:
    assert ask(Sessions(knows_ada), "/", cookie=f"{COOKIE}=guess")["status"] == 401


@pytest.mark.parametrize(
    "path",
    ["/gradio_api/file=/etc/passwd", "/gradio_api/file/x", "/gradio_api/proxy=http://a.example/", "/monitoring", "/gradio_api/vibe-edit"],
)
def test_the_frameworks_file_and_proxy_routes_are_closed_to_everyone(path: str) -> None:
    assert ask(Sessions(), path)["status"] == 404


def test_requests_from_other_pages_are_refused() -> None:
    assert ask(Sessions(), "/desk/p/delete", method="POST", origin="https://evil.example")["status"] == 403
    assert ask(Sessions(), "/desk/p/delete", method="POST", origin="http://127.0.0.1:7860")["status"] == 200


def test_a_name_pointed_at_this_machine_by_someone_else_is_refused() -> None:
    assert ask(Sessions(), "/", host="evil.example:7860")["status"] == 403
    assert ask(Sessions(), "/", host="localhost:7860")["status"] == 200
    assert ask(Sessions(), "/", hosts=None, host="studio.example")["status"] == 200


def test_every_answer_forbids_the_browser_to_call_out() -> None:
    headers = dict(ask(Sessions(), "/")["headers"])
    assert b"default-src 'self'" in headers[b"content-security-policy"]
    assert b"http:" not in headers[b"content-security-policy"] and b"https:" not in headers[b"content-security-policy"]


def test_a_cookie_header_is_read_whole() -> None:
    assert cookies_of({"cookie": "a=1; b=2"}) == {"a": "1", "b": "2"}
    assert cookies_of({}) == {}

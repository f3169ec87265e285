"""What of the page framework's own routes is reachable, and as whom. Only what the page needs passes; all else is as if it were not there.

The framework keeps state, queues and streams of events under a name that the browser makes up (its session hash) and asks for nothing more;
here that name is joined to the person who sent it, so that the same name sent by somebody else is another one. No event names a file: those
come by the page's own routes (`upload_routes.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson

from studio.ui.session import USER

GRADIO_API = "/gradio_api"
JOIN, HEARTBEAT = f"{GRADIO_API}/queue/join", f"{GRADIO_API}/heartbeat/"
# method and path, or the beginning of a path where it ends in "/"
PASSES = frozenset(
    {
        ("GET", ""),
        ("GET", "/config"),
        ("GET", "/theme.css"),
        ("GET", f"{GRADIO_API}/theme.css"),
        ("GET", "/favicon.ico"),
        ("GET", "/assets/"),
        ("GET", "/static/"),
        ("GET", "/svelte/"),
        ("GET", f"{GRADIO_API}/info"),
        ("GET", f"{GRADIO_API}/startup-events"),
        ("GET", HEARTBEAT),
        ("GET", f"{GRADIO_API}/queue/data"),
        ("POST", JOIN),
        ("POST", f"{GRADIO_API}/reset"),
    }
)
NAMED_IN_QUERY = ("session_hash",)  # what the browser made up and then goes by
DROPPED_FROM_QUERY = ("deep_link",)  # state of a page kept on disk for whoever knows its name
MAX_EVENT_BYTES = 1 << 20


def passes(method: str, path: str) -> bool:
    """Whether a request reaches the framework at all."""
    asked = "GET" if method == "HEAD" else method
    plain = path.rstrip("/")
    return any(asked == allowed and (path.startswith(place) if place.endswith("/") else plain == place) for allowed, place in PASSES)


def own_name(user: str, made_up: str) -> str:
    """A browser's name for something, as the one person's who sent it."""
    return hashlib.sha256(f"{user}\n{made_up}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


class GradioGuard:
    """ASGI middleware in front of the framework, behind the gate."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        user, path = scope.get(USER), scope["path"].removeprefix(scope.get("root_path", ""))
        if user is None or not passes(scope["method"], path):
            await _refuse(send, 404, b"Not here.")
            return
        scope = _as_own(scope, user, path)
        if path.rstrip("/") == JOIN:
            await self._join(scope, receive, send, user)
        else:
            await self._app(scope, receive, send)

    async def _join(self, scope: dict[str, Any], receive: Any, send: Any, user: str) -> None:
        """An event on its way in: for the person's own session, and about no file."""
        body = await _whole(receive)
        try:
            event = None if body is None else orjson.loads(body)
        except orjson.JSONDecodeError:
            event = None
        if not isinstance(event, dict) or not isinstance(event.get("session_hash"), str):
            await _refuse(send, 400, b"This is no event of the page.")
            return
        if next(_files_in(event.get("data")), None) is not None:
            await _refuse(send, 403, b"No event of this page names a file; files are sent to /uploads.")
            return
        known = {**event, "session_hash": own_name(user, event["session_hash"]), "event_id": None}
        again = orjson.dumps(known)
        headers = [(key, value) for key, value in scope["headers"] if key.lower() != b"content-length"]
        headers.append((b"content-length", str(len(again)).encode()))
        await self._app({**scope, "headers": headers}, _once(again, receive), send)


def _as_own(scope: dict[str, Any], user: str, path: str) -> dict[str, Any]:
    """The request with every made-up name in its address replaced, and without compression of what is recognised here."""
    pairs = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    renamed = [(key, own_name(user, value) if key in NAMED_IN_QUERY else value) for key, value in pairs if key not in DROPPED_FROM_QUERY]
    scope = {**scope, "query_string": urlencode(renamed).encode("latin-1")}
    if path.startswith(HEARTBEAT):
        place = scope.get("root_path", "") + HEARTBEAT + own_name(user, path[len(HEARTBEAT) :])
        scope |= {"path": place, "raw_path": place.encode("latin-1")}
    return scope


def _files_in(value: Any) -> Iterator[str]:
    """Every path of a file that the values of an event name."""
    left = [value]  # a list of its own, as values may be nested deeper than calls can be
    while left:
        one = left.pop()
        if isinstance(one, dict):
            if isinstance(one.get("path"), str):
                yield one["path"]
            left += one.values()
        elif isinstance(one, list):
            left += one


async def _whole(receive: Any) -> bytes | None:
    """The body, None where it is longer than an event can be or the browser is gone."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > MAX_EVENT_BYTES:
            return None
        if not message.get("more_body", False):
            return body


def _once(body: bytes, receive: Any) -> Any:
    """A receive that gives the body, then what comes after it."""
    left = [{"type": "http.request", "body": body, "more_body": False}]

    async def given() -> dict[str, Any]:
        return left.pop() if left else await receive()

    return given


async def _refuse(send: Any, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

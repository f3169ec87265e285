"""Who is asking: login sessions, and the gate every request passes before it reaches any route of the page.

Enter: a way to check a name and a password (None: one local user, no login). Leave: a user name per request, or a refusal.
The gate stands in front of everything, so that nothing the page framework serves can be read without a session.
"""

from __future__ import annotations

import secrets
import time
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from studio.domain.rights import LOCAL_USER

COOKIE = "lipline_session"
LIFETIME_S = 7 * 24 * 3600
LOGIN_PATH, LOOK_PATHS = "/login", "/look/"
REVIEW_PATH = "/review/"  # guests with a link; `review_routes.py` answers everything below it, and lets nobody further
CLOSED_PATHS = (
    "/gradio_api/file",
    "/gradio_api/proxy",
    "/gradio_api/vibe",
    "/gradio_api/dev",
    "/gradio_api/run-history",
    "/gradio_api/mcp",
    "/monitoring",
)
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# Only this page's own files, ever: the browser itself refuses any call that would leave the machine.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:; connect-src 'self' blob: data:; frame-ancestors 'self'"
)
_HEADERS = {b"content-security-policy": POLICY.encode(), b"x-content-type-options": b"nosniff", b"referrer-policy": b"same-origin"}


@dataclass(frozen=True, slots=True)
class _Session:
    user: str
    until_s: float


class Sessions:
    """Open logins, in memory: a restart asks for the password again."""

    def __init__(self, verify: Callable[[str, str], bool] | None = None) -> None:
        self._verify = verify
        self._open: dict[str, _Session] = {}

    @property
    def asks_for_login(self) -> bool:
        return self._verify is not None

    def enter(self, name: str, password: str) -> str | None:
        """A new session's token, or None when name and password do not belong together."""
        if self._verify is None or not self._verify(name, password):
            return None
        now = time.monotonic()
        self._open = {token: one for token, one in self._open.items() if one.until_s > now}
        token = secrets.token_urlsafe(32)
        self._open[token] = _Session(unicodedata.normalize("NFC", name), now + LIFETIME_S)
        return token

    def leave(self, token: str) -> None:
        self._open.pop(token, None)

    def user(self, cookies: Mapping[str, str]) -> str | None:
        """The user of a request, or None when nobody is logged in."""
        if self._verify is None:
            return LOCAL_USER
        session = self._open.get(cookies.get(COOKIE, ""))
        return session.user if session is not None and session.until_s > time.monotonic() else None


class Gate:
    """ASGI middleware: refuses other origins, file routes we do not use, and anyone without a session.

    `hosts`: names this server answers to, or None for any (a page elsewhere may otherwise point a name of its own at us).
    """

    def __init__(self, app: Any, sessions: Sessions, hosts: frozenset[str] | None) -> None:
        self._app, self._sessions, self._hosts = app, sessions, hosts

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
        refusal = self._refusal(scope["path"], scope["method"], headers)
        if refusal is None:
            await self._app(scope, receive, _with_headers(send))
        else:
            await _answer(send, *refusal)

    def _refusal(self, path: str, method: str, headers: Mapping[str, str]) -> tuple[int, bytes, bytes] | None:
        host, origin = headers.get("host", ""), headers.get("origin")
        if self._hosts is not None and _host_name(host) not in self._hosts:
            return 403, b"", b"This address is not served here."
        if origin is not None and urlsplit(origin).netloc != host:
            return 403, b"", b"Requests from other pages are not taken."
        if path.startswith(CLOSED_PATHS):
            return 404, b"", b"Not here."
        if path == LOGIN_PATH or path.startswith((LOOK_PATHS, REVIEW_PATH)) or self._sessions.user(cookies_of(headers)) is not None:
            return None
        if method == "GET" and "text/html" in headers.get("accept", ""):
            return 303, b"login", b""
        return 401, b"", b"Log in first."


def cookies_of(headers: Mapping[str, str]) -> dict[str, str]:
    jar: SimpleCookie = SimpleCookie()
    jar.load(headers.get("cookie", ""))
    return {name: morsel.value for name, morsel in jar.items()}


def _host_name(host: str) -> str:
    return urlsplit(f"//{host}").hostname or ""


def _with_headers(send: Any) -> Any:
    async def send_with_headers(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            present = {key.lower() for key, _ in message["headers"]}
            added = [(key, value) for key, value in _HEADERS.items() if key not in present]
            message = {**message, "headers": [*message["headers"], *added]}
        await send(message)

    return send_with_headers


async def _answer(send: Any, status: int, location: bytes, body: bytes) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    if location:
        headers.append((b"location", b"/" + location))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

"""Who is asking: the gate every request passes before it reaches any route, the page framework's included.

Enter: a front door (accounts and logins), the proxies that are believed, the names this server answers to. Leaves: a request with the name it
speaks for in its scope (`user_of`), or a refusal. What the gate does not know by name it asks a login for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import SplitResult, urlsplit

from starlette.concurrency import run_in_threadpool

from studio.domain.errors import NotFound
from studio.domain.rights import LOCAL_USER
from studio.service import FrontDoor, Studio
from studio.ui.headers import dressed
from studio.ui.trust import Caller, Trust, header_values

COOKIE = "lipline_session"
LIFETIME_S = 7 * 24 * 3600  # how long a browser may keep what never changes
LOGIN_PATH, LOOK_PATHS = "/login", "/look/"
HEALTH_PATHS = ("/healthz", "/readyz", "/metrics")  # tell nothing about anybody, or ask for themselves (`health_routes.py`)
REVIEW_PATH = "/review/"  # guests with a link; `review_routes.py` answers everything below it, and lets nobody further
USER = "lipline.user"  # in a request's scope: who it speaks for, None for nobody
LOGIN = "lipline.login"  # whether they logged in here, so that there is a way out


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    text: str = ""
    location: str = ""


def user_of(request: Any) -> str | None:
    """Who a request speaks for, as the gate found out; None for nobody. `request`: of Starlette, or any that has its `scope`."""
    return request.scope.get(USER)


def has_login(request: Any) -> bool:
    """Whether the request's person logged in by password, rather than being named by a proxy or by sitting at the machine."""
    return bool(request.scope.get(LOGIN))


def bound(studio: Studio, request: Any) -> Studio:
    """The studio speaking for the request's user. Raises NotFound for nobody."""
    user = user_of(request)
    if user is None:
        raise NotFound("session", "")
    return studio.as_user(user)


class Gate:
    """ASGI middleware: refuses other origins and anyone without a login, and says who everybody else is.

    `hosts`: names a studio without logins answers to, or None for any (a page elsewhere may otherwise point a name of its own at us; where
    people log in, their cookie belongs to one name).
    """

    def __init__(self, app: Any, door: FrontDoor, trust: Trust, hosts: frozenset[str] | None) -> None:
        self._app, self._door, self._trust, self._hosts = app, door, trust, hosts

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":  # nothing here speaks it
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
        peer = scope["client"][0] if scope.get("client") else ""
        caller = self._trust.caller(peer, scope.get("scheme", "http"), headers)
        token = cookies_of(headers).get(COOKIE, "")
        user = await self._who(caller, token)
        refusal = self._refusal(scope, headers, caller, user)
        if refusal is None:
            is_named = user not in (None, LOCAL_USER)
            is_login = is_named and not caller.name
            watched = _ending_with_login(send, lambda: self._named(caller, token) == user) if is_named else send
            known = {**self._known(scope, caller), USER: user, LOGIN: is_login}
            await self._app(known, receive, _with_headers(watched, scope["path"]))
        else:
            await _answer(_with_headers(send, scope["path"]), refusal)

    async def _who(self, caller: Caller, token: str) -> str | None:
        if caller.name is None and self._door.is_fresh(token):
            return self._named(caller, token)
        return await run_in_threadpool(self._named, caller, token)

    def _named(self, caller: Caller, token: str) -> str | None:
        if caller.name:
            return self._door.welcome(caller.name, self._trust.role)
        if not self._trust.header and not self._door.asks_for_login():
            return LOCAL_USER
        return self._door.user(token)

    def _known(self, scope: dict[str, Any], caller: Caller) -> dict[str, Any]:
        """The request as it goes on: from whom it really is, and without what only a proxy may say."""
        hidden = {name.encode() for name in self._trust.hidden(caller.is_by_proxy)}
        headers = [(key, value) for key, value in scope["headers"] if key.lower() not in hidden]
        port = scope["client"][1] if scope.get("client") else 0
        scheme = "https" if caller.is_https else "http"
        return {**scope, "headers": headers, "client": (caller.address, port), "scheme": scheme}

    def _refusal(self, scope: dict[str, Any], headers: Mapping[str, str], caller: Caller, user: str | None) -> Refusal | None:
        path, method = scope["path"], scope["method"]
        if self._hosts is not None and user == LOCAL_USER and _host_name(caller.host) not in self._hosts:
            return Refusal(403, "This address is not served here.")
        if _is_foreign(method, headers, caller.host):
            return Refusal(403, "Requests from other pages are not taken.")
        if self._trust.header and len(header_values(scope["headers"], self._trust.header)) > 1:
            return Refusal(400, "This request says twice who it is from.")
        if path in (LOGIN_PATH, *HEALTH_PATHS) or path.startswith((LOOK_PATHS, REVIEW_PATH)) or user is not None:
            return None
        if caller.name:
            return Refusal(403, "Your account here is switched off, or its name cannot be used; ask an administrator.")
        if method == "GET" and "text/html" in headers.get("accept", ""):
            query = scope.get("query_string", b"").decode("latin-1") if path == "/" else ""
            return Refusal(303, location=f"/login?{query}" if query else "/login")
        return Refusal(401, "Log in first.")


def _is_foreign(method: str, headers: Mapping[str, str], host: str) -> bool:
    """Whether a page elsewhere sent this. Browsers tell by Origin and, the newer ones, by Sec-Fetch-Site; following a link is fine."""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
    if origin is not None and _place(origin).netloc != host:
        return True
    is_followed_link = method in ("GET", "HEAD") and headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return site not in ("same-origin", "none") and not is_followed_link


def cookies_of(headers: Mapping[str, str]) -> dict[str, str]:
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(headers.get("cookie", ""))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}


def _host_name(host: str) -> str:
    return _place(f"//{host}").hostname or ""


def _place(address: str) -> SplitResult:
    """The parts of an address; of what is none, no parts."""
    try:
        return urlsplit(address)
    except ValueError:
        return SplitResult("", "", "", "", "")


def _with_headers(send: Any, path: str) -> Any:
    async def send_with_headers(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": dressed(path, message["headers"])}
        await send(message)

    return send_with_headers


def _ending_with_login(send: Any, is_in: Any) -> Any:
    """Streams of events last for hours; one whose login has ended is closed with its next message. (Files end by themselves.)"""
    state = {"is_stream": False, "is_over": False}

    async def watched(message: dict[str, Any]) -> None:
        if state["is_over"]:
            return
        if message["type"] == "http.response.start":
            state["is_stream"] = any(key.lower() == b"content-type" and value.startswith(b"text/event-stream") for key, value in message["headers"])
        elif state["is_stream"] and not await run_in_threadpool(is_in):
            state["is_over"] = True
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await send(message)

    return watched


async def _answer(send: Any, refusal: Refusal) -> None:
    body = refusal.text.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode()), (b"cache-control", b"no-store")]
    if refusal.location:
        headers.append((b"location", refusal.location.encode()))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

"""The login page: a name and a password in, a cookie out; and the way out again.

The cookie is a random token that scripts cannot read and other pages cannot send. A second one, kept longer, only says which name has logged
in with this browser before, so that strangers who guess at the name do not keep its owner waiting; it opens nothing.
"""

from __future__ import annotations

import html
from pathlib import Path
from urllib.parse import parse_qs

import anyio
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from studio.domain.errors import BadSetting, StudioError
from studio.service import Entered, FrontDoor, Knock, TooManyTries, WrongPassword
from studio.ui.session import COOKIE
from studio.ui.trouble import http_status, sentence

BROWSER_COOKIE = "lipline_browser"
BROWSER_LASTS_S = 180 * 24 * 3600
MAX_LOGIN_BYTES = 8192
CHECKS_AT_ONCE = 2  # each check of a password takes 32 MiB and a core
NO_STORE = {"cache-control": "no-store"}


def add_login(router: APIRouter, door: FrontDoor, assets: Path) -> None:
    page = (assets / "login.html").read_text(encoding="utf-8")
    turns = anyio.CapacityLimiter(CHECKS_AT_ONCE)

    @router.get("/login")
    def ask() -> HTMLResponse:
        return _page(page, "")

    @router.post("/login")
    async def enter(request: Request) -> Response:
        try:
            knock = await _knock(request)
            entered = await anyio.to_thread.run_sync(door.enter, knock, limiter=turns)
        except StudioError as error:
            return _refused(page, error)
        return _let_in(request, entered, door.login_lasts_s)

    @router.post("/leave")
    def leave(request: Request) -> RedirectResponse:
        door.leave(request.cookies.get(COOKIE, ""))
        answer = RedirectResponse("login", 303, headers=NO_STORE)
        answer.delete_cookie(COOKIE)
        return answer


def _let_in(request: Request, entered: Entered, lasts_s: int) -> Response:
    answer = RedirectResponse("./", 303, headers=NO_STORE)
    is_https = request.url.scheme == "https"
    answer.set_cookie(COOKIE, entered.token, max_age=lasts_s, httponly=True, samesite="lax", secure=is_https)
    answer.set_cookie(BROWSER_COOKIE, entered.browser, max_age=BROWSER_LASTS_S, path="/login", httponly=True, samesite="strict", secure=is_https)
    return answer


def _refused(page: str, error: StudioError) -> HTMLResponse:
    if isinstance(error, TooManyTries):
        return _page(page, str(error), 429, {"retry-after": str(error.wait_s)})
    return _page(page, sentence(error), 401 if isinstance(error, WrongPassword) else http_status(error))


def _page(page: str, notice: str, status: int = 200, headers: dict[str, str] | None = None) -> HTMLResponse:
    return HTMLResponse(page.replace("{{notice}}", html.escape(notice)), status, headers={**NO_STORE, **(headers or {})})


async def _knock(request: Request) -> Knock:
    """The form of the login page, and no more than it can hold."""
    if request.headers.get("content-type", "").split(";")[0] != "application/x-www-form-urlencoded":
        raise BadSetting("Log in by the form on this page.")
    body = b""
    async for block in request.stream():
        body += block
        if len(body) > MAX_LOGIN_BYTES:
            raise BadSetting("This is longer than a name and a password can be.")
    values = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=8)
    address = request.client.host if request.client is not None else ""
    name, password = (values.get(field, [""])[0] for field in ("name", "password"))
    return Knock(name, password, address, request.cookies.get(BROWSER_COOKIE, ""))

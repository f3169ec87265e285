"""The login page: a name and a password in, a cookie out; and the way out again.

The cookie is a random token that scripts cannot read and other pages cannot send. A second one, kept longer, only says which name has logged
in with this browser before, so that strangers who guess at the name do not keep its owner waiting; it opens nothing.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import anyio
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from studio.domain.account import MAX_NAME_CHARS
from studio.domain.errors import BadSetting, StudioError
from studio.service import Entered, Knock, Studio, TooManyTries, WrongPassword
from studio.ui.session import COOKIE
from studio.ui.trouble import http_status, sentence

BROWSER_COOKIE = "lipline_browser"
BROWSER_LASTS_S = 180 * 24 * 3600
MAX_LOGIN_BYTES = 8192
CHECKS_AT_ONCE = 2  # each check of a password takes 32 MiB and a core
PLACE = re.compile(r"[\w=&%.,-]{1,512}", re.ASCII)
NO_STORE = {"cache-control": "no-store"}


@dataclass(frozen=True, slots=True)
class Wish:
    """Where on the page somebody wanted to go, and the name they gave; the page keeps both over a wrong password."""

    place: str = ""
    name: str = ""


def add_login(router: APIRouter, studio: Studio, assets: Path) -> None:
    door = studio.door
    page = (assets / "login.html").read_text(encoding="utf-8")
    turns = anyio.CapacityLimiter(CHECKS_AT_ONCE)

    @router.get("/login")
    def ask(request: Request) -> HTMLResponse:
        return _page(page, Wish(_place(request.url.query)), "")

    @router.post("/login")
    async def enter(request: Request) -> Response:
        wish = Wish()
        try:
            values = await _form(request)
            wish = Wish(_place(values.get("place", "")), values.get("name", ""))
            entered = await anyio.to_thread.run_sync(door.enter, _knock(request, values), limiter=turns)
        except StudioError as error:
            studio.metrics.login("blocked" if isinstance(error, TooManyTries) else "refused")
            return _refused(page, wish, error)
        studio.metrics.login("ok")
        return _let_in(request, entered, f"./?{wish.place}" if wish.place else "./", door.login_lasts_s)

    @router.post("/leave")
    def leave(request: Request) -> RedirectResponse:
        door.leave(request.cookies.get(COOKIE, ""))
        answer = RedirectResponse("login", 303, headers=NO_STORE)
        answer.delete_cookie(COOKIE)
        return answer


def change_password(request: Request, studio: Studio, values: dict[str, Any]) -> dict[str, str]:
    """One's own password, for who knows the present one (`now`, `new`); all other logins end. Raises as the verb does."""
    now, new = values.get("now"), values.get("new")
    if not isinstance(now, str) or not isinstance(new, str):
        raise BadSetting("Say the present password and the new one.")
    address = request.client.host if request.client is not None else ""
    studio.change_password(now, new, token=request.cookies.get(COOKIE, ""), address=address)
    return {}


def _let_in(request: Request, entered: Entered, to: str, lasts_s: int) -> Response:
    answer = RedirectResponse(to, 303, headers=NO_STORE)
    is_https = request.url.scheme == "https"
    answer.set_cookie(COOKIE, entered.token, max_age=lasts_s, httponly=True, samesite="lax", secure=is_https)
    answer.set_cookie(BROWSER_COOKIE, entered.browser, max_age=BROWSER_LASTS_S, path="/login", httponly=True, samesite="strict", secure=is_https)
    return answer


def _refused(page: str, wish: Wish, error: StudioError) -> HTMLResponse:
    if isinstance(error, TooManyTries):
        return _page(page, wish, str(error), 429, {"retry-after": str(error.wait_s)})
    return _page(page, wish, sentence(error), 401 if isinstance(error, WrongPassword) else http_status(error))


def _page(page: str, wish: Wish, notice: str, status: int = 200, headers: dict[str, str] | None = None) -> HTMLResponse:
    texts = {"notice": notice, "place": wish.place, "name": wish.name[:MAX_NAME_CHARS]}
    filled = re.sub(r"{{(\w+)}}", lambda found: html.escape(texts[found[1]]), page)  # in one go: no text fills another's place
    return HTMLResponse(filled, status, headers={**NO_STORE, **(headers or {})})


def _place(query: str) -> str:
    """Where on the page somebody wanted to go; "" for what is no place of ours. It never leads off the page: only a query is kept."""
    return query if PLACE.fullmatch(query) else ""


def _knock(request: Request, values: dict[str, str]) -> Knock:
    address = request.client.host if request.client is not None else ""
    return Knock(values.get("name", ""), values.get("password", ""), address, request.cookies.get(BROWSER_COOKIE, ""))


async def _form(request: Request) -> dict[str, str]:
    """The fields of the login page, and no more than they can hold."""
    if request.headers.get("content-type", "").split(";")[0] != "application/x-www-form-urlencoded":
        raise BadSetting("Log in by the form on this page.")
    body = b""
    async for block in request.stream():
        body += block
        if len(body) > MAX_LOGIN_BYTES:
            raise BadSetting("This is longer than a name and a password can be.")
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=8))
    except ValueError as error:
        raise BadSetting("Log in by the form on this page.") from error

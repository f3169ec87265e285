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
from urllib.parse import parse_qsl, urlencode

import anyio
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from studio.domain.account import MAX_NAME_CHARS
from studio.domain.errors import BadSetting, StudioError
from studio.domain.person import PAGE_LANGUAGES
from studio.service import Entered, Knock, Studio, TooManyTries, WrongPassword
from studio.ui.page_language import LANGUAGE_COOKIE, Tongue, page_language, tongues
from studio.ui.session import COOKIE
from studio.ui.trouble import http_status, sentence

BROWSER_COOKIE = "lipline_browser"
BROWSER_LASTS_S = 180 * 24 * 3600
LANGUAGE_LASTS_S = 365 * 24 * 3600
LANGUAGE = "language"  # in the address: the one chosen on this page
MAX_LOGIN_BYTES = 8192
CHECKS_AT_ONCE = 2  # each check of a password takes 32 MiB and a core
PLACE = re.compile(r"[\w=&%.,-]{1,512}", re.ASCII)
NO_STORE = {"cache-control": "no-store"}


@dataclass(frozen=True, slots=True)
class Wish:
    """Where on the page somebody wanted to go, and the name they gave; the page keeps both over a wrong password."""

    place: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """The page with [[words]] to be said in its language and {{holes}} to be filled."""

    text: str
    spoken: dict[str, Tongue]

    def answer(self, request: Request, wish: Wish, notice: str = "", status: int = 200) -> HTMLResponse:
        """The page in the reader's language; one chosen in the address is kept for the next time."""
        asked = request.query_params.get(LANGUAGE, "")
        chosen = asked if asked in self.spoken else request.cookies.get(LANGUAGE_COOKIE, "")
        tongue = self.spoken[page_language(chosen, request.headers.get("accept-language", ""))]
        texts = {"notice": tongue.said(notice), "place": wish.place, "name": wish.name[:MAX_NAME_CHARS], "tag": tongue.tag}
        first = {"name_first": "", "password_first": "autofocus"} if wish.name else {"name_first": "autofocus", "password_first": ""}  # who mistyped the password types that again
        whole = re.sub(r"\[\[(.+?)\]\]", lambda found: html.escape(tongue.said(found[1])), self.text)
        made = {name: html.escape(text) for name, text in (texts | first).items()} | {"languages": _languages(tongue.code, wish.place)}
        filled = re.sub(r"{{(\w+)}}", lambda found: made[found[1]], whole)  # in one go: no text fills another's place
        answer = HTMLResponse(filled, status, headers=NO_STORE)
        if asked in self.spoken:
            answer.set_cookie(LANGUAGE_COOKIE, asked, max_age=LANGUAGE_LASTS_S, samesite="lax", secure=request.url.scheme == "https")
        return answer


def add_login(router: APIRouter, studio: Studio, assets: Path) -> None:
    door = studio.door
    page = Template((assets / "login.html").read_text(encoding="utf-8"), tongues(assets / "lang"))
    turns = anyio.CapacityLimiter(CHECKS_AT_ONCE)

    @router.get("/login")
    def ask(request: Request) -> HTMLResponse:
        return page.answer(request, Wish(_place(request.url.query)))

    @router.post("/login")
    async def enter(request: Request) -> Response:
        wish = Wish()
        try:
            values = await _form(request)
            wish = Wish(_place(values.get("place", "")), values.get("name", ""))
            entered = await anyio.to_thread.run_sync(door.enter, _knock(request, values), limiter=turns)
        except StudioError as error:
            studio.metrics.login("blocked" if isinstance(error, TooManyTries) else "refused")
            return _refused(request, page, wish, error)
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


def _refused(request: Request, page: Template, wish: Wish, error: StudioError) -> HTMLResponse:
    if isinstance(error, TooManyTries):
        answer = page.answer(request, wish, str(error), 429)
        answer.headers["retry-after"] = str(error.wait_s)
        return answer
    return page.answer(request, wish, sentence(error), 401 if isinstance(error, WrongPassword) else http_status(error))


def _languages(code: str, place: str) -> str:
    """Links to the page in the others, each by its own name; they keep where somebody wanted to go."""
    there = [(name, value) for name, value in parse_qsl(place, keep_blank_values=True)]
    others = ((one, name) for one, name in PAGE_LANGUAGES.items() if one != code)
    return "".join(f'<a href="login?{html.escape(urlencode([*there, (LANGUAGE, one)]))}" lang="{one}">{name}</a>' for one, name in others)


def _place(query: str) -> str:
    """Where on the page somebody wanted to go; "" for what is no place of ours. It never leads off the page: only a query is kept."""
    if not PLACE.fullmatch(query):
        return ""
    return "&".join(part for part in query.split("&") if part.split("=")[0] != LANGUAGE)


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

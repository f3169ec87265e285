"""Routes of the review page, the only ones a guest without an account reaches: /review/{token} and the fixed list of calls below it.

Enter: a token in the address. Leave: the page, its film by byte ranges, lines, notes, one more note; for a token that opens nothing, or
any other address below /review/, one and the same calm answer. Tokens are written into no log and no header.
"""

from __future__ import annotations

import html
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from studio.domain.errors import BadSetting, StudioError
from studio.domain.plain import to_plain
from studio.domain.review_link import TOKEN_CHARS, token_hash
from studio.service import NoReview, ReviewRoom, Studio
from studio.ui.long_work import LongWork
from studio.ui.notes_desk import notes_view
from studio.ui.session import REVIEW_PATH
from studio.ui.trouble import http_status, sentence

MAX_NOTE_BYTES = 16_384
FILMS_AT_ONCE, FILMS_A_LINK = 6, 3  # being made ready; a link keeps nobody from their work
# Tighter than the studio's own page needs: no inline script, no form, no frame, nothing from elsewhere.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; media-src 'self'; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PRIVATE = {
    "referrer-policy": "no-referrer",
    "cache-control": "private, no-store",
    "x-robots-tag": "noindex, nofollow",
    "content-security-policy": POLICY,
}
FILM_HEADERS = {**PRIVATE, "cache-control": "private, no-cache"}
TOO_MANY = "Too many links that open nothing were tried from your address. Wait a minute, then open yours again."
TOO_FAST = "That is a lot of notes in one minute; wait a moment, then save this one again."
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class Pace:
    """At most `limit` happenings per key in `window_s`. Knows the last `keys` keys only, so it never grows."""

    def __init__(self, limit: int, window_s: float, keys: int = 4096) -> None:
        self._limit, self._window_s, self._keys = limit, window_s, keys
        self._seen: OrderedDict[str, list[float]] = OrderedDict()
        self._lock = Lock()

    def is_spent(self, key: str) -> bool:
        with self._lock:
            return len(self._recent(key)) >= self._limit

    def count(self, key: str) -> None:
        with self._lock:
            self._seen[key] = [*self._recent(key), time.monotonic()]
            self._seen.move_to_end(key)
            while len(self._seen) > self._keys:
                self._seen.popitem(last=False)

    def _recent(self, key: str) -> list[float]:
        since = time.monotonic() - self._window_s
        return [at for at in self._seen.get(key, ()) if at > since]


@dataclass(frozen=True, slots=True)
class GuestNote:
    """A note as the review page sends it; anything else in the body is refused."""

    name: str
    text: str
    line_id: str | None = None
    at_ms: int | None = None
    reply_to: str | None = None

    @classmethod
    def read(cls, body: object) -> GuestNote:
        shapes = {"name": str, "text": str, "line_id": str | None, "at_ms": int | None, "reply_to": str | None}
        if not isinstance(body, dict) or not body.keys() <= shapes.keys() or not {"name", "text"} <= body.keys():
            raise BadSetting("A note holds a name and words, and may be pinned to a line or a moment.")
        if not all(isinstance(value, shapes[key]) and not isinstance(value, bool) for key, value in body.items()):
            raise BadSetting("A note holds a name and words, and may be pinned to a line or a moment.")
        return cls(**body)


class Doorkeeper:
    """Lets tokens in. Who tries many that open nothing has to wait; links that opened once in this process are not made to."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._misses = Pace(limit=20, window_s=60)
        self._known: OrderedDict[str, None] = OrderedDict()

    def room(self, request: Request, token: str) -> ReviewRoom:
        """Raises NoReview, or TooMany."""
        caller, mark = request.client.host if request.client is not None else "", token_hash(token)
        if mark not in self._known and self._misses.is_spent(caller):
            raise TooMany(TOO_MANY)
        if len(token) != TOKEN_CHARS:
            self._misses.count(caller)
            raise NoReview
        try:
            room = self._studio.review_room(token)
        except NoReview:
            self._known.pop(mark, None)
            self._misses.count(caller)
            raise
        self._known[mark] = None
        while len(self._known) > 1024:
            self._known.popitem(last=False)
        return room


class TooMany(StudioError):
    """Asked too often; later is fine."""


def add_review(router: APIRouter, studio: Studio, assets: Path) -> None:
    """The routes below /review/. The last of them answers whatever else lies there, so that no other route ever does."""
    door, pace, turns = Doorkeeper(studio), Pace(limit=20, window_s=60), LongWork(FILMS_AT_ONCE, FILMS_A_LINK)
    page = (assets / "review.html").read_text(encoding="utf-8")

    @router.get(REVIEW_PATH + "{token}")
    def show(request: Request, token: str) -> Response:
        return _guarded(lambda: (door.room(request, token), HTMLResponse(page, headers=PRIVATE))[1], is_page=True)

    @router.get(REVIEW_PATH + "{token}/film")
    def film(request: Request, token: str) -> Response:
        return _guarded(lambda: _json(door.room(request, token).film()))

    @router.get(REVIEW_PATH + "{token}/notes")
    def notes(request: Request, token: str, since: str = "") -> Response:
        return _guarded(lambda: _json(_notes(door.room(request, token), since)))

    @router.get(REVIEW_PATH + "{token}/media/{kind}")
    async def media(request: Request, token: str, kind: str) -> Response:
        return await turns.run(token_hash(token), _guarded, lambda: FileResponse(door.room(request, token).path(kind), headers=FILM_HEADERS))

    @router.post(REVIEW_PATH + "{token}/notes")
    async def add(request: Request, token: str) -> Response:
        try:
            given = await _body(request)
        except BadSetting as error:
            return _refused(error)
        return await run_in_threadpool(_guarded, lambda: _json(_added(door.room(request, token), given, pace, token)))

    @router.api_route(REVIEW_PATH + "{rest:path}", methods=METHODS)
    def nothing(rest: str) -> Response:
        return _refused(NoReview())


def _added(room: ReviewRoom, given: object, pace: Pace, token: str) -> Any:
    note, mark = GuestNote.read(given), token_hash(token)
    if pace.is_spent(mark):
        raise TooMany(TOO_FAST)
    added = room.add_note(note.name, note.text, note.line_id, note.at_ms, note.reply_to)
    pace.count(mark)
    return notes_view(room.notes(), reader=None, added=added.id)


def _notes(room: ReviewRoom, since: str) -> Any:
    return notes_view(None if room.notes_mark() == since else room.notes(), reader=None, mark=since)


async def _body(request: Request) -> object:
    """The JSON of a note, never more than a note can need. The content type is required: a form elsewhere cannot send it."""
    if request.headers.get("content-type", "").split(";")[0] != "application/json":
        raise BadSetting("A note is sent as JSON.")
    body = b""
    async for block in request.stream():
        body += block
        if len(body) > MAX_NOTE_BYTES:
            raise BadSetting("This note is longer than a note can be; make two of it.")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:  # no JSON, no text, or nested without an end
        raise BadSetting("A note is sent as JSON.") from error


def _guarded(work: Callable[[], Response], *, is_page: bool = False) -> Response:
    try:
        return work()
    except Exception as error:  # the rim: whatever goes wrong becomes a sentence
        return _refused(error, is_page=is_page)


def _refused(error: Exception, *, is_page: bool = False) -> Response:
    status = 429 if isinstance(error, TooMany) else http_status(error)
    if is_page:
        return HTMLResponse(CLOSED.replace("{{sentence}}", html.escape(sentence(error))), status, headers=PRIVATE)
    return JSONResponse({"error": sentence(error)}, status, headers=PRIVATE)


def _json(value: object) -> JSONResponse:
    return JSONResponse(to_plain(value), headers=PRIVATE)


CLOSED = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer">
<title>Lipline: review</title>
<link rel="stylesheet" href="../look/css/tokens.css">
<link rel="stylesheet" href="../look/css/review.css">
<main class="closed"><h1>Lipline</h1><p>{{sentence}}</p></main>
<script src="../look/js/scheme.js"></script>
<script type="module" src="../look/js/review/closed.js"></script>
</html>
"""

"""The page's own routes beside Gradio: login, look (css, js, icons), media with byte ranges, and the desk's JSON calls.

Media and desk go through the service bound to the session's user, so someone else's project is simply not there (404).
Desk calls live here because an edit must be matched with its own answer; Gradio keeps only the last of two quick updates.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.staticfiles import StaticFiles

from studio.domain.errors import BadSetting, StudioError
from studio.domain.plain import to_plain
from studio.domain.rights import Right
from studio.domain.strict import MAX_INT
from studio.service import Studio
from studio.ui.admin_routes import add_admin
from studio.ui.bin_routes import add_bin
from studio.ui.call_shapes import record
from studio.ui.desk import NOTHING_SEEN, Desk, DeskFeed, Seen
from studio.ui.desk_calls import LONG_CALLS, call_desk, check_rights
from studio.ui.guidance_routes import received_voice
from studio.ui.handover_routes import add_handover
from studio.ui.health_routes import add_health
from studio.ui.login_routes import add_login, change_password
from studio.ui.long_work import LongWork
from studio.ui.media_links import MediaLinks
from studio.ui.media_routes import MediaDoor, add_media
from studio.ui.person import change_person, person_view
from studio.ui.queue_desk import change_queue, queue_page
from studio.ui.review_routes import add_review
from studio.ui.session import bound, user_of
from studio.ui.upload_routes import add_uploads
from studio.ui.trouble import http_status, sentence

Moment = Annotated[int | None, Query(ge=0, le=MAX_INT)]  # in the history of a project
ASSETS = Path(__file__).resolve().parents[2] / "assets"
MAX_CALL_BYTES = 1 << 20
ODD_ADDRESS = "The page and the studio do not understand each other (something in the address is none of what it may be); reload the page."
SEEN = "seen_"  # begins what every call may tell of what its page has already
LONG_AT_ONCE, LONG_OWN = 4, 2  # recordings and speakers listened to, to make voices of


def add_routes(app: FastAPI, studio: Studio) -> None:
    """Everything the page needs that is not a Gradio event. Must be called before Gradio is mounted at the root."""
    check_rights()
    router = APIRouter()
    add_login(router, studio, ASSETS)
    add_health(router, studio, lambda request: bound(studio, request))
    door = MediaDoor(lambda request: bound(studio, request), MediaLinks(studio.link_key()))
    add_handover(router, door)
    add_media(router, door)
    add_uploads(router, lambda request: bound(studio, request))
    add_bin(router, lambda request: bound(studio, request))
    _add_desk(router, studio, door)
    add_review(router, studio, ASSETS)
    add_admin(router, lambda request: bound(studio, request), ASSETS)
    _add_person(router, studio)
    app.include_router(router)
    for folder in ("css", "js", "icons", "fonts", "vendor", "lang"):
        app.mount(f"/look/{folder}", StaticFiles(directory=ASSETS / folder, check_dir=False))
    app.add_exception_handler(StudioError, _refuse)
    app.add_exception_handler(RequestValidationError, lambda request, _: _refuse(request, BadSetting(ODD_ADDRESS)))


def _refuse(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": sentence(error)}, http_status(error))


def _add_desk(router: APIRouter, studio: Studio, door: MediaDoor) -> None:
    feed, long_work = DeskFeed(), LongWork(LONG_AT_ONCE, LONG_OWN)

    def with_pass(request: Request, project_id: str, answer: Response) -> Response:
        return door.hand_out(answer, bound(studio, request), project_id)

    def desk(request: Request, project_id: str, seen: Seen = NOTHING_SEEN) -> Desk:
        return Desk(bound(studio, request), project_id, feed, seen)

    def called(request: Request, project_id: str, verb: str, values: dict[str, Any]) -> Any:
        told = {name.removeprefix(SEEN): values.pop(name) for name in (f"{SEEN}revision", f"{SEEN}also") if name in values}
        return call_desk(desk(request, project_id, record(Seen, told)), verb, values)

    @router.get("/desk/{project_id}/rows")
    def rows(request: Request, project_id: str, since: str = "", also: str = "") -> Answer:
        opened = desk(request, project_id)
        with opened.moment():
            return with_pass(request, project_id, Answer(opened.view(since, frozenset(also.split(",")))))

    @router.get("/desk/{project_id}/opening")
    def opening(request: Request, project_id: str) -> Answer:
        """All that a page needs to stand; the pulse first, so that what happens between the two is told again by the next one."""
        opened = desk(request, project_id)
        with opened.moment():
            return with_pass(request, project_id, Answer({"pulse": opened.pulse(None), "desk": opened.view()}))

    @router.get("/desk/{project_id}/pulse")
    def pulse(request: Request, project_id: str, since: Moment = None) -> Answer:
        opened = desk(request, project_id)
        with opened.moment():
            return with_pass(request, project_id, Answer(opened.pulse(since)))

    @router.post("/desk/{project_id}/{verb}")
    async def call(request: Request, project_id: str, verb: str) -> Response:
        turns = long_work if verb in LONG_CALLS else None
        return await _answer(request, lambda values: called(request, project_id, verb, values), turns)

    @router.post("/voices/{project_id}")
    async def add_voice(request: Request, project_id: str) -> Response:
        async def kept() -> Any:
            await run_in_threadpool(desk(request, project_id).check, Right.EDIT)  # before the first byte is taken
            return await received_voice(request, lambda: desk(request, project_id), long_work)

        return await _said(request, kept())


def _add_person(router: APIRouter, studio: Studio) -> None:
    """What a person set up for themselves; it belongs to no project."""

    @router.get("/me/here")
    async def here() -> Response:
        """Nothing, to a page that asks whether the studio is there and its person still logged in; to who is not, the gate answers."""
        return Response(status_code=204)

    @router.get("/me/settings")
    def settings(request: Request) -> JSONResponse:
        return JSONResponse(to_plain(person_view(bound(studio, request))))

    @router.post("/me/settings")
    async def change(request: Request) -> Response:
        return await _answer(request, lambda values: to_plain(change_person(bound(studio, request), values)))

    @router.post("/me/password")
    async def password(request: Request) -> Response:
        return await _answer(request, lambda values: change_password(request, bound(studio, request), values))

    @router.get("/me/queue")
    def queue(request: Request) -> JSONResponse:
        return JSONResponse(to_plain(queue_page(bound(studio, request))))

    @router.post("/me/queue")
    async def reorder(request: Request) -> Response:
        return await _answer(request, lambda values: to_plain(change_queue(bound(studio, request), values)))


class Answer(Response):
    """Views as JSON, records and all, by a serialiser that thousands of rows cost nothing."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content, default=to_plain)


async def _answer(request: Request, work: Callable[[dict[str, Any]], Any], turns: LongWork | None = None) -> Response:
    """Run a desk call off the event loop; `turns`: of a call that may take long."""
    return await _said(request, _worked(request, work, turns))


async def _worked(request: Request, work: Callable[[dict[str, Any]], Any], turns: LongWork | None) -> Any:
    values = await _body(request)
    return await (run_in_threadpool(work, values) if turns is None else turns.run(user_of(request), work, values))


async def _said(request: Request, work: Awaitable[Any]) -> Response:
    """The answer of a call; whatever goes wrong becomes a sentence, never a traceback."""
    try:
        return Answer(await work)
    except Exception as error:  # the rim: nothing above can say it better
        return _refuse(request, error)


async def _body(request: Request) -> dict[str, Any]:
    """The JSON object of a call. The content type is required: a form on another page cannot send it unasked."""
    if request.headers.get("content-type", "").split(";")[0] != "application/json":
        raise BadSetting("The desk speaks JSON only.")
    text = b""
    async for block in request.stream():
        text += block
        if len(text) > MAX_CALL_BYTES:
            raise BadSetting("This edit is larger than a line can be.")
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadSetting("The desk speaks JSON only.") from error
    if not isinstance(body, dict):
        raise BadSetting("The desk expects one object per call.")
    return body

"""The administrator's page: /admin, its calls below /admin/api, and the audit trail as a file. All of it asks the service for Right.ADMIN.

Enter: a request of somebody who is logged in. Leave: a small page of its own without Gradio, JSON, CSV. A further call is a line in CALLS.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from studio.domain.audit import AuditQuery
from studio.domain.errors import BadSetting
from studio.domain.plain import to_plain
from studio.domain.rights import Right, Role
from studio.domain.strict import MAX_INT
from studio.service import Studio

MAX_CALL_BYTES = 16_384
MAX_PAGE_ENTRIES = 200
# Tighter than the studio's own page needs: no inline script, no frame, nothing from elsewhere.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {"cache-control": "private, no-store", "content-security-policy": POLICY, "x-robots-tag": "noindex, nofollow"}
VIEWS: dict[str, Callable[[Studio], Any]] = {
    "overview": Studio.overview,
    "people": Studio.people,
    "disk": Studio.disk_shares,
    "engines": Studio.engines_seen,
    "measures": Studio.measures,
    "actions": Studio.trail_actions,
}
CALLS: dict[str, Callable[..., Any]] = {
    "cancel": lambda studio, job_id: studio.stop_job(_text(job_id)),
    "role": lambda studio, name, role: studio.set_role(_text(name), _role(role)),
    "disable": lambda studio, name: studio.disable_account(_text(name)),
    "enable": lambda studio, name: studio.enable_account(_text(name)),
    "add": lambda studio, name, role, password=None: studio.add_account(_text(name), _role(role), None if password is None else _text(password)),
    "password": lambda studio, name, password: studio.give_password(_text(name), _text(password)),
    "quota": lambda studio, name, quota_bytes: studio.set_quota(_text(name), None if quota_bytes is None else _whole(quota_bytes)),
    "measure": lambda studio, group, name, value: studio.set_measure(_text(group), _text(name), _whole(value)),
}


def add_admin(router: APIRouter, bound: Callable[[Request], Studio], assets: Path) -> None:
    """`bound` gives the studio of whoever asks."""
    page = (assets / "admin.html").read_text(encoding="utf-8")

    def admin(request: Request) -> Studio:
        studio = bound(request)
        studio.require(Right.ADMIN)
        return studio

    @router.get("/admin")
    def show(request: Request) -> HTMLResponse:
        admin(request)
        return HTMLResponse(page, headers=HEADERS)

    @router.get("/admin/audit.csv")
    def trail_file(request: Request) -> StreamingResponse:
        rows = admin(request).trail_csv(_query(request))
        name = f"lipline-audit-{datetime.now(UTC):%Y-%m-%d}.csv"
        return StreamingResponse(rows, media_type="text/csv; charset=utf-8", headers={**HEADERS, "content-disposition": f'attachment; filename="{name}"'})

    @router.get("/admin/api/trail")
    def trail(request: Request) -> JSONResponse:
        return JSONResponse(to_plain(admin(request).trail(_query(request))), headers=HEADERS)

    @router.get("/admin/api/{view}")
    def look(request: Request, view: str) -> JSONResponse:
        studio = admin(request)
        if view not in VIEWS:
            raise BadSetting("There is no such page for administrators.")
        return JSONResponse(to_plain(VIEWS[view](studio)), headers=HEADERS)

    @router.post("/admin/api/{call}")
    async def do(request: Request, call: str) -> Response:
        studio = await run_in_threadpool(admin, request)
        values = await _values(request)
        return await run_in_threadpool(_done, studio, call, values)


def _done(studio: Studio, call: str, values: dict[str, Any]) -> JSONResponse:
    if call not in CALLS:
        raise BadSetting("There is no such call for administrators.")
    try:
        CALLS[call](studio, **values)
    except TypeError as error:
        if error.__traceback__ is not None and error.__traceback__.tb_next is None:
            raise BadSetting("This call takes other values.") from error
        raise
    return JSONResponse({}, headers=HEADERS)


async def _values(request: Request) -> dict[str, Any]:
    """The JSON object of a call. The content type is required: a form on another page cannot send it unasked."""
    if request.headers.get("content-type", "").split(";")[0] != "application/json":
        raise BadSetting("Administrators' calls are JSON only.")
    body = b""
    async for block in request.stream():
        body += block
        if len(body) > MAX_CALL_BYTES:
            raise BadSetting("This is longer than any call for administrators.")
    try:
        values = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise BadSetting("This call is not JSON.") from error
    if not isinstance(values, dict):
        raise BadSetting("A call is an object with named values.")
    return values


def _query(request: Request) -> AuditQuery:
    given = {name: value for name, value in request.query_params.items() if value}
    before = given.get("before", "")
    return AuditQuery(
        user=given.get("user"),
        action=given.get("action"),
        project_id=given.get("project"),
        since=_moment(given.get("since")),
        until=_moment(given.get("until")),
        before=int(before) if before.isdecimal() and len(before) < 16 else None,
        limit=MAX_PAGE_ENTRIES,
    )


def _moment(given: str | None) -> str | None:
    """A day or a moment, as the trail writes time."""
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given)
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat(timespec="microseconds")
    except (ValueError, OverflowError) as error:
        raise BadSetting("A time is a day such as 2026-11-22.") from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise BadSetting("This call takes text here.")
    return value


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MAX_INT:
        raise BadSetting("This call takes a whole number here.")
    return value


def _role(value: object) -> Role:
    try:
        return Role(_text(value))
    except ValueError as error:
        raise BadSetting("There is no such role; choose admin, editor, reviewer or guest.") from error

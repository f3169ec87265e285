"""Deliveries to a browser: streamed while they are made, with their length told beforehand, so that it shows progress and can stop them."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from studio.ui.long_work import LongWork
from studio.ui.media_routes import MediaDoor
from studio.ui.session import user_of

KEEP_NOTHING = {"cache-control": "private, no-store"}
NO_SCRIPTS = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"}
REPORTS_AT_ONCE, REPORTS_OWN = 4, 2  # each listens to every take
PIECES_AT_ONCE, PIECES_OWN = 8, 3  # of deliveries on their way; turns of their own, so that no report stops a download


def add_handover(router: APIRouter, door: MediaDoor) -> None:
    """`door`: lets in who may have media of a project."""
    reports, sending = LongWork(REPORTS_AT_ONCE, REPORTS_OWN), LongWork(PIECES_AT_ONCE, PIECES_OWN)

    @router.get("/media/handover/{project_id}/{kind}")
    async def delivery(request: Request, project_id: str, kind: str) -> StreamingResponse:
        who = user_of(request)
        found = await sending.run(who, lambda: door.admit(request, project_id).download(project_id, kind, _page(request)))
        headers = {"content-length": str(found.size_bytes), "content-disposition": f"attachment; filename*=UTF-8''{quote(found.name)}"}
        return StreamingResponse(sending.pieces(who, found.chunks), media_type=found.media_type, headers={**KEEP_NOTHING, **headers})

    @router.get("/media/quality/{project_id}")
    async def quality(request: Request, project_id: str) -> HTMLResponse:
        page = await reports.run(user_of(request), lambda: door.admit(request, project_id).quality_page(project_id, _page(request)))
        return HTMLResponse(page, headers={**KEEP_NOTHING, **NO_SCRIPTS})


def _page(request: Request) -> str:
    """The address of the studio's page, as this browser reaches it."""
    return str(request.base_url)

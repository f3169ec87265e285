"""Deliveries to a browser: streamed while they are made, with their length told beforehand, so that it shows progress and can stop them."""

from __future__ import annotations

from urllib.parse import quote

import anyio
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from studio.ui.media_routes import MediaDoor

KEEP_NOTHING = {"cache-control": "private, no-store"}
NO_SCRIPTS = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"}
REPORTS_AT_ONCE = 4  # each listens to every take


def add_handover(router: APIRouter, door: MediaDoor) -> None:
    """`door`: lets in who may have media of a project."""
    turns = anyio.CapacityLimiter(REPORTS_AT_ONCE)

    @router.get("/media/handover/{project_id}/{kind}")
    def delivery(request: Request, project_id: str, kind: str) -> StreamingResponse:
        found = door.admit(request, project_id).download(project_id, kind, _page(request))
        headers = {"content-length": str(found.size_bytes), "content-disposition": f"attachment; filename*=UTF-8''{quote(found.name)}"}
        return StreamingResponse(found.chunks, media_type=found.media_type, headers={**KEEP_NOTHING, **headers})

    @router.get("/media/quality/{project_id}")
    async def quality(request: Request, project_id: str) -> HTMLResponse:
        page = await anyio.to_thread.run_sync(lambda: door.admit(request, project_id).quality_page(project_id, _page(request)), limiter=turns)
        return HTMLResponse(page, headers={**KEEP_NOTHING, **NO_SCRIPTS})


def _page(request: Request) -> str:
    """The address of the studio's page, as this browser reaches it."""
    return str(request.base_url)

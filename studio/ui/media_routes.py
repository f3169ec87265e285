"""Media over HTTP: takes, clips, films, exports, by ranges. Each address bears a pass (`media_links.py`); the session and the right to the project are
asked as well.

Enter: a kind, a project, an item, a pass. Leaves: a file, or a sentence. A pass whose time has come is renewed by a redirect, for the very person
it was made for, so that a player that was left open goes on; one that is no pass of this person and project opens nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from studio.domain.errors import Forbidden, Hiccup, NotFound
from studio.service import Studio
from studio.ui.export_present import export_name
from studio.ui.long_work import LongWork
from studio.ui.media_links import PARAMETER, MediaLinks, Standing
from studio.ui.session import LIFETIME_S, user_of

CHUNK_BYTES = 1 << 18
MADE_AT_ONCE, MADE_OWN = 12, 6  # a film to be made ready can take minutes; a browser asks for six things at once
PASS_HEADER = "lipline-pass"
# A take and a marked picture are the same bytes for good, so a browser that has them asks nobody again; another login is another reader.
LASTING_KINDS = frozenset({"take", "picture"})
LASTING = {"cache-control": f"private, max-age={LIFETIME_S}, immutable", "vary": "cookie"}
FLEETING = {"cache-control": "private, no-cache"}
SAME_SITE = {"cross-origin-resource-policy": "same-origin"}
SWEPT = "This file was made anew a moment ago, and the old one is gone; ask for it again."
UNSIGNED = "This link was not made for you, or was not made by this page; open the project and take it from there."
MEDIA: dict[str, Callable[[Studio, str, str], Path | None]] = {
    "take": lambda studio, project_id, item: studio.take_wav(project_id, item),
    "voice": lambda studio, project_id, item: studio.reference_wav(project_id, item),
    "clip": lambda studio, project_id, item: studio.source_clip(project_id, item),
    "preview": lambda studio, project_id, item: studio.line_preview(project_id, item),
    "export": lambda studio, project_id, item: studio.export(project_id, item),
    "rendered": lambda studio, project_id, item: studio.playable_dub(project_id),
    "source": lambda studio, project_id, item: studio.playable_source(project_id),
    "picture": lambda studio, project_id, item: studio.picture(project_id, item),
}


class MediaFile(FileResponse):
    """A file, or a range of it, in steps that a seek does not wait for. One that was made anew and swept away since it was looked up is told so."""

    chunk_size = CHUNK_BYTES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except (FileNotFoundError, RuntimeError) as error:
            if Path(self.path).exists():
                raise
            raise Hiccup(SWEPT) from error


class MediaDoor:
    """Lets requests for media in. `mine`: the studio that speaks for a request's user."""

    def __init__(self, mine: Callable[[Request], Studio], links: MediaLinks) -> None:
        self._mine, self._links = mine, links

    def admit(self, request: Request, project_id: str) -> Studio:
        """The studio of a request that bears a good pass. Raises NotFound for somebody else's project, Forbidden without a pass, and a redirect
        to the same address with a fresh one where only its time has come."""
        studio = self._mine(request)
        given = request.query_params.get(PARAMETER, "")
        standing = self._links.check(given, studio.user, project_id)
        if standing is Standing.GOOD:
            return studio
        studio.project(project_id)
        if standing is Standing.NONE:
            raise Forbidden(UNSIGNED)
        query = [(name, value) for name, value in parse_qsl(request.url.query, keep_blank_values=True) if name != PARAMETER]
        fresh = urlencode([*query, (PARAMETER, self._links.sign(studio.user, project_id))])
        raise HTTPException(307, headers={"location": f"?{fresh}", "cache-control": "private, no-store"})

    def hand_out(self, answer: Any, studio: Studio, project_id: str) -> Any:
        """Tell the page its pass for a project, with an answer about that project."""
        answer.headers[PASS_HEADER] = f"{project_id} {self._links.sign(studio.user, project_id)}"
        return answer


def add_media(router: APIRouter, door: MediaDoor) -> None:
    made = LongWork(MADE_AT_ONCE, MADE_OWN)

    @router.get("/media/peaks/{project_id}/{item}")
    def peaks(request: Request, project_id: str, item: str) -> Response:
        return Response(door.admit(request, project_id).peaks(project_id), media_type="application/octet-stream", headers={**FLEETING, **SAME_SITE})

    @router.get("/media/context/{project_id}/{item}")
    async def context(request: Request, project_id: str, item: str) -> FileResponse:
        mixed = await made.run(user_of(request), lambda: door.admit(request, project_id).context_mix(project_id, item))
        return MediaFile(mixed.path, headers={**FLEETING, **SAME_SITE, "lipline-from-ms": str(mixed.start_ms)})

    @router.get("/media/{kind}/{project_id}/{item}")
    async def media(request: Request, kind: str, project_id: str, item: str) -> FileResponse:
        return await made.run(user_of(request), file_of, request, kind, project_id, item)

    def file_of(request: Request, kind: str, project_id: str, item: str) -> FileResponse:
        mine = door.admit(request, project_id)
        if kind not in MEDIA:
            raise NotFound("media", kind)
        path = MEDIA[kind](mine, project_id, item)
        if path is None:
            raise NotFound(kind, item)
        named = export_name(mine.project(project_id).project, item, path.suffix) if kind == "export" else None
        return MediaFile(path, filename=named, headers={**(LASTING if kind in LASTING_KINDS else FLEETING), **SAME_SITE})

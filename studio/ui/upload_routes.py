"""Files on their way in, over HTTP: the tus protocol 1.0 (core, creation, termination) below /uploads, and two calls of our own.

Enter: a file announced by POST (Upload-Length, Upload-Metadata: filename, purpose, project), then its bytes by PATCH, as many requests as it takes.
Leave: how far it is (HEAD), all of them with the room there is (GET /uploads), and the project a whole one became part of (POST …/take). Bodies go to
the disk as they come; of a request that breaks off, what came counts. tus is described at https://tus.io/protocols/resumable-upload.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import contextmanager_in_threadpool
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from studio.domain.errors import BadSetting, OutOfSpace, StudioError
from studio.domain.plain import to_plain
from studio.domain.project import JobKind
from studio.domain.settings import Limits
from studio.domain.upload import Purpose, QuotaSpent, Room, TooLarge, Upload, UploadBusy, WrongOffset, in_words
from studio.service import Studio
from studio.ui.long_work import LongWork
from studio.ui.session import user_of
from studio.ui.trouble import http_status, sentence

UPLOADS_PATH = "/uploads"
VERSION = "1.0.0"
EXTENSIONS = "creation,termination"
PIECE_TYPE = "application/offset+octet-stream"
WRITE_BYTES = 1 << 20
TAKEN_AT_ONCE, TAKEN_OWN = 8, 2  # films looked through before they are taken
WRITES_AT_ONCE, WRITES_OWN = 16, 4  # a slow disk must not keep the threads that answer
IDLE_S = 60.0  # a connection that brings nothing for so long is over; what came is kept
STATUSES = {TooLarge: 413, QuotaSpent: 413, WrongOffset: 409, UploadBusy: 423, OutOfSpace: 507}
Mine = Callable[[Request], Studio]


@dataclass(frozen=True, slots=True)
class UploadView:
    id: str
    name: str
    purpose: str
    project_id: str
    size_bytes: int
    received_bytes: int


@dataclass(frozen=True, slots=True)
class UploadsView:
    """`room`: a sentence; "" where only the disk is the limit. `share`: of the quota that is taken, None without one."""

    uploads: tuple[UploadView, ...]
    room: str
    share: float | None


def add_uploads(router: APIRouter, mine: Mine) -> None:
    """`mine`: the studio that speaks for a request's user."""

    taking, writing = LongWork(TAKEN_AT_ONCE, TAKEN_OWN), LongWork(WRITES_AT_ONCE, WRITES_OWN)

    @router.options(UPLOADS_PATH)
    def able() -> Response:
        most = {"tus-version": VERSION, "tus-extension": EXTENSIONS, "tus-max-size": str(Limits().max_media_bytes)}
        return _done(204, most)

    @router.get(UPLOADS_PATH)
    def standing(request: Request, room: bool = False) -> Response:
        """`room`: with what is taken of the quota, which takes adding up."""
        studio = mine(request)
        return JSONResponse(to_plain(uploads_view(studio.uploads(), studio.room() if room else None)), headers={"cache-control": "no-store"})

    @router.post(UPLOADS_PATH)
    async def announce(request: Request) -> Response:
        return await _answered(request, lambda: run_in_threadpool(_announced, mine(request), request))

    @router.head(UPLOADS_PATH + "/{upload_id}")
    async def progress(request: Request, upload_id: str) -> Response:
        return await _answered(request, lambda: run_in_threadpool(_progress, mine(request), upload_id))

    @router.patch(UPLOADS_PATH + "/{upload_id}")
    async def receive(request: Request, upload_id: str) -> Response:
        return await _answered(request, lambda: _received(mine(request), request, upload_id, writing))

    @router.delete(UPLOADS_PATH + "/{upload_id}")
    async def drop(request: Request, upload_id: str) -> Response:
        def dropped() -> Response:
            mine(request).drop_upload(upload_id)
            return _done(204)

        return await _answered(request, lambda: run_in_threadpool(dropped))

    @router.post(UPLOADS_PATH + "/{upload_id}/take")
    async def take(request: Request, upload_id: str) -> Response:
        return await _answered(request, lambda: taking.run(user_of(request), _taken, mine(request), request, upload_id))


def uploads_view(uploads: tuple[Upload, ...], room: Room | None) -> UploadsView:
    shown = tuple(UploadView(one.id, one.name, one.purpose.value, one.project_id or "", one.size_bytes, one.received_bytes) for one in uploads)
    if room is None or room.quota_bytes is None:
        return UploadsView(shown, "", None)
    taken_bytes = room.used_bytes + room.coming_bytes
    words = f"{in_words(taken_bytes)} of your {in_words(room.quota_bytes)} are taken."
    if room.binned_bytes:
        words += f" {in_words(room.binned_bytes)} of it lie in the bin."
    return UploadsView(shown, words, min(1.0, taken_bytes / max(1, room.quota_bytes)))


async def _answered(request: Request, work: Callable[[], Awaitable[Response]]) -> Response:
    """The answer of a call, in the protocol's version only; what is refused is refused in a sentence."""
    if request.headers.get("tus-resumable") != VERSION:
        return _done(412, {"tus-version": VERSION}, {"error": f"Uploads speak tus {VERSION}; send the header Tus-Resumable."})
    try:
        return await work()
    except StudioError as error:
        headers = {"upload-offset": str(error.received_bytes)} if isinstance(error, WrongOffset) else {}
        return _done(STATUSES.get(type(error), http_status(error)), headers, {"error": sentence(error)})


def _done(status: int, headers: dict[str, str] | None = None, body: dict[str, Any] | None = None) -> Response:
    all_headers = {"tus-resumable": VERSION, "cache-control": "no-store", **(headers or {})}
    return Response(status_code=status, headers=all_headers) if body is None else JSONResponse(body, status, headers=all_headers)


def _announced(studio: Studio, request: Request) -> Response:
    told = _metadata(request.headers.get("upload-metadata", ""))
    try:
        purpose = Purpose(told.get("purpose", Purpose.MEDIA))
    except ValueError as error:
        raise BadSetting(f"A file is sent as one of {', '.join(Purpose)}, not as “{told['purpose'][:64]}”.") from error
    upload = studio.begin_upload(told.get("filename", ""), _number(request, "upload-length"), purpose, told.get("project") or None)
    return _done(201, {"location": f"uploads/{upload.id}", "upload-offset": "0"})


def _progress(studio: Studio, upload_id: str) -> Response:
    upload = studio.upload(upload_id)
    return _done(200, {"upload-offset": str(upload.received_bytes), "upload-length": str(upload.size_bytes)})


async def _received(studio: Studio, request: Request, upload_id: str, turns: LongWork) -> Response:
    if request.headers.get("content-type", "").split(";")[0] != PIECE_TYPE:
        return _done(415, body={"error": f"Pieces of a file are sent as {PIECE_TYPE}."})
    at_bytes = _number(request, "upload-offset")
    async with contextmanager_in_threadpool(await run_in_threadpool(studio.receive_upload, upload_id, at_bytes)) as receiver:
        waiting = bytearray()
        async for block in _blocks(request):
            waiting += block
            if len(waiting) >= WRITE_BYTES:
                await turns.run(studio.user, receiver.write, bytes(waiting))
                waiting.clear()
        if waiting:
            await turns.run(studio.user, receiver.write, bytes(waiting))
    studio.metrics.received(receiver.at_bytes - at_bytes)
    upload = await run_in_threadpool(studio.upload, upload_id)
    await run_in_threadpool(studio.check_upload, upload, at_bytes)
    return _done(204, {"upload-offset": str(upload.received_bytes)})


async def _blocks(request: Request) -> AsyncIterator[bytes]:
    """The body as it comes; it ends early where the connection breaks off or brings nothing for long."""
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(IDLE_S):
                block = await anext(stream, None)
        except (ClientDisconnect, TimeoutError):
            return
        if block is None:
            return
        yield block


def _taken(studio: Studio, request: Request, upload_id: str) -> Response:
    """Put a whole film or stem in its place; a film without a project opens one, in the languages the address names."""
    asked = request.query_params
    if studio.upload(upload_id).project_id is None:
        studio.open_for_upload(upload_id, asked.get("from", ""), asked.get("to", ""))
    purpose = studio.upload(upload_id).purpose
    project = studio.take_upload(upload_id)
    if purpose is Purpose.MEDIA:
        studio.submit(project.id, JobKind.INGEST)
    return _done(200, body={"project_id": project.id})


def _number(request: Request, header: str) -> int:
    told = request.headers.get(header, "")
    if not (told.isascii() and told.isdigit() and len(told) <= 18):
        raise BadSetting(f"The header {header} tells a number of bytes, not “{told[:64]}”.")
    return int(told)


def _metadata(header: str) -> dict[str, str]:
    """tus metadata: pairs of a name and base64, parted by commas."""
    told: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        name, _, value = pair.partition(" ")
        try:
            told[name] = base64.b64decode(value, validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise BadSetting("The header Upload-Metadata holds pairs of a name and base64.") from error
    return told

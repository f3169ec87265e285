"""The one call of the Guidance tab that is not JSON: a recording to make a voice of, sent as it is. Answers with the project's voices.

Name, owner, tick and words travel in the address; the body is the file. Only `application/octet-stream` is taken, which no form elsewhere
can send unasked.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from studio.domain.errors import BadSetting
from studio.domain.plain import to_plain
from studio.ui.guidance_desk import GuidanceDesk, NewVoice
from studio.ui.voice_present import MAX_RECORDING_BYTES

TOO_LARGE = f"A recording can have {MAX_RECORDING_BYTES // 2**20} MB; ten seconds of one person speaking are enough."


def add_voice_upload(router: APIRouter, desk_of: Callable[[Request, str], GuidanceDesk], refuse: Callable[[Request, Exception], JSONResponse]) -> None:
    """`desk_of` gives the desk of the request's user; `refuse` turns a failure into an answer with a sentence."""

    @router.post("/voices/{project_id}")
    async def add(request: Request, project_id: str) -> JSONResponse:
        try:
            if request.headers.get("content-type", "").split(";")[0] != "application/octet-stream":
                raise BadSetting("A recording is sent as it is, as application/octet-stream.")
            with tempfile.TemporaryDirectory(prefix="lipline-voice-") as folder:
                path = Path(folder) / "recording"
                await _received(request, path)
                return JSONResponse(await run_in_threadpool(_kept, desk_of(request, project_id), _new_voice(request), path))
        except Exception as error:  # the rim: nothing above can say it better
            return refuse(request, error)


async def _received(request: Request, path: Path) -> None:
    """The body on disk, block by block; a file too large is refused before it fills the disk."""
    size = 0
    with path.open("wb") as file:
        async for block in request.stream():
            size += len(block)
            if size > MAX_RECORDING_BYTES:
                raise BadSetting(TOO_LARGE)
            file.write(block)
    if not size:
        raise BadSetting("The recording is empty; choose a sound file.")


def _new_voice(request: Request) -> NewVoice:
    asked = request.query_params
    return NewVoice(asked.get("name", ""), asked.get("whose", ""), asked.get("agreed") == "yes", asked.get("transcript", ""))


def _kept(desk: GuidanceDesk, new: NewVoice, path: Path) -> Any:
    return to_plain(desk.add_reference_voice(new, path))

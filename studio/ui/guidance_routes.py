"""The one call of the Guidance tab that is not JSON: a recording to make a voice of, sent as it is. Answers with the project's voices.

Name, owner, tick and words travel in the address; the body is the file. Only `application/octet-stream` is taken, which no form elsewhere
can send unasked.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import Request

from studio.domain.errors import BadSetting
from studio.domain.plain import to_plain
from studio.ui.guidance_desk import GuidanceDesk, NewVoice
from studio.ui.long_work import LongWork
from studio.ui.session import user_of
from studio.ui.voice_present import MAX_RECORDING_BYTES

TOO_LARGE = f"A recording can have {MAX_RECORDING_BYTES // 2**20} MB; ten seconds of one person speaking are enough."


async def received_voice(request: Request, desk_of: Callable[[], GuidanceDesk], turns: LongWork) -> Any:
    """Keep the recording of a request and answer with the project's voices, as plain values. `desk_of` gives the desk of the request's
    user; `turns`: of which one is held from the first byte on. Raises what the desk raises, and BadSetting for a body that is no recording."""
    if request.headers.get("content-type", "").split(";")[0] != "application/octet-stream":
        raise BadSetting("A recording is sent as it is, as application/octet-stream.")
    async with turns.own(user_of(request)):
        with tempfile.TemporaryDirectory(prefix="lipline-voice-") as folder:
            path = Path(folder) / "recording"
            await _received(request, path)
            return await turns.on_thread(_kept, desk_of, _new_voice(request), path)


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


def _kept(desk_of: Callable[[], GuidanceDesk], new: NewVoice, path: Path) -> Any:
    return to_plain(desk_of().add_reference_voice(new, path))

"""The espeak-ng process: frames of JSON (and speech) over stdin and stdout, until stdin ends. GPL-3 code stays in here.

Started as `python -m studio.engines.espeak_worker DATA_FOLDER` by `studio.engines.espeak_pool`. A frame is two
big-endian 32-bit lengths, then that many bytes of JSON and of 16-bit speech. A new verb is one more case in `_answer`.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import sys
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from studio.engines.espeak_library import EspeakLibrary

_HEADER = struct.Struct(">II")
MAX_FRAME_BYTES = 256 * 2**20
_START_LIMIT_S = 60


def write_frame(stream: BinaryIO, message: dict[str, Any], payload: bytes = b"") -> None:
    """Send one frame. Raises OSError where the other side has gone."""
    head = json.dumps(message, separators=(",", ":")).encode()
    stream.write(_HEADER.pack(len(head), len(payload)) + head + payload)
    stream.flush()


def read_frame(stream: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    """The next frame, or None where the stream has ended. Raises ValueError for bytes that are no frame."""
    header = stream.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    head_bytes, payload_bytes = _HEADER.unpack(header)
    if max(head_bytes, payload_bytes) > MAX_FRAME_BYTES:
        raise ValueError("a frame larger than the limit")
    head, payload = stream.read(head_bytes), stream.read(payload_bytes)
    if len(head) < head_bytes or len(payload) < payload_bytes:
        return None
    return json.loads(head), payload


def _speak(library: EspeakLibrary, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    items, speech = [], []
    for text, voice, rate_wpm, pitch in request["items"]:
        heard = library.speak(text, voice, rate_wpm, pitch, want_audio=request["want_audio"])
        items.append({"samples": heard.sample_count, "phones": heard.phones, "words": heard.words})
        speech.extend(heard.pcm)
    return {"rate_hz": library.rate_hz, "items": items}, b"".join(speech)


def _answer(library: EspeakLibrary, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    try:
        if request["verb"] == "speak":
            return _speak(library, request)
        if request["verb"] == "phones":
            return {"items": [library.clauses(text, voice, request["separator"]) for text, voice in request["items"]]}, b""
        return {"voices": library.voices()}, b""
    except ValueError as error:
        return {"error": str(error)}, b""


def _arm(limit_s: int) -> None:
    """Let the system end this process after `limit_s`, even inside the library; 0 disarms. An orphan ends as well."""
    if hasattr(signal, "alarm"):
        signal.alarm(limit_s)


def main(data_path: str) -> None:
    """Serve requests until stdin ends."""
    _arm(_START_LIMIT_S)
    stdin, stdout = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever the library prints must not land between frames
    import espeakng_loader

    from studio.engines.espeak_library import EspeakLibrary

    library = EspeakLibrary(espeakng_loader.get_library_path(), data_path)
    write_frame(stdout, {"ready": True})
    _arm(0)
    while (frame := read_frame(stdin)) is not None:
        _arm(int(frame[0]["limit_s"]))
        write_frame(stdout, *_answer(library, frame[0]))
        _arm(0)


if __name__ == "__main__":
    main(sys.argv[1])

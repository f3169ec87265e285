"""Asking the reader, a fenced process of its own for every file, what PyAV finds in it: answers and pictures in plain frames.

A file that breaks the decoder, or takes it over, has a process that can open that one file, write none and reach nobody (`cage.py`).
What comes back is not trusted: lengths are checked, words are cut. A further question is one entry of `reader.QUESTIONS`.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.domain.errors import BadMedia, MediaToolFailed, NotMeasurable, StudioError
from studio.media.child import Child, Fence, ToolCall, python_caged

if TYPE_CHECKING:
    import numpy as np

HEAD = struct.Struct(">cI")
ANSWER, PICTURE, SAME_PICTURE, ERROR, END = b"A", b"P", b"S", b"E", b"Z"
MAX_WORDS_BYTES = 4 * 2**20
MAX_PICTURE_PX = 8192 * 8192
_MAX_SENTENCE = 1000
_BROKE = "reading it breaks the decoder, as damaged or harmful files do. Export it again."
_ERRORS: dict[str, Callable[..., StudioError]] = {kind.__name__: kind for kind in (BadMedia, MediaToolFailed, NotMeasurable)}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the file at `path`, which the person calls `name`. `container` and `demuxer` as `sniff` has them; the last two
    as `pictures.PictureQuery`."""

    what: str
    path: str
    name: str
    container: str = ""
    demuxer: str | None = None
    length_ms: int | None = None
    longest_px: int | None = None


def answer(question: Question, call: ToolCall) -> dict[str, Any]:
    """The answer as a record in plain values. Raises BadMedia, MediaToolFailed, NotMeasurable, Cancelled."""
    with _asked(question, call) as child:
        kind, body = _message(child, question, call)
        if kind != ANSWER:
            raise BadMedia(question.name, _BROKE)
        return _told(body, question)


def pictures_of(question: Question, call: ToolCall) -> Iterator[np.ndarray]:
    """Pictures as `studio.media.pictures` promises them, each read-only; one that stays is the same array. Raises as `answer`."""
    import numpy as np

    with _asked(question, call) as child:
        shape = _shape(_message(child, question, call), question)
        picture: np.ndarray | None = None
        while True:
            kind, body = _message(child, question, call)
            if kind == END:
                return
            if kind == PICTURE and len(body) == 3 * shape[0] * shape[1]:
                picture = np.frombuffer(body, np.uint8).reshape(*shape, 3)
            elif kind != SAME_PICTURE or picture is None:
                raise BadMedia(question.name, _BROKE)
            call.check_cancel()
            yield picture


def _asked(question: Question, call: ToolCall) -> Child:
    words = python_caged("studio.media.reader", json.dumps(asdict(question)), Fence(read=(Path(question.path),)), call)
    return Child(words, call)


def _message(child: Child, question: Question, call: ToolCall) -> tuple[bytes, bytes]:
    """The next message. A reader that ends without one was stopped, or did not survive the file."""
    head = child.output.read(HEAD.size)
    kind, length = HEAD.unpack(head) if len(head) == HEAD.size else (b"", 0)
    most = 3 * MAX_PICTURE_PX if kind == PICTURE else MAX_WORDS_BYTES
    body = child.output.read(length) if 0 < length <= most else b""
    if not kind or len(body) != length:
        child.finish()
        raise BadMedia(question.name, _BROKE)
    if kind == ERROR:
        call.check_cancel()
        raise _error(body, question)
    return kind, body


def _shape(message: tuple[bytes, bytes], question: Question) -> tuple[int, int]:
    kind, body = message
    told = _told(body, question) if kind == ANSWER else {}
    height, width = told.get("height"), told.get("width")
    if not (isinstance(height, int) and isinstance(width, int) and height > 0 and 0 < height * width <= MAX_PICTURE_PX):
        raise BadMedia(question.name, _BROKE)
    return height, width


def _error(body: bytes, question: Question) -> StudioError:
    told = _told(body, question)
    make, words = _ERRORS.get(str(told.get("kind"))), told.get("words")
    if make is None or not isinstance(words, list) or len(words) != (1 if make is NotMeasurable else 2):
        return BadMedia(question.name, _BROKE)
    return make(*(str(word)[:_MAX_SENTENCE] for word in words))


def _told(body: bytes, question: Question) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadMedia(question.name, _BROKE) from error
    if not isinstance(told, dict):
        raise BadMedia(question.name, _BROKE)
    return told

"""The process in which PyAV reads a stranger's file: one question on the command line, messages on stdout, then it ends.

Started as `python -m studio.media.reader QUESTION FENCE…` by `apart.py`, which says what the messages are. Everything it needs is
imported first, then it fences itself in, and only then is the file opened. Add a question as one function in `QUESTIONS`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import av

from studio.domain.errors import BadMedia, MediaToolFailed, NotMeasurable, StudioError
from studio.domain.plain import to_plain
from studio.media import cage, header, pictures, scan
from studio.media.apart import ANSWER, END, ERROR, HEAD, PICTURE, SAME_PICTURE, Question
from studio.media.sniff import Kind

Say = Callable[[bytes, Any], None]


def _scan(question: Question, say: Say) -> None:
    kind = Kind(question.container, question.demuxer)
    say(ANSWER, _words(to_plain(scan.look_through(Path(question.path), kind, question.name))))


def _header(question: Question, say: Say) -> None:
    say(ANSWER, _words(to_plain(header.look(Path(question.path)))))


def _pictures(question: Question, say: Say) -> None:
    import numpy as np

    query = pictures.PictureQuery(Path(question.path), question.name, question.length_ms, question.longest_px)
    before = None
    for picture in pictures.decoded(query, question.demuxer):
        if before is None:
            say(ANSWER, _words({"height": picture.shape[0], "width": picture.shape[1]}))
        say(SAME_PICTURE, b"") if picture is before else say(PICTURE, np.ascontiguousarray(picture).data)  # rows of odd widths have gaps between them
        before = picture
    say(END, b"")


QUESTIONS: dict[str, Callable[[Question, Say], None]] = {"scan": _scan, "header": _header, "pictures": _pictures}


def _words(value: Any) -> bytes:
    return json.dumps(value).encode()


def _writer(stream: BinaryIO) -> Say:
    def say(kind: bytes, body: Any) -> None:
        stream.write(HEAD.pack(kind, body.nbytes if isinstance(body, memoryview) else len(body)))
        stream.write(body)
        stream.flush()

    return say


def main() -> None:
    """Answer the question and end."""
    question = Question(**json.loads(sys.argv[1]))
    if question.what == "pictures":
        import numpy  # noqa: F401 - before the fence, as everything
    av.logging.set_level(av.logging.PANIC)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not land between the messages
    say = _writer(answers)
    cage.enter(sys.argv[2:])
    try:
        QUESTIONS[question.what](question, say)
    except (BadMedia, MediaToolFailed, NotMeasurable) as error:
        say(ERROR, _words({"kind": type(error).__name__, "words": _parts(error)}))


def _parts(error: StudioError) -> list[str]:
    if isinstance(error, BadMedia):
        return [error.name, error.reason]
    return [error.action, error.detail] if isinstance(error, MediaToolFailed) else [str(error)]


if __name__ == "__main__":
    main()

"""The reader: one process a file, and whatever becomes of it, an answer or a sentence."""

from __future__ import annotations

import io
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from studio.domain.errors import BadMedia, MediaToolFailed
from studio.media import apart
from studio.media.apart import ANSWER, END, ERROR, HEAD, PICTURE, SAME_PICTURE, Question, answer, pictures_of
from studio.media.child import ToolCall
from studio.media.pictures import PictureQuery, decoded, pictures
from studio.media.scan import look_through, scan
from studio.media.sniff import MP4

CALL = ToolCall("Reading", timeout_s=60)


def said(monkeypatch: pytest.MonkeyPatch, *messages: tuple[bytes, bytes], tail: bytes = b"") -> None:
    """Let the reader have sent these messages."""
    sent = b"".join(HEAD.pack(kind, len(body)) + body for kind, body in messages) + tail

    class Told:
        output = io.BytesIO(sent)

        def __enter__(self) -> Told:
            return self

        def __exit__(self, *_: object) -> None:
            return None

        def finish(self) -> tuple[int, str]:
            return 1, ""

    monkeypatch.setattr(apart, "Child", lambda *_: Told())


def test_a_file_looks_the_same_from_outside(clip: Path) -> None:
    assert scan(clip, MP4, "clip.mp4") == look_through(clip, MP4, "clip.mp4")


def test_pictures_come_over_bit_for_bit(clip: Path) -> None:
    query = PictureQuery(clip, "clip.mp4", longest_px=160)
    over, here = list(pictures(query)), list(decoded(query, "mov"))
    assert len(over) == len(here)
    assert all(np.array_equal(one, other) for one, other in zip(over, here, strict=True))
    assert not over[0].flags.writeable


def test_a_reader_that_breaks_is_told_as_a_broken_file(clip: Path) -> None:
    with pytest.raises(BadMedia, match="“clip” cannot be used as media: reading it breaks the decoder"):
        answer(Question("no such question", str(clip), "clip"), CALL)


def test_a_file_that_is_not_ours_to_read_stays_shut(tmp_path: Path, clip: Path) -> None:
    """What a film points to is not opened, whatever the demuxer would do: only the film itself was named to the reader."""
    told = answer(Question("header", str(tmp_path / "missing.mp4"), "missing"), CALL)
    assert told == {"pixel_format": None, "longest_gap_s": None}


def test_leaving_early_leaves_no_process(clip: Path) -> None:
    stream = pictures(PictureQuery(clip, "clip"))
    next(stream)
    stream.close()
    left = subprocess.run(["ps", "--ppid", str(os.getpid()), "-o", "args="], capture_output=True, text=True).stdout
    assert "studio.media.reader" not in left


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [(b"?", b"")],
        [(ANSWER, b"{}")],
        [(ANSWER, b"nonsense")],
        [(ANSWER, b"[" * 100_000)],
        [(ERROR, b"[]")],
        [(ANSWER, json.dumps({"height": 10**6, "width": 10**6}).encode())],
        [(ANSWER, json.dumps({"height": -2, "width": -2}).encode())],
        [(ANSWER, json.dumps({"height": 2, "width": 2}).encode()), (PICTURE, b"123")],
        [(ANSWER, json.dumps({"height": 2, "width": 2}).encode()), (SAME_PICTURE, b"")],
        [(ERROR, json.dumps({"kind": "SystemExit", "words": ["1"]}).encode())],
        [(ERROR, json.dumps({"kind": "BadMedia", "words": 5}).encode())],
        [(ERROR, json.dumps({"kind": "BadMedia", "words": ["film"]}).encode())],
        [(END, b"")],
    ],
)
def test_what_a_reader_gone_over_says_is_not_believed(monkeypatch: pytest.MonkeyPatch, messages: list[tuple[bytes, bytes]]) -> None:
    said(monkeypatch, *messages)
    with pytest.raises(BadMedia, match="breaks the decoder"):
        list(pictures_of(Question("pictures", "/film", "film"), CALL))


def test_a_message_longer_than_words_can_be_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    said(monkeypatch, tail=HEAD.pack(ANSWER, 2**32 - 1) + b"x" * 100)
    with pytest.raises(BadMedia, match="breaks the decoder"):
        answer(Question("scan", "/film", "film"), CALL)


def test_words_of_an_error_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    said(monkeypatch, (ERROR, json.dumps({"kind": "MediaToolFailed", "words": ["Reading", "x" * 9999]}).encode()))
    with pytest.raises(MediaToolFailed) as caught:
        answer(Question("scan", "/film", "film"), CALL)
    assert len(str(caught.value)) < 1100

"""The fence sees what comes, goes and changes outside; the canary hears who calls; the baits are what they say."""

from __future__ import annotations

import io
import pickle
import socket
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bench.load.bait import Trap, baits
from bench.load.guard import CanaryServer, Fence, holding, marked_files, touched
from bench.load.hostile import is_sentence


def test_a_fence_sees_everything_outside_and_nothing_inside(tmp_path: Path) -> None:
    inside = tmp_path / "home"
    inside.mkdir()
    for name in ("kept", "changed", "gone"):
        (tmp_path / name).write_text(name)
    fence = Fence((tmp_path,), (inside,))
    before = fence.picture()
    (inside / "new").write_text("x")
    assert touched(before, fence.picture()) == []
    (tmp_path / "changed").write_text("other words")
    (tmp_path / "gone").unlink()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "new").write_text("x")
    found = touched(before, fence.picture())
    assert [Path(one.split()[0]).name + " " + one.split()[-1] for one in found] == ["folder made", "new made", "gone gone", "changed changed"]


def test_marks_and_secrets_are_found_wherever_they_lie(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "evil1-x.txt").write_bytes(b"the secret-1 words")
    assert len(marked_files([tmp_path], "evil1")) == 1
    assert len(holding([tmp_path], b"secret-1")) == 1
    assert holding([tmp_path], b"secret-2") == []


def test_a_canary_hears_a_call() -> None:
    with CanaryServer() as canary:
        assert canary.calls == []
        place = urlsplit(canary.address)
        with socket.create_connection((place.hostname, place.port), timeout=5) as caller:
            caller.sendall(b"GET /segment.ts HTTP/1.1\r\n\r\n")
            assert caller.recv(10) == b"", "it answers nobody"
        assert len(canary.calls) == 1
        assert "segment.ts" in canary.calls[0]


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    return Trap("http://127.0.0.1:9", secret, "evil1", tmp_path)


def test_baits_point_where_they_must_not(trap: Trap) -> None:
    made = list(baits(trap, 2**16))
    assert len(made) >= 55
    text = b"".join(one.data for one in made if len(one.data) < 100_000)
    assert trap.canary.encode() in text
    assert trap.secret.as_uri().encode() in text
    assert sum(trap.mark in one.name for one in made) >= 8


def test_the_pickle_would_act_and_the_archive_would_climb(trap: Trap) -> None:
    made = {one.why: one.data for one in baits(trap, 2**16)}
    pickle.loads(made["a pickle that acts"]).close()  # noqa: S301  ours, made above: only a trick that works shows anything by its silence
    assert marked_files([trap.outside], trap.mark)
    names = zipfile.ZipFile(io.BytesIO(made["an archive whose members climb"])).namelist()
    assert any(name.startswith("../") for name in names)


def test_a_sentence_is_for_people() -> None:
    assert is_sentence("“film.mp4” cannot be used as media: it is a playlist that points to other files; upload the film itself.")
    assert not is_sentence("KeyError: 'upload'")
    assert not is_sentence('Traceback (most recent call last): File "x" broke.')
    assert not is_sentence("no")
    assert not is_sentence("Something went wrong on our side (reference 1234).")

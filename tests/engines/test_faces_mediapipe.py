"""The face tracker finds drawn faces where they are, follows their mouths, tells several apart, says nothing on stderr, and fails in words."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import psutil
import pytest

from studio.domain.errors import EngineFailed, EngineUnavailable, MediaToolFailed
from studio.engines import faces_mediapipe
from studio.engines.face_worker import LANDMARKS
from studio.engines.faces_mediapipe import MediapipeFaceTracker
from studio.engines.protocols import FaceSeen
from studio.stages.face_tracks import opening_ratio
from tests.drawn_faces import Drawn, picture, talking

pytestmark = pytest.mark.skipif(find_spec("mediapipe") is None, reason="the package mediapipe is not installed")

ROOT = Path(__file__).resolve().parents[2]


def seen_in(pictures: list[np.ndarray]) -> list[tuple[FaceSeen, ...]]:
    return list(MediapipeFaceTracker().faces(iter(pictures)))


def middle(face: FaceSeen) -> tuple[float, float]:
    return face.box[0] + face.box[2] / 2, face.box[1] + face.box[3] / 2


@pytest.fixture(scope="module")
def talker() -> list[tuple[FaceSeen, ...]]:
    """A talking face of 110 px that drifts to the right, then, after a cut at frame 30, a smaller one elsewhere."""
    first = [picture(Drawn(120 + number, 120, 110, talking(number))) for number in range(30)]
    second = [picture(Drawn(230, 100, 60, 0.0), back=(40, 20, 90)) for _ in range(10)]
    return seen_in(first + second)


def test_every_picture_is_answered_with_the_face_in_its_place(talker: list[tuple[FaceSeen, ...]]) -> None:
    assert len(talker) == 40
    assert all(len(faces) == 1 for faces in talker)
    for number, (face,) in enumerate(talker[:30]):
        x, y = middle(face)
        assert abs(x - (120 + number)) < 12
        assert abs(y - 125) < 20
        assert 70 < face.box[2] < 130
    assert abs(middle(talker[30][0])[0] - 230) < 12, "the first picture after the cut shows the new face"


def test_a_face_comes_with_landmarks_turn_and_mouth(talker: list[tuple[FaceSeen, ...]]) -> None:
    for (face,) in talker:
        assert face.landmarks.shape == (LANDMARKS, 2)
        assert face.landmarks.dtype == np.float32
        assert face.mouth.shape == (64, 64)
        assert face.mouth.dtype == np.uint8
        assert face.mouth.std() > 5
        assert abs(face.yaw_deg) < 15


def test_the_opening_follows_the_mouth(talker: list[tuple[FaceSeen, ...]]) -> None:
    openings = [opening_ratio(face) for (face,) in talker[:30]]
    drawn = [talking(number) for number in range(30)]
    assert np.corrcoef(openings, drawn)[0, 1] > 0.9
    assert opening_ratio(talker[-1][0]) < 0.03


def test_the_same_pictures_give_the_same_faces_and_nothing_is_written_to_the_terminal(
    talker: list[tuple[FaceSeen, ...]], capfd: pytest.CaptureFixture[str]
) -> None:
    again = seen_in([picture(Drawn(120 + number, 120, 110, talking(number))) for number in range(12)])
    assert capfd.readouterr() == ("", "")
    for (first,), (second,) in zip(talker[:12], again, strict=True):
        assert first.box == second.box
        assert np.array_equal(first.landmarks, second.landmarks)
        assert np.array_equal(first.mouth, second.mouth)


def test_several_faces_keep_apart_and_small_ones_are_found_in_a_wide_picture() -> None:
    people = [Drawn(150, 180, 120), Drawn(430, 200, 100, 0.15), Drawn(640, 150, 60), Drawn(770, 160, 45)]
    found = seen_in([picture(*people, width=854, height=360) for _ in range(16)])[-1]
    assert sorted(round(middle(face)[0] / 20) for face in found) == pytest.approx(sorted(round(person.x / 20) for person in people), abs=1)


def test_where_there_is_no_face_none_is_found_and_a_picture_that_stays_is_answered_each_time() -> None:
    plain = [np.full((180, 320, 3), 90, np.uint8), np.zeros((180, 320, 3), np.uint8), np.zeros((1, 1, 3), np.uint8)]
    noise = [np.random.default_rng(0).integers(0, 256, (180, 320, 3)).astype(np.uint8)]
    found = seen_in([*plain, *noise, *[picture(Drawn())] * 20])
    assert found[:4] == [()] * 4
    assert len(found) == 24
    assert all(np.array_equal(faces[0].landmarks, found[-1][0].landmarks) for faces in found[4:])


def test_an_error_of_the_film_comes_through() -> None:
    def broken() -> Iterator[np.ndarray]:
        yield picture(Drawn())
        raise MediaToolFailed("Reading the picture", "it broke.")

    with pytest.raises(MediaToolFailed, match="it broke"):
        list(MediapipeFaceTracker().faces(broken()))


def test_leaving_early_ends_the_process_and_its_threads() -> None:
    before = threading.active_count()
    faces = MediapipeFaceTracker().faces(picture(Drawn()) for _ in range(1000))
    next(faces)
    faces.close()
    assert threading.active_count() <= before


READY = "import sys,struct,time\nout=sys.stdout.buffer\nout.write(struct.pack('>I',0));out.flush()\n"


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux ends a child with its parent.")
def test_a_process_whose_parent_is_killed_outright_ends_even_while_nobody_closes_its_input() -> None:
    program = (
        "import subprocess, sys, time\nfrom studio.engines.faces_mediapipe import WORKER\n"
        "child = subprocess.Popen(WORKER, stdin=0, stdout=subprocess.PIPE, start_new_session=True)\n"
        "child.stdout.read(4)\nprint(child.pid, flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        assert psutil.wait_procs([worker], timeout=20)[1] == []


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        ("raise SystemExit(3)", EngineUnavailable, "while it started"),
        (READY + "sys.stdin.buffer.read(1000)", EngineFailed, "picture 1"),
        (READY + "sys.stdin.buffer.read(8+180*320*3);out.write(struct.pack('>I',0));out.flush()", EngineFailed, "picture 2"),
        (READY + "time.sleep(60)", EngineFailed, "picture 1"),
    ],
)
def test_a_process_that_crashes_or_hangs_is_a_sentence(tmp_path: Path, code: str, error: type[Exception], words: str) -> None:
    script = tmp_path / "worker.py"
    script.write_text(code, encoding="utf-8")
    tracker = MediapipeFaceTracker(command=(sys.executable, str(script)), picture_timeout_s=1.0)
    with pytest.raises(error, match=words):
        list(tracker.faces(np.full((180, 320, 3), number, np.uint8) for number in range(30)))


def test_a_program_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(EngineUnavailable, match="does not start"):
        list(MediapipeFaceTracker(command=("/no/such/program",)).faces(iter([])))


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    tracker = MediapipeFaceTracker()
    monkeypatch.setattr(faces_mediapipe, "_SYSTEM_LIBRARIES", {"libNotHere.so.9": "libnothere9"})
    verdict = tracker.available()
    assert not verdict.is_available
    assert "apt-get install libnothere9" in verdict.why
    with pytest.raises(EngineUnavailable, match="libNotHere"):
        tracker.load()
    monkeypatch.setattr(faces_mediapipe, "find_spec", lambda _name: None)
    assert "mediapipe is not installed" in tracker.available().why


def test_it_is_what_a_face_tracker_must_be() -> None:
    tracker = MediapipeFaceTracker()
    assert (tracker.name, tracker.licence) == ("mediapipe", "Apache-2.0")
    assert tracker.version.startswith("0.10.21-")
    assert tracker.available().is_available

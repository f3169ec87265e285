"""Faces and their landmarks by MediaPipe, whose models come inside its wheel; in a process of its own, one per film being looked at.

Enter RGB pictures at 25 Hz; leave the faces of each, in order. The next pictures are decoded while this one is looked at.
Models: MediaPipe face detector (full range) and face mesh (Apache-2.0).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import studio
from studio.domain.errors import EngineFailed, EngineUnavailable
from studio.engines.protocols import Availability, FaceSeen
from studio.media.niceness import group_as_nice

if TYPE_CHECKING:
    import numpy as np

WORKER = (sys.executable, "-m", "studio.engines.face_worker")
START_TIMEOUT_S, PICTURE_TIMEOUT_S = 120.0, 60.0
_ROOT = Path(studio.__file__).resolve().parents[1]
_PACKAGES = ("mediapipe", "cv2")
_SYSTEM_LIBRARIES = {"libGL.so.1": "libgl1", "libX11.so.6": "libx11-6", "libgthread-2.0.so.0": "libglib2.0-0"}
"""What OpenCV's wheel takes from the system, with the Debian package that has it."""


class MediapipeFaceTracker:
    """FaceTracker. Any number of films at once, each with a worker of its own."""

    name = "mediapipe"
    version = "0.10.21-1"
    licence = "Apache-2.0"

    def __init__(self, *, command: Sequence[str] = WORKER, picture_timeout_s: float = PICTURE_TIMEOUT_S) -> None:
        self._command, self._timeout_s = tuple(command), picture_timeout_s

    def available(self) -> Availability:
        for package in _PACKAGES:
            if find_spec(package) is None:
                return Availability(False, f"the package {package} is not installed; run `make studio` again.")
        missing = _missing_library()
        if missing is not None:
            return Availability(False, f"the system library {missing} is missing; on Debian or Ubuntu: apt-get install {_SYSTEM_LIBRARIES[missing]}")
        return Availability(True, "ready; its models are in the package mediapipe")

    def load(self) -> None:
        """Raises EngineUnavailable. The nets live in the worker, which starts with each film."""
        verdict = self.available()
        if not verdict.is_available:
            raise EngineUnavailable(self.name, verdict.why)

    def faces(self, pictures: Iterator[np.ndarray]) -> Iterator[tuple[FaceSeen, ...]]:
        """Up to six faces of each picture (RGB uint8, shape (height, width, 3), 25 Hz), in order. A picture that is the very array
        before it costs nothing. Raises EngineUnavailable, EngineFailed, and what `pictures` raises."""
        self.load()
        with _Worker(self._command, self._timeout_s) as worker, ThreadPoolExecutor(1) as feeder:
            feeding = feeder.submit(worker.feed, pictures)
            try:
                yield from worker.answers(feeding)
            finally:
                worker.kill()


class _Worker:
    """One worker process and the watchdog that ends it when it owes an answer for too long."""

    def __init__(self, command: Sequence[str], timeout_s: float) -> None:
        self._command, self._timeout_s = command, timeout_s
        self._over = threading.Event()
        self._sent = self._answered = 0
        self._last_sign_s = time.monotonic()
        self._limit_s = START_TIMEOUT_S

    def __enter__(self) -> _Worker:
        from studio.engines.face_worker import read_faces

        path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
        try:
            self._process = subprocess.Popen(
                list(self._command), cwd=_ROOT, env=os.environ | {"PYTHONPATH": path}, start_new_session=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        except OSError as error:
            raise EngineUnavailable("mediapipe", f"its process does not start ({error.strerror}).") from error
        group_as_nice(self._process.pid)
        self._watchdog = threading.Thread(target=self._watch, daemon=True)
        self._sent = 1  # the sign that it is ready is owed first
        self._watchdog.start()
        if read_faces(self._process.stdout) is None:
            self._end()
            raise EngineUnavailable("mediapipe", "its process ended while it started; `python scripts/check_libraries.py` says what is missing.")
        self._limit_s, self._answered = self._timeout_s, 1
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def feed(self, pictures: Iterator[np.ndarray]) -> bool:
        """Send every picture; False when the worker was gone before the last. What `pictures` raises is kept in the future."""
        from studio.engines.face_worker import write_picture

        before: np.ndarray | None = None
        try:
            for picture in pictures:
                self._last_sign_s = time.monotonic() if self._sent == self._answered else self._last_sign_s
                self._sent += 1  # owed from now on: a worker that hangs may not even read it
                try:
                    write_picture(self._process.stdin, None if picture is before else picture)
                except (OSError, ValueError):  # killed, or closed because nobody wants more
                    return False
                before = picture
            return True
        finally:
            with contextlib.suppress(OSError, ValueError):
                self._process.stdin.close()

    def answers(self, feeding: Future[bool]) -> Iterator[tuple[FaceSeen, ...]]:
        """The faces of each picture sent. Raises EngineFailed when the worker ends before the pictures do."""
        from studio.engines.face_worker import read_faces

        count = 0
        while (faces := read_faces(self._process.stdout)) is not None:
            self._last_sign_s = time.monotonic()
            self._answered += 1
            count += 1
            yield faces
        self.kill()
        if not feeding.result() or self._answered < self._sent:
            raise EngineFailed("mediapipe", f"its process crashed or hung at picture {count + 1}; look at the faces again, or leave them out.")

    def kill(self) -> None:
        self._process.kill()

    def _end(self) -> None:
        self._over.set()
        self._process.kill()
        self._process.wait()
        self._watchdog.join()
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError, ValueError):
                stream.close()

    def _watch(self) -> None:
        while not self._over.wait(0.2):
            if self._sent > self._answered and time.monotonic() - self._last_sign_s > self._limit_s:
                self._process.kill()
                return


def _missing_library() -> str | None:
    """The first system library OpenCV links to that this machine lacks."""
    if sys.platform != "linux":
        return None
    for name in _SYSTEM_LIBRARIES:
        try:
            ctypes.CDLL(name)
        except OSError:
            return name
    return None

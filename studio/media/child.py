"""One fenced child process: started without a shell or our environment, watched for time and cancellation, killed with its group.

Enter: an argument list and a `ToolCall`. Leave: its output as lines or blocks, and how it ended. `ffmpeg.py` and `apart.py` are its users;
what the child may do is in `cage.py`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from studio.domain.errors import Cancelled, MediaToolFailed
from studio.domain.settings import Limits
from studio.media.niceness import group_as_nice

CancelCheck = Callable[[], bool]
"""Answers True once the person has asked for a stop."""

DEFAULT_TIMEOUT_S = float(Limits().media_tool_timeout_s)
CAGE = Path(__file__).with_name("cage.py")
_ROOT = Path(__file__).resolve().parents[2]
_POLL_S = 0.05
_LINE_BYTES = 8192
_PIPE_BYTES = 2**20  # pictures pass through


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What a run is for and how it may end. `action` begins the error sentence, such as "Reading the sound"."""

    action: str
    timeout_s: float = DEFAULT_TIMEOUT_S
    cancel: CancelCheck | None = None
    place: str = "the project"

    def check_cancel(self) -> None:
        if self.cancel is not None and self.cancel():
            raise Cancelled


@dataclass(frozen=True, slots=True)
class Fence:
    """What a child may touch: files and folders it may `read`, `write` (also make and remove in a folder) and programs it may `run`."""

    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()
    run: tuple[Path, ...] = ()

    def words(self, timeout_s: float, limits: Limits) -> list[str]:
        """As `cage.py` reads them. A child of many threads may use `timeout_s` on each processor."""
        cpu_s = int(timeout_s) * (os.cpu_count() or 1) + 1
        named = [f"{name}={path.resolve()}" for name in ("read", "write", "run") for path in getattr(self, name)]
        return [
            *(f"cpu_s={cpu_s}", f"memory_bytes={limits.media_tool_memory_bytes}", f"output_bytes={limits.media_tool_output_bytes}"),
            *(f"open_files={limits.media_tool_open_files}", "core_bytes=0", f"parent={os.getpid()}", *named),
        ]


def caged(fence: Fence, timeout_s: float, program: Sequence[str], limits: Limits = Limits()) -> list[str]:  # noqa: B008 - Limits is frozen
    """Arguments that run `program` behind `fence`."""
    return [sys.executable, "-I", "-S", str(CAGE), *fence.words(timeout_s, limits), "--", *program]


def python_caged(module: str, word: str, fence: Fence, call: ToolCall) -> list[str]:
    """Arguments that run one of our modules with `word`; it imports what it needs, then fences itself in by the rest."""
    trees = {Path(place) for place in (sys.prefix, sys.base_prefix, *(entry for entry in sys.path if "-packages" in entry))}
    whole = Fence((*sorted(trees), _ROOT / "studio", *fence.read), fence.write, fence.run)
    return [sys.executable, "-P", "-s", "-m", module, word, *whole.words(call.timeout_s, Limits())]


def holds() -> frozenset[str]:
    """Which fences this system puts up, of "limits", "privileges", "files", "network"; for `studio doctor` and the docs."""
    told = subprocess.run(caged(Fence(), 10, ()), stdin=subprocess.DEVNULL, capture_output=True, env=environment(), text=True, timeout=30)
    return frozenset(told.stdout.split())


def environment() -> dict[str, str]:
    """What a child is told of the world: no passwords, no addresses, no home."""
    path = os.environ.get("PATH", os.defpath)
    python = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    return {"PATH": path, "PYTHONPATH": python, "LANG": "C.UTF-8", "HOME": "/nonexistent", "MALLOC_ARENA_MAX": "2", "OMP_NUM_THREADS": "1"}


class Child:
    """A process with a watchdog, and its last words; as a context manager, dead with its group on leaving."""

    def __init__(self, argv: Sequence[str], call: ToolCall) -> None:
        self._argv, self._call = list(argv), call
        self._last_words: deque[str] = deque(maxlen=4000)
        self._over = threading.Event()
        self._timed_out = self._was_cancelled = False

    def __enter__(self) -> Child:
        self._call.check_cancel()
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(
                self._argv, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, start_new_session=True, env=environment(), cwd="/",
                pipesize=_PIPE_BYTES,
            )  # fmt: skip
        except OSError as error:
            raise MediaToolFailed(self._call.action, f"its program could not be started ({error.strerror}).") from error
        group_as_nice(self._process.pid)
        self._threads = [threading.Thread(target=task, daemon=True) for task in (self._listen, self._watch)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._kill()
        self._process.wait()
        for thread in self._threads:
            thread.join()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    @property
    def output(self) -> BinaryIO:
        assert self._process.stdout is not None
        return self._process.stdout  # type: ignore[return-value]

    def blocks(self, block_bytes: int) -> Iterator[bytes]:
        while block := self.output.read(block_bytes):
            self._call.check_cancel()
            yield block

    def finish(self) -> tuple[int, str]:
        """Wait for the end: its exit code (negative: the signal that ended it) and last words. Raises Cancelled, MediaToolFailed."""
        code = self._process.wait()
        self._threads[0].join()
        if self._was_cancelled:
            raise Cancelled
        if self._timed_out:
            raise MediaToolFailed(self._call.action, f"it took longer than {self._call.timeout_s:g} s and was stopped.")
        return code, "".join(self._last_words)

    def _listen(self) -> None:
        words = self._process.stderr
        assert words is not None
        for line in iter(lambda: words.readline(_LINE_BYTES), b""):  # a line without an end is no reason to hold it all
            self._last_words.append(line.decode("utf-8", "replace"))

    def _watch(self) -> None:
        deadline = time.monotonic() + self._call.timeout_s
        while not self._over.wait(_POLL_S) and self._process.returncode is None:
            self._timed_out = time.monotonic() > deadline
            self._was_cancelled = self._call.cancel is not None and self._call.cancel()
            if self._timed_out or self._was_cancelled:
                self._kill()
                return

    def _kill(self) -> None:
        """The whole group, even where its first process has ended: until it is waited for, its number is nobody else's."""
        if self._process.returncode is None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                return

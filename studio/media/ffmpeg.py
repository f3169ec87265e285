"""The one place that starts ffmpeg: a list of arguments in, its output or one error sentence out; never a shell.

Inputs are named with `input_args`, which pins protocols and demuxers, so that a playlist posing as a film opens nothing.
Add a call by building arguments in the module that owns the subject and handing them to `run` or `stream`.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from studio.domain.errors import Cancelled, MediaToolFailed, OutOfSpace
from studio.domain.settings import Limits

CancelCheck = Callable[[], bool]
"""Answers True once the person has asked for a stop."""

DEMUXERS = (
    "mov", "matroska", "webm", "avi", "mpeg", "mpegts", "mpegvideo", "wav", "w64", "mp3", "flac", "ogg", "aac", "ac3", "eac3", "asf",
    "flv", "aiff", "caf", "au", "amr", "mxf", "dv", "srt",
)  # fmt: skip
DEFAULT_TIMEOUT_S = float(Limits().media_tool_timeout_s)
_PROTOCOLS = "file,pipe"
_FULL_DISK = ("No space left on device", "Disk quota exceeded", "File too large")
_STDERR_LINES = 3
_ORIGIN = re.compile(r"\[[^\]]* @ 0x[0-9a-f]+\]\s*")
_POLL_S = 0.05


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


def input_args(path: Path, *before: str) -> list[str]:
    """Arguments that open `path` as a local media file and nothing else; `before` are input options such as -ss."""
    return [*before, "-protocol_whitelist", _PROTOCOLS, "-format_whitelist", ",".join(DEMUXERS), "-i", local(path)]


def local(path: Path) -> str:
    """`path` as ffmpeg must see it: absolute and marked as a file, so that no name can be read as an option or a URL."""
    return f"file:{path.resolve()}"


@contextmanager
def write_beside(out: Path) -> Iterator[Path]:
    """A temporary path next to `out` that takes its place when the block ends well, and is removed when it does not.

    Raises OutOfSpace when the disk is full.
    """
    try:
        handle, name = tempfile.mkstemp(dir=out.parent, prefix=".part-", suffix=out.suffix)
        os.close(handle)
    except OSError as error:
        raise storage_error(error, out) from error
    draft = Path(name)
    try:
        yield draft
        os.chmod(draft, 0o644)
        os.replace(draft, out)
    except OSError as error:
        raise storage_error(error, out) from error
    finally:
        draft.unlink(missing_ok=True)


def storage_error(error: OSError, out: Path) -> MediaToolFailed | OutOfSpace:
    """What a failed write to `out` means for the person: a full disk, or something else the system names."""
    if error.strerror in _FULL_DISK:
        return OutOfSpace(out.parent.name)
    return MediaToolFailed(f"Writing {out.name}", error.strerror or str(error))


def run(arguments: Sequence[str], call: ToolCall, progress: Callable[[int], None] | None = None) -> str:
    """Run ffmpeg to its end; returns what it wrote to stderr at the level asked for by `arguments`.

    `progress` is told the ms of output written so far. Raises MediaToolFailed, OutOfSpace or Cancelled; the child and its
    group are dead when this returns.
    """
    with _Child(["-progress", "pipe:1", "-stats_period", "0.25", *arguments], call) as child:
        for line in child.lines():
            if progress is not None and line.startswith(b"out_time_us=") and line[12:].strip().isdigit():
                progress(int(line[12:]) // 1000)
        return child.finish()


def stream(arguments: Sequence[str], call: ToolCall, block_bytes: int) -> Iterator[bytes]:
    """Yield what ffmpeg writes to its standard output in blocks of `block_bytes`, the last one shorter.

    Closing the generator early ends the child quietly. Raises as `run` does.
    """
    with _Child(arguments, call) as child:
        yield from child.blocks(block_bytes)
        child.finish()


class _Child:
    """One ffmpeg process with a watchdog for time and cancellation, and its last words."""

    def __init__(self, arguments: Sequence[str], call: ToolCall) -> None:
        self._arguments, self._call = arguments, call
        self._last_words: deque[str] = deque(maxlen=4000)
        self._over = threading.Event()
        self._timed_out = self._was_cancelled = False

    def __enter__(self) -> _Child:
        import imageio_ffmpeg

        self._call.check_cancel()
        argv = [
            *_leash(),
            imageio_ffmpeg.get_ffmpeg_exe(),
            "-nostdin",
            "-hide_banner",
            "-y",
            "-nostats",
            "-max_error_rate",
            "1",
            *self._arguments,
        ]
        try:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
            )
        except OSError as error:
            raise MediaToolFailed(self._call.action, f"ffmpeg could not be started ({error.strerror}).") from error
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

    def lines(self) -> Iterator[bytes]:
        assert self._process.stdout is not None
        yield from self._process.stdout

    def blocks(self, block_bytes: int) -> Iterator[bytes]:
        assert self._process.stdout is not None
        while block := self._process.stdout.read(block_bytes):
            self._call.check_cancel()
            yield block

    def finish(self) -> str:
        """Wait for the end and judge it."""
        code = self._process.wait()
        self._threads[0].join()
        words = "".join(self._last_words)
        if self._was_cancelled:
            raise Cancelled
        if self._timed_out:
            raise MediaToolFailed(self._call.action, f"it took longer than {self._call.timeout_s:g} s and was stopped.")
        if any(sign in words for sign in _FULL_DISK) or code == -signal.SIGXFSZ:
            raise OutOfSpace(self._call.place)
        if code != 0:
            raise MediaToolFailed(self._call.action, _gist(words) or f"ffmpeg ended with code {code}.")
        return words

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._last_words.append(line.decode("utf-8", "replace"))

    def _watch(self) -> None:
        deadline = time.monotonic() + self._call.timeout_s
        while not self._over.wait(_POLL_S) and self._process.poll() is None:
            self._timed_out = time.monotonic() > deadline
            self._was_cancelled = self._call.cancel is not None and self._call.cancel()
            if self._timed_out or self._was_cancelled:
                self._kill()
                return

    def _kill(self) -> None:
        if self._process.poll() is None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                return


def _leash() -> list[str]:
    """Where the system has it, a prefix that ends ffmpeg with us even when we are killed outright."""
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    return [] if setpriv is None else [setpriv, "--pdeathsig", "KILL", "--"]


def _gist(words: str) -> str:
    """The last distinct lines of ffmpeg's own account, without addresses in memory."""
    lines = dict.fromkeys(_ORIGIN.sub("", line).strip() for line in words.split("\n"))
    return " · ".join([line for line in lines if line][-_STDERR_LINES:])

"""The one place that starts ffmpeg: a list of arguments in, its output or one error sentence out; never a shell.

Inputs are named with `input_args`, which pins protocols and demuxers, so that a playlist posing as a film opens nothing.
Add a call by building arguments in the module that owns the subject and handing them to `run` or `stream`.
"""

from __future__ import annotations

import os
import re
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from studio.domain.errors import MediaToolFailed, OutOfSpace
from studio.media.child import DEFAULT_TIMEOUT_S, CancelCheck, Child, Fence, ToolCall, caged

__all__ = ["DEFAULT_TIMEOUT_S", "DEMUXERS", "CancelCheck", "ToolCall", "input_args", "local", "run", "storage_error", "stream", "tool_path", "write_beside"]

DEMUXERS = (
    "mov", "matroska", "webm", "avi", "mpeg", "mpegts", "mpegvideo", "wav", "w64", "mp3", "flac", "ogg", "aac", "ac3", "eac3", "asf",
    "flv", "aiff", "caf", "au", "amr", "mxf", "dv", "srt",
)  # fmt: skip
_PROTOCOLS, _FILE = "file,pipe", "file:"
_FULL_DISK = ("No space left on device", "Disk quota exceeded", "File too large")
_STDERR_LINES = 3
_ORIGIN = re.compile(r"\[[^\]]* @ 0x[0-9a-f]+\]\s*")


def tool_path() -> Path:
    """The ffmpeg that is run."""
    import imageio_ffmpeg

    return Path(imageio_ffmpeg.get_ffmpeg_exe()).resolve()


def input_args(path: Path, *before: str) -> list[str]:
    """Arguments that open `path` as a local media file and nothing else; `before` are input options such as -ss."""
    return [*before, "-protocol_whitelist", _PROTOCOLS, "-format_whitelist", ",".join(DEMUXERS), "-i", local(path)]


def local(path: Path) -> str:
    """`path` as ffmpeg must see it: absolute and marked as a file, so that no name can be read as an option or a URL."""
    return f"{_FILE}{path.resolve()}"


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
    with _started(["-progress", "pipe:1", "-stats_period", "0.25", *arguments], call) as child:
        for line in child.output:
            if progress is not None and line.startswith(b"out_time_us=") and line[12:].strip().isdigit():
                progress(int(line[12:]) // 1000)
        return _judge(child, call)


def stream(arguments: Sequence[str], call: ToolCall, block_bytes: int) -> Iterator[bytes]:
    """Yield what ffmpeg writes to its standard output in blocks of `block_bytes`, the last one shorter.

    Closing the generator early ends the child quietly. Raises as `run` does.
    """
    with _started(arguments, call) as child:
        yield from child.blocks(block_bytes)
        _judge(child, call)


@contextmanager
def _started(arguments: Sequence[str], call: ToolCall) -> Iterator[Child]:
    call.check_cancel()
    tool = tool_path()
    reads, writes = _touched(arguments)
    fence = Fence(read=(tool.parent, tool.parent.parent / "lib", *reads), write=writes, run=(tool,))
    options = ["-nostdin", "-hide_banner", "-y", "-nostats", "-max_error_rate", "1"]
    with Child(caged(fence, call.timeout_s, [str(tool), *options, *arguments]), call) as child:
        yield child


def _touched(arguments: Sequence[str]) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The files a run reads, which stand behind -i, and those it writes: the only ones it can open. An output is there before it starts."""
    reads, writes = [], []
    for before, word in zip(["", *arguments], arguments, strict=False):
        if word.startswith(_FILE):
            (reads if before == "-i" else writes).append(Path(word.removeprefix(_FILE)))
    for path in writes:
        try:
            path.touch(mode=0o600)
        except OSError:
            continue  # ffmpeg will say it better
    return tuple(reads), tuple(writes)


def _judge(child: Child, call: ToolCall) -> str:
    code, words = child.finish()
    if any(sign in words for sign in _FULL_DISK) or code == -signal.SIGXFSZ:
        raise OutOfSpace(call.place)
    if code != 0:
        raise MediaToolFailed(call.action, _gist(words) or f"ffmpeg ended with code {code}.")
    return words


def _gist(words: str) -> str:
    """The last distinct lines of ffmpeg's own account, without addresses in memory."""
    lines = dict.fromkeys(_ORIGIN.sub("", line).strip() for line in words.split("\n"))
    return " · ".join([line for line in lines if line][-_STDERR_LINES:])

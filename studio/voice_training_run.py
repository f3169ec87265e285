"""A training program in a process of its own: a command line in, its lines handed on as they come, its end awaited.

The studio does not import programs it trains with; it runs them. Ctrl-C and a polite kill go on to the program, which may still save.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import studio
from studio.domain.errors import EngineFailed
from studio.media.niceness import group_as_nice

PATIENCE_S = 60.0  # for a program that was asked to stop and may be writing
_ROOT = Path(studio.__file__).resolve().parents[1]
_KEPT_LINES = 12


def recipe(module: str, arguments: Sequence[str], processes: int = 1) -> list[str]:
    """The command line of a program of `models.recipes`, in one process or in several under accelerate."""
    name = f"models.recipes.{module}"
    if processes > 1:
        return [sys.executable, "-m", "accelerate.commands.launch", "--num_processes", str(processes), "-m", name, *arguments]
    return [sys.executable, "-m", name, *arguments]


def run_program(argv: Sequence[str], tell: Callable[[str], None]) -> None:
    """Run it to its end; `tell` gets every line it prints. Raises EngineFailed with its last words, and KeyboardInterrupt once it has
    ended after Ctrl-C or a polite kill. Nothing of it is left when this returns."""
    paths = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    process = subprocess.Popen(
        list(argv), cwd=_ROOT, env=os.environ | {"PYTHONPATH": paths, "PYTHONUNBUFFERED": "1"}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace", start_new_session=True,
    )  # fmt: skip
    group_as_nice(process.pid)
    said: deque[str] = deque(maxlen=_KEPT_LINES)
    try:
        with _polite_kill_as_control_c():
            _listen(process, said, tell)
            process.wait()
    except KeyboardInterrupt:
        _signal(process, signal.SIGINT)
        _last_words(process, tell)
        raise
    finally:
        _signal(process, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    if process.returncode:
        raise EngineFailed(_named(argv), _why(said, process.returncode))


def _listen(process: subprocess.Popen[str], said: deque[str], tell: Callable[[str], None]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line.rstrip())
        tell(line.rstrip())


def _last_words(process: subprocess.Popen[str], tell: Callable[[str], None]) -> None:
    """What it says while it ends, for as long as patience lasts."""
    patience = threading.Timer(PATIENCE_S, lambda: _signal(process, signal.SIGKILL))
    patience.start()
    try:
        _listen(process, deque(maxlen=1), tell)
        process.wait()
    finally:
        patience.cancel()


def _signal(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """To the program and all that it started; none where all are gone."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


@contextmanager
def _polite_kill_as_control_c() -> Iterator[None]:
    """The program is in a group of its own and would outlive this process."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _named(argv: Sequence[str]) -> str:
    return next((word for word in argv if word.startswith("models.recipes.")), Path(argv[0]).name)


def _why(said: Sequence[str], returncode: int) -> str:
    last = next((line for line in reversed(said) if line.strip()), "")
    return last if last else f"it ended with {returncode} and said nothing."

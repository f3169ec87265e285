"""Training programs run on their own: their lines come as they are said, their failure is a sentence, nothing of them is left."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.domain.errors import EngineFailed
from studio.voice_training_run import recipe, run_program


def program(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" if Path("/proc").is_dir() else True


def test_lines_are_handed_on_as_they_come() -> None:
    at: list[tuple[str, float]] = []
    run_program(program("import time; print('one'); time.sleep(0.5); print('two')"), lambda line: at.append((line, time.monotonic())))
    assert [line for line, _ in at] == ["one", "two"]
    assert at[1][1] - at[0][1] > 0.3


def test_a_failure_is_told_with_the_last_words() -> None:
    with pytest.raises(EngineFailed, match="the voice lacks a token"):
        run_program(program("raise SystemExit('the voice lacks a token')"), print)
    with pytest.raises(EngineFailed, match="ended with 3"):
        run_program(program("raise SystemExit(3)"), print)


SAVES = """
import os, signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
def stop(*_):
    print("saved", flush=True)
    raise SystemExit(130)
signal.signal(signal.SIGINT, stop)
print(os.getpid(), child.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl-C as a terminal has it: a shell that starts tests in the background lets them ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_control_c_and_a_polite_kill_are_passed_on_and_nothing_is_left(number: signal.Signals) -> None:
    said: list[str] = []

    def tell(line: str) -> None:
        said.append(line)
        if len(said) == 1:
            os.kill(os.getpid(), number)

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        run_program(program(SAVES), tell)
    assert said[1:] == ["saved"]
    assert signal.getsignal(signal.SIGTERM) is before
    for _ in range(50):
        if not any(is_running(int(pid)) for pid in said[0].split()):
            break
        time.sleep(0.1)
    assert not any(is_running(int(pid)) for pid in said[0].split())


def test_several_processes_are_launched_by_accelerate() -> None:
    assert recipe("syncvoice", ["--out", "x"], 1) == [sys.executable, "-m", "models.recipes.syncvoice", "--out", "x"]
    several = recipe("syncvoice", ["--out", "x"], 4)
    assert several[1:5] == ["-m", "accelerate.commands.launch", "--num_processes", "4"]
    assert several[-3:] == ["models.recipes.syncvoice", "--out", "x"]

"""Where and when a benchmark ran: what its numbers must be read with."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Machine:
    processor: str
    cores: int
    memory_gb: float
    load_before: float
    loop_s: float
    system: str
    python: str
    torch: str
    date: str
    commit: str

    def __str__(self) -> str:
        return (
            f"{self.date} · commit {self.commit}\n{self.processor}, {self.cores} cores, {self.memory_gb} GB, load {self.load_before} before, a loop of Python in {self.loop_s} s\n"
            f"{self.system}, Python {self.python}, torch {self.torch}"
        )


def this_machine() -> Machine:
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory_gb=round(psutil.virtual_memory().total / 2**30, 1),
        load_before=round(os.getloadavg()[0], 1),
        loop_s=_loop_s(),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        torch=version("torch"),
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        commit=_commit(),
    )


def as_plain(machine: Machine) -> dict[str, str | int | float]:
    return asdict(machine)


def _loop_s() -> float:
    """Seconds for a fixed loop on one processor: tells a slow host from a slow studio."""
    started, total = time.perf_counter(), 0
    for number in range(3_000_000):
        total += number * number
    return round(time.perf_counter() - started, 3)


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        for line in listing.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _commit() -> str:
    def git(*words: str) -> str:
        argv = ["git", "-c", f"safe.directory={ROOT}", *words]
        return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False).stdout.strip()

    head = git("rev-parse", "--short", "HEAD")
    return f"{head}{' with changes' if git('status', '--porcelain', '--untracked-files=no') else ''}" if head else "unknown"

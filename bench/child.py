"""Runs a program and watches the memory of it and all its children, as the system counts it."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass

import psutil

SAMPLE_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class ChildRun:
    """`peak_memory_mb`: largest sum over the process tree, shared pages counted once where the system can say (Linux)."""

    wall_s: float
    peak_memory_mb: int
    exit_code: int
    stdout: str
    stderr: str


def run_child(argv: list[str]) -> ChildRun:
    started = time.monotonic()
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    peak = 0
    while child.poll() is None:
        peak = max(peak, tree_memory_bytes(child.pid))
        time.sleep(SAMPLE_EVERY_S)
    wall_s = time.monotonic() - started
    stdout, stderr = child.communicate()
    return ChildRun(wall_s, peak // 2**20, child.returncode, stdout, stderr)


def tree_memory_bytes(pid: int) -> int:
    try:
        root = psutil.Process(pid)
        members = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    total = 0
    for member in members:
        try:
            info = member.memory_full_info()
            total += getattr(info, "pss", info.rss)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue  # it ended between the listing and the question
    return total

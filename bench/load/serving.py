"""`python -m studio serve` in processes of its own: started, watched, killed, started again. Enter: a scene. Leave: an address, and what the
process costs. Whatever was started here is ended by `close`, and a child that outlives its killed server is found by `orphans`.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil

from bench.load.calls import Away, Caller
from bench.load.scene import Scene
from bench.machine import ROOT

START_PATIENCE_S = 120.0
STOP_PATIENCE_S = 25.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a process with its children. `cpu_s`: its own since it began."""

    memory_mb: float
    files: int
    threads: int
    children: int
    cpu_s: float


@dataclass(slots=True)
class Process:
    """A studio process of a scene: a page server, or with other `words` a worker. `name` tells it apart in the log folder."""

    scene: Scene
    name: str
    words: tuple[str, ...]
    port: int | None = None
    program: tuple[str, ...] = ("-m", "studio")
    starts: int = 0
    _process: subprocess.Popen[bytes] | None = None
    _log: IO[bytes] | None = None
    _seen: dict[int, float] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def temp(self) -> Path:
        """Where the process puts what it does not keep."""
        return self.scene.place.home.parent / f"temp-{self.name}"

    @property
    def log(self) -> Path:
        return self.scene.place.home.parent / f"{self.name}.log"

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it; `wait` tells when it answers."""
        self.temp.mkdir(parents=True, exist_ok=True)
        self._log = self.log.open("ab")
        argv = [sys.executable, *self.program, *self.words]
        out = {"stdin": subprocess.DEVNULL, "stdout": self._log, "stderr": self._log}
        self._process = subprocess.Popen(argv, cwd=ROOT, env=self._environment(), start_new_session=True, **out)
        self.starts += 1

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LIPLINE_")}
        quiet = {"LIPLINE_OFFLINE": "1", "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
        folders = {"TMPDIR": str(self.temp), "GRADIO_TEMP_DIR": str(self.temp / "gradio")}
        database = {"LIPLINE_DATABASE": self.scene.place.database} if self.scene.place.database is not None else {}
        return kept | quiet | folders | database

    def wait(self, within_s: float = START_PATIENCE_S) -> float:
        """Seconds until the page answers. Raises RuntimeError with the end of its log where it does not."""
        started, caller = time.monotonic(), Caller(self.address)
        try:
            while time.monotonic() - started < within_s and self.is_running:
                try:
                    if caller.ask("GET", "/look/css/tokens.css").status == 200:
                        return time.monotonic() - started
                except Away:
                    time.sleep(0.1)
        finally:
            caller.close()
        raise RuntimeError(f"{self.name} does not answer; its log ends: {self.log.read_bytes()[-800:].decode(errors='replace')}")

    def kill(self) -> None:
        """SIGKILL, to this process only: whether its children end with it is the studio's affair."""
        if self._process is not None and self._process.poll() is None:
            self._see_children()
            self._process.kill()
            self._process.wait()
        self._shut_log()

    def signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def stop(self) -> None:
        """As an administrator stops it; killed where it will not end."""
        if self._process is not None and self._process.poll() is None:
            self._see_children()
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_PATIENCE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._shut_log()

    def close(self) -> None:
        """Stop it, and end what it left behind."""
        self.stop()
        for child in self.orphans(0.0):
            child.kill()

    def _shut_log(self) -> None:
        if self._log is not None:
            self._log.close()
            self._log = None

    def _see_children(self) -> None:
        for child in psutil.Process(self._process.pid).children(recursive=True) if self._process is not None else ():
            try:
                self._seen[child.pid] = child.create_time()
            except psutil.NoSuchProcess:
                continue

    def orphans(self, after_s: float = 5.0) -> list[psutil.Process]:
        """Children of processes that ended which are still there some seconds later."""
        until = time.monotonic() + after_s
        while True:
            left = [child for pid, at_s in self._seen.items() if (child := _same(pid, at_s)) is not None]
            if not left or time.monotonic() >= until:
                return left
            time.sleep(0.2)

    def cost(self) -> Cost | None:
        """None where it is not running."""
        if self._process is None:
            return None
        try:
            root = psutil.Process(self._process.pid)
            members = [root, *root.children(recursive=True)]
            memory = sum(_memory_bytes(one) for one in members) / 2**20
            return Cost(memory, root.num_fds(), root.num_threads(), len(members) - 1, sum(root.cpu_times()[:2]))
        except psutil.NoSuchProcess:
            return None


def server(scene: Scene, *, name: str = "server", port: int | None = None, more: tuple[str, ...] = ()) -> Process:
    """A page server of that scene, not yet started."""
    chosen = free_port() if port is None else port
    words = ("serve", "--no-demo", "--home", str(scene.place.home), "--port", str(chosen), *more)
    return Process(scene, name, words, chosen)


def worker(scene: Scene, *, name: str = "worker", more: tuple[str, ...] = ()) -> Process:
    """A process that does jobs and serves no page, not yet started."""
    return Process(scene, name, ("worker", "--home", str(scene.place.home), *more))


def scratch() -> Path:
    """A folder of its own under the system's."""
    return Path(tempfile.mkdtemp(prefix="lipline-load-"))


def _same(pid: int, at_s: float) -> psutil.Process | None:
    try:
        found = psutil.Process(pid)
        return found if found.create_time() == at_s and found.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None


def _memory_bytes(process: psutil.Process) -> int:
    try:
        info = process.memory_full_info()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
    return int(getattr(info, "pss", info.rss))

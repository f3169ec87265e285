"""What `--ray ADDRESS` means: workers of this studio on the machines of a Ray cluster. Enter: a place and an address. Leaves: jobs done.

Ray lives in a process of its own (`python -m studio worker --ray`), never in a page server: a cluster that breaks down takes nobody's page with it.
"""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.bootstrap import REPOSITORY, Place, job_runner, open_shop
from studio.cluster.pool import ClusterPlan, keep_workers
from studio.domain.errors import BadSetting, EngineUnavailable
from studio.store.shared_blobs import open_blobs

if TYPE_CHECKING:
    from studio.engines.rack import EngineRack
    from studio.jobs import JobRunner

END_S = 20.0
AGAIN_S = 10.0


@dataclass(frozen=True, slots=True)
class ClusterWorker:
    """How a worker begins on a machine of the cluster. `probe`: a stored file that it must see; `engines`: None for all that are installed there."""

    place: Place
    probe: str
    engines: Callable[[], EngineRack] | None = None

    def __call__(self) -> JobRunner:
        shop = open_shop(self.place, None if self.engines is None else self.engines())
        if not shop.blobs.exists(self.probe):
            raise BadSetting(f"This machine does not see the studio's files at {self.place.blobs_place}; name a folder that all share, or s3://…, with --blobs.")
        runner = job_runner(shop)
        runner.start()
        return runner


def cluster_worker(place: Place, engines: Callable[[], EngineRack] | None = None) -> ClusterWorker:
    """Raises BadSetting for a studio that other machines cannot reach."""
    if place.database_url.startswith("sqlite"):
        raise BadSetting("A cluster's machines cannot share a database file; name a server with --database postgresql://user@host/name.")
    probe = open_blobs(place.blobs_place, place.home / "blobs").put_bytes(b"Seen by every machine of the studio.\n", ".txt")
    return ClusterWorker(place, probe, engines)


def work_on_cluster(place: Place, plan: ClusterPlan) -> None:
    """Until SIGTERM, Ctrl-C, or the end of stdin where that is a pipe (so that it ends with whoever began it); for `studio worker --ray`."""
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    if stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
        threading.Thread(target=lambda: (sys.stdin.read(), over.set()), name="until-closed", daemon=True).start()
    keep_workers(plan, cluster_worker(place), over.wait, told=_tell)


def _tell(count: int) -> None:
    print(f"{count} worker{'' if count == 1 else 's'} on the cluster.", flush=True)


@contextmanager
def cluster_beside(place: Place, address: str | None) -> Iterator[None]:
    """Workers on the cluster while the block lasts, kept by a process of their own that is begun again when it breaks off. None: nothing.

    Raises EngineUnavailable with the sentence of that process where no worker ever began.
    """
    if address is None:
        yield
        return
    keeper = _Keeper(place, address)
    keeper.begin()
    try:
        yield
    finally:
        keeper.end()


class _Keeper:
    def __init__(self, place: Place, address: str) -> None:
        self._argv = [sys.executable, "-m", "studio", "worker", "--ray", address, "--home", str(place.home)]
        self._environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(REPOSITORY), os.environ.get("PYTHONPATH")))), "LIPLINE_DATABASE": place.database_url}  # an argument would show the password to `ps`
        if place.blobs is not None:
            self._environment["LIPLINE_BLOBS"] = place.blobs
        self._over = threading.Event()
        self._process: subprocess.Popen[str] | None = None

    def begin(self) -> None:
        process = self._started()
        assert process.stdout is not None and process.stderr is not None
        if not process.stdout.readline():  # how many there are; with none yet the page is served all the same
            process.wait(END_S)
            raise EngineUnavailable("ray", process.stderr.read().strip() or "its worker ended without a word; see the log.")
        threading.Thread(target=self._watch, name="cluster", daemon=True).start()

    def end(self) -> None:
        self._over.set()
        process = self._process
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()

    def _started(self) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(self._argv, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=self._environment)
        return self._process

    def _watch(self) -> None:
        process = self._process
        while process is not None and not self._over.is_set():
            process.communicate() if process.stdin is None else _drained(process)
            if self._over.wait(AGAIN_S):
                return
            process = self._started()


def _drained(process: subprocess.Popen[str]) -> None:
    """Wait for its end, reading what it says so that it never waits for a reader."""
    assert process.stdout is not None and process.stderr is not None
    reader = threading.Thread(target=process.stderr.read, daemon=True)
    reader.start()
    process.stdout.read()
    process.wait()

"""What a running job sees of its runner: where to say how far it is, whether to stop or step aside, and which GPU it may use."""

from __future__ import annotations

import logging
import threading
import time

from studio.domain.errors import Cancelled, SteppedAside, StudioError
from studio.domain.project import Job
from studio.gpu_turns import GpuTurn, Machine
from studio.store.jobs import JobStore, Progress

REPORT_EVERY_S = 1.0
_LOG = logging.getLogger(__name__)


class JobContext:
    """Made by the runner for one job; used in the job's thread, told to stop from any. `machine` None: no GPU is known here."""

    def __init__(self, store: JobStore, worker: str, job: Job, machine: Machine | None = None) -> None:
        self._store, self._worker, self._job_id = store, worker, job.id
        self._stop, self._way = threading.Event(), threading.Event()
        self._last = self._written = Progress(0, 0, "")
        self._written_at = 0.0
        self._turn = None if machine is None else GpuTurn(machine, worker, job.id, int(job.priority), self._held_up, self._stop)

    def progress(self, done: int, total: int, *, stage: str, message: str = "") -> None:
        """Say where the work is, as often as you like: it is written once a second, as often as pages ask, and at each new stage."""
        progress = Progress(done, total, stage, message)
        is_news = stage != self._last.stage or (progress != self._last and done >= total)
        self._last = progress
        if not is_news and time.monotonic() - self._written_at < REPORT_EVERY_S:
            return
        self._written_at = time.monotonic()
        self.flush()

    def flush(self) -> None:
        """Write the latest progress now. It is for show only: a database that cannot take it does not end the work."""
        latest = self._last
        try:
            self._store.report(self._worker, self._job_id, latest)
            self._written = latest
        except StudioError:
            _LOG.warning("progress of job %s was not written", self._job_id, exc_info=True)

    def catch_up(self) -> None:
        """Write progress that came too soon after the last and was followed by none: the next line may take long."""
        if self._last != self._written and time.monotonic() - self._written_at >= REPORT_EVERY_S:
            self._written_at = time.monotonic()
            self.flush()

    def is_cancelled(self) -> bool:
        """Whether the work should stop as soon as it can."""
        return self._stop.is_set()

    def check(self) -> None:
        """Raise Cancelled when the work should stop; call it once per line. Where others are due on the GPU it lets them go first."""
        if self._stop.is_set():
            raise Cancelled
        if self._turn is not None:
            self._turn.pass_on()

    def make_way(self) -> None:
        """Where work is kept line by line: step aside for more urgent work of the same project. Raises SteppedAside."""
        if self._way.is_set():
            raise SteppedAside

    def device(self) -> str | None:
        """The GPU that is this job's from now to the end of its step, waiting for one if need be; None on a machine without. Raises
        Cancelled."""
        gpu = None if self._turn is None else self._turn.take()
        return None if gpu is None else gpu.name

    def let_go(self) -> None:
        """A step has ended: the GPU is somebody else's."""
        if self._turn is not None:
            self._turn.let_go()

    # for the runner

    def stop(self) -> None:
        self._stop.set()

    def ask_way(self) -> None:
        self._way.set()

    def _held_up(self, why: str) -> None:
        try:
            self._store.hold_up(self._worker, self._job_id, why)
        except StudioError:
            _LOG.warning("what holds up job %s was not written", self._job_id, exc_info=True)

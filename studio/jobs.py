"""Runs queued jobs on worker threads: jobs in the database in, their outcomes in the database out.

The work itself is a function handed in; it is told where to report and whether to stop by a `JobContext`. Several runners,
in several processes, may share one database. This is the one place below the shells that catches every Exception: what
nobody foresaw goes to the log with its traceback, and the person gets a sentence with a reference.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from uuid import uuid4

from studio.domain.errors import Cancelled, StudioError, UserError
from studio.domain.project import Job, JobState
from studio.domain.queue import Lane
from studio.store.jobs import JobStore, Outcome, Progress, new_worker

REPORT_EVERY_S = 0.3
LOOK_EVERY_S = 0.5
BEAT_EVERY_S = 5.0
RECOVER_EVERY_S = 10.0
CLOSE_WAIT_S = 5.0
_LOG = logging.getLogger(__name__)


class JobContext:
    """What a running job sees of its runner."""

    def __init__(self, store: JobStore, worker: str, job_id: str) -> None:
        self._store, self._worker, self._job_id = store, worker, job_id
        self._stop = threading.Event()
        self._last = Progress(0, 0, "")
        self._written_at = 0.0

    def progress(self, done: int, total: int, *, stage: str, message: str = "") -> None:
        """Say where the work is, as often as you like: it is written a few times a second, and at each new stage."""
        progress = Progress(done, total, stage, message)
        is_news = stage != self._last.stage or (progress != self._last and done >= total)
        self._last = progress
        if not is_news and time.monotonic() - self._written_at < REPORT_EVERY_S:
            return
        self._written_at = time.monotonic()
        self.flush()

    def flush(self) -> None:
        """Write the latest progress now. It is for show only: a database that cannot take it does not end the work."""
        try:
            self._store.report(self._worker, self._job_id, self._last)
        except StudioError:
            _LOG.warning("progress of job %s was not written", self._job_id, exc_info=True)

    def is_cancelled(self) -> bool:
        """Whether the work should stop as soon as it can."""
        return self._stop.is_set()

    def check(self) -> None:
        """Raise Cancelled when the work should stop; call it once per line."""
        if self._stop.is_set():
            raise Cancelled

    def stop(self) -> None:
        """Ask the work to stop. For the runner."""
        self._stop.set()


class JobRunner:
    """Worker threads over a JobStore, and one more for the kinds that run beside others, so that a film's faces hold nobody up.

    `start` takes up all waiting work, also of earlier processes; without it the runner does only the jobs submitted to it.
    Nothing runs before the first of `start`, `submit` and `run_now`."""

    def __init__(self, store: JobStore, run: Callable[[Job, JobContext], None], *, workers: int = 1) -> None:
        self._store, self._run, self._workers = store, run, workers
        self._worker = new_worker()
        self._lock = threading.Lock()
        self._held: dict[str, JobContext] = {}
        self._mine: set[str] = set()
        self._threads: list[threading.Thread] = []
        self._takes_all = False
        self._closing, self._news = threading.Event(), threading.Event()

    def start(self) -> None:
        """Queue again what dead processes left running, and begin to work on all that waits."""
        self._store.recover(self._held_ids())
        self._takes_all = True
        self._ensure_threads()
        self._news.set()

    def submit(self, job: Job) -> Job:
        """Queue a job and return at once; the same work still waiting is returned instead of queued twice."""
        self._store.recover(self._held_ids())  # or a dead process would block the project
        queued = self._store.submit(job)
        with self._lock:
            self._mine.add(queued.id)
        self._ensure_threads()
        self._news.set()
        return queued

    def cancel(self, job_id: str) -> Job:
        """Ask a job to stop, whoever runs it. Raises NotFound."""
        job = self._store.ask_cancel(job_id)
        with self._lock:
            context = self._held.get(job_id)
        if context is not None:
            context.stop()
        return job

    def run_now(self, job: Job) -> Job:
        """Do a job in the caller's thread and return it as it ended, after the work of its project that runs already."""
        queued = self._store.submit(job)
        self._ensure_pulse()
        while True:
            claimed = self._store.claim(self._worker, [queued.id])
            if claimed is not None:
                self._perform(claimed)
            now = self._store.get(queued.id)
            if now.state.is_over or self._closing.is_set():
                return now
            self._store.recover(self._held_ids())
            self._closing.wait(LOOK_EVERY_S)

    def close(self, wait_s: float = CLOSE_WAIT_S) -> None:
        """Stop working. Jobs that stop in time go back to the queue; the others are found there at the next start."""
        self._closing.set()
        self._news.set()
        with self._lock:
            contexts, threads = list(self._held.values()), list(self._threads)
        for context in contexts:
            context.stop()
        until = time.monotonic() + wait_s
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, until - time.monotonic()))

    # within

    def _ensure_threads(self) -> None:
        self._ensure_pulse()
        with self._lock:
            while len(self._threads) < self._workers + 2 and not self._closing.is_set():
                is_beside = len(self._threads) == self._workers + 1
                self._spawn(lambda is_beside=is_beside: self._work(is_beside), "job-beside" if is_beside else f"job-worker-{len(self._threads)}")

    def _ensure_pulse(self) -> None:
        with self._lock:
            if not self._threads and not self._closing.is_set():
                self._spawn(self._pulse, "job-pulse")

    def _spawn(self, target: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _held_ids(self) -> frozenset[str]:
        with self._lock:
            return frozenset(self._held)

    def _work(self, is_beside: bool) -> None:
        while not self._closing.is_set():
            job = self._next(is_beside)
            if job is None:
                self._news.wait(LOOK_EVERY_S)
                self._news.clear()
            else:
                self._perform(job)

    def _next(self, is_beside: bool) -> Job | None:
        with self._lock:
            only = None if self._takes_all else frozenset(self._mine)
        try:
            return self._store.claim(self._worker, only, lane=Lane.BESIDE if is_beside else Lane.WORK)
        except StudioError:
            _LOG.warning("no job could be claimed", exc_info=True)
            self._closing.wait(LOOK_EVERY_S)
            return None

    def _perform(self, job: Job) -> None:
        """Run a claimed job and write how it ended; raises only what is no Exception (the caller's Ctrl-C)."""
        context = JobContext(self._store, self._worker, job.id)
        with self._lock:
            self._held[job.id] = context
        if self._closing.is_set():
            context.stop()
        outcome = Outcome(JobState.CANCELLED, str(Cancelled()))
        try:
            outcome = self._outcome(job, context)
        finally:
            self._end(job.id, outcome)

    def _outcome(self, job: Job, context: JobContext) -> Outcome:
        try:
            self._run(job, context)
        except Cancelled as error:
            return Outcome(JobState.CANCELLED, str(error))
        except StudioError as error:
            _LOG.info("job %s (%s) failed: %s", job.id, job.kind, error)
            return Outcome(JobState.FAILED, str(error), is_user_error=isinstance(error, UserError))
        except Exception:
            reference = uuid4().hex[:8]
            _LOG.exception("job %s (%s) broke, reference %s", job.id, job.kind, reference)
            return Outcome(JobState.FAILED, f"Something went wrong on our side (reference {reference}); the log has the details.")
        context.flush()
        return Outcome(JobState.DONE)

    def _end(self, job_id: str, outcome: Outcome) -> None:
        try:
            is_put_back = outcome.state is JobState.CANCELLED and self._closing.is_set()
            if not (is_put_back and self._store.release(self._worker, job_id)):
                self._store.finish(self._worker, job_id, outcome)
        except StudioError:  # the row keeps our name without a heartbeat, so that it is found and queued again
            _LOG.warning("the end of job %s was not written", job_id, exc_info=True)
        finally:
            with self._lock:
                self._held.pop(job_id, None)
                self._mine.discard(job_id)

    def _pulse(self) -> None:
        """Signs of life, stops asked for by other processes, and work left by dead ones."""
        beaten_at = recovered_at = time.monotonic()
        while not self._closing.wait(LOOK_EVERY_S):
            now = time.monotonic()
            try:
                self._pass_on_stops()
                if now - beaten_at >= BEAT_EVERY_S:
                    beaten_at = now
                    if held := self._held_ids():
                        self._store.beat(self._worker, held)
                if self._takes_all and now - recovered_at >= RECOVER_EVERY_S:
                    recovered_at = now
                    self._store.recover(self._held_ids())
            except StudioError:
                _LOG.warning("the database did not answer; trying again", exc_info=True)

    def _pass_on_stops(self) -> None:
        held = self._held_ids()
        if not held:
            return
        for job_id in self._store.to_stop(self._worker, held):
            with self._lock:
                context = self._held.get(job_id)
            if context is not None:
                context.stop()

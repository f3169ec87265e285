"""Runs queued jobs on worker threads: jobs in the database in, their outcomes in the database out.

The work itself is a function handed in; it is told where to report and whether to stop by a `JobContext`. Several runners,
in several processes, may share one database. This and the housekeeping are the places below the shells that catch every Exception:
what nobody foresaw goes to the log with its traceback, and the person gets a sentence with a reference.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import uuid4

from studio.domain.errors import Cancelled, Hiccup, SteppedAside, StudioError, UserError
from studio.domain.project import Job, JobState
from studio.domain.queue import Lane
from studio.domain.workers import WorkerState
from studio.gpu_turns import Machine
from studio.job_context import JobContext
from studio.logs import about
from studio.store.jobs import JobStore, Outcome, new_worker
from studio.store.workers import WorkerStore

LOOK_EVERY_S = 0.5
BEAT_EVERY_S = 5.0
RECOVER_EVERY_S = 10.0
CLOSE_WAIT_S = 5.0
END_AGAIN_S = (1.0, 5.0, 20.0)  # a database server that is begun anew is back by then
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a runner shares with other processes. `kind`: server or worker; `list`: where it says that it is there, None: nowhere; `machine`:
    the GPUs and their leases; `state`: what it holds beside jobs, asked at each sign of life."""

    kind: str = "server"
    list: WorkerStore | None = None
    machine: Machine | None = None
    state: Callable[[], WorkerState] = WorkerState


class JobRunner:
    """Worker threads over a JobStore: so many for any work, one for what somebody waits for at the desk, one for looks at faces; so that a
    film holds nobody up. `workers` 0: this process does no jobs, and leaves those submitted to it to others.

    `start` takes up all waiting work, also of earlier processes; without it the runner does only the jobs submitted to it.
    Nothing runs before the first of `start`, `submit` and `run_now`. Needs a database and a `run` only: it works in any process."""

    def __init__(self, store: JobStore, run: Callable[[Job, JobContext], None], *, workers: int = 1, around: Surroundings | None = None) -> None:
        self._store, self._run = store, run
        self._around = Surroundings() if around is None else around
        self._lanes = (*(Lane.WORK,) * workers, Lane.DESK, Lane.BESIDE) if workers > 0 else ()
        self._worker = new_worker()
        self._lock = threading.Lock()
        self._held: dict[str, JobContext] = {}
        self._mine: set[str] = set()
        self._threads: list[threading.Thread] = []
        self._takes_all = False
        self._beaten_s = float("-inf")
        self._closing, self._news = threading.Event(), threading.Event()

    def start(self) -> None:
        """Queue again what dead processes left running, and begin to work on all that waits."""
        self._store.recover(self._held_ids())
        self._takes_all = True
        self._beaten_s = float("-inf")  # in the list at once, also where a job submitted before has begun the signs of life
        self._ensure_threads()
        self._news.set()

    @property
    def name(self) -> str:
        """How this process is called in the list of workers and beside the jobs it runs."""
        return self._worker

    def submit(self, job: Job) -> Job:
        """Queue a job and return at once; the same work still waiting is returned instead of queued twice. Raises QueueFull."""
        self._store.recover(self._held_ids())  # or a dead process would block the project
        queued = self._store.submit(job)
        with self._lock:
            if not self._takes_all:  # a server that does no jobs itself would remember each for ever
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
        queued = self._store.submit(job, is_limited=False)
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
        """Stop working. Jobs go back to the queue: those that stop in time by themselves, the others behind their backs."""
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
        self._leave()

    # within

    def _ensure_threads(self) -> None:
        self._ensure_pulse()
        with self._lock:
            for lane in self._lanes[len(self._threads) - 1 :] if not self._closing.is_set() else ():
                self._spawn(lambda lane=lane: self._work(lane), f"job-{lane}")

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

    def _work(self, lane: Lane) -> None:
        while not self._closing.is_set():
            job = self._next(lane)
            if job is None:
                self._news.wait(LOOK_EVERY_S)
                self._news.clear()
            else:
                self._perform(job)

    def _next(self, lane: Lane) -> Job | None:
        with self._lock:
            only = None if self._takes_all else frozenset(self._mine)
        try:
            return self._store.claim(self._worker, only, lane=lane)
        except StudioError:
            _LOG.warning("no job could be claimed", exc_info=True)
        except Exception:  # or the thread would end, and nobody would take the jobs of its lane
            _LOG.exception("claiming a job broke off")
        self._closing.wait(LOOK_EVERY_S)
        return None

    def _perform(self, job: Job) -> None:
        """Run a claimed job and write how it ended; raises only what is no Exception (the caller's Ctrl-C)."""
        context = JobContext(self._store, self._worker, job, self._around.machine)
        with self._lock:
            self._held[job.id] = context
        if self._closing.is_set():
            context.stop()
        outcome = Outcome(JobState.CANCELLED, str(Cancelled()))
        try:
            with about(job=job.id, project=job.project_id, user=job.owner):
                outcome = self._outcome(job, context)
        finally:
            context.let_go()
            self._end(job.id, outcome)

    def _outcome(self, job: Job, context: JobContext) -> Outcome:
        try:
            self._run(job, context)
        except SteppedAside:
            return Outcome(JobState.QUEUED)
        except Cancelled as error:
            return Outcome(JobState.CANCELLED, str(error))
        except Hiccup as error:
            _LOG.warning("job %s (%s) met a fault that passes and waits again: %s", job.id, job.kind, error)
            return Outcome(JobState.FAILED, str(error), is_passing=True)
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
            for wait_s in (*END_AGAIN_S, None):  # meanwhile the job is held, so that nobody does it anew
                try:
                    self._write_end(job_id, outcome)
                    return
                except StudioError:
                    if wait_s is None or self._closing.wait(wait_s):  # the row keeps our name without a heartbeat, so that it is found and queued again
                        _LOG.warning("the end of job %s was not written", job_id, exc_info=True)
                        return
        finally:
            with self._lock:
                self._held.pop(job_id, None)
                if outcome.state is not JobState.QUEUED and not outcome.is_passing:
                    self._mine.discard(job_id)

    def _write_end(self, job_id: str, outcome: Outcome) -> None:
        if outcome.is_passing and self._store.release(self._worker, job_id, is_interrupted=True):
            return
        is_put_back = outcome.state is JobState.QUEUED or (outcome.state is JobState.CANCELLED and self._closing.is_set())
        if not (is_put_back and self._store.release(self._worker, job_id)):
            over = Outcome(JobState.CANCELLED, str(Cancelled())) if outcome.state is JobState.QUEUED else outcome
            self._store.finish(self._worker, job_id, over)

    def _pulse(self) -> None:
        """Signs of life, stops asked for by other processes, and work left by dead ones."""
        recovered_at = time.monotonic()
        while not self._closing.is_set():
            now = time.monotonic()
            try:
                self._pass_on_wishes()
                if now - self._beaten_s >= BEAT_EVERY_S:
                    self._beaten_s = now
                    self._beat()
                self._catch_up()  # last: it writes, and may wait for others who do
                if self._takes_all and now - recovered_at >= RECOVER_EVERY_S:
                    recovered_at = now
                    self._store.recover(self._held_ids())
            except StudioError:
                _LOG.warning("the database did not answer; trying again", exc_info=True)
            except Exception:  # such as a GPU's driver; a process without signs of life would have its jobs done twice
                _LOG.exception("a sign of life broke off; trying again")
            self._closing.wait(LOOK_EVERY_S)

    def _beat(self) -> None:
        held, around = self._held_ids(), self._around
        if held:
            self._store.beat(self._worker, held)
            if around.machine is not None:
                around.machine.leases.beat(self._worker, held)
        if around.list is not None and self._takes_all:
            state = replace(around.state(), lanes=self._lanes, jobs=tuple(sorted(held)))
            gpus = around.machine.gpus() if around.machine is not None and self._lanes else ()
            if not around.list.beat(self._worker, gpus, state):
                around.list.arrive(self._worker, around.kind, gpus, state)

    def _leave(self) -> None:
        """Behind the backs of jobs that did not stop in time: what they do yet is kept, but it is no longer theirs to end."""
        try:
            for job_id in self._held_ids():
                self._store.release(self._worker, job_id)
            if self._around.list is not None and self._takes_all:
                self._around.list.leave(self._worker)
        except StudioError:  # the rows keep our name without a heartbeat, so that they are found
            _LOG.warning("the leave was not written", exc_info=True)

    def _pass_on_wishes(self) -> None:
        """Stops, and requests to make way, that were written into the database."""
        held = self._held_ids()
        if not held:
            return
        for job_id in self._store.to_stop(self._worker, held):
            self._tell(job_id, JobContext.stop)
        for job_id in self._store.to_make_way(self._worker, held):
            self._tell(job_id, JobContext.ask_way)

    def _catch_up(self) -> None:
        """How far the jobs are, where that was not written yet."""
        for job_id in self._held_ids():
            self._tell(job_id, JobContext.catch_up)

    def _tell(self, job_id: str, what: Callable[[JobContext], None]) -> None:
        with self._lock:
            context = self._held.get(job_id)
        if context is not None:
            what(context)

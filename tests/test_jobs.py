"""The job runner: every end of a job is written down, stops are obeyed, and a killed process's work goes on in the next."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from studio import jobs as job_module
from studio.domain.errors import BadMedia, EngineFailed, Hiccup, StudioError
from studio.domain.project import Job, JobKind, JobState
from studio.domain.queue import Lane
from studio.domain.workers import Gpu
from studio.gpu_turns import Machine
from studio.job_context import REPORT_EVERY_S
from studio.jobs import JobContext, JobRunner, Surroundings
from studio.store.database import open_database
from studio.store.jobs import JobStore, Outcome, new_worker
from studio.store.leases import LeaseStore
from studio.store.projects import ProjectStore
from studio.store.stage_results import StageResults
from studio.store.workers import WorkerStore
from tests.store.samples import a_job, a_project

ROOT = Path(__file__).resolve().parent.parent
Work = Callable[[Job, JobContext], None]


class Bench:
    """A home on disk, with runners that are closed at the end."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'studio.db'}"
        self.engine: Engine = open_database(self.url)
        self.projects, self.jobs = ProjectStore(self.engine), JobStore(self.engine)
        self.project = self.projects.create(a_project("ada"))
        self.runners: list[JobRunner] = []

    def runner(self, work: Work, workers: int = 1) -> JobRunner:
        self.runners.append(JobRunner(self.jobs, work, workers=workers))
        return self.runners[-1]

    def ended(self, job: Job) -> Job:
        return self.until(job, lambda now: now.state.is_over)

    def until(self, job: Job, is_so: Callable[[Job], bool]) -> Job:
        late = time.monotonic() + 20
        while not is_so(now := self.jobs.get(job.id)):
            assert time.monotonic() < late, f"waited in vain on {now}"
            time.sleep(0.01)
        return now


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    for runner in bench.runners:
        runner.close()
    bench.engine.dispose()


def nothing(_job: Job, _context: JobContext) -> None: ...


def count_to_a_thousand(_job: Job, context: JobContext) -> None:
    for done in range(1000):
        context.check()
        context.progress(done, 1000, stage="voice", message=f"Line {done}")
        time.sleep(0.01)


def test_a_job_is_done_with_the_last_progress_written(bench: Bench) -> None:
    def work(job: Job, context: JobContext) -> None:
        for done in range(8):
            context.progress(done, 9, stage="voice")

    ended = bench.ended(bench.runner(work).submit(a_job(bench.project)))
    assert (ended.state, ended.done, ended.total, ended.stage) == (JobState.DONE, 7, 9, "voice")
    assert ended.finished_at is not None


def test_a_failure_is_told_in_its_own_words(bench: Bench) -> None:
    def work(job: Job, _context: JobContext) -> None:
        raise BadMedia("a.mp4", "it has no sound.") if job.kind is JobKind.INGEST else EngineFailed("espeak", "it said nothing.")

    runner = bench.runner(work)
    theirs, ours = bench.ended(runner.submit(a_job(bench.project, JobKind.INGEST))), bench.ended(runner.submit(a_job(bench.project)))
    assert (theirs.state, theirs.message) == (JobState.FAILED, "“a.mp4” cannot be used as media: it has no sound.")
    assert ours.message == "The engine “espeak” failed: it said nothing."
    assert bench.jobs.is_user_error(theirs.id) and not bench.jobs.is_user_error(ours.id)


def test_what_nobody_foresaw_is_logged_with_a_reference_and_the_runner_goes_on(
    bench: Bench, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(job: Job, _context: JobContext) -> None:
        if job.kind is JobKind.VOICE:
            raise KeyError("secret detail")

    monkeypatch.setattr(logging.getLogger("studio"), "propagate", True)
    runner = bench.runner(work)
    with caplog.at_level(logging.INFO, logger="studio.jobs"):
        broken = bench.ended(runner.submit(a_job(bench.project)))
    reference = broken.message.partition("reference ")[2].partition(")")[0]
    assert broken.message == f"Something went wrong on our side (reference {reference}); the log has the details."
    assert reference in caplog.text and "secret detail" in caplog.text and "Traceback" in caplog.text
    assert bench.ended(runner.submit(a_job(bench.project, JobKind.RENDER))).state is JobState.DONE


def test_a_running_job_stops_soon_after_it_is_asked(bench: Bench) -> None:
    runner = bench.runner(count_to_a_thousand)
    job = runner.submit(a_job(bench.project))
    bench.until(job, lambda now: now.done > 0)
    asked_at = time.monotonic()
    runner.cancel(job.id)
    ended = bench.ended(job)
    assert (ended.state, ended.message) == (JobState.CANCELLED, "Stopped as asked; finished lines are kept.")
    assert time.monotonic() - asked_at < 5


def test_a_stop_asked_for_in_another_process_is_heard(bench: Bench) -> None:
    job = bench.runner(count_to_a_thousand).submit(a_job(bench.project))
    bench.until(job, lambda now: now.state is JobState.RUNNING)
    bench.jobs.ask_cancel(job.id)  # the database is all that other processes share
    assert bench.ended(job).state is JobState.CANCELLED


def test_long_calls_can_ask_whether_to_stop(bench: Bench) -> None:
    seen = threading.Event()

    def work(_job: Job, context: JobContext) -> None:
        while not context.is_cancelled():
            seen.set()
            time.sleep(0.01)
        context.check()

    runner = bench.runner(work)
    job = runner.submit(a_job(bench.project))
    assert seen.wait(10)
    runner.cancel(job.id)
    assert bench.ended(job).state is JobState.CANCELLED


def test_a_project_has_one_running_job_and_two_projects_run_side_by_side(bench: Bench) -> None:
    lock, running, most, pairs, met = threading.Lock(), set(), [], set(), threading.Event()

    def work(job: Job, _context: JobContext) -> None:
        with lock:
            assert job.project_id not in running
            running.add(job.project_id)
            most.append(len(running))
            if len(running) == 2:
                met.set()
        met.wait(20)  # a lane that is not woken looks by itself, a second later at most
        time.sleep(0.05)
        with lock:
            running.remove(job.project_id)
            pairs.add(job.project_id)

    runner, other = bench.runner(work, workers=3), bench.projects.create(a_project("bob"))
    asked = [
        runner.submit(a_job(project, kind)) for kind in (JobKind.INGEST, JobKind.LINES, JobKind.VOICE) for project in (bench.project, other)
    ]
    assert {bench.ended(job).state for job in asked} == {JobState.DONE}
    assert max(most) == 2 and pairs == {bench.project.id, other.id}


def test_progress_is_written_once_a_second_not_every_time(bench: Bench) -> None:
    writes: list[object] = []

    class CountingStore(JobStore):
        def report(self, *what: object) -> None:
            writes.append(what)
            super().report(*what)

    def work(_job: Job, context: JobContext) -> None:
        for stage in ("translate", "voice"):
            for done in range(501):
                context.progress(done, 500, stage=stage)

    store = CountingStore(bench.engine)
    runner = JobRunner(store, work)
    bench.runners.append(runner)
    started = time.monotonic()
    bench.ended(runner.submit(a_job(bench.project)))
    assert 4 <= len(writes) <= 6 + (time.monotonic() - started) / REPORT_EVERY_S  # first and last of two stages, the end, and the clock's


def test_the_last_progress_before_a_long_wait_is_told(bench: Bench) -> None:
    goes_on = threading.Event()

    def work(_job: Job, context: JobContext) -> None:
        for done in range(3):
            context.progress(done, 9, stage="translate")
        goes_on.wait(20)

    runner = bench.runner(work)
    runner.start()
    job = runner.submit(a_job(bench.project))
    assert bench.until(job, lambda now: now.done == 2).state is JobState.RUNNING
    goes_on.set()
    bench.ended(job)


def test_run_now_works_in_the_callers_thread_and_tells_how_it_ended(bench: Bench) -> None:
    threads = []

    def work(job: Job, _context: JobContext) -> None:
        threads.append(threading.current_thread())
        if job.kind is JobKind.INGEST:
            raise BadMedia("a.mp4", "it is empty.")

    runner = bench.runner(work)
    assert runner.run_now(a_job(bench.project)).state is JobState.DONE
    failed = runner.run_now(a_job(bench.project, JobKind.INGEST))
    assert (failed.state, failed.message) == (JobState.FAILED, "“a.mp4” cannot be used as media: it is empty.")
    assert set(threads) == {threading.current_thread()}


def test_run_now_waits_for_the_work_of_its_project_that_runs_already(bench: Bench) -> None:
    order: list[JobKind] = []

    def work(job: Job, _context: JobContext) -> None:
        time.sleep(0.2)
        order.append(job.kind)

    first, second = bench.runner(work), bench.runner(work)
    running = first.submit(a_job(bench.project, JobKind.VOICE))
    bench.until(running, lambda now: now.state is not JobState.QUEUED)
    assert second.run_now(a_job(bench.project, JobKind.RENDER)).state is JobState.DONE
    assert order == [JobKind.VOICE, JobKind.RENDER]


def test_control_c_ends_the_job_as_cancelled(bench: Bench) -> None:
    def work(_job: Job, _context: JobContext) -> None:
        raise KeyboardInterrupt

    job = a_job(bench.project)
    with pytest.raises(KeyboardInterrupt):
        bench.runner(work).run_now(job)
    assert bench.jobs.get(job.id).state is JobState.CANCELLED


def test_closing_puts_unfinished_work_back_and_the_next_start_goes_on_with_it(bench: Bench) -> None:
    runner = bench.runner(count_to_a_thousand)
    job = runner.submit(a_job(bench.project))
    bench.until(job, lambda now: now.done > 0)
    runner.close()
    assert bench.jobs.get(job.id).state is JobState.QUEUED
    bench.runner(nothing).start()
    assert bench.ended(job).state is JobState.DONE


def test_without_start_a_runner_leaves_the_work_of_others_alone(bench: Bench) -> None:
    others = bench.jobs.submit(a_job(bench.projects.create(a_project("bob"))))
    mine = bench.runner(nothing).submit(a_job(bench.project))
    assert bench.ended(mine).state is JobState.DONE
    assert bench.jobs.get(others.id).state is JobState.QUEUED


def test_a_runner_that_lost_its_job_stops_and_does_not_end_it(bench: Bench) -> None:
    job = bench.runner(count_to_a_thousand).submit(a_job(bench.project))
    bench.until(job, lambda now: now.done > 0)
    worker = bench.runners[0]._worker
    assert bench.jobs.release(worker, job.id)  # as another process does that believes us dead
    assert bench.jobs.claim(thief := new_worker(), [job.id]) is not None
    time.sleep(1.5)
    assert bench.runners[0]._held_ids() == frozenset()
    assert bench.jobs.get(job.id).state is JobState.RUNNING
    assert bench.jobs.to_stop(thief, [job.id]) == frozenset()


WORKER = """
import sys, time
from studio.jobs import JobRunner
from studio.store.database import open_database
from studio.store.jobs import JobStore
from studio.store.stage_results import StageKey, StageResults

engine = open_database(sys.argv[1])
results = StageResults(engine)

def work(job, context):
    for number in range(60):
        context.check()
        unit = str(number)
        if results.get(job.project_id, "voice", unit, "f") is None:
            time.sleep(0.01)
            results.put(StageKey(job.project_id, "voice", unit, "f"), unit, seconds=0.01, peak_memory_mb=1)
            print(unit, flush=True)
        context.progress(number + 1, 60, stage="voice")

runner = JobRunner(JobStore(engine), work)
runner.start()
time.sleep(60)
"""


def test_killed_again_and_again_a_job_is_done_once_and_no_unit_twice(bench: Bench) -> None:
    job = bench.jobs.submit(a_job(bench.project))
    units: list[str] = []
    for kill_after in (5, 12, 20, 60):
        process = subprocess.Popen([sys.executable, "-c", WORKER, bench.url], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for line in process.stdout:
            units.append(line.strip())
            if len(units) >= kill_after:
                break
        if kill_after == 60:
            bench.ended(job)
        process.kill()
        units += process.communicate()[0].split()
    assert bench.jobs.get(job.id).state is JobState.DONE
    assert len(units) == len(set(units)), "a finished unit was done again"
    assert set(StageResults(bench.engine).fingerprints(bench.project.id, "voice")) == {str(number) for number in range(60)}


def test_a_broken_driver_ends_no_sign_of_life(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_module, "BEAT_EVERY_S", 0.0)
    asked: list[int] = []

    def broken() -> tuple[Gpu, ...]:
        asked.append(1)
        raise RuntimeError("CUDA error: unspecified launch failure")

    around = Surroundings("worker", WorkerStore(bench.engine), Machine(LeaseStore(bench.engine), broken))
    bench.runners.append(runner := JobRunner(bench.jobs, count_to_a_thousand, around=around))
    runner.start()
    job = bench.jobs.submit(a_job(bench.project))
    bench.until(job, lambda now: len(asked) > 2 and now.state is JobState.RUNNING)
    bench.jobs.ask_cancel(job.id)  # as another process does: only the thread that beats passes it on
    assert bench.ended(job).state is JobState.CANCELLED


def test_a_server_is_listed_at_once_however_long_its_jobs_have_run(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo is begun before a server takes up everybody's work, and signs of life with it."""
    monkeypatch.setattr(job_module, "BEAT_EVERY_S", 3600.0)
    workers = WorkerStore(bench.engine)
    bench.runners.append(runner := JobRunner(bench.jobs, nothing, around=Surroundings("server", workers)))
    job = runner.submit(a_job(bench.project))
    late = time.monotonic() + 20
    while runner._beaten_s < 0 or not bench.jobs.get(job.id).state.is_over:
        assert time.monotonic() < late, "no sign of life"
        time.sleep(0.01)
    assert workers.all() == (), "it does not do everybody's work yet"
    runner.start()
    while [one.id for one in workers.alive()] != [runner.name]:
        assert time.monotonic() < late, "it never came into the list"
        time.sleep(0.01)


def test_a_queue_that_cannot_be_read_for_a_moment_ends_no_worker(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    claim, broken = bench.jobs.claim, set()

    def once_broken(worker: str, only: object, *, lane: Lane) -> Job | None:
        if lane not in broken:
            broken.add(lane)
            raise ValueError("a row that nobody can read")
        return claim(worker, only, lane=lane)

    monkeypatch.setattr(bench.jobs, "claim", once_broken)
    runner = bench.runner(nothing)
    assert bench.ended(runner.submit(a_job(bench.project))).state is JobState.DONE and Lane.WORK in broken


def test_an_end_that_the_database_could_not_take_at_once_is_written_and_the_job_not_done_anew(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_module, "END_AGAIN_S", (0.01, 0.01))
    finish, refused, done = bench.jobs.finish, [], []

    def away(worker: str, job_id: str, outcome: Outcome) -> bool:
        if len(refused) < 2:
            refused.append(job_id)
            raise StudioError("The database cannot be reached.")
        return finish(worker, job_id, outcome)

    monkeypatch.setattr(bench.jobs, "finish", away)
    job = bench.runner(lambda job, _context: done.append(job.id)).submit(a_job(bench.project))
    assert bench.ended(job).state is JobState.DONE and len(refused) == 2 and done == [job.id]


def test_a_fault_that_passes_sends_a_job_back_into_the_queue_and_one_that_stays_ends_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.store.jobs.MAX_INTERRUPTIONS", 3)
    faults = [Hiccup("The database is being started again.")]

    def work(job: Job, _context: JobContext) -> None:
        if faults and job.kind is JobKind.VOICE:
            raise faults.pop()
        if job.kind is JobKind.RENDER:
            raise Hiccup("The database is busy.")

    runner = bench.runner(work)
    passing, staying = runner.submit(a_job(bench.project, JobKind.VOICE)), runner.submit(a_job(bench.project, JobKind.RENDER))
    assert bench.ended(passing).state is JobState.DONE and not faults
    ended = bench.ended(staying)
    assert (ended.state, ended.message) == (JobState.FAILED, "The database is busy.")

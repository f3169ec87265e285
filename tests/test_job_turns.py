"""Runners and the queue: the desk has a lane, films make way, no job is done twice whoever dies, and a stop puts work back."""

from __future__ import annotations

import random
import threading
import time

import pytest
from sqlalchemy import update

from studio.domain.project import Job, JobKind, JobState
from studio.job_context import JobContext
from studio.store import jobs as job_module
from studio.store.database import writing
from studio.store.jobs import JobStore, Outcome, new_worker
from studio.store.projects import ProjectStore
from studio.store.schema import JOBS
from tests.store.samples import a_job, a_project
from tests.test_jobs import Bench, bench, nothing

__all__ = ["bench"]


def test_a_line_at_the_desk_does_not_wait_for_somebody_elses_film(bench: Bench) -> None:
    go = threading.Event()

    def work(job: Job, _context: JobContext) -> None:
        if not job.line_ids:
            assert go.wait(20)

    runner, other = bench.runner(work, workers=1), bench.projects.create(a_project("bob"))
    film = runner.submit(a_job(bench.project, JobKind.RENDER))
    bench.until(film, lambda now: now.state is JobState.RUNNING)
    assert bench.ended(runner.submit(a_job(other, line_ids=("x",)))).state is JobState.DONE
    go.set()
    assert bench.ended(film).state is JobState.DONE


def test_a_film_steps_aside_for_lines_of_its_own_project_and_goes_on_where_it_was(bench: Bench) -> None:
    lines, desk_done = [], threading.Event()

    def work(job: Job, context: JobContext) -> None:
        if job.line_ids:
            desk_done.set()
            return
        for number in range(len(lines), 1000):
            context.make_way()
            lines.append(number)
            if desk_done.is_set() and number > 5:
                return
            time.sleep(0.02)

    runner = bench.runner(work)
    film = runner.submit(a_job(bench.project, JobKind.RENDER))
    bench.until(film, lambda _: len(lines) > 2)
    desk = runner.submit(a_job(bench.project, line_ids=("x",)))
    assert bench.ended(desk).state is JobState.DONE
    assert bench.ended(film).state is JobState.DONE
    assert lines == list(range(len(lines))), "no line was done twice"


def test_a_process_that_does_no_jobs_leaves_them_to_others(bench: Bench) -> None:
    server = bench.runner(nothing, workers=0)
    server.start()
    job = server.submit(a_job(bench.project))
    assert [thread.name for thread in server._threads] == ["job-pulse"]
    bench.runner(nothing).start()
    assert bench.ended(job).state is JobState.DONE


def test_work_that_does_not_stop_in_time_is_put_back_all_the_same(bench: Bench) -> None:
    go = threading.Event()

    def deaf(_job: Job, _context: JobContext) -> None:
        go.wait(20)

    runner = bench.runner(deaf)
    job = runner.submit(a_job(bench.project))
    bench.until(job, lambda now: now.state is JobState.RUNNING)
    runner.close(wait_s=0.05)
    assert bench.jobs.get(job.id).state is JobState.QUEUED
    assert bench.jobs.claim(heir := new_worker()) is not None
    go.set()
    time.sleep(0.05)
    assert bench.jobs.get(job.id).state is JobState.RUNNING, "the late one ends nothing that is another's"
    assert bench.jobs.finish(heir, job.id, Outcome(JobState.DONE))


@pytest.mark.parametrize("seed", range(6))
def test_every_job_ends_exactly_once_whoever_dies_whenever(bench: Bench, seed: int) -> None:
    """Workers claim, finish, sleep through their heartbeats, die and come too late, in any order; ends are counted."""
    dice, ends = random.Random(seed), {}
    jobs = [bench.jobs.submit(a_job(bench.projects.create(a_project(owner)), is_batch=bool(number % 2))) for number in range(4) for owner in ("ann", "bob")]
    far = [f"elsewhere:{number}:{number:032x}" for number in range(3)]  # their deaths show by their heartbeats alone
    held: list[tuple[str, str]] = []
    for _ in range(400):
        deed = dice.choice(("claim", "claim", "finish", "finish", "die", "recover", "release"))
        if deed == "claim" and (job := bench.jobs.claim(worker := dice.choice(far))) is not None:
            held.append((worker, job.id))
        elif held and deed in ("finish", "release"):
            worker, job_id = held.pop(dice.randrange(len(held)))
            if deed == "finish" and bench.jobs.finish(worker, job_id, Outcome(JobState.DONE)):
                ends[job_id] = ends.get(job_id, 0) + 1
            elif deed == "release":
                bench.jobs.release(worker, job_id)
        elif held and deed == "die":  # it stays in `held`: who sleeps may wake up and try to end what is another's by now
            with writing(bench.engine) as connection:
                connection.execute(update(JOBS).where(JOBS.c.id == dice.choice(held)[1]).values(heartbeat_s=0.0))
        elif deed == "recover":
            bench.jobs.recover()
    while job := bench.jobs.claim(heir := new_worker()):
        ends[job.id] = ends.get(job.id, 0) + bench.jobs.finish(heir, job.id, Outcome(JobState.DONE))
    for job in jobs:
        if not bench.jobs.get(job.id).state.is_over:  # held by somebody who never came back
            _take_over(bench.jobs, bench, job, ends)
    assert ends == {job.id: 1 for job in jobs}
    assert all(bench.jobs.get(job.id).state is JobState.DONE for job in jobs)


def _take_over(store: JobStore, bench: Bench, job: Job, ends: dict[str, int]) -> None:
    with writing(bench.engine) as connection:
        connection.execute(update(JOBS).where(JOBS.c.id == job.id, JOBS.c.state == "running").values(heartbeat_s=0.0))
    store.recover()
    worker = new_worker()
    assert store.claim(worker, [job.id]) is not None
    ends[job.id] = ends.get(job.id, 0) + store.finish(worker, job.id, Outcome(JobState.DONE))


def test_many_workers_share_many_jobs_and_each_ends_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_module, "CLAIM_TRIES", 50)
    lock, done = threading.Lock(), {}

    def work(job: Job, _context: JobContext) -> None:
        with lock:
            done[job.id] = done.get(job.id, 0) + 1

    projects = ProjectStore(bench.engine)
    jobs = [bench.jobs.submit(a_job(projects.create(a_project(f"person{number % 5}")))) for number in range(30)]
    for _ in range(3):
        bench.runner(work, workers=2).start()
    for job in jobs:
        assert bench.ended(job).state is JobState.DONE
    assert done == {job.id: 1 for job in jobs}

"""GPUs are lent to one job at a time: the urgent first, in turns among equals, and taken back from the dead."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import Engine, update

from studio.domain.project import Job, JobKind
from studio.domain.workers import Gpu, WorkerState
from studio.store.database import new_id, writing
from studio.store.jobs import JobStore, new_worker
from studio.store.leases import COURTESY_S, LEASE_LIFE_S, WAITS_FOR_GPU, Borrower, LeaseStore
from studio.store.projects import ProjectStore
from studio.store.schema import GPU_LEASES, JOBS
from studio.store.workers import WorkerStore
from tests.store.samples import a_job, a_project
from tests.store.test_jobs import finished_pid, worker_of

ME, OTHER = new_worker(), new_worker()
ONE, TWO = ("host/0",), ("host/0", "host/1")


@pytest.fixture
def leases(engine: Engine) -> LeaseStore:
    return LeaseStore(engine)


class Jobs:
    def __init__(self, jobs: JobStore, projects: ProjectStore) -> None:
        self._jobs, self._projects = jobs, projects

    def running(self, worker: str = ME, *, waits: bool = False, **fields: object) -> Borrower:
        job: Job = self._jobs.submit(a_job(self._projects.create(a_project(new_id())), JobKind.VOICE, **fields))
        self._jobs.claim(worker, [job.id])
        if waits:
            self._jobs.hold_up(worker, job.id, WAITS_FOR_GPU)
        return Borrower(worker, job.id, int(job.priority))


@pytest.fixture
def work(jobs: JobStore, projects: ProjectStore) -> Jobs:
    return Jobs(jobs, projects)


def test_a_device_is_lent_to_one_and_several_are_used(leases: LeaseStore, work: Jobs) -> None:
    first, second, third = work.running(), work.running(OTHER), work.running()
    assert leases.lend(first, TWO) == "host/0" and leases.lend(second, TWO) == "host/1" and leases.lend(third, TWO) is None
    assert leases.is_held(ME, first.job_id) and not leases.is_held(OTHER, first.job_id)
    leases.give_back(OTHER, first.job_id)
    assert leases.lend(third, TWO) is None, "only who holds it can give it back"
    leases.give_back(ME, first.job_id)
    assert leases.lend(third, TWO) == "host/0"


def test_the_urgent_go_first(leases: LeaseStore, work: Jobs) -> None:
    film, desk = work.running(waits=True), work.running(OTHER, waits=True, line_ids=("x",))
    assert leases.lend(film, ONE) is None, "a line at the desk waits too"
    assert leases.lend(desk, ONE) == "host/0"
    assert leases.lend(Borrower(ME, film.job_id, film.priority, is_tired=True), TWO) == "host/1"


def test_a_holder_passes_on_at_once_to_the_urgent_and_after_a_slice_to_its_like(leases: LeaseStore, work: Jobs) -> None:
    film = work.running()
    leases.lend(film, ONE)
    assert not leases.is_wanted(film, 999.0, 30.0)
    batch = work.running(OTHER, waits=True, is_batch=True)
    assert not leases.is_wanted(film, 999.0, 30.0), "what is less urgent waits"
    like = work.running(OTHER, waits=True)
    assert not leases.is_wanted(film, 29.0, 30.0) and leases.is_wanted(film, 31.0, 30.0)
    leases.give_back(ME, film.job_id)
    assert leases.lend(film, ONE) is None, "who had it last lets its like go first"
    assert leases.lend(batch, ONE) is None
    assert leases.lend(like, ONE) == "host/0"
    work.running(OTHER, waits=True, line_ids=("x",))
    assert leases.is_wanted(like, 0.0, 30.0)


def test_a_job_that_comes_again_gets_what_is_its_own(leases: LeaseStore, work: Jobs) -> None:
    job = work.running()
    assert leases.lend(job, ONE) == leases.lend(job, ONE) == "host/0"


def test_a_lease_of_a_dead_process_is_nobodys(leases: LeaseStore, work: Jobs) -> None:
    dead = work.running(worker_of(finished_pid()))
    assert leases.lend(dead, ONE) == "host/0"
    assert leases.lend(work.running(), ONE) == "host/0"


def test_a_lease_without_a_heartbeat_is_nobodys(leases: LeaseStore, work: Jobs, engine: Engine) -> None:
    far, mine = work.running(f"elsewhere:{finished_pid()}:{new_id()}"), work.running()
    leases.lend(far, ONE)
    assert leases.lend(mine, ONE) is None
    with writing(engine) as connection:
        connection.execute(update(GPU_LEASES).values(heartbeat_s=time.time() - LEASE_LIFE_S - 1))
    leases.beat(ME, [mine.job_id])
    assert leases.lend(mine, ONE) == "host/0", "a heartbeat of mine is none of the other's"
    assert not leases.is_held(far.worker, far.job_id)


def test_who_waits_and_died_holds_nobody_up(leases: LeaseStore, work: Jobs) -> None:
    work.running(worker_of(finished_pid()), waits=True, line_ids=("x",))
    assert leases.lend(work.running(), ONE) == "host/0"


def test_a_device_that_those_who_wait_cannot_use_does_not_stay_empty(leases: LeaseStore, work: Jobs, engine: Engine) -> None:
    film = work.running()
    leases.lend(film, ONE)
    work.running(OTHER, waits=True), work.running(OTHER, waits=True, line_ids=("x",))  # both after another device
    leases.give_back(ME, film.job_id)
    assert leases.lend(film, ONE) is None
    with writing(engine) as connection:
        connection.execute(update(GPU_LEASES).values(since_s=time.time() - COURTESY_S - 1))
    assert leases.lend(film, ONE) == "host/0"


def test_containers_that_were_given_the_same_device_take_turns_on_it(leases: LeaseStore, work: Jobs, engine: Engine) -> None:
    film, desk, stranger = work.running(), work.running(OTHER, waits=True, line_ids=("x",)), "elsewhere:1:" + new_id()
    with writing(engine) as connection:
        connection.execute(update(JOBS).where(JOBS.c.id == desk.job_id).values(worker=stranger))
    leases.lend(film, ONE)
    assert not leases.is_wanted(film, 0.0, 30.0), "another machine's work is not in the way"
    for worker in (ME, stranger):
        WorkerStore(engine).arrive(worker, "worker", (Gpu("cuda:0", "host/0", "Made of paper"),), WorkerState())
    assert leases.is_wanted(film, 0.0, 30.0)

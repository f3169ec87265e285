"""Jobs of a process take turns on its GPUs: only while they need one, the urgent first, several devices side by side."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio.domain.errors import StudioError
from studio.domain.project import Job, JobKind, JobState
from studio.domain.queue import Lane
from studio.domain.workers import Gpu
from studio.gpu_turns import Machine
from studio.job_context import JobContext
from studio.jobs import JobRunner, Surroundings
from studio.store.database import open_database
from studio.store.jobs import JobStore
from studio.store.leases import WAITS_FOR_GPU, LeaseStore
from studio.store.projects import ProjectStore
from studio.store.workers import WorkerStore
from tests.store.samples import a_job, a_project

Work = Callable[[Job, JobContext], None]
PAPER = (Gpu("cuda:0", "host/0", "Made of paper", 100), Gpu("cuda:1", "host/1", "Made of paper", 100))


class Bench:
    """Runners with devices of paper over one database."""

    def __init__(self, folder: Path) -> None:
        self.engine = open_database(f"sqlite:///{folder / 'studio.db'}")
        self.projects, self.jobs = ProjectStore(self.engine), JobStore(self.engine)
        self.leases, self.workers = LeaseStore(self.engine), WorkerStore(self.engine)
        self.runners: list[JobRunner] = []

    def runner(self, work: Work, gpus: tuple[Gpu, ...], workers: int = 2) -> JobRunner:
        around = Surroundings("worker", self.workers, Machine(self.leases, lambda: gpus, poll_s=0.01))
        self.runners.append(JobRunner(self.jobs, work, workers=workers, around=around))
        return self.runners[-1]

    def ask(self, runner: JobRunner, **fields: object) -> Job:
        return runner.submit(a_job(self.projects.create(a_project("ada")), JobKind.VOICE, **fields))

    def until(self, is_so: Callable[[], bool]) -> None:
        late = time.monotonic() + 20
        while not is_so():
            assert time.monotonic() < late, "waited in vain"
            time.sleep(0.01)

    def ended(self, *jobs: Job) -> None:
        self.until(lambda: all(self.jobs.get(job.id).state.is_over for job in jobs))
        assert {self.jobs.get(job.id).state for job in jobs} == {JobState.DONE}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    for runner in bench.runners:
        runner.close()
    bench.engine.dispose()


def test_one_gpu_has_one_job_and_two_have_two(bench: Bench) -> None:
    lock, now, most = threading.Lock(), [], []

    def work(_job: Job, context: JobContext) -> None:
        device = context.device()
        with lock:
            assert device not in now, "two jobs on one device"
            now.append(device)
            most.append(len(now))
        time.sleep(0.1)
        with lock:
            now.remove(device)
        context.let_go()

    runner = bench.runner(work, PAPER, workers=4)
    bench.ended(*(bench.ask(runner) for _ in range(6)))
    assert max(most) == 2


def test_a_step_on_the_cpu_holds_no_gpu(bench: Bench) -> None:
    mixing, go = threading.Event(), threading.Event()

    def work(job: Job, context: JobContext) -> None:
        if job.is_forced:
            context.device()
            return
        context.device()
        context.let_go()  # as the pipeline does after each step
        mixing.set()
        assert go.wait(20)

    runner = bench.runner(work, PAPER[:1])
    mixer = bench.ask(runner)
    assert mixing.wait(20)
    bench.ended(bench.ask(runner, is_forced=True))
    assert bench.jobs.get(mixer.id).state is JobState.RUNNING
    go.set()
    bench.ended(mixer)


def test_a_film_lets_a_line_at_the_desk_have_the_gpu_between_two_lines(bench: Bench) -> None:
    order, desk_done = [], threading.Event()

    def work(job: Job, context: JobContext) -> None:
        context.device()
        if job.line_ids:
            order.append("desk")
            desk_done.set()
            return
        order.append("film")
        for _ in range(1000):
            context.check()  # between two lines
            if desk_done.is_set():
                break
            time.sleep(0.02)
        assert context.device() == "cuda:0"
        order.append("film again")

    runner = bench.runner(work, PAPER[:1])
    film = bench.ask(runner)
    bench.until(lambda: order == ["film"])
    desk = bench.ask(runner, line_ids=("x",))
    bench.ended(film, desk)
    assert order == ["film", "desk", "film again"]


def test_who_waits_for_a_gpu_is_told_so_and_can_be_stopped(bench: Bench) -> None:
    go = threading.Event()

    def work(_job: Job, context: JobContext) -> None:
        context.device()
        assert go.wait(20)

    runner = bench.runner(work, PAPER[:1])
    holder = bench.ask(runner)
    bench.until(lambda: bench.leases.is_held(runner.name, holder.id))
    waiter = bench.ask(runner)
    bench.until(lambda: bench.jobs.get(waiter.id).waiting_for == WAITS_FOR_GPU)
    runner.cancel(waiter.id)
    bench.until(lambda: bench.jobs.get(waiter.id).state is JobState.CANCELLED)
    go.set()
    bench.ended(holder)


def test_a_database_that_stumbles_ends_no_work(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    lend, give_back, times = LeaseStore.lend, LeaseStore.give_back, []

    def stumbling(verb: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object) -> object:
            times.append(verb.__name__)
            if times.count(verb.__name__) == 1:
                raise StudioError("The database is busy with another program; nothing was changed.")
            return verb(*args)

        return call

    monkeypatch.setattr(LeaseStore, "lend", stumbling(lend))
    monkeypatch.setattr(LeaseStore, "give_back", stumbling(give_back))

    def work(_job: Job, context: JobContext) -> None:
        for _ in range(2):
            assert context.device() == "cuda:0"
            context.let_go()

    bench.ended(bench.ask(bench.runner(work, PAPER[:1])))
    assert times.count("lend") == 3 and times.count("give_back") == 2


def test_a_machine_without_gpus_knows_no_leases(bench: Bench) -> None:
    def work(_job: Job, context: JobContext) -> None:
        assert context.device() is None
        context.check()

    runner = bench.runner(work, ())
    bench.ended(bench.ask(runner))


def test_a_runner_that_has_begun_is_in_the_list_with_its_lanes_and_gpus_and_leaves_it(bench: Bench) -> None:
    runner = bench.runner(lambda _job, _context: None, PAPER, workers=1)
    runner.start()
    bench.until(lambda: bool(bench.workers.alive()))
    (seen,) = bench.workers.alive()
    assert (seen.id, seen.kind, seen.gpus) == (runner.name, "worker", PAPER)
    assert seen.state.lanes == (Lane.WORK, Lane.DESK, Lane.BESIDE)
    runner.close()
    assert bench.workers.all() == ()

"""Processes come, give signs of life, go, and are told apart from the dead."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import Engine, update

from studio.domain.queue import Lane
from studio.domain.workers import Gpu, HeldModel, WorkerState
from studio.store.database import new_id, writing
from studio.store.jobs import new_worker
from studio.store.schema import WORKERS
from studio.store.workers import KEPT_DEAD_S, WORKER_LIFE_S, WorkerStore
from tests.store.test_jobs import finished_pid, worker_of

GPU = Gpu("cuda:0", "host/uuid", "Made of paper", 100, 40)
STATE = WorkerState((Lane.WORK, Lane.DESK), ("job",), (HeldModel("net", "cuda:0", 7, True),), {"samples": []})


@pytest.fixture
def workers(engine: Engine) -> WorkerStore:
    return WorkerStore(engine)


def quiet(engine: Engine, worker: str, seconds: float) -> None:
    with writing(engine) as connection:
        connection.execute(update(WORKERS).where(WORKERS.c.id == worker).values(heartbeat_s=time.time() - seconds))


def test_a_process_is_listed_whole_until_it_leaves(workers: WorkerStore) -> None:
    me = new_worker()
    assert not workers.beat(me, (), WorkerState())
    workers.arrive(me, "worker", (GPU,), STATE)
    (seen,) = workers.alive()
    assert (seen.kind, seen.gpus, seen.state, seen.is_alive) == ("worker", (GPU,), STATE, True)
    assert workers.beat(me, (), WorkerState()) and workers.alive()[0].state == WorkerState()
    workers.leave(me)
    assert workers.all() == ()


def test_the_dead_are_told_apart_and_forgotten_later(workers: WorkerStore, engine: Engine) -> None:
    gone, silent = worker_of(finished_pid()), f"elsewhere:1:{new_id()}"
    for worker in (gone, silent):
        workers.arrive(worker, "worker", (), STATE)
    assert [one.is_alive for one in workers.all()] == [False, True]
    quiet(engine, silent, WORKER_LIFE_S + 1)
    assert workers.alive() == () and len(workers.all()) == 2
    quiet(engine, silent, KEPT_DEAD_S + 1)
    workers.arrive(new_worker(), "server", (), STATE)
    assert silent not in {one.id for one in workers.all()}

"""`python -m studio worker` on a GPU where another worker is already: it says so in a sentence, and works."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from studio.cli import app
from studio.domain.workers import Gpu, WorkerState
from studio.engines.gpus import Gpus
from studio.jobs import JobRunner
from studio.store.database import open_database
from studio.store.jobs import new_worker
from studio.store.workers import WorkerStore

FIRST, SECOND = Gpu("cuda:0", "GPU-1", "Made of paper"), Gpu("cuda:1", "GPU-2", "Made of paper")


@pytest.fixture(autouse=True)
def stops_at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A worker that is told to stop as soon as it has begun."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    monkeypatch.setattr("studio.media.niceness.give_way", lambda: None)  # it would be these tests that are nice from now on
    monkeypatch.setattr(JobRunner, "start", lambda _self: os.kill(os.getpid(), signal.SIGTERM))
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(("gpus", "kind", "is_told"), [((FIRST,), "worker", True), ((FIRST, SECOND), "server", True), ((SECOND,), "worker", False), ((), "worker", False)])
def test_a_second_process_on_one_gpu_is_told(
    gpus: tuple[Gpu, ...], kind: str, is_told: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Gpus, "_look", lambda _self: gpus)
    engine, name = open_database(f"sqlite:///{tmp_path / 'studio.db'}"), new_worker()
    WorkerStore(engine).arrive(name, kind, (FIRST,), WorkerState())
    engine.dispose()
    ran = CliRunner().invoke(app, ["worker", "--home", str(tmp_path)])
    assert ran.exit_code == 0 and "works on jobs" in ran.output
    assert ("cannot release each other's idle models" in ran.output and f"The {kind} {name} does jobs on cuda:0" in ran.output) is is_told

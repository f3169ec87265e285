"""`python -m studio worker`: takes over what a killed one left, once and with finished lines kept, and puts work back when it is told to stop."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio.bootstrap import Place, open_studio
from studio.domain.project import Job, JobKind, JobState, Project
from studio.service import Studio
from tests.conftest import ROOT
from tests.e2e.commandline import environment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class Box:
    """A page server that does no jobs, and worker processes beside it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.studio: Studio = open_studio(Place(home), workers=0)
        self.project: Project = self.studio.demo_project()
        self.processes: list[subprocess.Popen[str]] = []

    def worker(self) -> subprocess.Popen[str]:
        argv = [sys.executable, "-m", "studio", "worker", "--home", str(self.home)]
        process = subprocess.Popen(argv, cwd=ROOT, env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.processes.append(process)
        assert "works on jobs" in process.stdout.readline()
        return process

    def until(self, is_so: Callable[[], bool], within_s: float = 120.0) -> None:
        late = time.monotonic() + within_s
        while not is_so():
            assert time.monotonic() < late, "waited in vain"
            time.sleep(0.05)

    def takes(self) -> dict[str, str]:
        return {take.id: take.fingerprint for take in self.studio._shop.lines.project_takes(self.project.id)}

    def now(self, job: Job) -> Job:
        return self.studio.job(job.id)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    box = Box(tmp_path / "home")
    yield box
    for process in box.processes:
        if process.poll() is None:
            process.kill()
        process.communicate()
    box.studio.close()


def test_a_killed_workers_job_is_taken_over_once_with_finished_lines_kept_and_a_stopped_ones_too(box: Box) -> None:
    job = box.studio.submit(box.project.id, JobKind.RENDER)
    first = box.worker()
    box.until(lambda: bool(box.takes()))
    first.send_signal(signal.SIGKILL)
    first.wait()
    before = box.takes()
    second = box.worker()
    box.until(lambda: len(box.takes()) > len(before) or box.now(job).state.is_over)
    second.send_signal(signal.SIGTERM)
    assert second.wait(30) == 0
    ended = box.now(job)
    if not ended.state.is_over:
        assert ended.state is JobState.QUEUED, "what was at work waits again"
        assert box.studio._shop.workers.alive() == ()
        box.worker()
        box.until(lambda: box.now(job).state.is_over)
    after = box.takes()
    assert box.now(job).state is JobState.DONE
    assert before.items() <= after.items(), "a finished line was lost or done again"
    assert len(set(after.values())) == len(after), "a take was made twice"
    assert box.studio.project(box.project.id).is_rendered

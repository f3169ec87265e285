"""Job rows: one running per project, claimed once, given up only by the dead, ended only by their holder."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import Engine, update
from sqlalchemy.exc import IntegrityError

from studio.domain.errors import NotFound
from studio.domain.project import Job, JobKind, JobState, Project
from studio.domain.queue import Lane
from studio.store import jobs as job_module
from studio.store.database import new_id, writing
from studio.store.jobs import HEARTBEAT_LIFE_S, JobStore, Outcome, Progress, new_worker
from studio.store.projects import ProjectStore
from studio.store.schema import JOBS
from tests.store.samples import a_job, a_project

ME, OTHER = new_worker(), new_worker()


def set_row(engine: Engine, job_id: str, **values: object) -> None:
    with writing(engine) as connection:
        connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(**values))


def finished_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def worker_of(pid: int) -> str:
    host, _, key = ME.rsplit(":", 2)
    return f"{host}:{pid}:{key}"


def test_a_job_comes_back_whole(jobs: JobStore, project: Project) -> None:
    asked = a_job(project, line_ids=("a", "b"), is_forced=True, message="first")
    stored = jobs.submit(asked)
    assert stored == replace(asked, created_at=stored.created_at) == jobs.get(asked.id)
    assert stored.created_at and not jobs.is_user_error(asked.id)
    with pytest.raises(NotFound):
        jobs.get("0" * 32)


def test_the_same_work_still_waiting_is_not_queued_twice(jobs: JobStore, project: Project) -> None:
    first = jobs.submit(a_job(project))
    assert jobs.submit(a_job(project)) == first
    others = [a_job(project, JobKind.RENDER), a_job(project, line_ids=("a",)), a_job(project, is_forced=True), a_job(project, instruction="shorter")]
    assert len({first.id, *(jobs.submit(job).id for job in others)}) == 5
    assert jobs.get(jobs.submit(others[-1]).id).instruction == "shorter"
    jobs.claim(ME, [first.id])
    assert jobs.submit(a_job(project)).id != first.id, "work that runs already may have read what has changed since"


def test_the_same_work_asked_for_at_two_servers_at_once_is_queued_once(jobs: JobStore, project: Project) -> None:
    at_once = threading.Barrier(4)

    def ask(_number: int) -> str:
        at_once.wait(10)
        return jobs.submit(a_job(project)).id

    with ThreadPoolExecutor(4) as people:
        assert len(set(people.map(ask, range(4)))) == 1


def test_jobs_of_a_project_run_one_after_the_other_in_order(jobs: JobStore, project: Project) -> None:
    first, second = jobs.submit(a_job(project)), jobs.submit(a_job(project, JobKind.RENDER))
    assert jobs.claim(ME).id == first.id
    assert jobs.claim(ME) is None and jobs.claim(OTHER) is None
    assert jobs.finish(ME, first.id, Outcome(JobState.DONE))
    assert jobs.claim(OTHER).id == second.id


def test_the_database_refuses_a_second_running_job_of_a_project(jobs: JobStore, project: Project, engine: Engine) -> None:
    jobs.submit(a_job(project))
    second = jobs.submit(a_job(project, JobKind.RENDER))
    jobs.claim(ME)
    with pytest.raises(IntegrityError):
        set_row(engine, second.id, state="running")


def test_owners_take_turns(jobs: JobStore, projects: ProjectStore) -> None:
    anns = [jobs.submit(a_job(projects.create(a_project("ann")))) for _ in range(3)]
    bobs = [jobs.submit(a_job(projects.create(a_project("bob")))) for _ in range(2)]
    assert [jobs.claim(ME).id for _ in range(5)] == [job.id for job in (anns[0], bobs[0], anns[1], bobs[1], anns[2])]


def test_only_the_jobs_asked_for_are_claimed(jobs: JobStore, projects: ProjectStore) -> None:
    first, second = (jobs.submit(a_job(projects.create(a_project("ann")))) for _ in range(2))
    assert jobs.claim(ME, []) is None
    assert jobs.claim(ME, [second.id]) == replace(second, state=JobState.RUNNING)
    assert jobs.claim(ME) == replace(first, state=JobState.RUNNING)


def test_a_job_is_claimed_by_one_of_many_workers(jobs: JobStore, projects: ProjectStore) -> None:
    asked = {jobs.submit(a_job(projects.create(a_project("ann")))).id for _ in range(8)}
    claimed: list[str] = []

    def claim_all() -> None:
        worker = new_worker()
        while job := jobs.claim(worker):
            claimed.append(job.id)
            jobs.finish(worker, job.id, Outcome(JobState.DONE))

    threads = [threading.Thread(target=claim_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == sorted(asked)


def test_only_the_holder_reports_and_ends_a_job(jobs: JobStore, project: Project) -> None:
    job = jobs.submit(a_job(project))
    jobs.claim(ME)
    jobs.report(ME, job.id, Progress(3, 9, "voice", "Line 3"))
    jobs.report(OTHER, job.id, Progress(9, 9, "mix"))
    assert not jobs.finish(OTHER, job.id, Outcome(JobState.FAILED, "no"))
    assert not jobs.release(OTHER, job.id)
    now = jobs.get(job.id)
    assert (now.state, now.done, now.total, now.stage, now.message) == (JobState.RUNNING, 3, 9, "voice", "Line 3")
    assert jobs.finish(ME, job.id, Outcome(JobState.FAILED, "The file has no sound.", is_user_error=True))
    assert jobs.get(job.id).message == "The file has no sound." and jobs.get(job.id).finished_at and jobs.is_user_error(job.id)
    assert not jobs.finish(ME, job.id, Outcome(JobState.DONE))


def test_active_is_the_running_job_then_the_one_that_waits_and_latest_remembers(jobs: JobStore, project: Project) -> None:
    assert jobs.active(project.id) is None and jobs.latest(project.id) is None
    first = jobs.submit(a_job(project))
    second = jobs.submit(a_job(project, JobKind.RENDER))
    assert jobs.active(project.id) == first
    jobs.claim(ME)
    assert jobs.active(project.id).id == jobs.latest(project.id).id == first.id
    jobs.finish(ME, first.id, Outcome(JobState.DONE))
    assert jobs.active(project.id) == second
    jobs.ask_cancel(second.id)
    assert jobs.active(project.id) is None and jobs.latest(project.id).id == second.id


def test_a_waiting_job_is_cancelled_at_once_a_running_one_is_asked(jobs: JobStore, project: Project) -> None:
    running = jobs.submit(a_job(project))
    waiting = jobs.submit(a_job(project, JobKind.RENDER))
    jobs.claim(ME)
    assert jobs.ask_cancel(waiting.id).state is JobState.CANCELLED
    assert jobs.to_stop(ME, [running.id]) == frozenset()
    assert jobs.ask_cancel(running.id).state is JobState.RUNNING
    assert jobs.to_stop(ME, [running.id]) == {running.id}
    jobs.finish(ME, running.id, Outcome(JobState.DONE))
    assert jobs.ask_cancel(running.id).state is JobState.DONE
    with pytest.raises(NotFound):
        jobs.ask_cancel("0" * 32)


def test_a_released_job_waits_again_unless_its_person_asked_for_a_stop(jobs: JobStore, project: Project) -> None:
    job = jobs.submit(a_job(project))
    jobs.claim(ME)
    assert jobs.release(ME, job.id)
    assert jobs.claim(OTHER).id == job.id
    jobs.ask_cancel(job.id)
    assert not jobs.release(OTHER, job.id)


def test_a_job_of_a_live_worker_is_left_to_it(jobs: JobStore, project: Project) -> None:
    job = jobs.submit(a_job(project))
    jobs.claim(worker_of(os.getpid()))
    assert jobs.recover() == 0
    assert jobs.get(job.id).state is JobState.RUNNING


def test_a_job_of_a_process_that_is_gone_waits_again_at_once(jobs: JobStore, project: Project) -> None:
    job, dead = jobs.submit(a_job(project)), worker_of(finished_pid())
    jobs.claim(dead)
    assert jobs.recover() == 1
    assert jobs.get(job.id).state is JobState.QUEUED
    assert jobs.to_stop(dead, [job.id]) == {job.id}
    assert not jobs.finish(dead, job.id, Outcome(JobState.DONE))


def test_a_worker_of_another_container_or_machine_of_the_same_name_is_not_judged_by_its_number(jobs: JobStore, project: Project) -> None:
    job = jobs.submit(a_job(project))
    host, pid, _ = worker_of(finished_pid()).rsplit(":", 2)
    jobs.claim(f"{host}:{pid}:{'0' * 8}{new_id()}")
    assert jobs.recover() == 0 and jobs.get(job.id).state is JobState.RUNNING


def test_a_worker_of_another_host_is_dead_when_its_heartbeat_stops(jobs: JobStore, project: Project, engine: Engine) -> None:
    job, far = jobs.submit(a_job(project)), f"elsewhere:{finished_pid()}:{new_id()}"
    jobs.claim(far)
    assert jobs.recover() == 0
    set_row(engine, job.id, heartbeat_s=JOBS.c.heartbeat_s - HEARTBEAT_LIFE_S - 1)
    assert jobs.recover([job.id]) == 0, "a job in hand is never taken from oneself, however long the machine slept"
    jobs.beat(far, [job.id])
    assert jobs.recover() == 0
    set_row(engine, job.id, heartbeat_s=JOBS.c.heartbeat_s - HEARTBEAT_LIFE_S - 1)
    assert jobs.recover() == 1


def test_a_job_asked_to_stop_ends_when_its_worker_dies(jobs: JobStore, project: Project) -> None:
    job = jobs.submit(a_job(project))
    jobs.claim(worker_of(finished_pid()))
    jobs.ask_cancel(job.id)
    assert jobs.recover() == 1
    assert jobs.get(job.id).state is JobState.CANCELLED


def test_a_job_that_ends_every_process_is_not_tried_for_ever(jobs: JobStore, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_module, "MAX_INTERRUPTIONS", 3)
    job, dead = jobs.submit(a_job(project)), worker_of(finished_pid())
    for _ in range(3):
        jobs.claim(dead)
        assert jobs.recover() == 1
    assert jobs.get(job.id).state is JobState.FAILED and "see the log" in jobs.get(job.id).message


def test_every_field_of_a_job_is_kept(jobs: JobStore, project: Project, engine: Engine) -> None:
    full = Job(new_id(), project.id, "ada", JobKind.LINES, JobState.QUEUED, ("x",), 1, 2, "stage", "message", True)
    jobs.submit(full)
    set_row(engine, full.id, state="done", finished_at="2026")
    kept = jobs.get(full.id)
    assert kept == replace(full, state=JobState.DONE, created_at=kept.created_at, finished_at="2026")


def test_faces_are_looked_for_beside_another_job_of_the_project_but_not_twice(jobs: JobStore, project: Project) -> None:
    voicing, looking = jobs.submit(a_job(project)), jobs.submit(a_job(project, JobKind.FACES))
    assert jobs.claim(ME, lane=Lane.WORK).id == voicing.id
    assert jobs.claim(ME, lane=Lane.WORK) is None, "a worker for other work leaves faces to theirs"
    assert jobs.claim(ME, lane=Lane.BESIDE).id == looking.id
    again = jobs.submit(a_job(project, JobKind.FACES))
    assert jobs.claim(OTHER) is None, "one look and one other job are all a project may run"
    assert jobs.running(project.id, JobKind.FACES).id == looking.id and jobs.running(project.id, JobKind.RENDER) is None
    assert set(jobs.open_ids(project.id)) == {voicing.id, looking.id, again.id}
    jobs.finish(ME, looking.id, Outcome(JobState.DONE))
    assert jobs.claim(OTHER).id == again.id


def test_the_page_is_shown_the_work_that_changes_lines_first(jobs: JobStore, project: Project) -> None:
    looking = jobs.submit(a_job(project, JobKind.FACES))
    jobs.claim(ME)
    assert jobs.active(project.id).id == looking.id
    voicing = jobs.submit(a_job(project))
    assert jobs.active(project.id).id == voicing.id, "it waits, and is still what the editor asked for"


def test_the_database_itself_refuses_two_looks_at_once(engine: Engine, jobs: JobStore, project: Project) -> None:
    first, second = jobs.submit(a_job(project, JobKind.FACES)), jobs.submit(a_job(project, JobKind.FACES, is_forced=True))
    set_row(engine, first.id, state="running")
    with pytest.raises(IntegrityError):
        set_row(engine, second.id, state="running")

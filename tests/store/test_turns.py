"""The queue in the database: urgent work first, shares by seconds of work, limits with a sentence, one's own order, room made for the desk."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
from sqlalchemy import Engine, update

from studio.domain.errors import BadSetting, NotFound, QueueFull
from studio.domain.plain import to_plain
from studio.domain.project import Job, JobKind, JobState, Project
from studio.domain.queue import Lane, Priority
from studio.domain.settings import QueueSettings
from studio.store import jobs as store_jobs
from studio.store.census import CensusStore
from studio.store.database import reading, writing
from studio.store.jobs import JobStore, Outcome, new_worker
from studio.store.projects import ProjectStore
from studio.store.schema import JOBS
from studio.store.server_values import ServerValues
from studio.store.turns import SETTINGS_NAME, expected_s, seconds_between, used_s, waiting
from tests.store.samples import a_job, a_project

T = TypeVar("T")
ME = new_worker()


def ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat(timespec="microseconds")


def set_row(engine: Engine, job_id: str, **values: object) -> None:
    with writing(engine) as connection:
        connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(**values))


def rule(engine: Engine, **limits: int) -> None:
    ServerValues(engine).put(SETTINGS_NAME, to_plain(replace(QueueSettings(), **limits)))


class People:
    """Each job in a project of its own, so that only people are in each other's way."""

    def __init__(self, jobs: JobStore, projects: ProjectStore) -> None:
        self._jobs, self._projects = jobs, projects

    def ask(self, owner: str, kind: JobKind = JobKind.VOICE, **fields: object) -> Job:
        return self._jobs.submit(a_job(self._projects.create(a_project(owner)), kind, **fields))


@pytest.fixture
def people(jobs: JobStore, projects: ProjectStore) -> People:
    return People(jobs, projects)


def test_a_line_at_the_desk_comes_before_a_film_and_a_film_before_a_batch(jobs: JobStore, people: People) -> None:
    batch, film, desk = people.ask("ann", is_batch=True), people.ask("ann"), people.ask("bob", line_ids=("x",))
    assert [jobs.claim(ME).id for _ in range(3)] == [desk.id, film.id, batch.id]
    assert jobs.get(batch.id).priority is Priority.BATCH


def test_a_lane_for_the_desk_leaves_films_alone(jobs: JobStore, people: People) -> None:
    people.ask("ann")
    assert jobs.claim(ME, lane=Lane.DESK) is None
    desk = people.ask("ann", line_ids=("x",))
    assert jobs.claim(ME, lane=Lane.DESK).id == desk.id


def test_who_worked_an_hour_waits_for_who_worked_a_minute(jobs: JobStore, people: People, engine: Engine) -> None:
    long, short = people.ask("ann"), [people.ask("bob") for _ in range(3)]
    for job, seconds in ((long, 3000), *((one, 20) for one in short)):
        jobs.claim(ME, [job.id])
        jobs.finish(ME, job.id, Outcome(JobState.DONE))
        set_row(engine, job.id, started_at=ago(seconds), finished_at=ago(0))
    first, second = people.ask("ann"), people.ask("bob")
    assert [jobs.claim(ME).id, jobs.claim(ME).id] == [second.id, first.id], "three jobs of 20 s are less than one of 3000 s"
    set_row(engine, long.id, started_at=ago(9000), finished_at=ago(6000))
    with reading(engine) as connection:
        used = used_s(connection, QueueSettings(), datetime.now(UTC))
    assert used["ann"] == pytest.approx(30, abs=1), "what was long ago is forgotten; what runs counts"
    assert used["bob"] == pytest.approx(90, abs=3)


def test_nobody_has_more_at_work_than_they_may(jobs: JobStore, people: People, engine: Engine) -> None:
    rule(engine, max_running_jobs=2)
    anns = [people.ask("ann") for _ in range(3)]
    assert [jobs.claim(ME).id for _ in range(2)] == [job.id for job in anns[:2]]
    assert jobs.claim(ME) is None
    bob = people.ask("bob")
    assert jobs.claim(ME).id == bob.id
    jobs.finish(ME, anns[0].id, Outcome(JobState.DONE))
    assert jobs.claim(ME).id == anns[2].id


def test_nobody_has_more_waiting_than_they_may_and_is_told_so(jobs: JobStore, people: People, engine: Engine) -> None:
    rule(engine, max_waiting_jobs=2)
    first, _ = people.ask("ann"), people.ask("ann")
    with pytest.raises(QueueFull, match="You have 2 jobs waiting"):
        people.ask("ann")
    assert jobs.submit(first).id == first.id, "the same work again is no further work"
    people.ask("bob")
    jobs.claim(ME, [first.id])
    people.ask("ann")
    assert len({people.ask("ann", is_batch=True).id for _ in range(3)}) == 3, "a catalogue bounds itself, and takes no place of its person's"


def meeting(work: Callable[..., T], parties: int = 2) -> Callable[..., T]:
    """The same, but whoever has its answer waits a moment for the others, so that all of them know it before anybody acts on it."""
    meet = threading.Barrier(parties)

    def met(*args: object, **values: object) -> T:
        found = work(*args, **values)
        with suppress(threading.BrokenBarrierError):
            meet.wait(0.5)
        return found

    return met


def test_two_servers_that_find_work_of_one_person_at_once_begin_no_more_than_one_may_have(
    jobs: JobStore, people: People, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule(engine, max_running_jobs=1)
    people.ask("ann")
    people.ask("ann", JobKind.FACES)
    claimed = store_jobs._take
    monkeypatch.setattr(store_jobs, "_take", lambda connection, *args, **values: (meeting_point(), claimed(connection, *args, **values))[1])
    meeting_point = meeting(lambda: None)
    with ThreadPoolExecutor(2) as servers:
        taken = list(servers.map(lambda lane: jobs.claim(new_worker(), lane=lane), (Lane.WORK, Lane.BESIDE)))
    assert sum(job is not None for job in taken) == 1


def test_two_servers_that_are_asked_at_once_take_no_more_than_one_may_have_waiting(
    jobs: JobStore, people: People, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule(engine, max_waiting_jobs=1)
    monkeypatch.setattr(store_jobs, "waiting_count", meeting(store_jobs.waiting_count))

    def ask(_: int) -> bool:
        with suppress(QueueFull):
            return people.ask("ann") is not None
        return False

    with ThreadPoolExecutor(2) as servers:
        assert sorted(servers.map(ask, range(2))) == [False, True]


def test_ones_own_waiting_work_can_be_put_in_another_order(jobs: JobStore, people: People) -> None:
    first, second, third = (people.ask("ann") for _ in range(3))
    jobs.move(third.id, first.id)
    jobs.move(first.id, None)
    assert [jobs.claim(ME).id for _ in range(3)] == [third.id, second.id, first.id]


def test_only_ones_own_waiting_work_of_the_same_kind_is_moved(jobs: JobStore, people: People) -> None:
    film, desk, other = people.ask("ann"), people.ask("ann", line_ids=("x",)), people.ask("bob")
    for before in (desk.id, other.id):
        with pytest.raises(BadSetting, match="may have begun meanwhile"):
            jobs.move(film.id, before)
    jobs.claim(ME, [film.id])
    with pytest.raises(BadSetting):
        jobs.move(film.id, None)
    with pytest.raises(NotFound):
        jobs.move("0" * 32, None)


def test_a_film_makes_way_for_lines_of_its_own_project_only(jobs: JobStore, people: People, project: Project) -> None:
    film = jobs.submit(a_job(project, JobKind.RENDER))
    jobs.claim(ME)
    people.ask("bob", line_ids=("x",))
    jobs.submit(a_job(project, JobKind.FACES))
    assert jobs.to_make_way(ME, [film.id]) == frozenset()
    jobs.submit(a_job(project, line_ids=("x",)))
    assert jobs.to_make_way(ME, [film.id]) == {film.id}


def test_a_film_that_has_waited_long_is_not_taken_again_before_what_it_made_way_for(jobs: JobStore, project: Project, engine: Engine) -> None:
    film = jobs.submit(a_job(project, JobKind.RENDER))
    set_row(engine, film.id, created_at=ago(4000.0))
    jobs.claim(ME)
    desk = jobs.submit(a_job(project, line_ids=("x",)))
    assert jobs.to_make_way(ME, [film.id]) and jobs.release(ME, film.id)
    assert jobs.claim(ME, lane=Lane.WORK).id == desk.id
    jobs.finish(ME, desk.id, Outcome(JobState.DONE))
    assert jobs.claim(ME, lane=Lane.WORK).id == film.id


def test_a_film_that_was_put_back_has_waited_since_then_and_what_it_took_counts(jobs: JobStore, people: People, engine: Engine) -> None:
    film = people.ask("ann", JobKind.RENDER)
    jobs.claim(ME)
    set_row(engine, film.id, created_at=ago(9000.0), started_at=ago(3000.0))
    assert jobs.release(ME, film.id)
    with reading(engine) as connection:
        now = datetime.now(UTC)
        [waits] = waiting(connection, now, {})
        assert waits.waited_s < 5, "its hours at work were no waiting"
        assert used_s(connection, QueueSettings(), now)["ann"] == pytest.approx(3000, abs=5)
    assert max(CensusStore(engine).take().longest_wait_s.values()) < 5
    desk = people.ask("bob", line_ids=("x",))
    assert jobs.claim(ME).id == desk.id


def test_asking_more_urgently_for_what_waits_makes_it_more_urgent(jobs: JobStore, project: Project) -> None:
    slow = jobs.submit(a_job(project, is_batch=True))
    again = jobs.submit(a_job(project))
    assert again.id == slow.id and again.priority is Priority.FILM


def test_usual_lengths_go_by_the_line_and_are_unknown_where_nothing_was_done(jobs: JobStore, people: People, engine: Engine) -> None:
    done = people.ask("ann", line_ids=("a", "b"))
    jobs.claim(ME)
    jobs.finish(ME, done.id, Outcome(JobState.DONE))
    set_row(engine, done.id, started_at=ago(10), finished_at=ago(0))
    waiting, other = people.ask("ann", line_ids=("a", "b", "c")), people.ask("ann", JobKind.RENDER)
    with reading(engine) as connection:
        rows = connection.execute(JOBS.select().where(JOBS.c.id.in_([waiting.id, other.id]))).all()
        found = expected_s(connection, rows)
    assert found[waiting.id] == pytest.approx(15, abs=0.5) and found[other.id] is None


def test_times_before_and_after_are_never_negative() -> None:
    assert seconds_between(None, datetime.now(UTC)) == seconds_between(ago(-5), datetime.now(UTC)) == 0.0

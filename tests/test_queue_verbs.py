"""The queue as people see it: their own jobs with place and wait, others' only as numbers; in order and out of it as their rights let them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from studio.bootstrap import Place, open_studio
from studio.domain.errors import Forbidden, NotFound, QueueFull
from studio.domain.project import JobKind, JobState
from studio.domain.queue import Lane
from studio.domain.workers import WorkerState
from studio.service import Studio
from studio.store.jobs import Outcome, new_worker
from tests.studio_fixtures import clip_project, fake_rack

ME = new_worker()


@pytest.fixture
def studio(home: Path) -> Studio:
    """One that does no jobs itself."""
    opened = open_studio(Place(home), engines=fake_rack(), workers=0)
    yield opened
    opened.close()


def lanes(studio: Studio, *open_lanes: Lane) -> None:
    """As a worker process enters itself."""
    studio._shop.workers.arrive(ME, "worker", (), WorkerState(lanes=open_lanes))


def test_a_person_sees_their_own_jobs_with_places_and_of_others_only_how_many(studio: Studio, clip: Path) -> None:
    ann, bob = studio.as_user("ann"), studio.as_user("bob")
    first, second = (clip_project(ann, clip) for _ in range(2))
    other = clip_project(bob, clip)
    film, render = ann.submit(first.id, JobKind.RENDER), ann.submit(second.id, JobKind.RENDER)
    bob.submit(other.id, JobKind.RENDER)
    line = ann.rows(second.id)[0].line.id
    desk = ann.revoice(second.id, (line,))
    seen = ann.queue()
    assert [(job.id, job.place) for job in seen.mine] == [(desk.id, 1), (film.id, 3), (render.id, 4)], "Ann had a turn at the desk, so Bob's film comes before hers"
    assert (seen.others_running, seen.others_waiting) == (0, 1)
    assert seen.mine[0].project == "Pilot" and seen.mine[0].lines == 1
    assert "bob" not in str(seen), "nothing of anybody else's, not even a name"


def test_where_nobody_works_it_is_said_and_where_somebody_does_the_wait_is_about_right(studio: Studio, clip: Path) -> None:
    project, other = clip_project(studio, clip), clip_project(studio, clip)
    studio.submit(project.id, JobKind.RENDER)
    assert "python -m studio worker" in studio.queue().trouble
    lanes(studio, Lane.WORK, Lane.DESK)
    seen = studio.queue()
    assert seen.trouble == "" and seen.mine[0].wait_s == 0.0
    jobs = studio._shop.jobs
    jobs.claim(ME)
    studio.submit(other.id, JobKind.RENDER)
    assert studio.queue().mine[1].wait_s is None, "no such job has ever ended, so nobody can say how long this one takes"
    jobs.finish(ME, seen.mine[0].id, Outcome(JobState.DONE))
    again = studio.submit(project.id, JobKind.RENDER)
    waits = {job.id: job.wait_s for job in studio.queue().mine}
    assert waits[again.id] is not None and waits[again.id] >= 0.0


def test_why_a_job_waits_is_said(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    studio.submit(project.id, JobKind.RENDER)
    studio._shop.jobs.claim(ME)
    studio.submit(project.id, JobKind.VOICE)
    assert studio.queue().mine[1].why == "It follows the work of its project that runs now."
    studio._shop.queue.set_settings(replace(studio.queue_settings(), max_running_jobs=1))
    other = clip_project(studio, clip)
    studio.submit(other.id, JobKind.RENDER)
    assert studio.queue().mine[2].why == "As many jobs of one person run as may here at once; it begins when one of those ends."


def test_ones_own_jobs_are_moved_and_nobody_elses(studio: Studio, clip: Path) -> None:
    ann, bob = studio.as_user("ann"), studio.as_user("bob")
    jobs = [ann.submit(clip_project(ann, clip).id, JobKind.RENDER) for _ in range(2)]
    moved = ann.move_job(jobs[1].id, jobs[0].id)
    assert [job.id for job in moved.mine] == [jobs[1].id, jobs[0].id]
    with pytest.raises(NotFound):
        bob.move_job(jobs[0].id, None)


def test_who_may_only_look_at_a_project_stops_nothing_there(studio: Studio, clip: Path) -> None:
    ann = studio.as_user("ann")
    project = clip_project(ann, clip)
    job = ann.submit(project.id, JobKind.RENDER)
    with pytest.raises(NotFound):
        studio.as_user("bob").cancel(job.id)
    ann.cancel(job.id)
    assert ann.job(job.id).state is JobState.CANCELLED and ann.queue().mine == ()


def test_the_whole_queue_is_for_administrators_and_names_no_projects_of_others(studio: Studio, clip: Path) -> None:
    ann = studio.as_user("ann")
    ann.submit(clip_project(ann, clip).id, JobKind.RENDER)
    with pytest.raises(Forbidden):
        ann.whole_queue()
    (job,) = studio.whole_queue().mine
    assert (job.owner, job.project) == ("ann", "")


def test_too_much_waiting_is_refused_at_the_desk_too(studio: Studio, clip: Path) -> None:
    studio._shop.queue.set_settings(replace(studio.queue_settings(), max_waiting_jobs=1))
    project = clip_project(studio, clip)
    studio.submit(project.id, JobKind.RENDER)
    with pytest.raises(QueueFull):
        studio.submit(project.id, JobKind.VOICE)

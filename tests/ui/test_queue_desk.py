"""What the page is told of the queue: titles, places and waits in words, others as a number; and what it may change."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.bootstrap import Place, open_studio
from studio.domain.errors import BadSetting, NotFound
from studio.domain.project import JobKind
from studio.service import Studio
from studio.store.jobs import new_worker
from studio.ui.queue_desk import change_queue, queue_page
from tests.studio_fixtures import clip_project, fake_rack


@pytest.fixture
def studio(home: Path) -> Studio:
    opened = open_studio(Place(home), engines=fake_rack(), workers=0)
    yield opened
    opened.close()


def test_a_job_is_told_in_words_and_others_as_a_number(studio: Studio, clip: Path) -> None:
    ann = studio.as_user("ann")
    other = ann.submit(clip_project(ann, clip).id, JobKind.RENDER)
    project = clip_project(studio, clip)
    line = studio.rows(project.id)[0].line.id
    studio.revoice(project.id, (line,))
    page = queue_page(studio)
    (job,) = page.jobs
    assert (job.title, job.lines, job.place, job.wait, job.project) == ("Voicing", "1 line", 1, "", "Pilot")
    assert page.others == "Other people have 1 waiting." and "worker" in page.trouble
    studio._shop.jobs.claim(new_worker(), [other.id])
    assert queue_page(studio).others == "Other people have 1 at work."


def test_jobs_are_moved_and_taken_out_by_their_person(studio: Studio, clip: Path) -> None:
    first, second = (studio.submit(clip_project(studio, clip).id, JobKind.RENDER) for _ in range(2))
    assert [job.id for job in change_queue(studio, {"move": second.id, "before": first.id}).jobs] == [second.id, first.id]
    assert [job.id for job in change_queue(studio, {"move": second.id, "before": None}).jobs] == [first.id, second.id]
    assert [job.id for job in change_queue(studio, {"cancel": first.id}).jobs] == [second.id]
    with pytest.raises(NotFound):
        change_queue(studio.as_user("ann"), {"cancel": second.id})


@pytest.mark.parametrize("values", [{}, {"cancel": "x", "move": "y"}, {"move": "x"}, {"stop": "x"}])
def test_anything_else_is_refused_in_a_sentence(studio: Studio, values: dict[str, str]) -> None:
    with pytest.raises(BadSetting, match="cancel a job, or to move one"):
        change_queue(studio, values)

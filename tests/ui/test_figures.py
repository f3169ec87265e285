from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.service import LineEdit, Studio
from studio.ui.figures import FIT_NAMES, fit_over_time
from studio.domain.line import Fit
from tests.studio_fixtures import clip_project, fake_studio, finish
from studio.domain.project import JobKind


@pytest.fixture
def studio(home: Path) -> Iterator[Studio]:
    studio = fake_studio(home)
    yield studio
    studio.close()


def test_every_translated_line_stands_once_under_the_fit_it_has(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    first, second = studio.rows(project.id)
    studio.revise_line(project.id, first.line.id, LineEdit(target_text="eins"))
    studio.revise_line(project.id, second.line.id, LineEdit(target_text="<b>viel & zu lang</b> " * 9))
    figure = fit_over_time(studio.rows(project.id))
    bars = {trace.name: list(trace.x) for trace in figure.data}
    assert bars == {FIT_NAMES[Fit.FITS]: [1], FIT_NAMES[Fit.OVER]: [2]}
    assert figure.data[0].y[0] < 0 < figure.data[1].y[0]
    assert "<b>" not in figure.data[1].customdata[0]


def test_takes_are_marked_once_they_are_made_and_not_when_stale(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    finish(studio, studio.submit(project.id, JobKind.VOICE))
    assert [list(trace.x) for trace in fit_over_time(studio.rows(project.id)).data if trace.name == "take"] == [[1, 2]]
    studio.revise_line(project.id, studio.rows(project.id)[0].line.id, LineEdit(target_text="anders"))
    assert [list(trace.x) for trace in fit_over_time(studio.rows(project.id)).data if trace.name == "take"] == [[2]]


def test_a_project_without_lines_gives_an_empty_figure(studio: Studio) -> None:
    assert not fit_over_time(studio.rows(studio.create_project("Bare", "en", "de").id)).data

"""Presets, quality and the sweep's figure, as the page's events ask for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.domain.errors import NotFound
from studio.domain.project import JobKind, Project
from studio.domain.settings import Guidance
from studio.service import Studio
from studio.ui.guidance_handlers import NO_SWEEP
from studio.ui.handlers import Handlers
from tests.bench_fakes import BenchStudio
from tests.studio_fixtures import clip_project, fake_studio, finish


def test_a_preset_sets_face_and_lips_and_leaves_the_rest(studio: Studio, project: Project) -> None:
    handlers = Handlers(studio)
    handlers.set_guidance(project.id, Guidance(0.3, 4.0, 0.6, 0.2))
    view = handlers.use_preset(project.id, "translation")
    assert view.guidance == Guidance(1.0, 0.0, 0.6, 0.2) == studio.project(project.id).project.settings.guidance
    assert [one.key for one in view.news.guidance.presets if one.is_on] == ["translation"]
    with pytest.raises(NotFound):
        handlers.use_preset(project.id, "no such")


def test_the_quality_of_takes_is_kept_with_the_project(studio: Studio, project: Project) -> None:
    news = Handlers(studio).set_quality(project.id, "preview")
    assert news.guidance.quality == "preview" == studio.project(project.id).project.settings.voice.quality


def test_news_say_whether_the_projects_voice_sees(studio: Studio, project: Project) -> None:
    sight = Handlers(studio).tick(project.id).guidance.sight
    assert sight is not None and sight.state == "re-timed"
    assert Handlers(studio).tick("").guidance.sight is None


def test_an_empty_figure_says_what_to_do(studio: Studio, project: Project) -> None:
    handlers = Handlers(studio)
    for project_id, line_id, words in (("", "", "Choose a line"), (project.id, "0" * 32, "gone"), (project.id, studio.rows(project.id)[0].line.id, "No sweep of this line")):
        said = handlers.draw_sweep(project_id, line_id).sweep.layout.annotations[0].text.replace("<br>", " ")
        assert words in said


def test_a_swept_line_is_drawn(home: Path, clip: Path) -> None:
    studio = BenchStudio.over(fake_studio(home))
    project = clip_project(studio, clip)
    finish(studio, studio.submit(project.id, JobKind.VOICE))
    line_id = studio.rows(project.id)[0].line.id
    handlers = Handlers(studio)
    assert handlers.draw_sweep(project.id, line_id).sweep.layout.annotations[0].text.replace("<br>", " ") == NO_SWEEP
    studio.sweep(project.id, line_id, (0.0, 1.0), (0.0, 1.0))
    figure = handlers.draw_sweep(project.id, line_id).sweep
    assert len(figure.data) == 2 and not figure.layout.annotations

"""Scales, presets and a line's bench in the words and numbers of the page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from studio.domain.bench import Sight, VoiceSight
from studio.domain.guidance_presets import LIPS_COST_WORDS, presets
from studio.domain.project import JobKind, Project
from studio.domain.settings import Guidance
from studio.ui.guidance_present import bench_view, command_in, guidance_news, preset_view, sight_view
from studio.ui.views import Place
from tests.bench_fakes import MISSING, SEES, BenchStudio
from tests.studio_fixtures import clip_project, fake_studio, finish


@pytest.fixture
def bench_studio(home: Path, clip: Path) -> tuple[BenchStudio, Project]:
    studio = BenchStudio.over(fake_studio(home))
    project = clip_project(studio, clip)
    finish(studio, studio.submit(project.id, JobKind.VOICE))
    return studio, project


def test_a_preset_says_its_scales_and_whether_they_are_in_force() -> None:
    views = [preset_view(one, Guidance(1.0, 0.0)) for one in presets("en", "zh")]
    assert [view.label for view in views if view.is_on] == ["Translation: face 1, lips 0"]
    assert {view.label for view in views} == {"Translation: face 1, lips 0", "Words alone: face 0, lips 0", "Same language: face 1, lips 1"}
    assert [bool(view.warning) for view in views] == ["Same" in view.label for view in views], "lips cost words in another language only"


def test_other_text_and_pause_scales_switch_no_preset_off() -> None:
    assert any(preset_view(one, Guidance(1.0, 0.0, 0.5, 2.0)).is_on for one in presets("en", "zh"))


def test_news_warn_where_lips_cost_words(bench_studio: tuple[BenchStudio, Project]) -> None:
    studio, project = bench_studio
    view = studio.project(project.id)
    assert guidance_news(view, Place(project.id), SEES).warning == ""
    studio.update_settings(project.id, replace(project.settings, guidance=Guidance(1.0, 1.0)))
    assert guidance_news(studio.project(project.id), Place(project.id), SEES).warning == LIPS_COST_WORDS
    assert guidance_news(None, Place(), None).presets == ()


def test_every_sight_is_said_in_words_of_its_own() -> None:
    said = [sight_view(VoiceSight(sight, "some voice", "ready")).sentence for sight in Sight]
    assert len(set(said)) == len(said) and all(one.endswith(".") for one in said)


def test_missing_weights_come_with_the_command_that_fetches_them() -> None:
    view = sight_view(MISSING)
    assert view.state == "re-timed" and view.command == "python -m studio models pull syncvoice" and "syncvoice would see" in view.sentence
    assert command_in("no weights; `python -m studio models pull zipvoice` fetches them.") == "python -m studio models pull zipvoice"
    assert command_in("it is broken") == ""


def test_takes_carry_how_they_were_made_and_count_from_the_oldest(bench_studio: tuple[BenchStudio, Project]) -> None:
    studio, project = bench_studio
    line_id = studio.rows(project.id)[0].line.id
    studio.sweep(project.id, line_id, (0.0, 1.0), (0.0,), "preview")
    view = bench_view(studio.line_bench(project.id, line_id), studio.sweep_points(project.id, line_id), {})
    assert [take.number for take in view.takes] == [3, 2, 1] and view.takes[-1].is_circled and view.takes[-1].made is None
    made = view.takes[0].made
    assert made is not None and made.quality == "preview" and made.steps == 4 and made.reference == ""
    assert view.takes[0].lips is not None and view.takes[0].lips.lse_d is not None
    assert view.sight.state == "sees" and view.face == "" and view.scorer == ""

"""The one next step after each stage, and none while work goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from studio.domain.project import Job, JobKind, JobState
from studio.domain.views import ProjectCounts, ProjectView
from studio.ui.next_step import next_step
from tests.ui.test_present import a_view

VOICED = ProjectCounts(total=9, empty=0, fits=9, tight=0, over=0, voiced=9, stale=0)


def a_dub(**counts: int) -> ProjectView:
    return a_view(counts=replace(VOICED, **counts))


@pytest.mark.parametrize(
    ("view", "sentence", "does"),
    [
        (a_dub(total=0, fits=0, voiced=0), "The media is in.", "lines"),
        (a_dub(empty=9, fits=0, voiced=0), "9 lines found, 0 speakers.", "translate"),
        (a_dub(empty=1, fits=8, voiced=8), "1 line without a translation.", "translate"),
        (a_dub(over=2, fits=7), "2 of 9 lines do not fit their time.", "next-unfit"),
        (a_dub(voiced=8), "1 line without a voice, or with an old one.", "voice"),
        (a_dub(stale=3), "3 lines without a voice, or with an old one.", "voice"),
        (a_dub(), "9 lines voiced.", "render"),
        (replace(a_dub(), is_rendered=True), "The dub is rendered.", "export"),
        (replace(a_dub(), is_rendered=True, is_render_stale=True), "The dub is older than the last edits.", "render"),
    ],
)
def test_every_stage_ends_with_where_it_stands_and_what_comes_next(view: ProjectView, sentence: str, does: str) -> None:
    step = next_step(view)

    assert step is not None
    assert step.sentence == sentence
    assert does in (step.kind, step.command, step.tab)
    assert step.why
    assert step.label


def test_a_script_without_media_ends_at_its_export() -> None:
    step = next_step(a_view(info=None, counts=VOICED))

    assert step is not None
    assert step.tab == "export"


def test_the_first_steps_are_the_sample_and_the_upload() -> None:
    begin, empty = next_step(None), next_step(a_view(info=None))

    assert begin is not None
    assert begin.kind == "demo"
    assert empty is not None
    assert empty.tab == "upload"


def test_nothing_is_asked_while_work_goes_on() -> None:
    working = Job("j1", "p1", "local", JobKind.VOICE, JobState.RUNNING)

    assert next_step(a_view(counts=VOICED, job=working)) is None
    assert next_step(a_view(counts=VOICED, job=replace(working, kind=JobKind.FACES))) is not None

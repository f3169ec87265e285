"""The Upload panel: which of its buttons can be pressed, and what the choices show."""

from __future__ import annotations

from dataclasses import replace

from studio.domain.project import JobState
from studio.domain.views import ProjectCounts
from studio.ui.upload_view import DEFAULT_PAIR, upload_view
from tests.ui.test_present import INFO, JOB, a_view


def test_without_a_project_nothing_can_start_and_languages_have_a_default() -> None:
    view = upload_view(None, ())
    assert not view.find.is_enabled and not view.dub.is_enabled
    assert (view.source_language.selected, view.target_language.selected) == DEFAULT_PAIR


def test_work_can_start_once_media_is_in_and_not_twice() -> None:
    assert upload_view(a_view(), ()).dub.is_enabled
    assert not upload_view(a_view(info=None), ()).dub.is_enabled
    assert not upload_view(a_view(job=JOB), ()).dub.is_enabled
    assert upload_view(a_view(job=replace(JOB, state=JobState.FAILED)), ()).dub.is_enabled


def test_the_track_choice_shows_only_when_there_is_one() -> None:
    assert upload_view(a_view(), ()).track.is_shown
    assert not upload_view(a_view(info=replace(INFO, audio=INFO.audio[:1])), ()).track.is_shown


def test_lines_that_are_there_are_not_replaced_by_listening_again() -> None:
    assert not upload_view(a_view(counts=ProjectCounts(3, 3, 0, 0, 0, 0, 0)), ()).find.is_enabled
    assert upload_view(a_view(counts=ProjectCounts(0, 0, 0, 0, 0, 0, 0)), ()).find.is_enabled

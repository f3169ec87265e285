"""A sweep: every point of a grid has its take and its scores, known points cost nothing, and the one chosen becomes the line's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from studio.domain.errors import BadSetting, NotFound, NotReady
from studio.domain.line import VoiceRef
from studio.domain.project import Job, JobState, Project
from studio.domain.settings import Guidance
from studio.domain.sweep import MAX_POINTS, grid
from studio.engines.transcribe_manual import ManualTranscriber
from studio.line_verbs import LineEdit
from studio.service import Studio
from studio.steps.sweep import NO_JUDGE, NOT_SEEN
from tests.fakes import FakeFaceTracker, FakeLipScorer, FakeSpeaker, FakeTranscriber
from tests.seeing_fakes import FakeSeer
from tests.studio_fixtures import fake_studio, finish
from tests.talking_film import talking_film

LINES = b"1\n00:00:00,200 --> 00:00:01,900\none two three\n\n2\n00:00:02,000 --> 00:00:03,800\nfour five six\n"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return talking_film(tmp_path_factory.mktemp("film") / "film.mkv")


@pytest.fixture
def seer() -> FakeSeer:
    return FakeSeer()


def studio_with(home: Path, seer: FakeSeer, **engines: object) -> Studio:
    eyes = {"face_tracker": FakeFaceTracker(), "sync_scorer": FakeLipScorer()}
    return fake_studio(home, speaker=(seer, FakeSpeaker()), **(eyes | engines))


@pytest.fixture
def studio(home: Path, seer: FakeSeer) -> Iterator[Studio]:
    studio = studio_with(home, seer)
    yield studio
    studio.close()


def made(studio: Studio, film: Path | None) -> tuple[Project, str]:
    project = studio.create_project("Talk", "en", "de")
    if film is not None:
        project = studio.upload_media(project.id, film, film.name)
    studio.import_script(project.id, LINES, "talk.srt")
    line = studio.rows(project.id)[0].line
    studio.revise_line(project.id, line.id, LineEdit(target_text="word1 word2 word3 word4"))
    return project, line.id


def swept(studio: Studio, project: Project, line_id: str, *scales: tuple[float, ...]) -> Job:
    return finish(studio, studio.sweep(project.id, line_id, *scales))


def test_every_point_has_a_take_lip_scores_and_word_errors(studio: Studio, seer: FakeSeer, film: Path) -> None:
    project, line_id = made(studio, film)
    assert studio.sweep_points(project.id, line_id) == ()
    assert swept(studio, project, line_id, (0, 1), (0, 0.5)).state is JobState.DONE
    points = studio.sweep_points(project.id, line_id)
    assert [(one.face_scale, one.lip_scale) for one in points] == [(0.0, 0.0), (0.0, 0.5), (1.0, 0.0), (1.0, 0.5)]
    assert len({one.take_id for one in points}) == 4
    assert seer.together == [2, 2]
    for one in points:
        assert one.lse_c is not None and one.lse_d is not None and one.offset_frames is not None
        assert (one.word_error, one.likelihood, one.judged_by) == (0.0, None, "fake-transcriber")
        assert (one.quality, one.why, one.is_stale) == ("preview", "", False)
    takes = {take.id: take for take in studio.line(project.id, line_id).takes}
    assert all(takes[one.take_id].made.scales == Guidance(one.face_scale, one.lip_scale) for one in points)
    assert studio.rows(project.id)[0].line.take_id is None, "a sweep circles nothing"


def test_points_that_are_known_cost_nothing_and_an_edit_makes_them_stale(studio: Studio, seer: FakeSeer, film: Path) -> None:
    project, line_id = made(studio, film)
    swept(studio, project, line_id, (0, 1), (0,))
    swept(studio, project, line_id, (0, 1, 2), (0,))
    assert len(seer.asked) == 3
    studio.revise_line(project.id, line_id, LineEdit(target_text="word1 word2"))
    assert all(one.is_stale for one in studio.sweep_points(project.id, line_id))
    swept(studio, project, line_id, (0,), (0,))
    assert not any(one.is_stale for one in studio.sweep_points(project.id, line_id)), "all points asked for are brought up to date"
    assert len(seer.asked) == 6


def test_another_quality_is_said_anew(studio: Studio, seer: FakeSeer, film: Path) -> None:
    project, line_id = made(studio, film)
    swept(studio, project, line_id, (1,), (0,))
    finish(studio, studio.sweep(project.id, line_id, (1,), (0,), "final"))
    assert [one.guide.steps for one in seer.asked] == [4, 16]
    assert [one.quality for one in studio.sweep_points(project.id, line_id)] == ["final"]


def test_the_point_clicked_is_the_line_s_take_and_its_scales_the_line_s_own(studio: Studio, film: Path) -> None:
    project, line_id = made(studio, film)
    swept(studio, project, line_id, (0, 1), (0, 2))
    point = studio.sweep_points(project.id, line_id)[3]
    row = studio.choose_point(project.id, line_id, point.take_id)
    assert row.line.take_id == point.take_id
    assert row.line.guidance == Guidance(1.0, 2.0)
    assert not row.is_take_stale
    with pytest.raises(NotFound):
        studio.choose_point(project.id, line_id, "nothing")


def test_without_a_recogniser_the_voice_itself_judges_and_is_named(home: Path, seer: FakeSeer, film: Path) -> None:
    studio = studio_with(home, seer, transcriber=ManualTranscriber())
    project, line_id = made(studio, film)
    swept(studio, project, line_id, (0, 1), (0,))
    quiet, loud = studio.sweep_points(project.id, line_id)
    assert (quiet.word_error, quiet.judged_by) == (None, "fake-seer itself")
    assert quiet.likelihood < loud.likelihood
    assert NO_JUDGE not in quiet.judged_by
    studio.close()


def test_a_recogniser_that_invents_words_judges_only_where_it_was_named(home: Path, seer: FakeSeer, film: Path) -> None:
    class Draft(FakeTranscriber):
        name = "draft"
        is_draft = True

    studio = studio_with(home, seer, transcriber=Draft())
    project, line_id = made(studio, film)
    swept(studio, project, line_id, (0,), (0,))
    assert studio.sweep_points(project.id, line_id)[0].judged_by == "fake-seer itself"
    settings = studio.project(project.id).project.settings
    studio.update_settings(project.id, replace(settings, engines=replace(settings.engines, transcriber="draft")))
    swept(studio, project, line_id, (1,), (0,))
    assert [one.judged_by for one in studio.sweep_points(project.id, line_id)] == ["fake-seer itself", "draft"]
    studio.close()


def test_a_project_without_a_picture_has_its_points_without_lip_scores(studio: Studio) -> None:
    project, line_id = made(studio, None)
    swept(studio, project, line_id, (0,), (0,))
    (point,) = studio.sweep_points(project.id, line_id)
    assert (point.lse_c, point.lse_d, point.offset_frames) == (None, None, None)
    assert point.why == NOT_SEEN


def test_what_cannot_be_swept_is_refused_at_once(studio: Studio, film: Path) -> None:
    project, line_id = made(studio, film)
    with pytest.raises(BadSetting, match="at least one"):
        studio.sweep(project.id, line_id, (), (0,))
    with pytest.raises(BadSetting, match=str(MAX_POINTS)):
        studio.sweep(project.id, line_id, [n / 10 for n in range(10)], [n / 10 for n in range(10)])
    with pytest.raises(BadSetting, match="between"):
        studio.sweep(project.id, line_id, (9,), (0,))
    studio.revise_line(project.id, line_id, LineEdit(voice=VoiceRef("fake-speaker", "low")))
    with pytest.raises(NotReady, match="does not see"):
        studio.sweep(project.id, line_id, (0,), (0,))
    studio.revise_line(project.id, line_id, LineEdit(target_text=" ", clear=frozenset({"voice"})))
    with pytest.raises(NotReady, match="no words"):
        studio.sweep(project.id, line_id, (0,), (0,))
    assert studio.sweep_points(project.id, line_id) == ()


def test_a_sweep_whose_every_point_fails_fails_with_the_reason(studio: Studio, film: Path) -> None:
    project, line_id = made(studio, film)
    studio.revise_line(project.id, line_id, LineEdit(target_text="word " * 200))
    job = studio.sweep(project.id, line_id, (0,), (0,))
    while not job.state.is_over:
        job = studio.job(job.id)
    assert job.state is JobState.FAILED
    assert "needs at least" in job.message


def test_points_can_be_forgotten_and_their_takes_stay(studio: Studio, film: Path) -> None:
    project, line_id = made(studio, film)
    swept(studio, project, line_id, (0, 1), (0,))
    studio.forget_sweep(project.id, line_id)
    assert studio.sweep_points(project.id, line_id) == ()
    assert len(studio.line(project.id, line_id).takes) == 2


def test_a_grid_names_every_pair_once() -> None:
    assert grid((0, 1, 1), (0, 2)) == ((0.0, 0.0), (0.0, 2.0), (1.0, 0.0), (1.0, 2.0))

"""FACES and what rides behind it, on a film whose face and voice are known to the frame: tracks, scores, offset, and what costs nothing twice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from studio.domain.errors import NotReady
from studio.domain.faces import Presence
from studio.domain.project import JobKind, JobState, Project
from studio.domain.settings import Guidance
from studio.domain.timing import TimeSpan
from studio.engines.protocols import FaceSeen
from studio.line_verbs import LineEdit
from studio.media.wav import read_wav
from studio.service import Studio
from studio.steps.faces import NO_PICTURE, kept_faces
from studio.steps.speech import kept_speech
from tests.fakes import FakeFaceTracker, FakeLipScorer
from tests.studio_fixtures import fake_studio, finish
from tests.talking_film import talking_film

LINES = b"1\n00:00:00,200 --> 00:00:01,900\none two three\n\n2\n00:00:02,000 --> 00:00:03,800\nfour five six\n"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return talking_film(tmp_path_factory.mktemp("film") / "film.mkv")


@pytest.fixture(scope="module")
def late_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return talking_film(tmp_path_factory.mktemp("late") / "film.mkv", late_ms=120)


@pytest.fixture
def eyes() -> FakeFaceTracker:
    return FakeFaceTracker()


@pytest.fixture
def scorer() -> FakeLipScorer:
    return FakeLipScorer()


@pytest.fixture
def studio(home: Path, eyes: FakeFaceTracker, scorer: FakeLipScorer) -> Studio:
    return fake_studio(home, face_tracker=eyes, sync_scorer=scorer)


def made(studio: Studio, film: Path, lines: bytes | None = LINES) -> Project:
    project = studio.create_project("Talk", "en", "de")
    project = studio.upload_media(project.id, film, film.name)
    if lines is not None:
        studio.import_script(project.id, lines, "talk.srt")
    return project


def done(studio: Studio, project: Project, kind: JobKind) -> None:
    job = studio.run_now(project.id, kind)
    assert job.state is JobState.DONE, job.message


def test_every_line_learns_whose_mouth_speaks_it(studio: Studio, film: Path) -> None:
    project = made(studio, film)
    assert [row.presence for row in studio.rows(project.id)] == [None, None]
    done(studio, project, JobKind.FACES)
    first, second = studio.rows(project.id)
    assert first.presence is not None and first.presence.presence is Presence.ON_SCREEN
    assert first.presence.track_id == second.presence.track_id
    assert first.presence.face_px == pytest.approx(100, abs=4)
    assert studio.project(project.id).notices == ()


def test_takes_made_before_and_after_a_look_are_scored_by_their_sound_alone(studio: Studio, film: Path, scorer: FakeLipScorer) -> None:
    project = made(studio, film)
    done(studio, project, JobKind.VOICE)
    assert [row.sync for row in studio.rows(project.id)] == [None, None], "nobody has looked for faces"
    done(studio, project, JobKind.FACES)
    scores = [row.sync for row in studio.rows(project.id)]
    assert all(sync is not None and sync.score is not None and sync.score.scorer == "fake-lips" for sync in scores)
    assert all(sync.overlap is not None and 0 < sync.overlap.jaccard <= 1 for sync in scores)
    embedded = scorer.embedded
    line = studio.rows(project.id)[0].line
    studio.revise_line(project.id, line.id, LineEdit(target_text="ganz anders gesagt"))
    done(studio, project, JobKind.VOICE)
    row = studio.rows(project.id)[0]
    assert row.sync is not None and row.take is not None and row.sync.take_id == row.take.id
    assert scorer.embedded == embedded, "lips that have been embedded once are not embedded again"


def test_the_score_of_a_take_is_that_of_its_sound_against_the_mouth(studio: Studio, film: Path, scorer: FakeLipScorer) -> None:
    project = made(studio, film)
    done(studio, project, JobKind.VOICE)
    done(studio, project, JobKind.FACES)
    row = studio.rows(project.id)[0]
    take = read_wav(studio.take_wav(project.id, row.take.id))
    from tests.talking_film import picture, talk

    mouths = np.stack([FakeFaceTracker._seen(picture(float(value)))[0].mouth for value in talk()])
    first, last = 200 // 40, -(-(200 + take.length_ms) // 40)
    lips = scorer.embed_lips(mouths)[first:last]
    samples = np.zeros((last - first) * 640, np.float32)
    samples[: len(take.samples)] = take.samples[: len(samples)]
    own = scorer.score(lips, type(take)(samples, 16_000))
    assert row.sync.score.offset_frames == own.offset_frames
    assert row.sync.score.lse_d == pytest.approx(own.lse_d, abs=0.1)  # the film is compressed, the drawing is not


def test_the_report_carries_the_verdicts_with_what_they_mean(studio: Studio, film: Path) -> None:
    import json

    project = made(studio, film)
    done(studio, project, JobKind.VOICE)
    blank = json.loads(studio.export(project.id, "report_json").read_text(encoding="utf-8"))["lines"][0]
    assert (blank["presence"], blank["lips"]) == (None, None)
    done(studio, project, JobKind.FACES)
    line = json.loads(studio.export(project.id, "report_json").read_text(encoding="utf-8"))["lines"][0]
    assert line["presence"]["presence"] == "on screen" and line["lips"]["score"]["scorer"] == "fake-lips"
    assert "Jaccard" in line["lips"]["overlap"]["definition"] and line["lips"]["why"] == ""


def test_a_second_look_costs_nothing_and_a_moved_line_is_told_so(studio: Studio, film: Path, eyes: FakeFaceTracker) -> None:
    project = made(studio, film)
    done(studio, project, JobKind.FACES)
    looks = eyes.looks
    line = studio.rows(project.id)[1].line
    studio.revise_line(project.id, line.id, LineEdit(span=TimeSpan(2100, 3700)))
    assert studio.rows(project.id)[1].presence is None
    assert "moved or added" in studio.curves(project.id, line.id).presence_why
    done(studio, project, JobKind.FACES)
    assert studio.rows(project.id)[1].presence is not None
    assert eyes.looks == looks == 100


def test_late_sound_is_noticed_and_corrected_everywhere_at_once(studio: Studio, late_film: Path) -> None:
    project = made(studio, late_film)
    with pytest.raises(NotReady, match="nothing to correct"):
        studio.correct_offset(project.id)
    done(studio, project, JobKind.FACES)
    found = studio.sound_offset(project.id)
    assert found is not None and found.offset_frames == -3
    assert any("120 ms late (3 frames" in notice for notice in studio.project(project.id).notices)
    before = read_wav(studio.source_clip(project.id, studio.rows(project.id)[0].line.id))
    after = studio.correct_offset(project.id)
    assert after.settings.sound_shift_ms == -120
    assert studio.sound_offset(project.id) is None, "nobody has looked on the sound as it is heard now"
    assert studio.project(project.id).notices == ()
    with pytest.raises(NotReady, match="nothing to correct"):
        studio.correct_offset(project.id)
    moved = read_wav(studio.source_clip(project.id, studio.rows(project.id)[0].line.id))
    shift = round(0.12 * before.rate_hz)
    assert np.allclose(moved.samples[:-shift], before.samples[shift:], atol=0.02)
    done(studio, project, JobKind.FACES)
    again = studio.sound_offset(project.id)
    assert again is not None and again.offset_frames == 0
    assert studio.project(project.id).notices == ()


def test_sound_in_its_place_is_left_alone(studio: Studio, film: Path) -> None:
    project = made(studio, film)
    done(studio, project, JobKind.FACES)
    found = studio.sound_offset(project.id)
    assert found is not None and found.offset_frames == 0 and not found.is_off


def test_lines_heard_in_the_sound_move_with_it_and_imported_ones_stay(studio: Studio, late_film: Path) -> None:
    imported, heard = made(studio, late_film), made(studio, late_film, lines=None)
    done(studio, heard, JobKind.LINES)
    before = [row.line.span for row in studio.rows(heard.id)]
    assert before
    for project in (imported, heard):
        studio.shift_sound(project.id, -120)
    assert [row.line.span for row in studio.rows(heard.id)] == [TimeSpan(max(0, span.start_ms - 120), max(0, span.start_ms - 120) + span.length_ms) for span in before]
    assert studio.rows(imported.id)[0].line.span == TimeSpan(200, 1900)


def test_without_a_picture_without_a_face_and_without_a_scorer_a_sentence_says_so(home: Path, film: Path, tmp_path: Path) -> None:
    studio = fake_studio(home, face_tracker=FakeFaceTracker())
    bare = made(studio, talking_film(tmp_path / "bare.mkv", has_face=False))
    done(studio, bare, JobKind.FACES)
    assert any("No face was found" in notice for notice in studio.project(bare.id).notices)
    assert studio.rows(bare.id)[0].presence.presence is Presence.OFF_SCREEN
    sound = made(studio, film.with_suffix(".wav"))
    done(studio, sound, JobKind.FACES)
    assert NO_PICTURE in studio.project(sound.id).notices
    unjudged = made(studio, film)
    done(studio, unjudged, JobKind.VOICE)
    done(studio, unjudged, JobKind.FACES)
    sync = studio.rows(unjudged.id)[0].sync
    assert sync is not None and sync.score is None and "Lips are not scored" in sync.why and sync.overlap is not None


def test_a_silent_film_and_an_off_screen_line_have_reasons_and_no_numbers(studio: Studio, tmp_path: Path) -> None:
    project = made(studio, talking_film(tmp_path / "silent.mkv", has_sound=False))
    done(studio, project, JobKind.VOICE)
    done(studio, project, JobKind.FACES)
    sync = studio.rows(project.id)[0].sync
    assert sync is not None and sync.overlap is None
    assert studio.sound_offset(project.id) is None


def test_voicing_looks_for_faces_only_where_a_line_follows_them(studio: Studio, film: Path, eyes: FakeFaceTracker) -> None:
    project = made(studio, film)
    done(studio, project, JobKind.VOICE)
    assert eyes.looks == 0
    line = studio.rows(project.id)[0].line
    studio.revise_line(project.id, line.id, LineEdit(guidance=Guidance(lip_scale=1.0)))
    done(studio, project, JobKind.VOICE)
    assert eyes.looks == 100
    assert all(row.sync is not None for row in studio.rows(project.id))


def test_voicing_that_needs_the_faces_waits_for_the_look_that_is_under_way(home: Path, film: Path) -> None:
    class Slow(FakeFaceTracker):
        def faces(self, pictures: Iterator[np.ndarray]) -> Iterator[tuple[FaceSeen, ...]]:
            for seen in super().faces(pictures):
                time.sleep(0.02)
                yield seen

    eyes = Slow()
    studio = fake_studio(home, face_tracker=eyes, sync_scorer=FakeLipScorer())
    project = made(studio, film)
    line = studio.rows(project.id)[0].line
    studio.revise_line(project.id, line.id, LineEdit(guidance=Guidance(lip_scale=1.0)))
    looking = studio.look_for_faces(project.id)
    while not eyes.looks:
        time.sleep(0.01)
    done(studio, project, JobKind.VOICE)
    finish(studio, looking)
    assert eyes.looks == 100, "the picture is looked at once, whoever needs it"
    assert all(row.sync is not None for row in studio.rows(project.id))


def test_faces_are_looked_for_beside_other_work_of_the_project(studio: Studio, film: Path) -> None:
    project = made(studio, film)
    jobs = [studio.look_for_faces(project.id), studio.submit(project.id, JobKind.VOICE)]
    for job in jobs:
        finish(studio, job)
    faces = kept_faces(studio._shop, studio.project(project.id).project)
    assert faces is not None and len(faces.tracks) == 1 and faces.tracks[0].speaking_share > 0.5
    assert kept_speech(studio._shop, studio.project(project.id).project).spans


def test_curves_lay_mouth_source_and_dub_on_one_axis(studio: Studio, film: Path) -> None:
    project = made(studio, film)
    row = studio.rows(project.id)[0]
    blank = studio.curves(project.id, row.line.id)
    assert set(blank.opening) == {None} and set(blank.dub_level) == {0.0} and "Nobody has looked" in blank.presence_why
    done(studio, project, JobKind.VOICE)
    done(studio, project, JobKind.FACES)
    curves = studio.curves(project.id, row.line.id)
    count = -(-(curves.end_ms - curves.start_ms) // 40)
    assert (curves.start_ms, len(curves.opening), len(curves.source_level), len(curves.dub_level)) == (0, count, count, count)
    opening, level = np.array(curves.opening, float), np.array(curves.source_level)
    assert np.corrcoef(opening, level > 0.5)[0, 1] > 0.7
    assert curves.dub_speech[0].start_ms >= row.line.span.start_ms
    assert curves.source_speech

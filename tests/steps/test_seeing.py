"""Voicing by an engine that sees: exact takes, what makes them stale, faces looked for anew, and engines that do not see left as they were."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from studio.domain.errors import BadSetting
from studio.domain.line import VoiceRef
from studio.domain.plain import fingerprint
from studio.domain.project import Job, JobKind, JobState, Project
from studio.domain.settings import Guidance, VoiceSettings
from studio.domain.timing import TimeSpan
from studio.engines.protocols import Audio
from studio.line_verbs import LineEdit
from studio.media import face_archive
from studio.media.wav import read_wav
from studio.review import take_key
from studio.service import Studio
from studio.stages.voice import VOICE_VERSION
from studio.steps.lip_guide import GUIDE_VERSION, cues
from studio.steps.seeing import NO_FACE, NO_PICTURE
from tests.fakes import FakeFaceTracker, FakeLipScorer, FakeSpeaker
from tests.seeing_fakes import FakeSeer
from tests.studio_fixtures import SCRIPT, fake_studio, finish
from tests.talking_film import talking_film

LINES = b"1\n00:00:00,200 --> 00:00:01,900\none two three\n\n2\n00:00:02,000 --> 00:00:03,800\nfour five six\n"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return talking_film(tmp_path_factory.mktemp("film") / "film.mkv")


@pytest.fixture
def seer() -> FakeSeer:
    return FakeSeer()


@pytest.fixture
def eyes() -> FakeFaceTracker:
    return FakeFaceTracker()


@pytest.fixture
def studio(home: Path, seer: FakeSeer, eyes: FakeFaceTracker) -> Iterator[Studio]:
    studio = fake_studio(home, speaker=(seer, FakeSpeaker()), face_tracker=eyes, sync_scorer=FakeLipScorer())
    yield studio
    studio.close()


def made(studio: Studio, film: Path | None, lines: bytes = LINES) -> Project:
    project = studio.create_project("Talk", "en", "de")
    if film is not None:
        project = studio.upload_media(project.id, film, film.name)
    studio.import_script(project.id, lines, "talk.srt")
    return studio.project(project.id).project


def voiced(studio: Studio, project: Project, quality: str = "") -> None:
    assert_done(finish(studio, studio.revoice(project.id, (), quality)))


def assert_done(job: Job) -> None:
    assert job.state is JobState.DONE, job.message


def scaled(studio: Studio, project: Project, **scales: float) -> Project:
    settings = studio.project(project.id).project.settings
    return studio.update_settings(project.id, replace(settings, guidance=replace(settings.guidance, **scales)))


def test_takes_are_as_long_as_their_lines_and_are_not_touched(studio: Studio, seer: FakeSeer, film: Path) -> None:
    project = made(studio, film)
    voiced(studio, project)
    for row in studio.rows(project.id):
        report = row.take.report
        assert row.take.raw_blob == row.take.fitted_blob
        assert (report.fitted_ms, report.rate_ratio, report.remainder_ms, report.trimmed_ms) == (row.slot.span_ms, 1.0, 0, 0)
        assert row.take.made.steps == VoiceSettings().steps_final
        assert not row.take.made.saw_face
        assert row.take.made.why == ""
        assert not row.is_take_stale
    assert seer.together == [2]
    assert all(one.guide.face is None for one in seer.asked), "nobody asked for the face"
    voiced(studio, project)
    assert seer.together == [2], "takes that are there cost nothing"


def test_a_guided_line_is_shown_its_face_on_its_own_time_axis(studio: Studio, seer: FakeSeer, film: Path) -> None:
    project = scaled(studio, made(studio, film), face_scale=1.0, lip_scale=0.5)
    voiced(studio, project)
    row, asked = studio.rows(project.id)[0], seer.asked[0]
    face = asked.guide.face
    assert asked.guide.scales == Guidance(1.0, 0.5)
    assert -1040 < face.first_frame_ms <= -1000
    assert face.points.shape[1:] == (45, 2)
    assert face.mouths.shape == (len(face.is_seen), 64, 64)
    assert abs(len(face.is_seen) * 40 - (row.slot.length_ms + 2000)) <= 80
    assert face.is_seen[30:60].all()
    assert not face.is_seen[:20].any(), "before the film begins nothing is seen"
    assert row.take.made.saw_face
    assert (row.take.report.face_scale, row.take.report.lip_scale) == (1.0, 0.5)
    assert not row.is_take_stale


def test_a_line_without_a_face_is_said_by_its_words_and_the_take_says_so(studio: Studio, seer: FakeSeer) -> None:
    project = scaled(studio, made(studio, None), face_scale=1.0)
    voiced(studio, project)
    assert seer.asked[0].guide.face is None
    assert seer.asked[0].guide.scales.face_scale == 0.0
    assert studio.rows(project.id)[0].take.made.why == NO_PICTURE


def test_every_condition_that_matters_makes_another_take_and_no_other(studio: Studio, seer: FakeSeer, film: Path) -> None:
    project = made(studio, film)
    voiced(studio, project)

    def stale() -> list[bool]:
        return [row.is_take_stale for row in studio.rows(project.id)]

    before = studio.project(project.id).project.settings
    for changes in (
        {"guidance": Guidance(text_scale=1.5)},
        {"voice": replace(before.voice, seed=7)},
        {"voice": replace(before.voice, steps_final=20)},
    ):
        studio.update_settings(project.id, replace(before, **changes))
        assert stale() == [True, True], changes
    studio.update_settings(project.id, replace(before, voice=replace(before.voice, quality="preview")))
    assert stale() == [False, False], "a final take is good enough for a preview"
    studio.update_settings(project.id, before)
    assert stale() == [False, False]
    seer.weights = "w2"
    assert stale() == [True, True]


def test_a_preview_is_redone_in_final_quality_only_when_asked(studio: Studio, seer: FakeSeer, film: Path) -> None:
    project = made(studio, film)
    voiced(studio, project, "preview")
    assert {one.guide.steps for one in seer.asked} == {VoiceSettings().steps_preview}
    assert [row.take.made.quality for row in studio.rows(project.id)] == ["preview", "preview"]
    assert not any(row.is_take_stale for row in studio.rows(project.id))
    voiced(studio, project, "final")
    assert [row.take.made.quality for row in studio.rows(project.id)] == ["final", "final"]
    assert len(seer.asked) == 4


def test_a_text_that_cannot_be_said_in_time_costs_only_its_own_line(studio: Studio, film: Path) -> None:
    project = made(studio, film)
    first, second = studio.rows(project.id)
    studio.revise_line(project.id, first.line.id, LineEdit(target_text="word " * 200))
    voiced(studio, project)
    rows = studio.rows(project.id)
    assert rows[0].take is None
    assert rows[1].take is not None
    assert any("needs at least" in notice for notice in studio.project(project.id).notices)


def test_engines_that_do_not_see_keep_their_keys_bit_for_bit(studio: Studio, film: Path) -> None:
    project = scaled(studio, made(studio, film), face_scale=1.0)
    for row in studio.rows(project.id):
        studio.revise_line(project.id, row.line.id, LineEdit(voice=VoiceRef("fake-speaker", "low"), pauses=(TimeSpan(100, 300),)))
    voiced(studio, project)
    project = scaled(studio, project, text_scale=2.0)
    row = studio.rows(project.id)[0]
    assert not row.is_take_stale, "a scale of another kind of voice is nothing to this one"
    assert row.take.made is None
    known = cues(studio._shop, project, [row.line for row in studio.rows(project.id)])
    seen = known.presences[row.line.id]
    speech = known.speech.wav, tuple(span for span in known.speech.spans if span.start_ms < row.slot.start_ms + row.slot.length_ms)
    scales = {"face_scale": 1.0, "lip_scale": 0.0}
    guide = fingerprint("guide", GUIDE_VERSION, scales, seen.presence, known.archive, seen.track_id, row.slot.start_ms, speech)
    words = "one.de two.de three.de", "de", VoiceRef("fake-speaker", "low"), "1"
    expected = fingerprint("take", VOICE_VERSION, *words, row.slot.span_ms, row.slot.length_ms, project.settings.fit, guide)
    assert (VOICE_VERSION, GUIDE_VERSION) == ("1", "1")
    assert row.take.fingerprint == expected
    plain = fingerprint("take", VOICE_VERSION, *words, row.slot.span_ms, row.slot.length_ms, project.settings.fit)
    assert take_key(project, row.line, row.slot, row.take.voice, "1") == plain


def test_faces_of_before_landmarks_were_kept_are_looked_at_again_once(studio: Studio, seer: FakeSeer, eyes: FakeFaceTracker, film: Path) -> None:
    project = made(studio, film)
    assert_done(studio.run_now(project.id, JobKind.FACES))
    looks = eyes.looks
    _forget_landmarks(studio, project)
    voiced(studio, project)
    assert eyes.looks == looks, "a line that follows no face needs none"
    project = scaled(studio, project, face_scale=1.0)
    voiced(studio, project)
    assert eyes.looks == 2 * looks
    assert all(one.guide.face is not None for one in seer.asked[2:])
    voiced(studio, project)
    assert eyes.looks == 2 * looks


def _forget_landmarks(studio: Studio, project: Project) -> None:
    """Make the kept archive one of version 1, in place."""
    archive = studio._shop.results.latest(project.id, "faces")["tracks"]["archive"]
    path = studio._shop.blobs.path(archive)
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist() if not name.startswith("points/")}
    index = json.loads(parts["index.json"])
    assert index["version"] == face_archive.VERSION == 2
    for track in index["tracks"].values():
        del track["points"]
    parts["index.json"] = json.dumps(index | {"version": 1}).encode()
    path.chmod(0o644)
    with zipfile.ZipFile(path, "w") as new:
        for name, data in parts.items():
            new.writestr(name, data)


def test_pauses_of_the_source_are_told_where_they_are_asked_for(studio: Studio, seer: FakeSeer, film: Path) -> None:
    project = scaled(studio, made(studio, film), pause_scale=1.0)
    voiced(studio, project)
    for asked in seer.asked:
        assert asked.guide.speech
        assert all(0 <= start < end <= asked.guide.slot_ms for start, end in asked.guide.speech)
    assert not any(row.is_take_stale for row in studio.rows(project.id))


def test_pauses_that_are_drawn_count_though_the_scale_is_nought(studio: Studio, seer: FakeSeer, film: Path) -> None:
    project = made(studio, film)
    voiced(studio, project)
    first, second = studio.rows(project.id)
    row = studio.revise_line(project.id, first.line.id, LineEdit(pauses=(TimeSpan(300, 500),)))
    assert row.is_take_stale
    voiced(studio, project)
    assert seer.asked[-1].guide.speech == ((0, 300), (500, first.slot.length_ms))
    assert seer.asked[-1].guide.scales.pause_scale == 1.0
    assert len(seer.asked) == 3, "the other line is left alone"
    assert not studio.rows(project.id)[0].is_take_stale
    studio.revise_line(project.id, second.line.id, LineEdit(pauses=(TimeSpan(0, 100),), guidance=Guidance(pause_scale=2.5)))
    voiced(studio, project)
    assert seer.asked[-1].guide.scales.pause_scale == 2.5, "a scale that somebody set stays"
    row = studio.revise_line(project.id, first.line.id, LineEdit(clear=frozenset({"pauses"})))
    assert row.line.pauses is None
    assert row.is_take_stale


def test_pauses_that_do_not_fit_the_line_are_refused_and_none_at_all_are_the_sources(studio: Studio, film: Path) -> None:
    project = made(studio, film)
    line, slot_ms = studio.rows(project.id)[0].line, studio.rows(project.id)[0].slot.length_ms
    with pytest.raises(BadSetting, match="within the line"):
        studio.revise_line(project.id, line.id, LineEdit(pauses=(TimeSpan(0, slot_ms + 1),)))
    with pytest.raises(BadSetting, match="no time to speak"):
        studio.revise_line(project.id, line.id, LineEdit(pauses=(TimeSpan(0, slot_ms),)))
    studio.revise_line(project.id, line.id, LineEdit(pauses=(TimeSpan(0, 100),)))
    assert studio.revise_line(project.id, line.id, LineEdit(pauses=())).line.pauses is None


def test_a_film_without_sound_pauses_where_its_lips_are_closed(studio: Studio, seer: FakeSeer, tmp_path: Path) -> None:
    loud = np.zeros(100, np.float32)
    loud[10:20] = loud[30:42] = loud[55:90] = 1.0
    project = made(studio, talking_film(tmp_path / "mute.mkv", loud=loud, has_sound=False))
    assert_done(studio.run_now(project.id, JobKind.FACES))
    project = scaled(studio, project, pause_scale=1.0)
    voiced(studio, project)
    first = studio.rows(project.id)[0]
    assert seer.asked[0].guide.speech == pytest.approx(np.array(((200, 600), (1000, 1480))), abs=80)
    assert not first.is_take_stale
    bench = studio.line_bench(project.id, first.line.id)
    assert (bench.spoken, bench.spoken_in) == (seer.asked[0].guide.speech, "lips")


def test_a_sound_of_a_script_without_media_needs_no_face(studio: Studio) -> None:
    project = made(studio, None, SCRIPT)
    voiced(studio, project)
    audio: Audio = read_wav(studio.take_wav(project.id, studio.rows(project.id)[0].take.id))
    assert np.abs(audio.samples).max() > 0.05
    assert NO_FACE not in studio.rows(project.id)[0].take.made.why

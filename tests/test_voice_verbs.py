"""Recordings to speak like: nothing without consent, nothing from what is no voice, and what was agreed stays with every take."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from studio.domain.errors import BadMedia, BadSetting, NotFound, NotReady
from studio.domain.guidance_presets import LIPS_COST_WORDS
from studio.domain.line import VoiceRef
from studio.domain.project import JobKind, Project
from studio.domain.reference_voice import OWN_VOICE_STATEMENT, Consent, ReferenceVoice
from studio.domain.settings import Guidance
from studio.domain.upload import QuotaSpent
from studio.engines.protocols import Audio
from studio.line_verbs import LineEdit
from studio.media.wav import read_wav, write_wav
from studio.service import Studio
from tests.fakes import FakeSpeaker
from tests.seeing_fakes import FakeSeer
from tests.studio_fixtures import clip_project, fake_studio, finish

CONSENT = Consent("Ada Lovelace")


@pytest.fixture
def seer() -> FakeSeer:
    return FakeSeer()


@pytest.fixture
def studio(home: Path, seer: FakeSeer) -> Iterator[Studio]:
    studio = fake_studio(home, speaker=(FakeSpeaker(), seer))
    yield studio
    studio.close()


@pytest.fixture
def project(studio: Studio) -> Project:
    project = studio.create_project("Pilot", "en", "de")
    studio.add_line(project.id, 0, 1500)
    return project


def recording(folder: Path, seconds: float = 3.0, level: float = 0.2, rate_hz: int = 44_100) -> Path:
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    path = folder / "ada.wav"
    write_wav(path, Audio((level * np.sin(2 * np.pi * 150 * time_s)).astype(np.float32), rate_hz))
    return path


def added(studio: Studio, project: Project, folder: Path) -> ReferenceVoice:
    return studio.add_reference_voice(project.id, "Ada", recording(folder), CONSENT, "one two")


def test_a_recording_becomes_a_voice_on_offer_with_whose_it_is(studio: Studio, project: Project, tmp_path: Path) -> None:
    voice = added(studio, project, tmp_path)
    assert studio.reference_voices(project.id) == (voice,)
    assert (voice.name, voice.consent.whose, voice.transcript, voice.length_ms) == ("Ada", "Ada Lovelace", "one two", 3000)
    assert read_wav(studio._shop.blobs.path(voice.blob)).rate_hz == 24_000
    assert VoiceRef("fake-seer", f"plain@{voice.id}") in [info.ref for info in studio.voices(project.id)]


@pytest.mark.parametrize("whose", ["", "  ", "x" * 200, "a\nb"])
def test_without_whose_it_is_no_voice_is_copied(whose: str) -> None:
    with pytest.raises(BadSetting, match="whose voice"):
        Consent(whose)


def test_the_tick_itself_cannot_be_left_out() -> None:
    with pytest.raises(BadSetting, match="Tick"):
        Consent("Ada", "")


def test_what_is_no_voice_is_refused_and_not_kept(studio: Studio, project: Project, tmp_path: Path) -> None:
    with pytest.raises(BadMedia, match="silent"):
        studio.add_reference_voice(project.id, "Ada", recording(tmp_path, level=0.0), CONSENT)
    (tmp_path / "notes.txt").write_text("no sound")
    with pytest.raises(BadMedia):
        studio.add_reference_voice(project.id, "Ada", tmp_path / "notes.txt", CONSENT)
    with pytest.raises(BadSetting, match="name"):
        studio.add_reference_voice(project.id, " ", recording(tmp_path), CONSENT)
    assert studio.reference_voices(project.id) == ()


def test_recordings_too_count_against_the_room_of_the_projects_owner(studio: Studio, project: Project, tmp_path: Path) -> None:
    added(studio, project, tmp_path)
    studio._shop.quotas.set_quota(project.owner, 200_000)
    with pytest.raises(QuotaSpent, match="are taken"):
        added(studio, project, tmp_path)
    assert len(studio.reference_voices(project.id)) == 1


def test_a_long_recording_is_kept_as_its_first_twenty_seconds(studio: Studio, project: Project, tmp_path: Path) -> None:
    voice = studio.add_reference_voice(project.id, "Ada", recording(tmp_path, 25.0, rate_hz=16_000), CONSENT, "x")
    assert voice.length_ms == 20_000


def test_where_no_voice_sees_there_is_nothing_to_copy_with(home: Path, tmp_path: Path) -> None:
    studio = fake_studio(home)
    project = studio.create_project("Pilot", "en", "de")
    with pytest.raises(NotReady, match="engines"):
        added(studio, project, tmp_path)
    studio.close()


def test_a_take_in_a_copied_voice_keeps_the_consent_even_when_the_recording_goes(
    studio: Studio, project: Project, seer: FakeSeer, tmp_path: Path
) -> None:
    voice, line = added(studio, project, tmp_path), studio.rows(project.id)[0].line
    ref = VoiceRef("fake-seer", f"plain@{voice.id}")
    studio.revise_line(project.id, line.id, LineEdit(target_text="eins zwei", voice=ref))
    finish(studio, studio.submit(project.id, JobKind.VOICE))
    row = studio.rows(project.id)[0]
    assert (row.take.voice, row.take.made.reference_id, row.take.made.consent) == (ref, voice.id, CONSENT)
    assert seer.asked[0].guide.reference.transcript == "one two"
    assert seer.asked[0].guide.reference.audio.rate_hz == 24_000
    assert not row.is_take_stale
    studio.remove_reference_voice(project.id, voice.id)
    row = studio.rows(project.id)[0]
    assert row.take.made.consent == CONSENT
    assert row.is_take_stale
    assert row.voice.engine == "fake-speaker", "a voice that is gone is handed out anew"
    with pytest.raises(NotFound):
        studio.remove_reference_voice(project.id, voice.id)


def test_a_speaker_s_own_voice_is_cut_from_the_source(home: Path, seer: FakeSeer, clip: Path) -> None:
    studio = fake_studio(home, speaker=(FakeSpeaker(), seer))
    project = clip_project(studio, clip)
    speaker = studio.project(project.id).speakers[0]
    with pytest.raises(NotReady, match="listened to"):
        studio.add_speaker_voice(project.id, speaker.id, Consent("the actor", OWN_VOICE_STATEMENT))
    finish(studio, studio.submit(project.id, JobKind.LINES))
    speaker = studio.project(project.id).speakers[0]
    voice = studio.add_speaker_voice(project.id, speaker.id, Consent("the actor", OWN_VOICE_STATEMENT))
    own = [row.line for row in studio.rows(project.id) if row.line.speaker_id == speaker.id]
    assert voice.speaker_id == speaker.id
    assert voice.length_ms == sum(line.span.length_ms for line in own)
    assert voice.transcript == " ".join(line.source_text for line in own)
    with pytest.raises(NotFound):
        studio.add_speaker_voice(project.id, "nobody", CONSENT)
    studio.close()


def test_recordings_are_their_project_s_own_and_their_sound_outlives_a_clean_up(studio: Studio, project: Project, tmp_path: Path) -> None:
    voice, other = added(studio, project, tmp_path), studio.create_project("Other", "en", "de")
    assert studio.reference_voices(other.id) == ()
    with pytest.raises(NotFound):
        studio.remove_reference_voice(other.id, voice.id)
    with pytest.raises(NotFound):
        studio.as_user("eve").reference_voices(project.id)
    studio._shop.keeping.change(young_s=0)
    os.utime(studio._shop.blobs.path(voice.blob), (1.0, 1.0))
    studio.free_space()
    assert studio._shop.blobs.exists(voice.blob)


def test_the_preset_that_suits_the_languages_comes_first_and_lips_in_another_language_are_warned_of(studio: Studio, project: Project) -> None:
    first, *_, last = studio.guidance_presets(project.id)
    assert (first.key, first.face_scale, first.lip_scale, first.warning) == ("translation", 1.0, 0.0, "")
    assert (last.key, last.warning) == ("same_language", LIPS_COST_WORDS)
    assert first.applied_to(Guidance(5.0, 5.0, 2.0)) == Guidance(1.0, 0.0, 2.0)
    same = studio.create_project("Same", "en", "en")
    assert [one.key for one in studio.guidance_presets(same.id)][0] == "same_language"
    assert studio.guidance_warning(project.id) == ""
    line = studio.rows(project.id)[0].line
    studio.revise_line(project.id, line.id, LineEdit(guidance=Guidance(0.0, 1.0)))
    assert studio.guidance_warning(project.id, line.id) == LIPS_COST_WORDS
    studio.revise_line(project.id, line.id, LineEdit(guidance=Guidance(4.0, 0.0)))
    assert "overdo" in studio.guidance_warning(project.id, line.id)

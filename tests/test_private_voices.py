"""A voice that belongs to somebody is offered, and speaks, in that person's projects only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from studio.domain.errors import EngineUnavailable, StudioError
from studio.domain.line import VoiceRef
from studio.domain.project import JobKind
from studio.engines.voice_protocols import VoiceInfo
from studio.engines.syncvoice_places import OWNERS_FILE, _owners
from studio.service import Studio
from tests.fakes import FakeSpeaker
from tests.studio_fixtures import clip_project, fake_studio, finish

PRIVATE = VoiceRef("fake-speaker", "high")


class OwnedSpeaker(FakeSpeaker):
    """Its high voice is bea's."""

    def voices(self, language: str) -> tuple[VoiceInfo, ...]:
        return tuple(replace(voice, owners=("bea",) if voice.ref == PRIVATE else ()) for voice in super().voices(language))


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = fake_studio(tmp_path, speaker=OwnedSpeaker())
    yield opened
    opened.close()


def test_it_is_offered_to_its_owner_only(studio: Studio) -> None:
    mine, hers = studio.create_project("Mine", "en", "de"), studio.as_user("bea").create_project("Hers", "en", "de")
    assert [voice.ref.voice for voice in studio.voices(mine.id)] == ["low"]
    assert [voice.ref.voice for voice in studio.as_user("bea").voices(hers.id)] == ["low", "high"]


def test_it_does_not_speak_for_anybody_else_however_its_name_got_there(studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    speaker = studio.project(project.id).speakers[0]
    with pytest.raises(StudioError):
        studio.set_speaker_voice(project.id, speaker.id, PRIVATE)
    studio._shop.lines.set_speaker_voice(project.id, speaker.id, PRIVATE, by="local")  # as an archive of hers would bring it
    finish(studio, studio.submit(project.id, JobKind.VOICE))
    assert {row.take.voice.voice for row in studio.rows(project.id)} == {"low"}


def test_the_file_of_owners_closes_a_voice_and_never_opens_one_by_mistake(tmp_path: Path) -> None:
    assert _owners(tmp_path) == ()
    (tmp_path / OWNERS_FILE).write_text("bea\n\n ada \n")
    assert _owners(tmp_path) == ("bea", "ada")
    (tmp_path / OWNERS_FILE).write_text("\n")
    assert _owners(tmp_path) == ("",), "a file that names nobody lets nobody in"
    (tmp_path / OWNERS_FILE).write_bytes(b"\xff\xfe\xff")
    with pytest.raises(EngineUnavailable, match="nobody may use this voice"):
        _owners(tmp_path)

"""Voicing by an engine that hears the source: it gets the line's own sound, and its takes go stale when that sound is another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from studio.domain.line import VoiceRef
from studio.domain.project import JobKind
from studio.domain.timing import TimeSpan
from studio.engines.protocols import Audio
from studio.engines.voice_protocols import SourceLine, Speaker, Speech
from studio.review import voice_version
from tests.fakes import FakeSpeaker
from tests.studio_fixtures import SCRIPT, clip_project, fake_studio, finish


class Parrot(FakeSpeaker):
    """Says again what it hears. `heard`: every line it was given."""

    name = "parrot"

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[SourceLine] = []
        self._line: SourceLine | None = None

    def hearing(self, source: SourceLine) -> Speaker:
        self.heard.append(source)
        self._line = source
        return self

    def speak(self, text: str, language: str, voice: VoiceRef) -> Speech:
        assert self._line is not None
        return Speech(Audio(np.clip(self._line.audio.samples * 2, -1, 1), self._line.audio.rate_hz))


def test_each_line_is_said_from_its_own_sound(home: Path, clip: Path) -> None:
    parrot = Parrot()
    studio = fake_studio(home, speaker=(parrot, FakeSpeaker()))
    project = clip_project(studio, clip)
    finish(studio, studio.submit(project.id, JobKind.VOICE))
    rows = studio.rows(project.id)
    assert [row.voice.engine for row in rows if row.voice is not None] == ["parrot", "parrot"]
    assert [(one.language, one.slot_ms, one.audio.rate_hz) for one in parrot.heard] == [("en", 900, 16_000), ("en", 1000, 16_000)]
    assert all(abs(one.audio.length_ms - one.slot_ms) <= 1 for one in parrot.heard)
    assert all(float(np.abs(one.audio.samples).max()) > 0.01 for one in parrot.heard)
    assert not any(row.is_take_stale for row in rows)
    finish(studio, studio.submit(project.id, JobKind.VOICE))
    assert len(parrot.heard) == 2, "takes that are there are not made again"
    studio.close()


def test_without_sound_such_an_engine_says_why_and_makes_no_take(home: Path) -> None:
    studio = fake_studio(home, speaker=(Parrot(), FakeSpeaker()))
    project = studio.create_project("Pilot", "en", "de")
    studio.import_script(project.id, SCRIPT, "clip.srt")
    finish(studio, studio.submit(project.id, JobKind.VOICE))
    assert all(row.take is None for row in studio.rows(project.id))
    assert any("speaks from the original's sound" in notice for notice in studio.project(project.id).notices)
    studio.close()


def test_another_place_in_the_sound_makes_another_take_of_that_engine_only(home: Path, clip: Path) -> None:
    studio = fake_studio(home)
    project = clip_project(studio, clip)
    line = studio.rows(project.id)[0].line
    moved = replace(line, span=TimeSpan(line.span.start_ms + 40, line.span.end_ms + 40))
    assert voice_version(project, Parrot(), line) != voice_version(project, Parrot(), moved)
    assert voice_version(project, FakeSpeaker(), line) == voice_version(project, FakeSpeaker(), moved) == FakeSpeaker.version
    studio.close()

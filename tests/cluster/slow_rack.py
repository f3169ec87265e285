"""The fakes, with a speaker that takes its time, so that a test can strike in mid-dub. A module of its own, for every machine of a cluster to import."""

from __future__ import annotations

import time

from studio.domain.line import VoiceRef
from studio.engines.voice_protocols import Speech
from studio.engines.rack import EngineRack
from tests.fakes import FakeSpeaker
from tests.studio_fixtures import fake_rack

LINE_S = 0.35


class SlowSpeaker(FakeSpeaker):
    def speak(self, text: str, language: str, voice: VoiceRef) -> Speech:
        time.sleep(LINE_S)
        return super().speak(text, language, voice)


def slow_rack() -> EngineRack:
    return fake_rack(speaker=SlowSpeaker())

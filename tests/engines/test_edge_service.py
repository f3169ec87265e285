from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import edge_tts
import pytest

from studio.domain.errors import EngineFailed, EngineUnavailable
from studio.domain.line import VoiceRef
from studio.engines.edge_service import Deadlines, EdgeService
from studio.engines.voice_protocols import Mark

VOICE = VoiceRef("edge-tts", "en-US-GuyNeural")
WORDS = [
    {"type": "WordBoundary", "offset": 1_000_000, "duration": 3_000_000, "text": "Hello"},
    {"type": "audio", "data": b"aa"},
    {"type": "WordBoundary", "offset": 6_000_000, "duration": 2_000_000, "text": "you"},
    {"type": "audio", "data": b"bb"},
]


class Conversation:
    """Stands in for edge_tts.Communicate: plays messages, or fails, after a delay. Keeps what it was asked."""

    def __init__(self, messages: list[dict[str, Any]] = WORDS, error: BaseException | None = None, delay_s: float = 0.0) -> None:
        self.messages, self.error, self.delay_s = messages, error, delay_s
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    def __call__(self, text: str, voice: str, **settings: Any) -> Conversation:
        self.asked.append((text, voice, settings))
        return self

    async def stream(self) -> AsyncIterator[dict[str, Any]]:
        await asyncio.sleep(self.delay_s)
        if self.error is not None:
            raise self.error
        for message in self.messages:
            yield message


def counted(answer: bool) -> tuple[Callable[[], bool], list[bool]]:
    calls: list[bool] = []

    def probe() -> bool:
        calls.append(answer)
        return answer

    return probe, calls


def test_speech_is_the_audio_joined_and_words_with_the_pause_between() -> None:
    talk = Conversation()
    speech = EdgeService(talk).speak("Hello you", VoiceRef("edge-tts", "en-US-GuyNeural", 1.2, 0.9))
    assert speech.mp3 == b"aabb"
    assert speech.words == (Mark(100, 400, "Hello"), Mark(400, 600, ""), Mark(600, 800, "you"))
    text, voice, settings = talk.asked[0]
    assert (text, voice, settings["rate"], settings["pitch"]) == ("Hello you", "en-US-GuyNeural", "+20%", "-15Hz")
    assert settings["boundary"] == "WordBoundary" and settings["connect_timeout"] <= 5


def test_the_settings_it_sends_are_accepted_by_the_real_package() -> None:
    service = EdgeService()
    with pytest.raises(EngineUnavailable, match="not reachable"):
        service.speak("Hello", VoiceRef("edge-tts", "en-US-GuyNeural", 0.85, 1.1))
    with pytest.raises(EngineFailed, match="does not know the voice “nobody”"):
        EdgeService().speak("Hello", VoiceRef("edge-tts", "nobody"))


@pytest.mark.parametrize("error", [aiohttp.ClientConnectionError("no"), ConnectionResetError("no"), aiohttp.ServerTimeoutError("slow")])
def test_without_a_network_it_says_not_reachable_and_does_not_ask_again(error: BaseException) -> None:
    talk = Conversation(error=error)
    service = EdgeService(talk)
    for _ in range(3):
        with pytest.raises(EngineUnavailable, match="not reachable"):
            service.speak("Hello", VOICE)
    assert len(talk.asked) == 1
    assert not service.availability().is_available


def test_a_silent_service_is_given_up_at_the_deadline() -> None:
    service = EdgeService(Conversation(delay_s=30), deadlines=Deadlines(whole_s=0.2))
    started = time.monotonic()
    with pytest.raises(EngineUnavailable, match="too long"):
        service.speak("Hello", VOICE)
    assert time.monotonic() - started < 2


def test_a_refusal_of_the_service_is_a_failure_of_this_text_only() -> None:
    talk = Conversation(error=edge_tts.exceptions.NoAudioReceived("none"))
    service = EdgeService(talk)
    for _ in range(2):
        with pytest.raises(EngineFailed, match="NoAudioReceived"):
            service.speak("Hello", VOICE)
    assert len(talk.asked) == 2


def test_an_answer_without_sound_is_a_failure_and_no_empty_take() -> None:
    with pytest.raises(EngineFailed, match="no sound"):
        EdgeService(Conversation(messages=[])).speak("Hello", VOICE)


@pytest.mark.parametrize("is_reachable", [True, False])
def test_availability_is_asked_once_and_remembered(is_reachable: bool) -> None:
    probe, calls = counted(is_reachable)
    service = EdgeService(Conversation(), probe)
    assert [service.availability().is_available for _ in range(5)] == [is_reachable] * 5
    assert len(calls) == 1


def test_an_old_finding_is_renewed_in_the_background() -> None:
    probe, calls = counted(True)
    service = EdgeService(Conversation(), probe, Deadlines(memory_s=0.0))
    assert service.availability().is_available
    time.sleep(0.01)
    assert service.availability().is_available
    deadline = time.monotonic() + 5
    while len(calls) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(calls) >= 2


def test_a_page_never_waits_long_for_a_network_that_swallows_packets() -> None:
    service = EdgeService(Conversation(), lambda: time.sleep(8) is None)
    started = time.monotonic()
    assert not service.availability().is_available
    assert time.monotonic() - started < 2.5

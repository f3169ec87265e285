from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from studio.domain.errors import EngineFailed
from studio.domain.line import Estimate, VoiceRef
from studio.engines.duration_edge import EdgeDuration
from studio.engines.edge_service import EdgeService


class Reader:
    """A conversation in which every word takes 300 ms, with 200 ms after each; counts the conversations."""

    def __init__(self, *, tells_words: bool = True) -> None:
        self.tells_words, self.texts, self.voices = tells_words, [], []

    def __call__(self, text: str, voice: str, **_: object) -> Reader:
        self.texts.append(text)
        self.voices.append(voice)
        return self

    async def stream(self) -> AsyncIterator[dict[str, Any]]:
        yield {"type": "audio", "data": b"mp3"}
        for index, word in enumerate(self.texts[-1].split() if self.tells_words else []):
            yield {"type": "WordBoundary", "offset": 5_000_000 * index, "duration": 3_000_000, "text": word}


def test_speech_and_pauses_come_from_the_word_times() -> None:
    assert EdgeDuration(EdgeService(Reader())).estimate("one two three", "en") == Estimate(900, 400, "edge-tts")


def test_each_text_is_asked_once_and_the_memory_is_bounded() -> None:
    reader = Reader()
    estimator = EdgeDuration(EdgeService(reader), memory_entries=2)
    estimator.estimate_many(["a", "b", "a", "", "?!"], "en")
    assert reader.texts == ["a", "b"]
    estimator.estimate_many(["c", "a", "b"], "en")
    assert reader.texts == ["a", "b", "c", "b"]


def test_its_own_voices_are_used_and_others_are_timed_with_the_languages_first() -> None:
    reader = Reader()
    estimator = EdgeDuration(EdgeService(reader))
    estimator.estimate("a", "en", VoiceRef("edge-tts", "en-GB-RyanNeural"))
    estimator.estimate("a", "en", VoiceRef("espeak-ng", "gmw/en"))
    assert reader.voices == ["en-GB-RyanNeural", "en-US-JennyNeural"]


def test_without_word_times_there_is_no_guess() -> None:
    with pytest.raises(EngineFailed, match="no word times"):
        EdgeDuration(EdgeService(Reader(tells_words=False))).estimate("Hello", "en")


def test_a_language_it_does_not_speak_is_said() -> None:
    estimator = EdgeDuration(EdgeService(Reader()))
    assert not estimator.supports("tlh").is_available and estimator.supports("th").is_available
    with pytest.raises(EngineFailed, match="does not speak"):
        estimator.estimate("Hello", "tlh")

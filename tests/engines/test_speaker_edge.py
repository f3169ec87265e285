from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import Any

import edge_tts
import numpy as np
import pytest
import soundfile

from studio.domain.errors import EngineFailed
from studio.domain.language import NAMES
from studio.domain.line import VoiceRef
from studio.engines.edge_service import EdgeService
from studio.engines.speaker_edge import VOICES, EdgeSpeaker, decode_mp3


def mp3_of_a_tone(seconds: float) -> bytes:
    buffer = io.BytesIO()
    time_s = np.arange(int(24_000 * seconds)) / 24_000
    soundfile.write(buffer, 0.4 * np.sin(2 * np.pi * 440 * time_s), 24_000, format="MP3")
    return buffer.getvalue()


class Recorded:
    """A conversation that plays one mp3 and one word."""

    def __init__(self, mp3: bytes) -> None:
        self.mp3 = mp3

    def __call__(self, *_: object, **__: object) -> Recorded:
        return self

    async def stream(self) -> AsyncIterator[dict[str, Any]]:
        yield {"type": "audio", "data": self.mp3[:1000]}
        yield {"type": "audio", "data": self.mp3[1000:]}
        yield {"type": "WordBoundary", "offset": 0, "duration": 5_000_000, "text": "Hello"}


def test_speech_is_decoded_in_memory_at_the_services_rate() -> None:
    speech = EdgeSpeaker(EdgeService(Recorded(mp3_of_a_tone(1.0)))).speak("Hello", "en", VoiceRef("edge-tts", "en-US-GuyNeural"))
    assert speech.audio.rate_hz == 24_000 and speech.audio.samples.dtype == np.float32 and speech.audio.samples.ndim == 1
    assert 950 < speech.audio.length_ms < 1150
    middle = speech.audio.samples[6000:18000]
    peak_hz = np.argmax(np.abs(np.fft.rfft(middle))) * 24_000 / len(middle)
    assert peak_hz == pytest.approx(440, abs=3)
    assert speech.phones[0].symbol == "Hello"


def test_bytes_that_are_no_sound_are_a_failure_in_a_sentence() -> None:
    with pytest.raises(EngineFailed, match="cannot be read"):
        decode_mp3(b"<html>busy</html>")


@pytest.mark.parametrize("language", VOICES)
def test_the_voices_on_offer_are_well_formed_and_of_both_genders(language: str) -> None:
    voices = EdgeSpeaker(EdgeService(Recorded(b""))).voices(language)
    assert {voice.gender for voice in voices[:2]} == {"female", "male"}
    assert all(voice.ref.voice.startswith(f"{language}-") and NAMES[language] in voice.label for voice in voices)
    for voice in voices:
        edge_tts.Communicate("x", voice.ref.voice)


def test_a_language_without_a_row_has_no_voices() -> None:
    speaker = EdgeSpeaker(EdgeService(Recorded(b"")))
    assert speaker.voices("tlh") == speaker.voices("he") == ()
    assert speaker.voices("zh-CN")[0].ref == speaker.voices("zh")[0].ref

"""Real small engines for tests: they keep every promise of studio/engines/protocols.py, need no weights, and always answer alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from studio.domain.line import Estimate, VoiceRef
from studio.domain.timing import TimeSpan, samples_to_ms
from studio.engines.protocols import (
    Audio, Availability, Mark, Speech, TranslationRequest, VoiceInfo, Words, Wording,
)  # fmt: skip

LETTER_MS, PAUSE_MS, RATE_HZ = 60, 240, 16_000
PAUSES = ",.;:!?，。；：！？、"
YES = Availability(True, "made of arithmetic")


class _Ready:
    """What all fakes share: a licence, and nothing to load. `loads` counts how often a test asked for it."""

    version = "1"
    licence = "Apache-2.0"

    def __init__(self) -> None:
        self.loads = 0

    def available(self) -> Availability:
        return YES

    def load(self) -> None:
        self.loads += 1


class FakeVad(_Ready):
    """Speech is where 20 ms frames are louder than `floor`."""

    name = "fake-vad"

    def __init__(self, floor: float = 0.02) -> None:
        super().__init__()
        self._floor = floor

    def speech(self, blocks: Iterator[np.ndarray], rate_hz: int, *, min_silence_ms: int) -> tuple[TimeSpan, ...]:
        frame = rate_hz // 50
        rest, spans, at = np.zeros(0, np.float32), [], 0
        for block in blocks:
            rest = np.concatenate([rest, np.ravel(block)])
            count = len(rest) // frame
            for row in rest[: count * frame].reshape(count, frame):
                if np.sqrt(np.mean(row**2)) > self._floor:
                    spans.append([at, at + frame])
                at += frame
            rest = rest[count * frame :]
        return self._joined(spans, rate_hz, min_silence_ms)

    @staticmethod
    def _joined(frames: list[list[int]], rate_hz: int, min_silence_ms: int) -> tuple[TimeSpan, ...]:
        joined: list[list[int]] = []
        for start, end in frames:
            if joined and samples_to_ms(start - joined[-1][1], rate_hz) < min_silence_ms:
                joined[-1][1] = end
            else:
                joined.append([start, end])
        return tuple(TimeSpan(samples_to_ms(start, rate_hz), samples_to_ms(end, rate_hz)) for start, end in joined)


class FakeTranscriber(_Ready):
    """Hears one counted word for every 400 ms of sound, and nothing in silence."""

    name = "fake-transcriber"

    def transcribe(self, audio: Audio, language: str) -> Words:
        if not len(audio.samples) or float(np.abs(audio.samples).max()) < 1e-3:
            return Words("")
        return Words(" ".join(f"word{n}" for n in range(1, 1 + max(1, audio.length_ms // 400))), 0.9)


class FakeSpeakerEncoder(_Ready):
    """A voice is the shape of its spectrum in 16 bands."""

    name = "fake-encoder"

    def embed(self, audio: Audio) -> np.ndarray:
        spectrum = np.abs(np.fft.rfft(audio.samples, 4096))[1:2049].reshape(16, 128).sum(1) + 1e-6
        return (spectrum / np.linalg.norm(spectrum)).astype(np.float32)

    def pitch_hz(self, audio: Audio) -> float | None:
        if not len(audio.samples) or float(np.abs(audio.samples).max()) < 1e-3:
            return None
        return float(np.abs(np.fft.rfft(audio.samples)).argmax() * audio.rate_hz / len(audio.samples))


class FakeTranslator(_Ready):
    """Marks each word with the target language; later wordings drop words from the end. `asked`: every request it was put."""

    name = "fake-translator"
    lines_at_once = 2

    def __init__(self, *, follows_instructions: bool = False) -> None:
        super().__init__()
        self.follows_instructions = follows_instructions
        self.asked: list[TranslationRequest] = []

    def supports(self, source_language: str, target_language: str) -> Availability:
        return YES if source_language != target_language else Availability(False, "a language is not translated to itself")

    def propose(self, requests: Sequence[TranslationRequest]) -> Iterator[tuple[str, tuple[Wording, ...]]]:
        for request in requests:
            self.asked.append(request)
            words = [f"{word}.{request.target_language}" for word in request.text.split()]
            lengths = range(len(words), max(0, len(words) - request.settings.draw_count), -1)
            yield request.line_id, tuple(Wording(" ".join(words[:n]), -0.1 * (len(words) - n), -0.2 * (len(words) - n)) for n in lengths)

    def translate_back(self, texts: Sequence[str], source_language: str, target_language: str) -> list[str | None]:
        """Takes the marks off again."""
        return [text.replace(f".{target_language}", "") for text in texts]


class FakeEstimator(_Ready):
    """Every letter takes 60 ms, every inner punctuation mark is a pause of 240 ms."""

    name = "fake-estimator"

    def supports(self, language: str) -> Availability:
        return YES

    def estimate(self, text: str, language: str, voice: VoiceRef | None = None) -> Estimate:
        core = text.strip().strip(PAUSES)
        ratio = 1.0 if voice is None else voice.rate_ratio
        letters = sum(1 for letter in core if letter.isalnum())
        pauses = sum(1 for letter in core if letter in PAUSES)
        return Estimate(round(letters * LETTER_MS / ratio), round(pauses * PAUSE_MS / ratio), self.name)

    def estimate_many(self, texts: Sequence[str], language: str, voice: VoiceRef | None = None) -> list[Estimate]:
        return [self.estimate(text, language, voice) for text in texts]


class FakeSpeaker(_Ready):
    """Sings: each letter is 60 ms of its own tone, each inner punctuation mark 240 ms of silence. Its voices are an octave apart."""

    name = "fake-speaker"
    _PITCH_HZ = {"low": 110.0, "high": 220.0}

    def voices(self, language: str) -> tuple[VoiceInfo, ...]:
        genders = {"low": "male", "high": "female"}
        return tuple(VoiceInfo(VoiceRef(self.name, key), f"{key} ({language})", language, genders[key]) for key in self._PITCH_HZ)

    def speak(self, text: str, language: str, voice: VoiceRef) -> Speech:
        base_hz = self._PITCH_HZ[voice.voice] * voice.pitch_ratio
        pieces, marks, at = [], [], 0
        for letter in text.strip().strip(PAUSES):
            if not letter.isalnum() and letter not in PAUSES:
                continue
            length_ms = round((LETTER_MS if letter.isalnum() else PAUSE_MS) / voice.rate_ratio)
            time_s = np.arange(length_ms * RATE_HZ // 1000) / RATE_HZ
            loudness = 0.3 if letter.isalnum() else 0.0
            pieces.append(loudness * np.sin(2 * np.pi * base_hz * (1 + ord(letter) % 12 / 12) * time_s))
            marks.append(Mark(at, at + length_ms, letter if letter.isalnum() else ""))
            at += length_ms
        samples = np.concatenate(pieces) if pieces else np.zeros(0)
        return Speech(Audio(samples.astype(np.float32), RATE_HZ), tuple(marks))

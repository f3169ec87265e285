"""Real small engines for tests: they keep every promise of studio/engines/protocols.py, need no weights, and always answer alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from models.sync.scoring import OffsetDistances, offset_distances
from studio.domain.errors import NotMeasurable
from studio.domain.line import Estimate, VoiceRef
from studio.domain.sync import SyncScore
from studio.domain.timing import TimeSpan, samples_to_ms
from studio.engines.protocols import Audio, Availability, FaceSeen, TranslationRequest, Words, Wording
from studio.engines.voice_protocols import Mark, Speech, VoiceInfo

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


class FakeFaceTracker(_Ready):
    """Sees one face: the green square of `tests/talking_film.py`. `looks` counts the pictures it was shown."""

    name = "fake-eyes"

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0

    def faces(self, pictures: Iterator[np.ndarray]) -> Iterator[tuple[FaceSeen, ...]]:
        for picture in pictures:
            self.looks += 1
            yield self._seen(picture)

    @staticmethod
    def _seen(picture: np.ndarray) -> tuple[FaceSeen, ...]:
        green = (picture[..., 1] > 150) & (picture[..., 0] < 110)
        if green.sum() < 500:
            return ()
        rows, columns = np.flatnonzero(green.any(1)), np.flatnonzero(green.any(0))
        top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
        side = float(right - left)
        column = picture[top:bottom, (left + right) // 2, 1]
        gap = float((column < 100).sum())
        landmarks = np.full((478, 2), [left + side / 2, top + 0.7 * side], np.float32)
        landmarks[13, 1], landmarks[14, 1] = top + 0.7 * side - gap / 2, top + 0.7 * side + gap / 2
        landmarks[10], landmarks[152] = (left + side / 2, top), (left + side / 2, bottom)
        landmarks[61, 0], landmarks[291, 0] = left + 0.25 * side, left + 0.75 * side
        at = np.linspace(0, 0.999, 64)
        crop = picture[(top + (0.4 + 0.6 * at) * (bottom - top)).astype(int)][:, (left + at * side).astype(int), 1]
        return (FaceSeen((float(left), float(top), side, float(bottom - top)), landmarks, 0.0, crop),)


class FakeLipScorer(_Ready):
    """Holds how dark the mouth is against how loud the sound is, five frames at a time. `embedded` counts the pictures it was shown."""

    name = "fake-lips"
    crop = "mouth"

    def __init__(self) -> None:
        super().__init__()
        self.embedded = 0

    def embed_lips(self, pictures: np.ndarray) -> np.ndarray:
        self.embedded += len(pictures)
        if len(pictures) < 6:
            raise NotMeasurable(f"The mouth is seen for {len(pictures)} frames; at least 6 are needed.")
        return self._windows((pictures < 100).mean(axis=(1, 2)).astype(np.float32))

    def score(self, lips: np.ndarray, audio: Audio) -> SyncScore:
        found = self.distances(lips, audio)
        return SyncScore(self.name, self.crop, found.lse_c, found.lse_d, found.offset_frames, found.windows)

    def distances(self, lips: np.ndarray, audio: Audio) -> OffsetDistances:
        frames = min(len(lips), len(audio.samples) // 640)
        if frames < 6:
            raise NotMeasurable(f"Mouth and sound share {frames} frames; at least 6 are needed.")
        levels = np.sqrt((audio.samples[: frames * 640].reshape(frames, 640) ** 2).mean(1))
        if levels.max() < 1e-3:
            raise NotMeasurable("There is no sound while the mouth is seen.")
        return offset_distances(lips[:frames], self._windows(levels), is_padded=False)

    @staticmethod
    def _windows(values: np.ndarray) -> np.ndarray:
        """Each frame with the two before and behind it, in units of the largest."""
        held = np.pad(values / max(float(values.max()), 1e-6), 2)
        return np.stack([held[at : at + len(values)] for at in range(5)], axis=1).astype(np.float32)

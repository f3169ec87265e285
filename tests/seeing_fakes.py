"""A voice that sees, made of arithmetic: it keeps the time it is told and hums by the scales and the face it was given."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from studio.domain.errors import Cancelled, EngineFailed
from studio.domain.line import VoiceRef
from studio.domain.reference_voice import ReferenceVoice
from studio.domain.settings import Guidance
from studio.engines.protocols import Audio
from studio.engines.voice_protocols import GuidedText, Speech, VoiceGuide, VoiceInfo
from tests.fakes import LETTER_MS, RATE_HZ, FakeSpeaker

FASTEST = 2


class FakeSeer(FakeSpeaker):
    """`asked`: every text with its guide; `together`: how many came in each call. A text that takes more than twice its slot is refused."""

    name = "fake-seer"
    lines_at_once = 2

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[GuidedText] = []
        self.together: list[int] = []
        self.weights = "w1"

    def voices(self, language: str) -> tuple[VoiceInfo, ...]:
        return (VoiceInfo(VoiceRef(self.name, "plain"), f"plain ({language})", language),)

    def cloned(self, references: Sequence[ReferenceVoice], language: str) -> tuple[VoiceInfo, ...]:
        return tuple(VoiceInfo(VoiceRef(self.name, f"plain@{one.id}"), one.name, language) for one in references)

    def follows_face(self, voice: VoiceRef) -> bool:
        return True

    def voice_version(self, voice: VoiceRef) -> str:
        return self.weights

    def why_unfit(self, recording: Audio) -> str:
        return "" if len(recording.samples) and float(np.abs(recording.samples).max()) > 1e-3 else "it is silent; choose another."

    def speak(self, text: str, language: str, voice: VoiceRef) -> Speech:
        return self._said(GuidedText(text, language, voice, VoiceGuide(Guidance(), 16, 0)))

    def seeing(self, guide: VoiceGuide) -> FakeSeer:
        raise AssertionError("lines are said together")

    def speak_many(self, texts: Sequence[GuidedText], is_cancelled: Callable[[], bool] | None = None) -> list[Speech | EngineFailed]:
        if is_cancelled is not None and is_cancelled():
            raise Cancelled
        self.together.append(len(texts))
        return [self._answer(one) for one in texts]

    def likelihoods(self, text: str, language: str, voice: VoiceRef, takes: Sequence[Audio]) -> list[float]:
        return [float(np.sqrt(np.mean(take.samples**2))) for take in takes]

    def _answer(self, asked: GuidedText) -> Speech | EngineFailed:
        natural_ms = LETTER_MS * sum(map(str.isalnum, asked.text))
        if asked.guide.slot_ms is not None and natural_ms > FASTEST * asked.guide.slot_ms:
            return EngineFailed(self.name, f"this text needs at least {natural_ms / FASTEST / 1000:.1f} s.")
        return self._said(asked)

    def _said(self, asked: GuidedText) -> Speech:
        self.asked.append(asked)
        guide = asked.guide
        length_ms = guide.span_ms if guide.span_ms is not None else LETTER_MS * len(asked.text)
        time_s = np.arange(length_ms * RATE_HZ // 1000) / RATE_HZ
        level = 0.1 + (0.1 * guide.scales.face_scale + 0.05 * guide.scales.lip_scale if guide.face is not None else 0.0)
        return Speech(Audio((min(level, 0.9) * np.sin(2 * np.pi * (110 + guide.seed % 7) * time_s)).astype(np.float32), RATE_HZ))

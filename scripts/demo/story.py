"""What is said in the demo: the lines in English with their Chinese wording, spoken by espeak-ng, and where each phone lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio.domain.line import VoiceRef
from studio.engines.espeak_pool import EspeakPool
from studio.engines.voice_protocols import Mark
from studio.engines.speaker_espeak import EspeakSpeaker

FIRST_MS, LAST_MS = 900, 1500  # before the first line, after the last one
FPS = 25


@dataclass(frozen=True, slots=True)
class Part:
    """One line: who says it, in which shot it is seen, the pause before it, and its hand-written Chinese."""

    who: str
    shot: str
    text: str
    chinese: str
    gap_ms: int = 420


PARTS = (
    Part("Tom", "both", "Excuse me. Is this the ferry to the island?", "打扰一下，这是去岛上的渡轮吗？", 0),
    Part("Mara", "both", "It was. Those are its lights, out there.", "刚才是。那边的灯就是它。"),
    Part("Tom", "tom", "But my ticket says nine o'clock!", "可我的票上写着九点！"),
    Part("Mara", "mara", "And the harbour clock says ten past.", "可是港口的大钟已经九点十分了。", 380),
    Part("Tom", "tom", "My daughter turns six tomorrow. I promised.", "我女儿明天六岁，我答应过她。", 700),
    Part("Mara", "mara", "Six? Well, that is a serious birthday.", "六岁？那可是个大生日。", 620),
    Part("Mara", "mara", "My boat is small, and the sea is rough tonight.", "我的船很小，今晚海上的浪又很大。", 460),
    Part("Tom", "tom", "I can row.", "我会划船。", 360),
    Part("Mara", "both", "Then you row, and I will hold the cake.", "那你来划，蛋糕我抱着。", 620),
)
VOICES = {"Tom": VoiceRef("espeak", "gmw/en-US+m3", 0.98, 0.92), "Mara": VoiceRef("espeak", "gmw/en+f2", 0.97, 0.86)}


@dataclass(frozen=True, slots=True)
class SpokenPart:
    """A part on the timeline: mono float32 speech at `rate_hz`, its phones with times from the start of the clip."""

    part: Part
    start_ms: int
    end_ms: int
    samples: np.ndarray
    rate_hz: int
    phones: tuple[Mark, ...]


def speak_story() -> tuple[SpokenPart, ...]:
    """All parts in order. Each is spoken by a fresh process: the first synthesis of a process is always the same."""
    spoken, at_ms = [], FIRST_MS
    for part in PARTS:
        pool = EspeakPool(size=1)
        speech = EspeakSpeaker(pool).speak(part.text, "en", VOICES[part.who])
        pool.close()
        samples, offset_ms = _trimmed(speech.audio.samples, speech.audio.rate_hz)
        at_ms += part.gap_ms
        length_ms = round(1000 * len(samples) / speech.audio.rate_hz)
        phones = tuple(Mark(m.start_ms - offset_ms + at_ms, m.end_ms - offset_ms + at_ms, m.symbol) for m in speech.phones)
        spoken.append(SpokenPart(part, at_ms, at_ms + length_ms, samples, speech.audio.rate_hz, phones))
        at_ms += length_ms
    return tuple(spoken)


def frame_count(spoken: tuple[SpokenPart, ...]) -> int:
    return -(-(spoken[-1].end_ms + LAST_MS) * FPS // 1000)


def _trimmed(samples: np.ndarray, rate_hz: int) -> tuple[np.ndarray, int]:
    """Without the silence at both ends, and the ms cut off in front."""
    loud = np.flatnonzero(np.abs(samples) > 0.004)
    first = max(0, loud[0] - rate_hz // 100)
    return samples[first : loud[-1] + rate_hz // 25], round(1000 * first / rate_hz)

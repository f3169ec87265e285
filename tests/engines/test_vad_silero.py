"""Voice activity: edges near the truth, silence is silence, blocks of any size are one stream."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from studio.domain.errors import EngineFailed
from studio.domain.timing import TimeSpan
from studio.engines.espeak_pool import EspeakPool
from studio.engines.speaker_espeak import EspeakSpeaker
from studio.engines.vad_silero import RATE_HZ, Hysteresis, SileroDetector

SENTENCE = "The quick brown fox jumps over the lazy dog by the river."


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    """A spoken sentence, 16 kHz."""
    from scipy.signal import resample_poly

    pool = EspeakPool()
    speaker = EspeakSpeaker(pool)
    audio = speaker.speak(SENTENCE, "en", speaker.voices("en")[0].ref).audio
    return resample_poly(audio.samples, RATE_HZ, audio.rate_hz).astype(np.float32)


@pytest.fixture(scope="module")
def detector() -> SileroDetector:
    return SileroDetector()


def rest(length_ms: int) -> np.ndarray:
    return np.zeros(length_ms * RATE_HZ // 1000, np.float32)


def heard(detector: SileroDetector, *parts: np.ndarray, min_silence_ms: int = 400) -> tuple[TimeSpan, ...]:
    return detector.speech(iter(parts), RATE_HZ, min_silence_ms=min_silence_ms)


def test_speech_is_found_where_it_is(detector: SileroDetector, speech: np.ndarray) -> None:
    length_ms = len(speech) * 1000 // RATE_HZ
    first, second = heard(detector, rest(1000), speech, rest(1200), speech, rest(1000))
    for span, start_ms in ((first, 1000), (second, 2200 + length_ms)):
        assert abs(span.start_ms - start_ms) < 250
        assert abs(span.end_ms - (start_ms + length_ms)) < 450


def test_a_pause_shorter_than_asked_for_does_not_end_a_span(detector: SileroDetector, speech: np.ndarray) -> None:
    assert len(heard(detector, speech, rest(900), speech, min_silence_ms=2500)) == 1


@pytest.mark.parametrize(
    "sound",
    [rest(3000), 0.01 * np.random.default_rng(0).standard_normal(48_000).astype(np.float32), rest(0)],
    ids=["silence", "noise", "nothing"],
)
def test_what_is_no_speech_gives_no_spans(detector: SileroDetector, sound: np.ndarray) -> None:
    assert heard(detector, sound) == ()


def test_the_size_of_blocks_changes_nothing(detector: SileroDetector, speech: np.ndarray) -> None:
    sound = np.concatenate((rest(700), speech, rest(900), speech))
    whole = heard(detector, sound)

    def in_pieces(size: int) -> Iterator[np.ndarray]:
        for start in range(0, len(sound), size):
            yield sound[start : start + size]

    for size in (160, 1000, 32_768, 40_001):
        assert detector.speech(in_pieces(size), RATE_HZ, min_silence_ms=400) == whole
    assert all(span.end_ms <= len(sound) * 1000 // RATE_HZ + 1 for span in whole)


def test_every_call_starts_fresh(detector: SileroDetector, speech: np.ndarray) -> None:
    assert heard(detector, rest(500), speech) == heard(detector, rest(500), speech)


def test_padding_never_makes_spans_overlap(speech: np.ndarray) -> None:
    spans = heard(SileroDetector(Hysteresis(pad_ms=5000)), speech, rest(900), speech)
    assert len(spans) == 2 and spans[0].end_ms <= spans[1].start_ms and spans[0].start_ms == 0


def test_another_rate_is_refused(detector: SileroDetector) -> None:
    with pytest.raises(EngineFailed, match="16000 Hz"):
        detector.speech(iter([rest(100)]), 44_100, min_silence_ms=400)


def test_it_is_available_and_loads_without_torch() -> None:
    code = "from studio.engines.vad_silero import SileroDetector as S; import sys; s = S(); s.load(); assert s.available().is_available; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)

"""Whisper: found on disk only, and doubtful hearing becomes no words."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from studio.domain.errors import EngineFailed, EngineUnavailable
from studio.engines.protocols import Audio, Words
from studio.engines.transcribe_whisper import Doubts, WhisperPlace, WhisperTranscriber, trusted_words

HAS_PACKAGE = importlib.util.find_spec("faster_whisper") is not None


@dataclass(frozen=True)
class Segment:
    """What faster-whisper yields, as far as it is looked at."""

    text: str
    avg_logprob: float = -0.3
    no_speech_prob: float = 0.1
    compression_ratio: float = 1.4


def test_words_of_trusted_segments_are_joined_with_a_confidence() -> None:
    words = trusted_words([Segment(" Hello\n there,"), Segment(" friends. ")], Doubts())
    assert words.text == "Hello there, friends."
    assert words.confidence == pytest.approx(np.exp(-0.3))


@pytest.mark.parametrize(
    "segment",
    [
        Segment("Thanks for watching!", avg_logprob=-1.2, no_speech_prob=0.8),
        Segment("mumble", avg_logprob=-1.8),
        Segment("la la la la la la la", compression_ratio=4.0),
        Segment(" ... "),
        Segment(""),
    ],
)
def test_doubtful_hearing_becomes_no_words(segment: Segment) -> None:
    assert trusted_words([segment], Doubts()) == Words("")


def test_quiet_but_certain_speech_is_kept() -> None:
    assert trusted_words([Segment("Yes.", avg_logprob=-0.2, no_speech_prob=0.9)], Doubts()).text == "Yes."


def test_without_a_folder_it_says_how_to_get_one() -> None:
    verdict = WhisperTranscriber().available()
    assert not verdict.is_available and "LIPLINE_WHISPER" in verdict.why
    with pytest.raises(EngineUnavailable):
        WhisperTranscriber().load()


def test_a_folder_without_a_model_is_not_taken_for_one(tmp_path: Path) -> None:
    verdict = WhisperTranscriber(str(tmp_path)).available()
    assert not verdict.is_available
    if HAS_PACKAGE:
        assert "model.bin" in verdict.why
        assert WhisperTranscriber(WhisperPlace("tiny", allow_download=True)).available().is_available


def test_a_broken_model_is_unavailable_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"nothing")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(EngineUnavailable):
        WhisperTranscriber(str(tmp_path)).load()


def test_the_version_names_the_model(tmp_path: Path) -> None:
    assert WhisperTranscriber(str(tmp_path / "small")).version != WhisperTranscriber(str(tmp_path / "large")).version


def test_another_rate_is_refused() -> None:
    with pytest.raises(EngineFailed, match="16000 Hz"):
        WhisperTranscriber().transcribe(Audio(np.zeros(10, np.float32), 8000), "en")

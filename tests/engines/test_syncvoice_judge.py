"""Recordings that no voice can be made of are refused with the reason; one person speaking long enough is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.domain.errors import EngineUnavailable
from studio.engines.protocols import Audio
from studio.engines.syncvoice_judge import why_unfit
from studio.engines.syncvoice_voice import NO_PRINTS, Recordings

RATE_HZ = 16_000


class ByPitch(Recordings):
    """Voices told apart by whether they lie above 200 Hz."""

    def print_of(self, audio: Audio) -> np.ndarray:
        spectrum = np.abs(np.fft.rfft(audio.samples))
        is_high = np.argmax(spectrum) * audio.rate_hz / len(audio.samples) > 200
        return np.array([0.0, 1.0] if is_high else [1.0, 0.0])


def tone(seconds: float, hz: float, level: float = 0.2) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ)).astype(np.float32)


def verdict(*pieces: np.ndarray) -> str:
    return why_unfit(Audio(np.concatenate(pieces), RATE_HZ), ByPitch())


def test_one_person_speaking_long_enough_will_do() -> None:
    assert verdict(tone(5, 120)) == ""
    assert verdict(tone(2.2, 120)) == ""
    assert verdict(tone(2, 120), np.zeros(4 * RATE_HZ, np.float32), tone(2, 120)) == "", "silence between words is nothing"


@pytest.mark.parametrize("pieces", [(np.zeros(0, np.float32),), (np.zeros(5 * RATE_HZ, np.float32),), (tone(5, 120, 1e-5),)])
def test_silence_is_refused(pieces: tuple) -> None:
    assert "silent" in verdict(*pieces)


def test_a_word_or_two_is_too_little_and_the_sentence_says_how_much_there_is() -> None:
    assert "1.0 s of speech" in verdict(tone(1, 120), np.zeros(9 * RATE_HZ, np.float32))


@pytest.mark.parametrize("first_s", [1.6, 3.5, 6.0])
def test_two_people_are_refused_wherever_the_second_begins(first_s: float) -> None:
    assert "two people" in verdict(tone(first_s, 120), tone(max(4.0, 8 - first_s), 300))


def test_without_the_speaker_encoder_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.engines.syncvoice_voice.voiceprint_file", lambda: None)
    with pytest.raises(EngineUnavailable, match="requirements-weights"):
        why_unfit(Audio(tone(3, 120), RATE_HZ), Recordings())
    assert "requirements-weights.txt" in NO_PRINTS


def test_a_damaged_encoder_is_told_by_its_file(tmp_path: Path) -> None:
    path = tmp_path / "pretrained.safetensors"
    path.write_bytes(b"nothing")
    with pytest.raises(EngineUnavailable, match=r"pretrained\.safetensors"):
        why_unfit(Audio(tone(3, 120), RATE_HZ), Recordings(path))

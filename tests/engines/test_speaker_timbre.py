"""Timbre: one voice is near itself, two plainly different ones are not, and any sound gives a unit vector."""

from __future__ import annotations

import numpy as np
import pytest

from studio.domain.errors import EngineFailed
from studio.engines.espeak_pool import EspeakPool
from studio.engines.protocols import Audio
from studio.engines.speaker_espeak import EspeakSpeaker
from studio.engines.speaker_timbre import RATE_HZ, TimbreEncoder
from studio.engines.timbre_features import SIZE
from studio.stages.clustering import VoiceSample, speakers_of

TEXTS = (
    "The quick brown fox jumps over the lazy dog.",
    "We never thought that it would come to this.",
    "Tell me what you saw by the river last night.",
)


@pytest.fixture(scope="module")
def voices() -> list[list[Audio]]:
    """A man and a woman speaking three sentences each, at 16 kHz."""
    from scipy.signal import resample_poly

    speaker = EspeakSpeaker(EspeakPool())
    result = []
    for voice in speaker.voices("en")[:2]:
        spoken = [speaker.speak(text, "en", voice.ref).audio for text in TEXTS]
        result.append([Audio(resample_poly(audio.samples, RATE_HZ, audio.rate_hz).astype(np.float32), RATE_HZ) for audio in spoken])
    return result


@pytest.fixture(scope="module")
def encoder() -> TimbreEncoder:
    return TimbreEncoder()


def test_a_voice_is_nearer_to_itself_than_to_another(encoder: TimbreEncoder, voices: list[list[Audio]]) -> None:
    one, other = (np.stack([encoder.embed(audio) for audio in voice]) for voice in voices)
    within = [*(one @ one.T)[np.triu_indices(3, 1)], *(other @ other.T)[np.triu_indices(3, 1)]]
    assert min(within) > float((one @ other.T).max()) + 0.1


def test_a_dialogue_of_two_has_two_speakers_and_a_monologue_one(encoder: TimbreEncoder, voices: list[list[Audio]]) -> None:
    def named(audios: list[Audio]) -> list[str]:
        return speakers_of([VoiceSample(encoder.embed(audio), audio.length_ms) for audio in audios], max_speakers=8)

    dialogue = [audio for pair in zip(*voices, strict=True) for audio in pair]
    assert named(dialogue) == ["Speaker 1", "Speaker 2"] * 3
    assert set(named(voices[0])) == set(named(voices[1])) == {"Speaker 1"}


@pytest.mark.parametrize(
    "sound", [np.zeros(16_000), np.zeros(0), np.ones(50), np.random.default_rng(0).standard_normal(8000), np.full(16_000, 1.0)]
)
def test_any_sound_gives_a_finite_unit_vector(encoder: TimbreEncoder, sound: np.ndarray) -> None:
    vector = encoder.embed(Audio(sound.astype(np.float32), RATE_HZ))
    assert vector.dtype == np.float32 and vector.shape == (SIZE,)
    assert float(np.linalg.norm(vector)) == pytest.approx(1.0, abs=1e-4)


def test_loudness_does_not_change_a_voice(encoder: TimbreEncoder, voices: list[list[Audio]]) -> None:
    loud = voices[0][0]
    assert float(encoder.embed(loud) @ encoder.embed(Audio(loud.samples * 0.1, RATE_HZ))) > 0.98


def test_another_rate_is_refused(encoder: TimbreEncoder) -> None:
    with pytest.raises(EngineFailed, match="16000 Hz"):
        encoder.embed(Audio(np.zeros(100, np.float32), 8000))


@pytest.mark.parametrize("pitch_hz", [100.0, 140.0, 220.0, 300.0])
def test_the_pitch_of_a_buzz_is_heard_within_three_percent(pitch_hz: float) -> None:
    time_s = np.arange(2 * 16_000) / 16_000
    buzz = sum(np.sin(2 * np.pi * pitch_hz * k * time_s) / k for k in range(1, 12))
    assert TimbreEncoder().pitch_hz(Audio((0.1 * buzz).astype(np.float32), 16_000)) == pytest.approx(pitch_hz, rel=0.03)


def test_noise_has_no_pitch() -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, 32_000).astype(np.float32)
    assert TimbreEncoder().pitch_hz(Audio(noise, 16_000)) is None

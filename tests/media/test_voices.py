"""Takes sound where they are put, to the sample, at the level asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from studio.domain.timing import TimeSpan
from studio.media.loudness import LoudnessMeter
from studio.media.voices import PlacedTake, Voices
from tests.media.samples import tone

RATE_HZ = 48_000


def heard(voices: Voices, length: int, block: int = 4096) -> np.ndarray:
    voices.rewind()
    return np.concatenate([voices.read(start, min(block, length - start)) for start in range(0, length, block)])


def test_a_take_begins_at_its_sample_and_ends_at_its_last(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.full(4800, 0.5), RATE_HZ, subtype="FLOAT")
    voices = Voices([PlacedTake(tmp_path / "a.wav", 123)], RATE_HZ, fade_ms=3, levels_lufs=[-23.0])
    out = heard(voices, RATE_HZ)
    sounding = np.flatnonzero(out)
    assert sounding[0] == 123 * 48 + 1  # the fade begins at zero
    assert sounding[-1] == 123 * 48 + 4800 - 2
    assert voices.spans == [(123 * 48, 123 * 48 + 4800)]
    assert voices.sounding_spans() == [TimeSpan(123, 223)]


@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 24_000, 44_100])
def test_any_rate_is_brought_to_the_mix_without_changing_length_or_pitch(tmp_path: Path, rate_hz: int) -> None:
    voices = Voices([PlacedTake(tone(tmp_path / "a.wav", rate_hz=rate_hz), 0)], RATE_HZ, fade_ms=3, levels_lufs=[-23.0])
    out = heard(voices, RATE_HZ)
    assert abs(len(np.trim_zeros(out)) - RATE_HZ // 2) <= 8
    crossings = np.count_nonzero(np.diff(np.signbit(out[2400:21_600])))
    assert crossings == pytest.approx(2 * 300 * 0.4, abs=2)


def test_each_take_gets_its_level(tmp_path: Path) -> None:
    takes = [PlacedTake(tone(tmp_path / f"{level}.wav", level=level), start) for level, start in ((0.02, 0), (0.7, 1000))]
    out = heard(Voices(takes, RATE_HZ, fade_ms=3, levels_lufs=[-30.0, -20.0]), 2 * RATE_HZ)
    meter = LoudnessMeter()
    meter.add(np.repeat(out[:, None], 2, axis=1))
    assert meter.dialogue_lufs([TimeSpan(100, 400)]) == pytest.approx(-30, abs=0.7)
    assert meter.dialogue_lufs([TimeSpan(1100, 1400)]) == pytest.approx(-20, abs=0.7)


def test_two_speakers_may_overlap_and_order_does_not_matter(tmp_path: Path) -> None:
    first, second = PlacedTake(tone(tmp_path / "a.wav"), 200), PlacedTake(tone(tmp_path / "b.wav", hz=500), 400)
    alone = [heard(Voices([take], RATE_HZ, fade_ms=3, levels_lufs=[-23.0]), RATE_HZ) for take in (first, second)]
    both = heard(Voices([second, first], RATE_HZ, fade_ms=3, levels_lufs=[-23.0, -23.0]), RATE_HZ, block=1000)
    assert np.allclose(both, alone[0] + alone[1], atol=1e-6)


def test_a_silent_take_stays_silent(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(4800), RATE_HZ)
    assert not heard(Voices([PlacedTake(tmp_path / "a.wav", 0)], RATE_HZ, fade_ms=3, levels_lufs=[-23.0]), RATE_HZ).any()

"""Who speaks: names in order of appearance, too few speakers rather than too many."""

from __future__ import annotations

import numpy as np
import pytest

from studio.stages.clustering import VoiceSample, speakers_of


def voice(*parts: float, length_ms: int = 3000) -> VoiceSample:
    vector = np.array(parts, dtype=np.float32)
    return VoiceSample(vector / np.linalg.norm(vector), length_ms)


ANN, BOB, CAT = (1.0, 0.05, 0.0), (0.0, 1.0, 0.05), (0.05, 0.0, 1.0)


def test_different_voices_get_names_in_order_of_appearance() -> None:
    heard = [voice(*BOB), voice(*ANN), voice(*BOB), voice(*CAT), voice(*ANN)]
    assert speakers_of(heard, max_speakers=8) == ["Speaker 1", "Speaker 2", "Speaker 1", "Speaker 3", "Speaker 2"]


def test_one_wavering_voice_is_one_speaker() -> None:
    rng = np.random.default_rng(0)
    heard = [voice(*(np.eye(32)[0] + 0.15 * rng.standard_normal(32))) for _ in range(40)]
    assert set(speakers_of(heard, max_speakers=8)) == {"Speaker 1"}


def test_alike_recordings_of_two_steady_voices_are_two_speakers() -> None:
    heard = [voice(1.0, 0.0, 0.7 + step / 100) for step in range(3)] + [voice(0.0, 1.0, 0.7 + step / 100) for step in range(3)]
    assert len(set(speakers_of(heard, max_speakers=8))) == 2


def test_no_more_speakers_than_allowed() -> None:
    assert len(set(speakers_of([voice(*ANN), voice(*BOB), voice(*CAT)] * 2, max_speakers=2))) == 2
    assert set(speakers_of([voice(*ANN), voice(*BOB)], max_speakers=1)) == {"Speaker 1"}


def test_a_short_line_joins_the_nearest_voice_and_makes_no_speaker() -> None:
    heard = [voice(*ANN), voice(*BOB), voice(0.2, 0.9, 0.6, length_ms=400)]
    assert speakers_of(heard, max_speakers=8)[2] == "Speaker 2"


def test_a_voice_heard_too_briefly_is_no_speaker() -> None:
    assert len(set(speakers_of([voice(*ANN, length_ms=9000), voice(*BOB, length_ms=1800)], max_speakers=8))) == 1


@pytest.mark.parametrize("count", [0, 1])
def test_nobody_and_one_line_alone(count: int) -> None:
    assert speakers_of([voice(*ANN, length_ms=300)] * count, max_speakers=8) == ["Speaker 1"] * count


def test_thousands_of_lines_are_told_apart_in_seconds() -> None:
    names = speakers_of([voice(*ANN), voice(*BOB)] * 2500, max_speakers=8)
    assert names[:4] == ["Speaker 1", "Speaker 2"] * 2 and len(names) == 5000

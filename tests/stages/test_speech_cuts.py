"""Spans of speech to lines of dialogue."""

from __future__ import annotations

import numpy as np

from studio.domain.settings import LineSettings
from studio.domain.timing import TimeSpan
from studio.stages.speech_cuts import Levels, cut_speech, turn_moments

RATE_HZ = 16_000


def levels_of(*parts: tuple[int, float]) -> Levels:
    """Noise of the given (length in ms, loudness) one after another, fed in odd blocks."""
    rng = np.random.default_rng(0)
    sound = np.concatenate([loudness * rng.standard_normal(ms * RATE_HZ // 1000) for ms, loudness in parts]).astype(np.float32)
    levels = Levels(RATE_HZ)
    passed = list(levels.listening(iter(np.array_split(sound, 7))))
    assert np.array_equal(np.concatenate(passed), sound)
    return levels


def test_long_speech_is_cut_in_its_pause() -> None:
    levels = levels_of((5000, 0.1), (300, 0.001), (6000, 0.1))
    first, second = cut_speech([TimeSpan(0, 11_300)], levels, LineSettings())
    assert first.end_ms == second.start_ms and 5050 <= first.end_ms <= 5250


def test_speech_without_a_pause_is_cut_only_when_it_must_be() -> None:
    levels = levels_of((40_000, 0.1))
    assert cut_speech([TimeSpan(0, 11_000)], levels, LineSettings()) == (TimeSpan(0, 11_000),)
    pieces = cut_speech([TimeSpan(0, 40_000)], levels, LineSettings(max_line_ms=12_000))
    assert all(1000 <= piece.length_ms <= 12_000 for piece in pieces)
    assert (pieces[0].start_ms, pieces[-1].end_ms) == (0, 40_000)
    assert all(a.end_ms == b.start_ms for a, b in zip(pieces, pieces[1:], strict=False))


def test_a_fragment_joins_its_near_neighbour_and_sentences_stay_apart() -> None:
    levels = levels_of((20_000, 0.1))
    spans = [TimeSpan(0, 400), TimeSpan(850, 3000), TimeSpan(3450, 6000), TimeSpan(9000, 9300)]
    assert cut_speech(spans, levels, LineSettings()) == (TimeSpan(0, 3000), TimeSpan(3450, 6000), TimeSpan(9000, 9300))


def test_nothing_in_nothing_out() -> None:
    assert cut_speech([], Levels(RATE_HZ), LineSettings()) == ()


def test_a_span_past_the_known_levels_is_still_cut_to_length() -> None:
    pieces = cut_speech([TimeSpan(0, 30_000)], levels_of((1000, 0.1)), LineSettings(max_line_ms=12_000))
    assert max(piece.length_ms for piece in pieces) <= 12_000


def test_turns_are_looked_for_in_dips_away_from_the_ends() -> None:
    levels = levels_of((600, 0.1), (150, 0.001), (2000, 0.1), (150, 0.001), (2000, 0.1))
    found = turn_moments(TimeSpan(0, 4900), levels)
    assert len(found) == 1 and 2750 <= found[0] <= 2900
    assert turn_moments(TimeSpan(0, 2000), levels) == []

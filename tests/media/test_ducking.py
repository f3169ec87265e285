"""The original goes down before a dubbed stretch, is down throughout, and comes back after it."""

from __future__ import annotations

import numpy as np

from studio.media.ducking import Ducking


def curve_db(spans: list[tuple[int, int]], length: int, *, block: int = 333) -> np.ndarray:
    ducking = Ducking(spans, duck_db=-18.0, fade_samples=100)
    ones = np.ones((length, 1), dtype=np.float32)
    parts = [ducking.apply(ones[start : start + block], start) for start in range(0, length, block)]
    return 20 * np.log10(np.concatenate(parts)[:, 0])


def test_the_ramps_lie_outside_the_span() -> None:
    gain_db = curve_db([(1000, 2000)], 3000)
    assert np.allclose(gain_db[:900], 0, atol=1e-4)
    assert np.allclose(gain_db[1000:2001], -18, atol=1e-3)
    assert np.allclose(gain_db[2100:], 0, atol=1e-4)
    assert np.isclose(gain_db[950], -9, atol=0.2)
    assert np.all(np.diff(gain_db[900:1001]) <= 1e-6)


def test_a_gap_too_short_for_both_ramps_stays_down() -> None:
    gain_db = curve_db([(1000, 1500), (1650, 2000)], 3000)
    assert np.allclose(gain_db[1000:2001], -18, atol=1e-3)


def test_overlapping_and_unsorted_spans_are_one_stretch() -> None:
    assert np.allclose(curve_db([(1500, 2000), (1000, 1600)], 3000), curve_db([(1000, 2000)], 3000))


def test_blocks_of_any_length_give_one_curve() -> None:
    spans = [(0, 50), (500, 700), (2950, 4000)]
    assert np.allclose(curve_db(spans, 3000, block=1), curve_db(spans, 3000, block=3000), atol=1e-5)


def test_without_spans_the_block_itself_comes_back() -> None:
    block = np.ones((10, 2), dtype=np.float32)
    assert Ducking([], duck_db=-18.0, fade_samples=100).apply(block, 0) is block

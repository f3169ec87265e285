from __future__ import annotations

import numpy as np
import pytest

from studio.stages.time_map import Piece, RateLimits, TimeMap, knots, runs

RATE_HZ = 1000  # a sample is a millisecond
LIMITS = RateLimits(0.85, 1.25)


def pause(take: tuple[int, int], out: tuple[int, int]) -> Piece:
    return Piece(*take, *out, is_speech=False)


MAP = TimeMap(
    (
        pause((0, 0), (0, 300)),
        Piece(0, 1000, 300, 1200),
        pause((1000, 1200), (1200, 1700)),
        Piece(1200, 2200, 1700, 2800),
        pause((2200, 2500), (2800, 2920)),
        Piece(2500, 3000, 2920, 3420),
    ),
    RATE_HZ,
    LIMITS,
)


def test_a_map_knows_its_lengths_rates_and_pauses() -> None:
    assert (MAP.take_samples, MAP.out_samples, MAP.lead_ms) == (3000, 3420, 300)
    assert MAP.rates == pytest.approx((1000 / 900, 1000 / 1100, 1.0))
    assert MAP.mean_ratio == pytest.approx(2500 / 2500) and MAP.pauses_moved_ms == 300 + 180


@pytest.mark.parametrize(("take_ms", "out_ms"), [(0, 300), (500, 750), (1000, 1200), (1100, 1450), (1200, 1700), (3000, 3420), (9999, 3420)])
def test_every_moment_has_its_place(take_ms: int, out_ms: int) -> None:
    assert MAP.at_ms(take_ms) == out_ms


def test_time_never_runs_backwards() -> None:
    places = [MAP.at_ms(ms) for ms in range(3001)]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("pieces", "what"),
    [
        ((Piece(0, 1000, 0, 700),), "must keep between"),
        ((Piece(0, 1000, 0, 1300),), "must keep between"),
        ((Piece(0, 1000, 0, 0),), "must keep between"),
        ((Piece(0, 0, 0, 1000),), "must keep between"),
        ((Piece(10, 1000, 0, 1000),), "must start where"),
        ((Piece(0, 1000, 0, 1000), Piece(1001, 2000, 1000, 2000)), "must start where"),
        ((Piece(0, 1000, 0, 1000), pause((1000, 900), (1000, 1000))), "backwards"),
    ],
)
def test_a_map_that_breaks_a_promise_is_not_born(pieces: tuple[Piece, ...], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        TimeMap(pieces, RATE_HZ, LIMITS)


def test_a_rate_may_pass_its_limit_only_by_the_rounding_to_a_sample() -> None:
    assert TimeMap((Piece(0, 999, 0, 799),), RATE_HZ, LIMITS).rates[0] > 1.25
    with pytest.raises(ValueError, match="must keep between"):
        TimeMap((Piece(0, 999, 0, 797),), RATE_HZ, LIMITS)


def test_a_map_of_nothing_is_silent() -> None:
    empty = TimeMap((), RATE_HZ, LIMITS)
    assert (empty.take_samples, empty.out_samples, empty.lead_ms, empty.mean_ratio, runs(empty)) == (0, 0, 0, 1.0, ())


def test_runs_part_at_the_middle_of_every_pause_and_account_for_every_sample() -> None:
    found = runs(MAP)
    assert [silence for silence, _ in found] == [300, 300, 0]
    assert [(pieces[0].take_start_samples, pieces[-1].take_end_samples) for _, pieces in found] == [(0, 1100), (1100, 2260), (2440, 3000)]
    out = sum(silence + pieces[-1].out_end_samples - pieces[0].out_start_samples for silence, pieces in found)
    assert out == MAP.out_samples


def test_corners_of_a_run_count_from_its_start() -> None:
    _, second = runs(MAP)[1]
    out_at, take_at = knots(second)
    assert np.array_equal(take_at, [0, 100, 1100, 1160]) and np.array_equal(out_at, [0, 100, 1200, 1260])

"""Verdicts of the load can fail: spreads, fitted growth, what is missing."""

from __future__ import annotations

import math
import random

from bench.load.verdicts import Verdict, at_least, is_flat, none_of, quantile, slope, spread


def test_a_number_at_its_aim_is_met_and_one_above_it_is_missed() -> None:
    assert Verdict("p95 of an edit", 300.0, 300.0).word == "met"
    assert Verdict("p95 of an edit", 300.1, 300.0).word == "MISSED"
    assert Verdict("seconds", 5.0, None).word == ""


def test_what_could_not_be_measured_meets_no_aim() -> None:
    assert not Verdict("p95 of an edit", None, 300.0).is_met
    assert not Verdict("growth", math.nan, 1.0).is_met


def test_a_measure_that_saw_too_little_is_missed() -> None:
    assert at_least("kills", 200, 200).is_met
    assert at_least("kills", 199, 200).word == "MISSED"


def test_findings_are_counted_and_the_first_are_named() -> None:
    assert none_of("lost edits", []).is_met
    found = none_of("lost edits", [f"edit {number}" for number in range(5)])
    assert (found.value, found.is_met) == (5, False)
    assert found.note == "edit 0; edit 1; edit 2; …"


def test_a_spread_names_values_that_were_measured() -> None:
    found = spread([float(number) for number in range(1, 101)])
    assert found is not None
    assert (found.count, found.p50_ms, found.p95_ms, found.p99_ms, found.worst_ms) == (100, 50.0, 95.0, 99.0, 100.0)
    assert spread([]) is None
    assert quantile([7.0], 0.95) == 7.0


def test_a_fitted_slope_is_not_moved_by_odd_samples() -> None:
    draw = random.Random(3)
    points = [(hour, 100 + 2 * hour + draw.gauss(0, 0.5)) for hour in range(24)]
    points[5] = (5, 900.0)
    assert abs(slope(points) - 2.0) < 0.1
    assert math.isnan(slope([(1.0, 5.0)]))


def test_a_level_with_noise_is_flat_and_a_leak_is_not() -> None:
    draw = random.Random(4)
    level = [(hour / 10, 500 + draw.gauss(0, 8)) for hour in range(240)]
    leak = [(hour, value + 3 * hour) for hour, value in level]
    assert is_flat("memory", level, tolerance=25, unit="MB").is_met
    found = is_flat("memory", leak, tolerance=25, unit="MB")
    assert not found.is_met
    assert found.value is not None and abs(found.value - 72) < 12, "3 MB an hour over 24 hours"


def test_growth_while_warming_up_does_not_count() -> None:
    points = [(float(hour), 100.0 + min(hour, 5) * 60) for hour in range(24)]
    assert is_flat("memory", points, tolerance=1, unit="MB").is_met


def test_a_handful_of_samples_shows_nothing() -> None:
    assert not is_flat("memory", [(1.0, 5.0), (2.0, 5.0)], tolerance=10, unit="MB").is_met

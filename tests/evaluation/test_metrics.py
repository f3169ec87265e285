"""Every number against one worked by hand."""

from __future__ import annotations

import math

import pytest

from studio.evaluation.metrics import Tolerances, alignment_bound, gap_closed, paired_ratio, penalties, score, time_scores

TIGHT = Tolerances(0.1, 0.1)


def test_p_is_exponential_above_and_linear_below() -> None:
    found = penalties([1.0, 1.0, 1.0, 1.0], [2.0, 1.5, 1.0, 0.0])
    assert found == pytest.approx([math.e - 1, 0.64872, 0.0, 1.0], abs=1e-5)


def test_aggregates_of_four_lines_worked_by_hand() -> None:
    scores = time_scores([1.0, 2.0, 1.0, 0.5], [1.1, 2.5, 0.8, 0.7], TIGHT, fastest_ratio=1.25)
    assert scores.p == pytest.approx((math.exp(0.1) - 1 + math.exp(0.5) - 1 + 0.2 + math.exp(0.2) - 1) / 4)
    assert scores.cr == 25.0  # 1.0 to 1.1 only: the border belongs to it
    assert scores.over_budget == 0.75
    assert scores.over_fastest == 0.25  # 0.7 is more than 1.25 * 0.5; 2.5 is exactly 1.25 * 2.0
    assert scores.mean_delta_s == pytest.approx(0.15)


def test_the_wider_of_two_tolerances_counts() -> None:
    assert time_scores([4.0], [4.4], TIGHT).cr == 100.0  # a tenth of four seconds
    assert time_scores([4.0], [4.41], TIGHT).cr == 0.0
    assert time_scores([0.2], [0.3], TIGHT).cr == 100.0  # a tenth of a second
    assert time_scores([0.2], [0.31], TIGHT).cr == 0.0


def test_a_line_nobody_says_costs_its_whole_duration_and_is_not_over() -> None:
    scores = time_scores([1.5], [0.0], TIGHT)
    assert (scores.p, scores.over_budget, scores.cr) == (1.5, 0.0, 0.0)


def test_the_bound_takes_the_best_candidate_of_every_line() -> None:
    assert alignment_bound([1.0, 2.0], [[0.5, 1.0, 3.0], [1.0, 1.75]]) == pytest.approx(0.125)
    assert alignment_bound([1.0], []) is None
    assert alignment_bound([1.0, 1.0], [[1.0], []]) is None


def test_the_gap_runs_from_the_base_to_the_bound() -> None:
    assert gap_closed(0.5, 0.5, 0.1) == 0.0
    assert gap_closed(0.5, 0.1, 0.1) == 1.0
    assert gap_closed(0.5, 0.2, 0.1) == pytest.approx(0.75)
    assert gap_closed(0.5, 0.4, 0.5) is None


def test_the_ratio_of_a_system_that_is_always_half_the_base_has_no_width() -> None:
    base = [0.1 * place + 0.1 for place in range(50)]
    ratio = paired_ratio([one / 2 for one in base], base, [range(at, at + 1) for at in range(50)], resamples=200, seed=0)
    assert (ratio.ratio, ratio.low, ratio.high) == pytest.approx((0.5, 0.5, 0.5))


def test_the_interval_holds_the_ratio_is_seeded_and_narrows_with_more_lines() -> None:
    base = [1.0, 2.0, 0.5, 1.5, 0.7] * 8
    system = [0.5, 2.5, 0.1, 0.9, 0.9] * 8
    lines = [range(at, at + 1) for at in range(40)]
    first, again, other = (paired_ratio(system, base, lines, 500, seed) for seed in (1, 1, 2))
    assert first == again != other
    assert first.low < first.ratio < first.high
    assert (first.unit, first.unit_count) == ("scene", 40)
    few = paired_ratio(system[:5], base[:5], lines[:5], 500, 1)
    assert few.unit == "line"
    assert few.high - few.low > first.high - first.low


def test_lines_of_one_scene_are_drawn_together() -> None:
    """Two kinds of scenes, each kind perfectly alike inside: single lines would pretend to know more."""
    base, system = [1.0] * 400, ([0.0] * 10 + [1.0] * 10) * 20
    scenes = [range(at, at + 10) for at in range(0, 400, 10)]
    together = paired_ratio(system, base, scenes, 1000, 0)
    apart = paired_ratio(system, base, [range(at, at + 1) for at in range(400)], 1000, 0)
    assert together.high - together.low > 2 * (apart.high - apart.low)


def test_a_base_without_any_penalty_has_no_ratio() -> None:
    ratio = paired_ratio([0.1, 0.2], [0.0, 0.0], [range(0, 2)], 100, 0)
    assert math.isnan(ratio.ratio)


def test_chinese_is_scored_with_sacrebleus_chinese_splitter_and_thai_by_character() -> None:
    scores = score(["我不知道该怎么办"], ["我不知道该怎么办"], "zh")
    assert (scores.bleu, scores.bleu_tokenizer) == (100.0, "zh")
    assert score(["ขอโทษนะ"], ["ขอโทษนะ"], "th").bleu_tokenizer == "char"

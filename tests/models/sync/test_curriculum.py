import pytest
import torch

from models.sync.curriculum import (
    COARSE_RULES, SUBTLE_RULES, CurriculumSettings, CurriculumState, Pace, after_step, draw_challenge, most_severe, rule_mix,
)  # fmt: skip
from models.sync.temporal_rules import Rule

START = CurriculumState()


def test_linear_and_cosine_fall_from_one_to_zero():
    linear, cosine = CurriculumSettings(Pace.LINEAR, steps=100), CurriculumSettings(Pace.COSINE, steps=100)
    assert [most_severe(step, START, linear) for step in (0, 25, 100, 140)] == pytest.approx([1, 0.75, 0, 0])
    assert [most_severe(step, START, cosine) for step in (0, 25, 50, 100)] == pytest.approx([1, 0.8535534, 0.5, 0])


@pytest.mark.parametrize("pace", Pace)
def test_the_rule_mix_sums_to_one_and_moves_from_coarse_to_subtle(pace):
    settings = CurriculumSettings(pace, steps=100)
    for step in (0, 40, 100):
        assert sum(rule_mix(step, CurriculumState(ceiling=0.4), settings).values()) == pytest.approx(1)
    if pace in (Pace.LINEAR, Pace.COSINE):
        first, last = rule_mix(0, START, settings), rule_mix(100, START, settings)
        assert all(first[rule] == pytest.approx(1 / 3) for rule in COARSE_RULES)
        assert all(last[rule] == pytest.approx(1 / 3) for rule in SUBTLE_RULES)
        assert last[Rule.SHIFT] == pytest.approx(0, abs=1e-9)


def test_without_a_pace_every_rule_and_severity_comes_at_any_time():
    settings, generator = CurriculumSettings(Pace.NONE, steps=10), torch.Generator().manual_seed(0)
    drawn = [draw_challenge(9, START, settings, generator) for _ in range(400)]
    assert {one.rule for one in drawn} == set(Rule)
    assert min(one.severity for one in drawn) < 0.1
    assert max(one.severity for one in drawn) > 0.95


def test_severities_lie_within_the_width_below_the_highest_and_never_under_the_least():
    settings, generator = CurriculumSettings(Pace.LINEAR, steps=100), torch.Generator().manual_seed(0)
    for step, low, high in ((0, 0.7, 1.0), (50, 0.2, 0.5), (100, 0.05, 0.05)):
        drawn = [draw_challenge(step, START, settings, generator).severity for _ in range(200)]
        assert min(drawn) >= low - 1e-9
        assert max(drawn) <= high + 1e-9


def test_one_rule_alone_may_be_asked_for():
    settings, generator = CurriculumSettings(rules=(Rule.WARP,)), torch.Generator().manual_seed(0)
    assert {draw_challenge(step, START, settings, generator).rule for step in range(50)} == {Rule.WARP}


def test_the_gate_lowers_severity_only_while_pairs_are_told_apart():
    settings = CurriculumSettings(Pace.GATED, gate_step=0.1)
    lost = START
    for _ in range(100):
        lost = after_step(lost, 0.5, settings)
    assert lost.ceiling == 1
    won = START
    for _ in range(100):
        won = after_step(won, 1.0, settings)
    assert won.ceiling == settings.least
    assert rule_mix(0, won, settings)[Rule.SHIFT] < rule_mix(0, START, settings)[Rule.SHIFT]


def test_the_same_seed_draws_the_same_challenges():
    settings = CurriculumSettings()
    runs = [[draw_challenge(step, START, settings, torch.Generator().manual_seed(step)) for step in range(20)] for _ in range(2)]
    assert runs[0] == runs[1]

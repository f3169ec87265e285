"""Preference objectives as numbers worked by hand."""

from __future__ import annotations

import math

import pytest
import torch

from models.translation.objectives import PairLogps, alpo_loss, dpo_terms, margins, sspo_loss, token_kl

LOG_2 = 0.693147


def test_a_margin_is_what_the_policy_prefers_more_than_the_reference() -> None:
    policy = PairLogps(torch.tensor([-3.0, -5.0]), torch.tensor([-4.0, -2.0]))
    reference = PairLogps(torch.tensor([-3.5, -5.0]), torch.tensor([-4.0, -3.0]))
    assert margins(policy, reference).tolist() == [0.5, -1.0]


def test_no_margin_costs_log_2_whatever_beta() -> None:
    for beta in (0.1, 0.5, 2.0):
        assert dpo_terms(torch.zeros(2), beta).tolist() == pytest.approx([LOG_2, LOG_2], abs=1e-6)


def test_terms_are_the_formula_and_add_up_to_the_scene() -> None:
    margin = torch.tensor([2.0, -1.0])
    by_hand = [math.log(1 + math.exp(-1.0)), math.log(1 + math.exp(0.5))]
    assert dpo_terms(margin, 0.5).tolist() == pytest.approx(by_hand, abs=1e-6)
    assert float(sspo_loss(margin, 0.5)) == pytest.approx(sum(by_hand), abs=1e-6)


def test_label_smoothing_mixes_both_directions() -> None:
    margin = torch.tensor([2.0])
    by_hand = 0.9 * math.log(1 + math.exp(-1.0)) + 0.1 * math.log(1 + math.exp(1.0))
    assert float(sspo_loss(margin, 0.5, 0.1)) == pytest.approx(by_hand, abs=1e-6)
    assert float(sspo_loss(margin, 0.5, 0.0)) == float(sspo_loss(margin, 0.5))


def test_alpo_weighs_lines_and_gives_each_its_beta() -> None:
    found = alpo_loss(torch.tensor([2.0, -1.0]), torch.tensor([3.0, 1.0]), torch.tensor([1.0, 0.5]))
    by_hand = (3 * math.log(1 + math.exp(-2.0)) + math.log(1 + math.exp(0.5))) / 4
    assert float(found) == pytest.approx(by_hand, abs=1e-6)


def test_alpo_without_lines_is_zero_with_a_graph() -> None:
    margin = torch.zeros(0, requires_grad=True)
    loss = alpo_loss(margin, torch.zeros(0), torch.zeros(0))
    loss.backward()
    assert float(loss.detach()) == 0.0 and margin.grad is not None


def test_kl_is_the_policy_first_and_per_token() -> None:
    policy, reference = torch.tensor([[0.5, 0.5], [0.9, 0.1]]), torch.tensor([[0.75, 0.25], [0.9, 0.1]])
    by_hand = 0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25)
    assert token_kl(policy.log(), reference.log()).tolist() == pytest.approx([by_hand, 0.0], abs=1e-6)
    assert float(token_kl(reference.log(), policy.log())[0]) != pytest.approx(by_hand, abs=1e-3)


def test_kl_in_half_precision_is_summed_in_single() -> None:
    logits = torch.randn(2, 1000, generator=torch.Generator().manual_seed(0)).bfloat16()
    kl = token_kl(logits, logits)
    assert kl.dtype == torch.float32 and kl.abs().max() < 1e-5

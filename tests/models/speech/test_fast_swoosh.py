"""Promises of the compiled swoosh: torch's own numbers, everywhere, and nothing hidden that is not a number."""

from __future__ import annotations

import torch
from torch.nn import functional

from models.speech.fast_swoosh import swoosh_in_place


def made(x: torch.Tensor) -> torch.Tensor:
    values = x.clone()
    swoosh_in_place(values.numpy())
    return values


def test_it_is_softplus_less_a_slope_from_far_below_to_far_above() -> None:
    x = torch.cat([torch.linspace(-60, 60, 100_003), torch.tensor([0.0, -0.0, 1e-30, -1e-30])])
    exact = functional.softplus(x.double(), threshold=1e6) - 0.08 * x.double()
    assert (made(x) - exact).abs().max() < 5e-6  # of values up to 55
    near = x.abs() < 4
    assert (made(x) - exact).abs()[near].max() < 6e-7


def test_very_large_values_stay_finite_and_what_is_no_number_stays_none() -> None:
    assert torch.allclose(made(torch.tensor([3e38, -3e38])), torch.tensor([0.92 * 3e38, 0.08 * 3e38]))
    assert made(torch.tensor([float("nan")] * 33)).isnan().all()

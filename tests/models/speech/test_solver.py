"""Promises of the solver: the published time steps, exactness where Euler is exact, and that it can be stopped."""

from __future__ import annotations

import pytest
import torch

from models.speech.solver import SolverStopped, intervals, solve, time_steps


def test_time_steps_are_the_published_ones() -> None:
    torch.testing.assert_close(time_steps(4), torch.tensor([0.0, 1 / 7, 1 / 3, 0.6, 1.0]))


def test_steps_cover_the_time_from_noise_to_speech() -> None:
    assert sum(length for _, length in intervals(7)) == pytest.approx(1.0)


def test_a_constant_velocity_is_followed_exactly() -> None:
    noise = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(solve(lambda _, x: torch.ones_like(x), noise, 5), noise + 1.0)


def test_no_steps_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        time_steps(0)


def test_it_stops_between_steps_when_asked() -> None:
    seen: list[float] = []
    with pytest.raises(SolverStopped):
        solve(lambda time, x: (seen.append(time), x)[1], torch.zeros(1), 8, is_cancelled=lambda: len(seen) == 3)
    assert len(seen) == 3

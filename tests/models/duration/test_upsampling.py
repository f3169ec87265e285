import math

import pytest
import torch

from models.duration.upsampling import Kernel, centres, hard_weights, soft_upsample, soft_weights, spread, straight_through


def test_the_weights_are_those_of_the_formula() -> None:
    durations = torch.tensor([[2.0, 1.0, 3.0]], dtype=torch.float64)
    assert centres(durations).tolist() == [[1.0, 2.5, 4.5]]
    weights = soft_weights(durations, 6, torch.ones(1, 3, dtype=torch.bool), Kernel(1.5))
    at = [math.exp(-((2.5 - centre) ** 2) / 1.5**2) for centre in (1.0, 2.5, 4.5)]
    assert torch.allclose(weights[0, 2], torch.tensor([value / sum(at) for value in at], dtype=torch.float64))
    assert torch.allclose(weights.sum(-1), torch.ones(1, 6, dtype=torch.float64))


def test_a_narrow_kernel_over_even_units_is_plain_repetition() -> None:
    durations = torch.full((1, 4), 3.0)
    weights = soft_weights(durations, 12, torch.ones(1, 4, dtype=torch.bool), Kernel(0.2))
    assert torch.allclose(weights, hard_weights(durations, 12), atol=1e-4)


def test_padding_takes_no_frame() -> None:
    keep = torch.tensor([[True, True, False]])
    weights = soft_weights(torch.tensor([[2.0, 2.0, 0.0]]), 4, keep)
    assert torch.equal(weights[0, :, 2], torch.zeros(4))
    assert torch.allclose(weights[:, :, :2], soft_weights(torch.tensor([[2.0, 2.0]]), 4, keep[:, :2]))


def test_a_unit_of_no_length_takes_no_frame_where_length_is_weighed() -> None:
    durations, keep = torch.tensor([[2.0, 0.0, 2.0]]), torch.ones(1, 3, dtype=torch.bool)
    assert soft_weights(durations, 4, keep)[0, :, 1].max() > 0.2
    weighed = soft_weights(durations, 4, keep, Kernel(weighs_length=True))
    assert weighed[0, :, 1].max() < 1e-5 and torch.allclose(weighed.sum(-1), torch.ones(1, 4))


@pytest.mark.parametrize("weighs", [False, True])
def test_the_gradient_to_the_durations_is_the_numeric_one(weighs: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    vectors = torch.randn(2, 4, 3, dtype=torch.float64, generator=generator, requires_grad=True)
    durations = (1 + torch.rand(2, 4, dtype=torch.float64, generator=generator)).requires_grad_()
    keep = torch.tensor([[True] * 4, [True, True, True, False]])
    assert torch.autograd.gradcheck(lambda v, d: soft_upsample(v, d, 7, keep, Kernel(1.3, weighs)), (vectors, durations))


def test_straight_through_is_repetition_forwards_and_soft_upsampling_backwards() -> None:
    generator = torch.Generator().manual_seed(1)
    vectors = torch.randn(1, 3, 5, dtype=torch.float64, generator=generator)
    durations = torch.tensor([[1.6, 2.3, 1.1]], dtype=torch.float64, requires_grad=True)
    keep = torch.ones(1, 3, dtype=torch.bool)
    whole = torch.tensor([[2, 2, 1]])
    made = straight_through(vectors, durations, whole, 5, keep)
    assert torch.allclose(made, vectors[:, [0, 0, 1, 1, 2]])
    direction = torch.randn(made.shape, dtype=torch.float64, generator=generator)
    through, = torch.autograd.grad((made * direction).sum(), durations)
    soft, = torch.autograd.grad((soft_upsample(vectors, durations, 5, keep) * direction).sum(), durations)
    assert torch.equal(through, soft) and through.abs().sum() > 0


def test_parts_share_the_time_of_their_unit_evenly() -> None:
    durations = torch.tensor([[6.0, 4.0]])
    owner = torch.tensor([[0, 0, 0, 1]])
    assert spread(durations, owner, torch.tensor([[3, 1]])).tolist() == [[2.0, 2.0, 2.0, 4.0]]

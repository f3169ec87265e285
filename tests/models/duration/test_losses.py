import math

import torch

from models.duration.losses import DURATION_WEIGHT, duration_loss, sync_loss, sync_probability, total_loss


def test_the_duration_loss_is_worked_by_hand_and_ignores_padding() -> None:
    logs = torch.tensor([[math.log(3.0), 0.5, 99.0]])
    target = torch.tensor([[2.0, 0.0, 5.0]])
    keep = torch.tensor([[True, True, False]])
    assert math.isclose(duration_loss(logs, target, keep).item(), 0.125, rel_tol=1e-6)


def test_the_sync_loss_is_minus_log_of_the_probability_from_the_cosine() -> None:
    lips = torch.tensor([[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]])
    sound = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]])
    keep = torch.tensor([[True, True, False]])
    assert math.isclose(sync_loss(sound, lips, keep).item(), math.log(2) / 2, rel_tol=1e-6)
    assert sync_probability(torch.tensor([1.0, 0.0])).tolist() == [1.0, 0.5]


def test_opposite_embeddings_cost_a_finite_amount() -> None:
    lips = torch.tensor([[[1.0, 0.0]]])
    assert torch.isfinite(sync_loss(-lips, lips, torch.ones(1, 1)))


def test_the_gradients_are_the_numeric_ones() -> None:
    generator = torch.Generator().manual_seed(0)
    keep = torch.tensor([[True, True, False]])
    logs = torch.randn(1, 3, dtype=torch.float64, generator=generator, requires_grad=True)
    target = torch.tensor([[2.0, 1.0, 4.0]], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda predicted: duration_loss(predicted, target, keep), (logs,))
    sound = torch.randn(1, 3, 4, dtype=torch.float64, generator=generator, requires_grad=True)
    lips = torch.nn.functional.normalize(torch.randn(1, 3, 4, dtype=torch.float64, generator=generator), dim=-1)
    assert torch.autograd.gradcheck(lambda heard: sync_loss(torch.nn.functional.normalize(heard, dim=-1), lips, keep), (sound,))


def test_the_total_weighs_durations_as_the_paper_does() -> None:
    assert DURATION_WEIGHT == 10.0
    assert total_loss(torch.tensor(1.0), torch.tensor(0.5)).item() == 6.0

from dataclasses import replace

import pytest
import torch

from models.duration.lip_condition import LipConditionConfig, LipView
from models.duration.predictor import (
    DurationPredictor, PhoneDurationConfig, PhoneDurations, PhoneTokens, UnitDurationConfig, UnitDurations, fitted, soft_durations,
    whole_durations,
)  # fmt: skip

PUBLISHED = {f"{part}.{kind}" for part in ("conv1.0", "conv2.0", "ln1", "ln2", "proj") for kind in ("weight", "bias")}
LIPS = LipConditionConfig(reach_frames=3, width=8, passes=2)


def units_net(has_lips: bool = False) -> UnitDurations:
    torch.manual_seed(0)
    return UnitDurations(UnitDurationConfig(units=20, dim=12, hidden=10, dropout=0.1, has_lips=has_lips, lips=LIPS)).eval()


def view_of(batch: int, units: int, frames: int) -> LipView:
    generator = torch.Generator().manual_seed(3)
    lips = torch.nn.functional.normalize(torch.randn(batch, frames, 6, generator=generator), dim=-1)
    sounds = torch.nn.functional.normalize(torch.randn(batch, units, 6, generator=generator), dim=-1)
    opening = torch.rand(batch, frames, generator=generator)
    optimum = 0.5 + 3 * torch.rand(batch, units, generator=generator)
    return LipView(lips, sounds, opening, torch.full((batch,), 2.0 * frames), torch.full((batch,), frames), optimum)


def wake(net: torch.nn.Module) -> None:
    with torch.no_grad():
        net.lip.proj.weight.normal_(generator=torch.Generator().manual_seed(5))


def test_the_keys_are_those_of_the_published_unit_vocoder() -> None:
    names = set(units_net().state_dict())
    assert names == {"dict.weight"} | {f"dur_predictor.{name}" for name in PUBLISHED}
    assert set(units_net(has_lips=True).state_dict()) - names == {name for name in units_net(has_lips=True).state_dict() if name.startswith("lip.")}
    shapes = {name: tuple(value.shape) for name, value in DurationPredictor().state_dict().items()}
    assert shapes["conv1.0.weight"] == shapes["conv2.0.weight"] == (128, 128, 3) and shapes["proj.weight"] == (1, 128)


def test_the_forward_pass_is_that_of_the_paper_step_by_step() -> None:
    net, functional = DurationPredictor(6, 5, 3, 0.5).eval(), torch.nn.functional
    vectors = torch.randn(2, 7, 6, generator=torch.Generator().manual_seed(0))
    seen = functional.relu(functional.conv1d(vectors.transpose(1, 2), net.conv1[0].weight, net.conv1[0].bias, padding=1)).transpose(1, 2)
    seen = functional.layer_norm(seen, (5,), net.ln1.weight, net.ln1.bias)
    seen = functional.relu(functional.conv1d(seen.transpose(1, 2), net.conv2[0].weight, net.conv2[0].bias, padding=1)).transpose(1, 2)
    seen = functional.layer_norm(seen, (5,), net.ln2.weight, net.ln2.bias)
    assert torch.allclose(net(vectors), (seen @ net.proj.weight.T + net.proj.bias).squeeze(-1), atol=1e-6)


def test_padding_changes_nothing() -> None:
    net = units_net(has_lips=True)
    wake(net)
    ids = torch.tensor([[3, 5, 7, 9]])
    padded = torch.tensor([[3, 5, 7, 9, 0, 0]])
    view, wide = view_of(1, 4, 6), view_of(1, 6, 6)
    wide = LipView(view.lips, torch.cat([view.sounds, wide.sounds[:, :2]], 1), view.opening, view.slot_units, view.frames, torch.cat([view.optimum, wide.optimum[:, :2]], 1))
    alone = net(ids, torch.ones(1, 4, dtype=torch.bool), view)
    together = net(padded, torch.tensor([[True] * 4 + [False] * 2]), wide)
    assert torch.allclose(alone, together[:, :4], atol=1e-6)


def test_frames_of_padding_change_nothing() -> None:
    net = units_net(has_lips=True)
    wake(net)
    ids, keep, view = torch.tensor([[3, 5, 7, 9]]), torch.ones(1, 4, dtype=torch.bool), view_of(1, 4, 6)
    longer = replace(view, lips=torch.cat([view.lips, view.lips[:, :3]], 1), opening=torch.cat([view.opening, view.opening[:, :3]], 1))
    assert torch.allclose(net(ids, keep, view), net(ids, keep, longer), atol=1e-6)


def test_a_fresh_lip_condition_leaves_the_durations_as_they_are() -> None:
    net = units_net(has_lips=True)
    ids, keep = torch.tensor([[1, 2, 3]]), torch.ones(1, 3, dtype=torch.bool)
    assert torch.equal(net(ids, keep), net(ids, keep, view_of(1, 3, 5)))
    wake(net)
    assert not torch.allclose(net(ids, keep), net(ids, keep, view_of(1, 3, 5)))


def test_a_predictor_without_lips_says_that_it_cannot_follow_a_mouth() -> None:
    with pytest.raises(ValueError, match="made without lips"):
        units_net()(torch.tensor([[1, 2]]), torch.ones(1, 2, dtype=torch.bool), view_of(1, 2, 4))


def test_a_net_that_reads_the_optimum_asks_for_it_and_one_that_does_not_works_without() -> None:
    ids, keep, view = torch.tensor([[1, 2, 3]]), torch.ones(1, 3, dtype=torch.bool), replace(view_of(1, 3, 5), optimum=None)
    with pytest.raises(ValueError, match="optimal durations as a hint"):
        units_net(has_lips=True)(ids, keep, view)
    config = UnitDurationConfig(units=20, dim=12, hidden=10, has_lips=True, lips=replace(LIPS, reads_optimum=False))
    assert UnitDurations(config).eval()(ids, keep, view).shape == (1, 3)


def test_inference_rounds_as_published_and_never_below_one() -> None:
    assert whole_durations(torch.tensor([-3.0, 0.0, 1.0, 2.0])).tolist() == [1, 1, 2, 6]


def test_soft_durations_follow_the_prediction_and_never_die() -> None:
    logs = torch.linspace(-2, 4, 50, dtype=torch.float64, requires_grad=True)
    made = soft_durations(logs)
    assert (made > 0).all() and torch.allclose(made[30:], torch.expm1(logs[30:]), atol=0.03)
    assert (torch.autograd.grad(made.sum(), logs)[0] > 0).all()


def test_fitted_durations_fill_the_slot_whatever_the_padding() -> None:
    keep = torch.tensor([[True, True, False]])
    assert fitted(torch.tensor([[1.0, 3.0, 7.0]]), torch.tensor([8.0]), keep).tolist() == [[2.0, 6.0, 0.0]]


def test_phones_are_bags_of_their_characters_and_pauses_have_a_vector_of_their_own() -> None:
    net = PhoneDurations(PhoneDurationConfig(("ˈ", "a", "b"), ("en", "de"), dim=8, hidden=6)).eval()
    with torch.no_grad():
        net.pause.fill_(0.5)
    keep = torch.ones(1, 3, dtype=torch.bool)
    tokens = PhoneTokens(torch.tensor([[[1, 2], [3, 0], [0, 0]]]), torch.tensor([1]), keep)
    swapped = PhoneTokens(torch.tensor([[[2, 1], [3, 0], [0, 0]]]), torch.tensor([1]), keep)
    other = PhoneTokens(tokens.characters, torch.tensor([2]), keep)
    assert torch.allclose(net(tokens), net(swapped), atol=1e-6)
    assert not torch.allclose(net(tokens), net(other))


def test_the_whole_path_from_durations_to_lips_has_the_numeric_gradient() -> None:
    from models.duration.losses import sync_loss
    from models.duration.upsampling import soft_upsample

    net = units_net().double()
    ids, keep = torch.tensor([[1, 2, 3]]), torch.ones(1, 3, dtype=torch.bool)
    lips = torch.nn.functional.normalize(torch.randn(1, 4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0)), dim=-1)
    voices = torch.randn(1, 3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))

    def loss(bias: torch.Tensor) -> torch.Tensor:
        hidden = net.dur_predictor.hidden(net.dict(ids), keep)
        logs = hidden @ net.dur_predictor.proj.weight[0] + bias
        durations = fitted(soft_durations(logs), torch.tensor([4.0], dtype=torch.float64), keep)
        heard = torch.nn.functional.normalize(soft_upsample(voices, durations, 4, keep), dim=-1)
        return sync_loss(heard, lips, torch.ones(1, 4))

    start = torch.tensor([[0.9, 1.1, 0.7]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(loss, (start,))
    assert torch.autograd.grad(loss(start), start)[0].abs().max() > 1e-4

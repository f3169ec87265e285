import math

import pytest
import torch
from torch import nn

from models.sync.preference import (
    BetaPath, FlowDraw, FlowPairs, PreferenceSettings, draw_flow, flow_error, masked_mean, preference_loss,
)  # fmt: skip

BATCH, FRAMES, BANDS = 3, 20, 4


class Net(nn.Module):
    def __init__(self, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.mix = nn.Conv1d(BANDS + 2, BANDS, 5, padding=2)

    def forward(self, x_t, t, condition):
        beside = torch.stack([condition, t[:, None].expand_as(condition)], dim=1)
        return self.mix(torch.cat([x_t.transpose(1, 2), beside], dim=1)).transpose(1, 2)


def random_pairs(seed: int = 0) -> FlowPairs:
    generator = torch.Generator().manual_seed(seed)
    winner, loser = torch.randn(2, BATCH, FRAMES, BANDS, generator=generator)
    region = torch.zeros(BATCH, FRAMES, dtype=torch.bool)
    region[:, 4:18] = True
    changed = torch.zeros_like(region)
    changed[:, 6:11] = True
    loser = torch.where(changed[..., None], loser, winner)
    return FlowPairs(winner, loser, region, changed, torch.rand(BATCH, FRAMES, generator=generator))


def draw(seed: int = 0) -> FlowDraw:
    return draw_flow(random_pairs().winner, torch.Generator().manual_seed(seed))


def swapped(pairs: FlowPairs) -> FlowPairs:
    return FlowPairs(pairs.loser, pairs.winner, pairs.region, pairs.changed, pairs.condition)


SETTINGS = [
    PreferenceSettings(beta=30.0, path=path, anchor_weight=0.0, only_changed=only_changed)
    for path in BetaPath for only_changed in (True, False)
]  # fmt: skip


@pytest.mark.parametrize("settings", SETTINGS)
def test_at_the_reference_the_loss_is_the_logarithm_of_two(settings):
    net = Net(0)
    loss = preference_loss(net, net, random_pairs(), draw(), settings)
    assert loss.total.item() == pytest.approx(math.log(2))
    assert torch.equal(loss.margins, torch.zeros(BATCH))


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_same_clip_twice_costs_the_logarithm_of_two_and_teaches_nothing(settings):
    policy, pairs = Net(1), random_pairs()
    same = FlowPairs(pairs.winner, pairs.winner, pairs.region, pairs.changed, pairs.condition)
    loss = preference_loss(policy, Net(0), same, draw(), settings)
    loss.total.backward()
    assert loss.total.item() == pytest.approx(math.log(2))
    assert all(torch.equal(weight.grad, torch.zeros_like(weight)) for weight in policy.parameters())


@pytest.mark.parametrize("settings", SETTINGS)
def test_swapping_the_pair_flips_the_sign_of_the_margins_and_of_the_gradient_at_the_reference(settings):
    policy, reference = Net(1), Net(0)
    ahead = preference_loss(policy, reference, random_pairs(), draw(), settings)
    behind = preference_loss(policy, reference, swapped(random_pairs()), draw(), settings)
    assert torch.allclose(ahead.margins, -behind.margins)
    assert ahead.accuracy + behind.accuracy == 1
    gradients = []
    for pairs in (random_pairs(), swapped(random_pairs())):
        net = Net(0)
        preference_loss(net, Net(0), pairs, draw(), settings).total.backward()
        gradients.append(net.mix.weight.grad)
    assert gradients[0].abs().max() > 0
    assert torch.allclose(gradients[0], -gradients[1], atol=1e-6)


def test_no_gradient_reaches_the_reference():
    policy, reference = Net(1), Net(0)
    preference_loss(policy, reference, random_pairs(), draw(), PreferenceSettings(beta=30.0)).total.backward()
    assert all(weight.grad is None for weight in reference.parameters())
    assert all(weight.grad is not None for weight in policy.parameters())


def test_the_loss_is_the_formula():
    policy, reference, pairs, drawn = Net(1), Net(0), random_pairs(), draw()
    settings = PreferenceSettings(beta=30.0, path=BetaPath.FADING, anchor_weight=0.7, only_changed=True)
    loss = preference_loss(policy, reference, pairs, drawn, settings)
    terms, anchors = [], []
    for row in range(BATCH):
        t, noise = drawn.time[row], drawn.noise[row]

        def error(net, clip, frames, t=t, noise=noise, row=row):
            x_t = t * clip + (1 - t) * noise
            v = net(x_t[None], t[None], pairs.condition[row : row + 1])[0]
            return ((v - (clip - noise)) ** 2)[frames].mean()

        w, l = pairs.winner[row], pairs.loser[row]  # noqa: E741
        inner = (error(policy, w, slice(6, 11)) - error(reference, w, slice(6, 11))) - (error(policy, l, slice(6, 11)) - error(reference, l, slice(6, 11)))
        terms.append(-torch.log(torch.sigmoid(-0.5 * 30.0 * (1 - t) ** 2 * inner)))
        anchors.append(error(policy, w, slice(4, 18)))
    assert loss.preference.item() == pytest.approx(torch.stack(terms).mean().item(), rel=1e-4)
    assert loss.anchor.item() == pytest.approx(torch.stack(anchors).mean().item(), rel=1e-4)
    assert loss.total.item() == pytest.approx((loss.preference + 0.7 * loss.anchor).item(), rel=1e-5)


def test_only_the_frames_asked_for_count():
    pairs, drawn, policy, reference = random_pairs(), draw(), Net(1), Net(0)
    spoilt = FlowPairs(pairs.winner.clone(), pairs.loser.clone(), pairs.region, pairs.changed, pairs.condition)
    spoilt.winner[:, :2] += 100  # outside the region, and beyond what the net sees from inside
    for only_changed in (True, False):
        settings = PreferenceSettings(beta=30.0, only_changed=only_changed)
        clean, other = (preference_loss(policy, reference, some, drawn, settings) for some in (pairs, spoilt))
        assert torch.allclose(clean.total, other.total)
    losses = [preference_loss(policy, reference, pairs, drawn, PreferenceSettings(beta=30.0, only_changed=only)) for only in (True, False)]
    assert not torch.allclose(losses[0].margins, losses[1].margins)


def test_a_pair_without_a_changed_frame_says_nothing():
    pairs = random_pairs()
    none = FlowPairs(pairs.winner, pairs.loser, pairs.region, torch.zeros_like(pairs.changed), pairs.condition)
    policy = Net(1)
    loss = preference_loss(policy, Net(0), none, draw(), PreferenceSettings(beta=30.0, anchor_weight=0.0))
    loss.total.backward()
    assert loss.total.item() == pytest.approx(math.log(2))
    assert all(weight.grad.abs().max() == 0 for weight in policy.parameters())


def test_learning_moves_the_margin_up():
    torch.manual_seed(0)
    policy, reference, pairs = Net(0), Net(0), random_pairs()
    optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
    generator = torch.Generator().manual_seed(0)
    for _ in range(60):
        loss = preference_loss(policy, reference, pairs, draw_flow(pairs.winner, generator), PreferenceSettings(beta=10.0, anchor_weight=0.1))
        optimizer.zero_grad()
        loss.total.backward()
        optimizer.step()
    assert float(loss.accuracy) == 1
    assert float(loss.margins.mean()) > 0.5


def test_a_mean_over_no_frame_is_zero_and_an_exact_velocity_has_no_error():
    assert torch.equal(masked_mean(torch.ones(2, 5), torch.zeros(2, 5, dtype=torch.bool)), torch.zeros(2))
    pairs, drawn = random_pairs(), draw()
    assert flow_error(lambda x_t, t, condition: pairs.winner - drawn.noise, pairs.winner, drawn, None).abs().max() == 0

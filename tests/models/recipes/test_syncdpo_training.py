import json
from dataclasses import replace

import pytest
import torch
from accelerate.state import AcceleratorState

from models.checkpoint import BadWeights, write_training_state
from models.recipes.syncdpo_batches import ClipBatch, Sampling, near_the_clip, ranked_pairs, rule_pairs, sample, seeded
from models.recipes.syncdpo_table import Comparison, Outcome, compared, table
from models.recipes.syncdpo_training import ArmTraining, Material, Method, PairObjective, Plan, arms_by_name
from models.recipes.syncdpo_toy import ToyFlow, ToySource, ToyWorld, follows_the_mouth
from models.sync.curriculum import Challenge
from models.sync.preference import FlowPairs, PreferenceSettings, draw_flow
from models.sync.temporal_rules import Rule

WORLD = ToyWorld(batch=3, width=8)
PLAN = Plan(steps=4, rate=1e-2, warmup=1, beta=20.0, takes=2, pool_batches=2, solver_steps=2)


@pytest.fixture(autouse=True)
def as_if_freshly_launched():
    """accelerate remembers a process's precision, and other tests have others."""
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


def net(seed: int = 0) -> ToyFlow:
    torch.manual_seed(seed)
    return ToyFlow(8)


def material() -> Material:
    return Material(ToySource(WORLD), follows_the_mouth)


def weights(of) -> torch.Tensor:
    return torch.cat([weight.detach().flatten() for weight in of.parameters()])


def test_the_arms_asked_for_are_all_there():
    arms = arms_by_name()
    assert {"sft", "dpo-ranked", "syncdpo", "syncdpo-linear", "syncdpo-cosine", "syncdpo-gated"} <= arms.keys()
    assert {f"syncdpo-only-{rule}" for rule in Rule} <= arms.keys()
    assert arms["syncdpo-only-warp"].rules == (Rule.WARP,)


@pytest.mark.parametrize("name", ["sft", "dpo-ranked", "syncdpo-gated"])
def test_a_resumed_arm_ends_where_an_uninterrupted_one_ends(name, tmp_path):
    arm = arms_by_name()[name]
    whole = ArmTraining(arm, net(), material(), PLAN, tmp_path / "whole")
    assert whole.run().step == 4
    first = ArmTraining(arm, net(), material(), PLAN, tmp_path / "parts")
    for _ in range(2):
        first._one_step()
    first.keep()
    second = ArmTraining(arm, net(), material(), PLAN, tmp_path / "parts")
    assert second.progress.step == 2
    second.run()
    assert torch.allclose(weights(second.net), weights(whole.net), atol=1e-7)
    assert not torch.equal(weights(whole.net), weights(net()))
    assert second.progress.loss == pytest.approx(whole.progress.loss)


def test_every_arm_sees_the_same_clips_noise_and_times(tmp_path):
    seen = {}
    for name in ("sft", "syncdpo", "syncdpo-linear"):
        training = ArmTraining(arms_by_name()[name], net(), material(), PLAN, tmp_path / name)
        pairs = training._pairs(1)
        seen[name] = pairs.winner if pairs.anchor is None else pairs.anchor
    assert torch.equal(seen["sft"], seen["syncdpo"])
    assert torch.equal(seen["sft"], seen["syncdpo-linear"])


def test_the_reference_stays_and_only_the_net_is_kept(tmp_path):
    training = ArmTraining(arms_by_name()["syncdpo"], net(), material(), PLAN, tmp_path)
    training.run()
    assert torch.equal(weights(training.accelerator.unwrap_model(training.module).reference), weights(net()))
    assert set(torch.load(tmp_path / "state.pt", weights_only=True)["weights"]) == {name for name, _ in net().named_parameters()}


def test_frozen_weights_stay_and_are_not_kept(tmp_path):
    half = net()
    half.enter.requires_grad_(False)
    before = half.enter.weight.clone()
    training = ArmTraining(arms_by_name()["syncdpo"], half, material(), PLAN, tmp_path)
    training.run()
    assert torch.equal(training.net.enter.weight, before)
    assert "enter.weight" not in torch.load(tmp_path / "state.pt", weights_only=True)["weights"]


def test_a_state_of_other_options_or_another_net_is_refused(tmp_path):
    ArmTraining(arms_by_name()["sft"], net(), material(), PLAN, tmp_path).run()
    with pytest.raises(ValueError, match="other options"):
        ArmTraining(arms_by_name()["sft"], net(), material(), replace(PLAN, beta=3.0), tmp_path)
    with pytest.raises(BadWeights, match="another net"):
        ArmTraining(arms_by_name()["sft"], ToyFlow(6), material(), PLAN, tmp_path)
    write_training_state(tmp_path / "state.pt", {"step": 1})
    with pytest.raises(BadWeights, match="not a state"):
        ArmTraining(arms_by_name()["sft"], net(), material(), PLAN, tmp_path)


def test_a_stop_file_ends_the_run_with_its_state_kept(tmp_path):
    (tmp_path / "stop").touch()
    assert ArmTraining(arms_by_name()["sft"], net(), material(), PLAN, tmp_path / "sft").run().step == 0
    assert (tmp_path / "sft" / "state.pt").is_file()


def test_fine_tuning_is_the_flow_error_on_the_region():
    batch, policy = ToySource(WORLD).batch(seeded(0)), net()
    objective = PairObjective(policy, has_reference=False)
    draw = draw_flow(batch.mel, seeded(1))
    loss = objective(FlowPairs(batch.mel, batch.mel, batch.region, batch.region, batch.condition), draw, PreferenceSettings())
    t = draw.time[:, None, None]
    error = (policy(t * batch.mel + (1 - t) * draw.noise, draw.time, batch.condition) - (batch.mel - draw.noise)).square().mean(-1)
    by_row = [error[row][batch.region[row]].mean() for row in range(3)]
    assert loss.total.item() == pytest.approx(torch.stack(by_row).mean().item(), rel=1e-5)


def test_rules_edit_each_row_inside_its_region_and_padding_stays():
    batch = ToySource(WORLD).batch(seeded(0))
    short = ClipBatch(batch.mel, batch.region.clone(), batch.condition, lengths=(120, 150, 140), word_edges=batch.word_edges)
    for row, length in enumerate(short.lengths):
        short.region[row, length:] = False
    pairs = rule_pairs(short, [Challenge(rule, 0.8) for rule in (Rule.SHIFT, Rule.SCALE, Rule.REVERSE)], seeded(2), is_rejoined=True)
    assert torch.equal(pairs.changed, (pairs.loser != short.mel).any(-1))
    assert not (pairs.changed & ~short.region).any()
    assert pairs.changed.any(1).all()
    assert torch.equal(pairs.anchor, short.mel)
    assert not torch.equal(pairs.winner, short.mel)
    plain = rule_pairs(short, [Challenge(Rule.SHIFT, 0.8)] * 3, seeded(2), is_rejoined=False)
    assert plain.anchor is None
    assert torch.equal(plain.winner, short.mel)


def test_a_region_in_pieces_is_refused():
    batch = ToySource(WORLD).batch(seeded(0))
    batch.region[1, 60] = False
    with pytest.raises(ValueError, match="row 1 is not one stretch"):
        batch.clip(1)


def test_the_best_take_wins_and_the_worst_loses():
    batch = ToySource(WORLD).batch(seeded(0))
    pairs = ranked_pairs(net(), batch, near_the_clip, 4, Sampling(2), seeded(1))
    scores = near_the_clip(torch.stack([pairs.winner, pairs.loser]), batch)
    assert (scores[0] > scores[1]).all()
    assert torch.equal(pairs.winner[~batch.region], batch.mel[~batch.region])
    assert torch.equal(pairs.anchor, batch.mel)


def test_a_straight_flow_is_sampled_exactly():
    batch = ToySource(WORLD).batch(seeded(0))
    noise = torch.randn(batch.mel.shape, generator=seeded(1))
    made = sample(lambda x_t, t, condition: batch.mel - noise, batch, noise, Sampling(5))
    assert torch.allclose(made, batch.mel, atol=1e-5)


def test_what_was_judged_is_not_trained_again_and_the_table_has_means(tmp_path):
    judged = []

    def judge(velocity):
        judged.append(float(weights(velocity).sum()))
        return {"sum": judged[-1]}

    arms = [arms_by_name()["sft"]]
    plans = [replace(PLAN, seed=seed) for seed in (0, 1)]
    first, again = (compared(arms, plans, material(), start=net, judge=judge, out=tmp_path) for _ in range(2))
    assert [one.measures for one in first.outcomes] == [one.measures for one in again.outcomes]
    assert len(judged) == 6, "the start is judged once, and the arms anew from their states"
    assert json.loads((tmp_path / "sft-1" / "outcome.json").read_text())["arm"] == "sft"


def test_the_table_gives_means_and_spread():
    outcomes = tuple(Outcome("sft", seed, {"lag_ms": value}, {"seconds": 1.0}) for seed, value in ((0, 10.0), (1, 14.0)))
    assert table(Comparison(PLAN, outcomes)).splitlines()[2] == "| sft | 12.000 ± 2.828 |  |  | 1.000 ± 0.000 |"
    assert Method.SFT in {arm.method for arm in arms_by_name().values()}

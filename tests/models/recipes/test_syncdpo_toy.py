import json
import math

import pytest
import torch
from accelerate.state import AcceleratorState

from models.recipes.syncdpo_batches import Sampling, seeded
from models.recipes.syncdpo_toy import BANDS, VOWELS, ToyFlow, ToyJudge, ToySource, ToyWorld, correlation_peaks, follows_the_mouth, main

WORLD = ToyWorld(batch=3, width=8, pretrain_steps=2, judged_clips=4)


@pytest.fixture(autouse=True)
def as_if_freshly_launched():
    """accelerate remembers a process's precision, and other tests have others."""
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


class Told:
    """A net that says what it is told to."""

    def __init__(self, velocity) -> None:
        self.velocity = velocity

    def prepared(self, condition):
        return condition

    def __call__(self, x_t, t, prepared):
        return self.velocity(x_t, t)


def test_the_peak_is_found_where_the_sound_is_moved_to():
    mouth = torch.stack([ToySource(WORLD).clip(seeded(seed)).mouth for seed in range(6)])
    for lag in (-17, 0, 9):
        lags, heights = correlation_peaks(torch.roll(mouth, lag, 1), mouth)
        assert (lags == lag).all()
        assert (heights > 0.99).all()
    assert (correlation_peaks(torch.randn(6, mouth.shape[1], generator=seeded(0)), mouth)[1] < 0.6).all()


def test_the_energy_of_a_made_up_clip_follows_its_mouth_and_the_text_does_not_tell_when():
    source, generator = ToySource(ToyWorld()), seeded(3)
    clips = [source.clip(generator) for _ in range(20)]
    lags, heights = correlation_peaks(torch.stack([clip.mel.mean(-1) for clip in clips]), torch.stack([clip.mouth for clip in clips]))
    assert (lags.abs() <= 2).all()
    assert heights.mean() > 0.8
    seen = correlation_peaks(torch.stack([clip.seen for clip in clips]), torch.stack([clip.mouth for clip in clips]))
    assert (seen[0].abs() <= 3).all()


def test_a_batch_hides_what_is_to_be_generated():
    batch = ToySource(WORLD).batch(seeded(1))
    context = batch.condition[..., VOWELS + 1 :]
    assert batch.condition.shape == (3, WORLD.frames, VOWELS + 1 + BANDS)
    assert torch.equal(context[batch.region], torch.zeros_like(context[batch.region]))
    assert torch.equal(context[~batch.region], batch.mel[~batch.region])
    assert torch.equal(batch.mel, ToySource(WORLD).batch(seeded(1)).mel)
    assert 0.7 <= float(batch.region.float().mean()) <= 1


def test_the_ranker_prefers_takes_in_step():
    batch = ToySource(WORLD).batch(seeded(1))
    scores = follows_the_mouth(torch.stack([torch.roll(batch.mel, 20, 1), batch.mel, torch.roll(batch.mel, -30, 1)]), batch)
    assert (scores.argmax(0) == 1).all()


def test_the_judge_finds_the_truth_in_step_and_noise_not():
    source = ToySource(WORLD)
    judge = ToyJudge(source, Sampling(4, time_shift=1.0))
    truth = judge.batch.mel
    exact = judge(Told(lambda x_t, t: (truth - x_t) / (1 - t[:, None, None])))
    nothing = judge(Told(lambda x_t, t: torch.zeros_like(x_t)))
    assert exact["within_1_frame"] == 1
    assert exact["mel_distance"] < 0.3
    assert nothing["height"] < exact["height"]
    assert nothing["mel_distance"] > exact["mel_distance"]


def test_the_net_sees_over_a_second_to_either_side_of_nothing_less():
    net = ToyFlow(8)
    condition = torch.zeros(1, 150, VOWELS + 1 + BANDS, requires_grad=True)
    net(torch.zeros(1, 150, BANDS), torch.zeros(1), condition)[0, 75].sum().backward()
    seen = condition.grad.abs().sum((0, 2)).nonzero().flatten()
    assert int(seen[-1] - seen[0]) / 93.75 > 1


def test_the_smoke_run_prints_a_row_per_arm_and_writes_what_it_found(tmp_path, capsys):
    main(["--smoke", "--seeds", "0,1", "--arms", "sft,syncdpo-gated", "--json", str(tmp_path / "found.json")])
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0] for row in rows] == ["| arm", "| start", "| sft", "| syncdpo-gated"]
    found = json.loads((tmp_path / "found.json").read_text())
    assert len(found["outcomes"]) == 6
    assert all(math.isfinite(value) for one in found["outcomes"] for value in one["measures"].values())
    assert found["plan"]["steps"] == 3


def test_an_unknown_arm_or_seed_is_named():
    with pytest.raises(SystemExit, match="no arm “dpo”"):
        main(["--smoke", "--arms", "dpo"])
    with pytest.raises(SystemExit, match="no seeds"):
        main(["--smoke", "--seeds", "one"])

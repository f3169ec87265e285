import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from accelerate.state import AcceleratorState

from models.recipes.syncdpo import main
from models.recipes.syncdpo_batches import ranked_pairs, Sampling, seeded, velocity_under
from models.recipes.syncdpo_hearing import LipRanker
from models.recipes.syncdpo_training import ArmTraining, Material, Plan, arms_by_name
from models.recipes.syncdpo_voice import LEAST_FRAMES, FlowJudge, VoiceFlow, VoiceSource, under_another_face, with_faces, word_edges
from models.recipes.syncvoice_start import SIZES
from models.recipes.syncvoice_smoke import made_up
from models.speech.bundle import open_voice
from models.speech.flow import conditions_of
from models.speech.syncvoice import SyncVoice, SyncVoiceConfig
from models.speech.tokens import TokenTable
from models.sync.preference import draw_flow
from tests.conftest import ROOT

CPU = torch.device("cpu")
PLAN = Plan(steps=2, rate=1e-3, warmup=1, beta=500.0)


@pytest.fixture(autouse=True)
def as_if_freshly_launched():
    """accelerate remembers a process's precision, and other tests have others."""
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.fixture(scope="module")
def spoken():
    return made_up(3, count=6, seconds=1.2)


@pytest.fixture(scope="module")
def table(spoken):
    return TokenTable.of(token for one in spoken for token in one.tokens)


def flow(table) -> VoiceFlow:
    torch.manual_seed(0)
    backbone, speaker = SIZES["tiny"]
    net = SyncVoice(SyncVoiceConfig(backbone, len(table), table.pad_id, speaker=speaker)).eval()
    for weight in net.fusion.parameters():
        torch.nn.init.normal_(weight, std=0.05)
    return VoiceFlow(net)


def source(spoken, table) -> VoiceSource:
    return VoiceSource(tuple(spoken), table, 3, CPU)


def test_a_batch_has_faces_regions_word_edges_and_donors(spoken, table):
    batch = source(spoken, table).batch(seeded(1))
    assert batch.mel.shape[0] == len(batch.names) == len(batch.donors) == 3
    assert batch.condition.face_known.any(1).all()
    assert not batch.condition.pauses_known.any()
    assert batch.condition.has_text.all()
    by_name = {one.name: one for one in spoken}
    for row, name in enumerate(batch.names):
        clip = batch.clip(row)
        assert len(clip.mel) == by_name[name].frames
        assert torch.allclose(clip.mel * 10, torch.from_numpy(by_name[name].mel.astype(np.float32)), atol=1e-4)
        assert clip.word_edges == word_edges(by_name[name])
        assert clip.donor is not None
        assert not torch.equal(clip.donor, clip.mel)
    again = source(spoken, table).batch(seeded(1))
    assert torch.equal(batch.mel, again.mel)
    assert batch.names == again.names


def test_word_edges_lie_where_words_begin_and_end(spoken):
    one = replace(
        spoken[0], tokens=("a", "b", " ", "d"), starts_s=np.array([0.1, 0.3, 0.5, 0.6]), ends_s=np.array([0.3, 0.5, 0.6, 0.8])
    )
    assert word_edges(one) == (9, 47, 56, 75)
    assert word_edges(replace(one, is_aligned=False)) == ()


def test_only_utterances_with_a_face_and_room_for_a_rule_are_learned_from(spoken):
    blind = replace(spoken[0], is_seen=np.zeros(0, bool))
    short = replace(spoken[1], mel=spoken[1].mel[: LEAST_FRAMES - 1])
    assert with_faces([blind, short, *spoken[2:]]) == list(spoken[2:])


def test_the_velocity_is_the_voices_own(spoken, table):
    net, batch = flow(table), source(spoken, table).batch(seeded(2))
    draw = draw_flow(batch.mel, seeded(3))
    with torch.no_grad():
        own = net.net.velocity(draw.time, draw.noise, conditions_of(net.net, batch.condition))
        assert torch.equal(velocity_under(net, batch.condition)(draw.noise, draw.time, batch.condition), own)


def test_an_arm_trains_the_voice_with_gradients_to_its_adapters(spoken, table, tmp_path):
    net = flow(table)
    before = {name: weight.clone() for name, weight in net.named_parameters()}
    training = ArmTraining(arms_by_name()["syncdpo"], net, Material(source(spoken, table), None), PLAN, tmp_path)
    assert training.run().step == 2
    moved = {name for name, weight in training.net.named_parameters() if not torch.equal(weight, before[name])}
    assert any(name.startswith("net.fusion.") for name in moved)
    assert any(name.startswith("net.backbone.") for name in moved)


def test_the_judge_of_flow_is_the_same_twice_and_sees_every_rule(spoken, table):
    net, judge = flow(table), FlowJudge(spoken, table, CPU, rounds=2)
    found = judge(net)
    assert found == judge(net)
    assert set(found) == {"flow_error", "told_apart_0.1", "told_apart_0.5", "told_apart_strange_0.5"}
    assert all(0 <= found[name] <= 1 for name in found if name.startswith("told"))


def test_another_face_changes_what_is_seen_and_nothing_else(spoken, table):
    batch = source(spoken, table).batch(seeded(2)).condition
    other = under_another_face(batch)
    assert torch.equal(other.face[1], batch.face[0])
    assert torch.equal(other.lips_known[0], batch.lips_known[-1])
    assert torch.equal(other.target, batch.target)
    assert other.tokens == batch.tokens


def test_the_lip_ranker_asks_about_each_row_alone_and_puts_silence_last(spoken, table):
    class Tone:
        def sound_of(self, mel):
            return mel.mean(2).repeat_interleave(256, 1)

    def distance(mouths, samples):
        return float("inf") if np.isnan(mouths).any() else float(abs(samples.mean() - mouths.mean()))

    batch = source(spoken, table).batch(seeded(4))
    mouths = {one.name: np.full((30, 8), float(one.mel.mean())) for one in spoken}
    ranker = LipRanker(Tone(), distance, mouths)
    takes = torch.stack([batch.mel + 1, batch.mel, batch.mel - 2])
    assert (ranker(takes, batch).argmax(0) == 1).all()
    assert (ranker(takes, batch).argmin(0) == 2).all()
    pairs = ranked_pairs(flow(table), batch, ranker, 2, Sampling(2), seeded(5))
    assert pairs.changed.any()


def test_the_smoke_run_prints_every_arm_and_leaves_voices_that_open(tmp_path, capsys):
    main(["--smoke", "--arms", "dpo-ranked,syncdpo-only-pause", "--out", str(tmp_path / "run"), "--json", str(tmp_path / "found.json")])
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0] for row in rows] == ["| arm", "| start", "| dpo-ranked", "| syncdpo-only-pause"]
    assert len(json.loads((tmp_path / "found.json").read_text())["outcomes"]) == 3
    assert open_voice(tmp_path / "run" / "syncdpo-only-pause-0" / "voice").has_sight


def test_what_is_missing_is_named():
    with pytest.raises(SystemExit, match="--data, --voice, --out"):
        main([])


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_two_processes_train_together_and_print_one_table(tmp_path):
    launch = ["torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m", "models.recipes.syncdpo"]
    asked = ["--smoke", "--precision", "no", "--arms", "sft,syncdpo-gated", "--out", str(tmp_path)]
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}  # two processes with all cores each wait for one another
    ran = subprocess.run([sys.executable, "-m", *launch, *asked], cwd=ROOT, capture_output=True, text=True, timeout=380, stdin=subprocess.DEVNULL, env=alone)
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert ran.stdout.count("| arm |") == 1
    assert (tmp_path / "syncdpo-gated-0" / "voice" / "model.safetensors").is_file()

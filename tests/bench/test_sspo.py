"""The benchmark's systems do the same work, and its table says what it measured."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model

from bench.sspo import PAPER_LORA, Step, drawn_scene, lines_of, packed_step, per_line_step, table, train_a_little
from bench.sspo_peer import PeerFailed, Trl
from models.checkpoint import LanguageModelPlace, open_language_model
from models.translation.packing import packed_tokens
from models.translation.preference_scene import line_tree, plain_tokens
from tests.tiny_models import make_language_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> PeftModel:
    folder = make_language_model(tmp_path_factory.mktemp("lm"))
    model = get_peft_model(open_language_model(LanguageModelPlace(str(folder)), "cpu")[0], LoraConfig(**PAPER_LORA))
    train_a_little(model, seed=0)
    return model


def test_packed_and_per_line_steps_give_the_same_loss_and_gradients(model: PeftModel) -> None:
    scene = drawn_scene(4, model.config.vocab_size, torch.Generator().manual_seed(0))
    packed, plain = packed_step(model, scene), per_line_step(model, line_tree(scene, include_terminator=False))
    assert packed.loss == pytest.approx(plain.loss, rel=1e-5)
    assert plain.gradients.abs().max() > 1e-3
    assert torch.allclose(packed.gradients, plain.gradients, atol=1e-5 * float(plain.gradients.abs().max()))
    assert packed.seconds > 0 < packed.cpu_s


def test_the_drawn_scene_is_a_function_of_its_seed_and_large_enough_to_tell() -> None:
    first, again, other = (drawn_scene(35, 8192, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1))
    assert first == again != other
    tree = line_tree(first, include_terminator=False)
    assert len(tree.preferred) == 35
    assert plain_tokens([tree]) > 20 * packed_tokens([tree], with_kl=False)


def test_the_table_holds_every_system_against_per_line_and_packed() -> None:
    def step(seconds: float, loss: float, gradient: float) -> Step:
        return Step(seconds, seconds / 2, loss, torch.tensor([gradient, -4.0]))

    tree = line_tree(drawn_scene(2, 300, torch.Generator().manual_seed(0)), include_terminator=False)
    steps = {"packed": [step(1, 3.5, 1.0), step(3, 3.5, 1.0), step(2, 3.5, 1.0)], "per line": [step(24, 3.0, 2.0)], "TRL": [step(30, 3.0, 2.0)]}
    packed, plain, peer = table(steps, tree, "TRL 0.0.0, 2 pairs a batch")
    assert (packed.median_s, packed.fastest_s, plain.times_packed, peer.times_packed_cpu) == (2, 1, 12, 15)
    assert (packed.loss_difference, packed.gradient_difference, plain.gradient_difference) == (0.5, 0.25, 0.0)
    assert (packed.note, peer.note) == ("", "TRL 0.0.0, 2 pairs a batch")
    assert lines_of([packed, plain, peer])[-1] == "packed is 15.0 times as fast as TRL; the aim is 10."


def test_a_folder_without_trl_is_refused_in_a_sentence(model: PeftModel, tmp_path: Path) -> None:
    with pytest.raises(PeerFailed, match="holds no package trl"):
        Trl(tmp_path, model.get_base_model(), None, LoraConfig(**PAPER_LORA))

"""The packed loss is the per-line loss, in value and in every gradient, and both have the properties the paper's formula gives them."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel, PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from models.translation.preference_loss import (
    LossSettings, Objective, ReferenceScores, SceneForm, SceneLoss, reference_scores, scene_loss, scene_losses,
)  # fmt: skip
from models.translation.preference_scene import PreferenceScene, mixed_prefix, preference_scene
from models.translation.span_scores import CannotPack
from models.translation.tokens import train_tokenizer
from tests.preference_records import scene_record
from tests.tiny_models import SPECIAL, pairs

LOG_2 = 0.693147
PER_LINE = LossSettings(form=SceneForm.PER_LINE)
SHAPE = dict(
    hidden_size=32, num_hidden_layers=2, intermediate_size=48, num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=512,
)  # fmt: skip
WITH_TERMINATOR = LossSettings(include_terminator=True)
VARIANTS = {
    "sspo": LossSettings(),
    "tkld": LossSettings(kl_weight=1e-2),
    "terminator": WITH_TERMINATOR,
    "alpo": LossSettings(objective=Objective.ALPO),
    "dpo": LossSettings(objective=Objective.DPO),
    "dpo and tkld": LossSettings(objective=Objective.DPO, kl_weight=1e-2),
    "smoothed": LossSettings(label_smoothing=0.1),
    "many chunks": LossSettings(kl_weight=1e-2, logits_at_once=330 * 7),
}


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    core = train_tokenizer(pairs(5), 330, SPECIAL)
    return PreTrainedTokenizerFast(tokenizer_object=core, pad_token="<pad>", eos_token="<eos>")


@pytest.fixture(scope="module")
def scene(tokenizer: PreTrainedTokenizerFast) -> PreferenceScene:
    return preference_scene(scene_record(6, skipped={2}), tokenizer)


def bare_model(kind: str = "qwen2", attention: str = "sdpa", seed: int = 0) -> PreTrainedModel:
    """A tiny model whose weights are large enough for the texts to differ in likelihood."""
    if kind == "qwen2":
        model = Qwen2ForCausalLM(Qwen2Config(vocab_size=330, tie_word_embeddings=True, attn_implementation=attention, **SHAPE))
    else:
        model = LlamaForCausalLM(LlamaConfig(vocab_size=330, attn_implementation=attention, **SHAPE))
    randomise(model, 0.2, seed)
    return model.eval()


def randomise(model: torch.nn.Module, scale: float, seed: int, only: str = "") -> None:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim == 2 and only in name:
                weight.copy_(scale * torch.randn(weight.shape, generator=generator))


def adapted(model: PreTrainedModel, *, trained: bool = True, dropout: float = 0.0) -> PeftModel:
    """With a LoRA adapter as in the paper's settings; `trained` gives it weights that change the model."""
    lora = LoraConfig(r=4, lora_alpha=8, lora_dropout=dropout, target_modules=["q_proj", "k_proj", "v_proj"], task_type="CAUSAL_LM")
    wrapped = get_peft_model(model, lora)
    if trained:
        randomise(wrapped, 0.2, 7, only="lora_")
    return wrapped


def gradients(model: torch.nn.Module, loss: SceneLoss) -> dict[str, torch.Tensor]:
    model.zero_grad()
    loss.total.backward()
    return {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.grad is not None}


def assert_same(model: torch.nn.Module, scene: PreferenceScene, settings: LossSettings, tolerance: float, reference=None) -> None:
    plain = scene_loss(model, scene, replace(settings, form=SceneForm.PER_LINE), reference=reference)
    wanted = gradients(model, plain)
    packed = scene_loss(model, scene, settings, reference=reference)
    found = gradients(model, packed)
    assert float(packed.total.detach()) == pytest.approx(float(plain.total.detach()), rel=tolerance, abs=tolerance)
    assert torch.allclose(packed.margins, plain.margins, atol=10 * tolerance)  # differences of four sums of tens of nats
    assert packed.margins.abs().max() > 1e-2, "the comparison would be empty"
    assert wanted.keys() == found.keys() and wanted
    largest = max(float(gradient.abs().max()) for gradient in wanted.values())
    assert largest > 1e-2
    for name, gradient in wanted.items():
        assert (found[name] - gradient).abs().max() <= tolerance * max(1.0, largest), name


@pytest.mark.parametrize("kind", ["qwen2", "llama"])
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("variant", ["sspo", "tkld"])
def test_packed_and_per_line_agree_in_loss_and_gradients(kind: str, attention: str, variant: str, scene: PreferenceScene) -> None:
    assert_same(adapted(bare_model(kind, attention)), scene, VARIANTS[variant], 1e-5)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_objective_is_the_same_in_both_forms(variant: str, scene: PreferenceScene) -> None:
    assert_same(adapted(bare_model()), scene, VARIANTS[variant], 1e-5)

"""The packed loss is the per-line loss, in value and in every gradient, and both have the properties the paper's formula gives them."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import (
    BloomConfig, BloomForCausalLM, LlamaConfig, LlamaForCausalLM, PreTrainedModel, PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM,
)  # fmt: skip
from transformers.modeling_outputs import BaseModelOutputWithPast

from models.translation.preference_loss import (
    LossSettings, Objective, ReferenceScores, SceneForm, SceneLoss, reference_scores, scene_loss, scene_losses,
)  # fmt: skip
from models.translation.preference_scene import PreferenceScene, mixed_prefix, preference_scene
from models.translation.span_scores import CannotPack
from models.translation.tokens import train_tokenizer
from tests.preference_records import scene_record
from tests.tiny_models import SPECIAL, pairs

LOG_2 = 0.693147
DOUBLE = 1e-6  # tolerance in float64: transformers computes norms and angles in float32 whatever the type of the weights
PER_LINE = LossSettings(form=SceneForm.PER_LINE)
SHAPE = {
    "hidden_size": 32, "num_hidden_layers": 2, "intermediate_size": 48, "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 512,
}  # fmt: skip
VARIANTS = {
    "sspo": LossSettings(),
    "tkld": LossSettings(kl_weight=1e-2),
    "terminator": LossSettings(include_terminator=True),
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
    assert torch.allclose(packed.margins, plain.margins, atol=10 * tolerance)  # each is what remains of four sums of tens of nats
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
    assert_same(adapted(bare_model()).double(), scene, VARIANTS[variant], DOUBLE)


@pytest.mark.parametrize("form", ["compact", "tagged"])
def test_a_mixed_prefix_is_the_same_in_both_forms(form: str, tokenizer: PreTrainedTokenizerFast) -> None:
    scene = preference_scene(scene_record(6, skipped={1}, form=form), tokenizer)
    mixed = mixed_prefix(scene, 0.3, torch.Generator().manual_seed(1))
    assert mixed.written != scene.written
    assert_same(adapted(bare_model()).double(), mixed, LossSettings(objective=Objective.ALPO), DOUBLE)


def test_full_fine_tuning_against_a_frozen_model_is_the_same_in_both_forms(scene: PreferenceScene) -> None:
    model, frozen = bare_model("llama", seed=1).double(), bare_model("llama").double()
    assert_same(model, scene, LossSettings(kl_weight=1e-2), DOUBLE, reference=frozen)
    assert all(weight.grad is None for weight in frozen.parameters())


def test_gradient_checkpointing_changes_nothing(scene: PreferenceScene) -> None:
    model = adapted(bare_model()).double()
    wanted = gradients(model, scene_loss(model, scene, VARIANTS["tkld"]))
    model.gradient_checkpointing_enable({"use_reentrant": False})
    model.train()
    found = gradients(model, scene_loss(model, scene, VARIANTS["many chunks"]))
    assert model.training and model.is_gradient_checkpointing
    assert wanted.keys() == found.keys()
    assert all(torch.allclose(found[name], wanted[name], atol=DOUBLE) for name in wanted)


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_half_precision_stays_near(attention: str, scene: PreferenceScene) -> None:
    model = adapted(bare_model(attention=attention)).bfloat16()
    exact = scene_loss(adapted(bare_model(attention=attention)), scene, VARIANTS["tkld"])
    packed = scene_loss(model, scene, VARIANTS["tkld"])
    plain = scene_loss(model, scene, replace(VARIANTS["tkld"], form=SceneForm.PER_LINE))
    assert packed.total.dtype == torch.float32
    assert torch.allclose(packed.margins, exact.margins, rtol=0.1, atol=0.6)
    assert (packed.margins - exact.margins).abs().mean() <= 2 * (plain.margins - exact.margins).abs().mean() + 0.05
    found = gradients(model, packed)
    assert found and all(gradient.isfinite().all() for gradient in found.values())


def test_autocast_reads_the_same_scene(scene: PreferenceScene) -> None:
    model = adapted(bare_model())
    exact = scene_loss(model, scene, LossSettings())
    with torch.autocast("cpu", torch.bfloat16):
        cast = scene_loss(model, scene, LossSettings())
    assert torch.allclose(cast.margins, exact.margins, rtol=0.1, atol=0.6)


def test_scenes_in_one_row_do_not_see_each_other(tokenizer: PreTrainedTokenizerFast) -> None:
    scenes = [preference_scene(scene_record(n_lines, skipped={1}), tokenizer) for n_lines in (5, 2, 3)]
    model = adapted(bare_model()).double()
    settings = VARIANTS["many chunks"]
    together = scene_losses(model, scenes, settings)
    for loss, alone in zip(together, [scene_loss(model, scene, settings) for scene in scenes], strict=True):
        assert torch.allclose(loss.margins, alone.margins, atol=DOUBLE)
        assert torch.allclose(loss.total, alone.total, atol=DOUBLE)


def test_kept_reference_scores_replace_the_reference(scene: PreferenceScene) -> None:
    model = adapted(bare_model()).double()
    wanted = scene_loss(model, scene, LossSettings())
    kept = reference_scores(model, scene, LossSettings())
    found = scene_loss(model, scene, LossSettings(), reference=kept)
    assert torch.allclose(found.margins, wanted.margins, atol=DOUBLE)
    with pytest.raises(ValueError, match="whole vocabularies"):
        scene_loss(model, scene, VARIANTS["tkld"], reference=kept)
    with pytest.raises(ValueError, match="1 spans"):
        scene_loss(model, scene, LossSettings(), reference=ReferenceScores(torch.zeros(1)))


@pytest.mark.parametrize("settings", [LossSettings(kl_weight=1.0), replace(PER_LINE, kl_weight=1.0)], ids=["packed", "per line"])
def test_a_policy_that_is_the_reference_pays_log_2_a_line_and_no_kl(settings: LossSettings, scene: PreferenceScene) -> None:
    loss = scene_loss(adapted(bare_model(), trained=False), scene, settings)
    assert loss.n_lines == 5
    assert float(loss.preference) == pytest.approx(5 * LOG_2, abs=1e-4)
    assert float(loss.kl) == pytest.approx(0.0, abs=1e-6)
    assert loss.accuracy == 0.0


def test_the_kl_is_that_of_the_whole_vocabulary_at_every_token_of_the_answer(scene: PreferenceScene) -> None:
    model = adapted(bare_model()).double()
    trunk = torch.tensor([scene.layout.trunk(scene.written)])
    with torch.no_grad():
        policy = model(trunk).logits[0, :-1].softmax(-1)
        with model.disable_adapter():
            reference = model(trunk).logits[0, :-1].softmax(-1)
    by_hand = (policy * (policy.log() - reference.log())).sum()
    assert by_hand > 0.1
    assert float(scene_loss(model, scene, VARIANTS["tkld"]).kl) == pytest.approx(float(by_hand), abs=1e-9)


def test_the_kl_leaves_the_prompt_out(tokenizer: PreTrainedTokenizerFast) -> None:
    scene = preference_scene(scene_record(3, form="compact"), tokenizer)
    model = adapted(bare_model()).double()
    start = len(scene.layout.prompt)
    trunk = torch.tensor([scene.layout.trunk(scene.written)])
    with torch.no_grad():
        policy = model(trunk).logits[0, start - 1 : -1].log_softmax(-1)
        with model.disable_adapter():
            reference = model(trunk).logits[0, start - 1 : -1].log_softmax(-1)
    by_hand = (policy.exp() * (policy - reference)).sum()
    assert float(scene_loss(model, scene, VARIANTS["tkld"]).kl) == pytest.approx(float(by_hand), abs=1e-9)


def test_swapping_chosen_and_rejected_turns_every_margin_round(scene: PreferenceScene) -> None:
    model = adapted(bare_model()).double()
    swapped = replace(scene, lines=tuple(replace(line, chosen=line.rejected, rejected=line.chosen) for line in scene.lines))
    there, back = scene_loss(model, scene, LossSettings()), scene_loss(model, swapped, LossSettings())
    assert torch.allclose(there.margins, -back.margins, atol=DOUBLE)
    assert there.margins.abs().min() > 1e-3


def test_skipped_lines_give_no_term_but_stand_in_the_context(scene: PreferenceScene) -> None:
    model = adapted(bare_model()).double()
    loss = scene_loss(model, scene, LossSettings())
    assert loss.n_lines == 5 and scene.rejected(2) is None
    other_words = replace(scene, written=tuple(words if place != 2 else words * 2 for place, words in enumerate(scene.written)))
    change = (scene_loss(model, other_words, LossSettings()).margins - loss.margins).abs()
    assert change[:2].max() < DOUBLE, "lines before the skipped one do not see it"
    assert change[2:].min() > 1e-4, "lines behind it do"


@pytest.mark.parametrize("settings", [LossSettings(), PER_LINE, VARIANTS["alpo"], VARIANTS["dpo"]])
def test_a_scene_without_lessons_costs_nothing_and_still_goes_backward(settings: LossSettings, tokenizer: PreTrainedTokenizerFast) -> None:
    scene = preference_scene(scene_record(3, skipped={0, 1, 2}), tokenizer)
    model = adapted(bare_model())
    loss = scene_loss(model, scene, settings)
    found = gradients(model, loss)
    assert float(loss.total.detach()) == 0.0 and loss.n_lines == 0 and loss.accuracy is None
    assert found and all((gradient == 0).all() for gradient in found.values())


def test_a_scene_of_one_line_and_an_empty_rejected_translation_are_served(tokenizer: PreTrainedTokenizerFast) -> None:
    scene = preference_scene(scene_record(1), tokenizer)
    empty = replace(scene, lines=(replace(scene.lines[0], rejected=()),))
    model = adapted(bare_model()).double()
    for settings in (LossSettings(), LossSettings(include_terminator=True), VARIANTS["tkld"]):
        assert_same(model, scene, settings, DOUBLE)
        assert_same(model, empty, settings, DOUBLE)
    loss = scene_loss(model, empty, LossSettings())
    assert float(loss.dispreferred_gains) == 0.0 != float(loss.preferred_gains)


def test_only_predictions_inside_the_spans_are_pushed(scene: PreferenceScene) -> None:
    """Seen at the last hidden states, from which logits are made position by position: where no span is read there must be no gradient."""
    model = bare_model("llama").double()
    pushed: dict[int, float] = {}
    trunk = scene.layout.trunk(scene.written)

    def watch(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...], output: BaseModelOutputWithPast) -> None:
        if output.last_hidden_state.requires_grad:
            output.last_hidden_state.register_hook(lambda gradient: add(gradient[0].abs().sum(-1).tolist()))

    def add(sizes: list[float]) -> None:
        for place, size in enumerate(sizes):
            pushed[place] = pushed.get(place, 0.0) + size

    handle = model.model.register_forward_hook(watch)
    one = replace(scene, lines=tuple(replace(line, is_skipped=place != 3) for place, line in enumerate(scene.lines)))
    scene_loss(model, one, PER_LINE, reference=bare_model("llama", seed=1).double()).total.backward()
    handle.remove()
    start = len(scene.layout.prompt) + sum(
        len(scene.layout.openings[place]) + len(scene.written[place]) + len(scene.layout.terminator) for place in range(3)
    ) + len(scene.layout.openings[3])  # fmt: skip
    inside = {start - 1 + offset for offset in range(max(len(one.lines[3].chosen), len(one.lines[3].rejected)))}
    assert trunk[start : start + len(one.lines[3].chosen)] == list(one.lines[3].chosen)
    assert {place for place, size in pushed.items() if size > 0} <= inside
    assert pushed[start - 1] > 0 and all(pushed[place] == 0.0 for place in range(start - 1))


def test_the_reference_is_asked_without_dropout_and_left_as_it_was(scene: PreferenceScene) -> None:
    model = adapted(bare_model(), dropout=0.5)
    model.eval()
    wanted = scene_loss(model, scene, LossSettings())
    model.train()
    torch.manual_seed(0)
    loss = scene_loss(model, scene, LossSettings())
    assert all(module.training for module in model.modules())
    assert not torch.allclose(loss.margins, wanted.margins)
    assert torch.allclose(reference_scores(model, scene, LossSettings()).log_probabilities, _reference_by_hand(model, scene), atol=1e-4)


def _reference_by_hand(model: PeftModel, scene: PreferenceScene) -> torch.Tensor:
    model.eval()
    with model.disable_adapter(), torch.no_grad():
        plain = scene_loss(model, scene, PER_LINE, reference=bare_model(seed=5))
        return torch.cat([plain.preferred_gains, plain.dispreferred_gains]) + reference_scores(
            bare_model(seed=5), scene, LossSettings(), reference=bare_model(seed=5)
        ).log_probabilities


def test_a_model_without_adapter_needs_a_reference(scene: PreferenceScene) -> None:
    with pytest.raises(ValueError, match="frozen reference"):
        scene_loss(bare_model(), scene, LossSettings())


def test_models_that_cannot_be_packed_are_refused_in_a_sentence(scene: PreferenceScene) -> None:
    sliding = bare_model()
    sliding.config.layer_types = ["full_attention", "sliding_attention"]
    with pytest.raises(CannotPack, match="sliding_attention.*per-line form"):
        scene_loss(adapted(sliding), scene, LossSettings())
    capped = bare_model()
    capped.config.final_logit_softcapping = 30.0
    with pytest.raises(CannotPack, match="final_logit_softcapping"):
        scene_loss(adapted(capped), scene, LossSettings())


def test_positions_taken_from_the_order_of_the_row_cannot_be_packed(scene: PreferenceScene) -> None:
    config = BloomConfig(vocab_size=330, hidden_size=32, n_layer=1, n_head=2, attn_implementation="eager")
    with pytest.raises(CannotPack, match="BloomForCausalLM takes its positions"):
        scene_loss(BloomForCausalLM(config), scene, LossSettings(), reference=bare_model())


def test_logits_are_made_only_where_they_are_read_and_a_few_at_a_time(scene: PreferenceScene) -> None:
    model = bare_model("llama")
    sizes: list[int] = []
    model.lm_head.register_forward_hook(lambda module, inputs, output: sizes.append(output.numel()))
    settings = LossSettings(kl_weight=1e-2, logits_at_once=330 * 7)
    scene_loss(model, scene, settings, reference=bare_model("llama", seed=1)).total.backward()
    whole_answer = len(scene.layout.trunk(scene.written)) - 1
    questions = sum(max(0, len(line.rejected) - 1) for line in scene.lines if not line.is_skipped)
    assert max(sizes) <= settings.logits_at_once
    assert sum(sizes) == 2 * 330 * (whole_answer + questions)  # once forward, once more for the gradient


def test_an_adapted_head_has_its_original_as_reference(scene: PreferenceScene) -> None:
    lora = LoraConfig(r=4, target_modules=["q_proj", "lm_head"], task_type="CAUSAL_LM")
    model = get_peft_model(bare_model("llama"), lora).double()
    randomise(model, 0.2, 7, only="lora_")
    assert_same(model, scene, VARIANTS["tkld"], DOUBLE)

"""Memory and time that preference training asks of an accelerator, calculated from a model's shape (nothing is loaded or measured).

A shape and a way of training in, bytes by what they are for and floating-point operations out. A new model is a new entry of
`SHAPES`. `python -m models.recipes.translation_sspo --estimate all` prints the table of docs/training.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.translation.preference_loss import LossSettings

GIB = 2**30
OVERHEAD_BYTES = 2 * GIB  # CUDA context, workspaces, allocator's slack: a round figure
SCENES, EPOCHS = 300, 4  # the paper's ten thousand lines, about: 300 scenes of 35
TERAFLOPS = {"A100": 125.0, "H100": 400.0}  # sustained bf16, 40 % of the data sheets' dense peaks


@dataclass(frozen=True, slots=True)
class ModelShape:
    """A Qwen2-type decoder. Sizes are widths and counts; `has_tied_head`: embeddings and output matrix are one."""

    hidden: int
    layers: int
    heads: int
    value_heads: int
    intermediate: int
    vocabulary: int
    has_tied_head: bool

    @property
    def value_width(self) -> int:
        return self.hidden // self.heads * self.value_heads

    @property
    def weight_count(self) -> int:
        """Every weight of the model, biases of q, k, v and norms included."""
        attention = 2 * self.hidden * (self.hidden + self.value_width) + self.hidden + 2 * self.value_width
        layer = attention + 3 * self.hidden * self.intermediate + 2 * self.hidden
        tables = self.vocabulary * self.hidden * (1 if self.has_tied_head else 2)
        return self.layers * layer + tables + self.hidden

    def adapter_count(self, rank: int, targets: tuple[str, ...]) -> int:
        """Weights of a LoRA adapter: rank × (inputs + outputs) per target and layer."""
        sizes = {
            "q_proj": (self.hidden, self.hidden), "k_proj": (self.hidden, self.value_width), "v_proj": (self.hidden, self.value_width),
            "o_proj": (self.hidden, self.hidden), "gate_proj": (self.hidden, self.intermediate),
            "up_proj": (self.hidden, self.intermediate), "down_proj": (self.intermediate, self.hidden),
        }  # fmt: skip
        return self.layers * sum(rank * sum(sizes[name]) for name in targets)


SHAPES = {
    "Qwen2.5-0.5B": ModelShape(896, 24, 14, 2, 4864, 151_936, True),
    "Qwen2.5-1.5B": ModelShape(1536, 28, 12, 2, 8960, 151_936, True),
    "Qwen2.5-7B": ModelShape(3584, 28, 28, 4, 18_944, 152_064, False),
    "Qwen2.5-14B": ModelShape(5120, 48, 40, 8, 13_824, 152_064, False),
}


@dataclass(frozen=True, slots=True)
class SceneTokens:
    """Tokens of one packed scene. Defaults: 35 zh→en lines in the instruction form, about 8 tokens a source, 9 a translation."""

    prompt: int = 420
    answer: int = 735
    chosen: int = 315
    rejected: int = 315

    @property
    def packed(self) -> int:
        return self.prompt + self.answer + self.rejected


@dataclass(frozen=True, slots=True)
class TrainingKind:
    """`is_lora`: an adapter, else every weight. `has_penalty`: the token-level KL term runs. bf16 throughout, AdamW's state in float32."""

    is_lora: bool
    has_penalty: bool = False
    rank: int = 16
    targets: tuple[str, ...] = ("q_proj", "k_proj", "v_proj")
    has_checkpointing: bool = True


@dataclass(frozen=True, slots=True)
class TrainingCost:
    """Bytes on one device for one scene at a time, and operations of one scene in one epoch (reference pass apart)."""

    weight_bytes: int
    training_bytes: int
    activation_bytes: int
    logit_bytes: int
    step_flops: float
    reference_flops: float

    @property
    def total_bytes(self) -> int:
        return self.weight_bytes + self.training_bytes + self.activation_bytes + self.logit_bytes + OVERHEAD_BYTES

    def minutes(self, teraflops: float, *, scenes: int = SCENES, epochs: int = EPOCHS) -> float:
        """All epochs at a sustained speed; the reference is read once per scene."""
        return scenes * (epochs * self.step_flops + self.reference_flops) / (teraflops * 1e12) / 60


def training_cost(shape: ModelShape, kind: TrainingKind, scene: SceneTokens) -> TrainingCost:
    """Weights: 2 bytes each under LoRA; float32 with a bf16 copy for a full fine-tune, and 2 more for a frozen reference under the
    penalty. What is trained: gradient and two moments in float32 (LoRA's own weights too). Activations: with checkpointing one
    hidden state per layer and one layer's inside. Logits: spans only, four float32 rows of the vocabulary per token (values,
    logarithms, their gradients), six with the penalty, which reads the whole answer; no more at once than the loss makes."""
    trained = shape.adapter_count(kind.rank, kind.targets) if kind.is_lora else shape.weight_count
    weight_bytes = shape.weight_count * (2 if kind.is_lora else 6 + 2 * kind.has_penalty)
    training_bytes = trained * (16 if kind.is_lora else 12)
    tokens = scene.packed
    state = 2 * tokens * shape.hidden
    inside = 2 * tokens * (8 * shape.hidden + 4 * shape.value_width + 4 * shape.intermediate) + 2 * tokens * tokens
    activation_bytes = shape.layers * state + inside if kind.has_checkpointing else shape.layers * (state + inside)
    scored = scene.answer + scene.rejected if kind.has_penalty else scene.chosen + scene.rejected
    logit_bytes = min(scored * shape.vocabulary, LossSettings().logits_at_once) * 4 * (6 if kind.has_penalty else 4)
    forward = 2.0 * shape.weight_count * tokens
    passes = 2 + (not kind.is_lora) + kind.has_checkpointing + kind.has_penalty
    return TrainingCost(weight_bytes, training_bytes, activation_bytes, logit_bytes, passes * forward, forward)


def estimate_table(names: tuple[str, ...]) -> str:
    """Markdown: one row per model and way of training, one device, one scene of 35 lines at a time."""
    rows = [
        "| model | trained | weights GiB | gradients, moments GiB | activations, logits GiB | sum GiB | A100 minutes | H100 minutes |",
        "|---|---|---|---|---|---|---|---|",
    ]
    kinds = {"LoRA r16": TrainingKind(True), "LoRA r16 + TKLD": TrainingKind(True, True), "full": TrainingKind(False)}
    for name in names:
        for label, kind in kinds.items():
            cost = training_cost(SHAPES[name], kind, SceneTokens())
            working = cost.activation_bytes + cost.logit_bytes
            sizes = " | ".join(f"{size / GIB:.2f}" for size in (cost.weight_bytes, cost.training_bytes, working, cost.total_bytes))
            times = " | ".join(f"{cost.minutes(speed):.1f}" for speed in TERAFLOPS.values())
            rows.append(f"| {name} | {label} | {sizes} | {times} |")
    return "\n".join(rows)


def named_shapes(asked: str) -> tuple[str, ...]:
    """The models meant by `all`, `0.5B` or `Qwen2.5-7B`. Raises ValueError with the names there are."""
    found = tuple(name for name in SHAPES if asked in ("all", name, name.removeprefix("Qwen2.5-")))
    if not found:
        raise ValueError(f"There is no calculation for “{asked}”; ask for all or one of {', '.join(SHAPES)}.")
    return found

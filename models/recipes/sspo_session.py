"""What a preference training holds while it runs: model and loss in one module, optimizer, reference scores, and the state on disk.

A run's options in, a `Session` out; accelerate decides about devices, processes and sharding. A further thing to resume is a further
entry of `state_of` and `restore`.
"""

from __future__ import annotations

import argparse
import copy
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from accelerate import Accelerator, DistributedType
from accelerate.utils import gather_object
from peft import LoraConfig, PeftModel, get_peft_model
from torch import Tensor, nn

from models.checkpoint import (
    BadWeights, LanguageModelPlace, attach_adapter, open_language_model, read_training_state, save_adapter, weights_sha256,
    write_training_state,
)  # fmt: skip
from models.recipes.sspo_flags import identity_of
from models.recipes.sspo_scenes import TrainingScene
from models.translation.preference_loss import LossSettings, Objective, ReferenceScores, SceneForm, reference_scores, scene_loss
from models.translation.preference_scene import PreferenceScene

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

STATE, LAST = "state.pt", "last"
LOSS, REFERENCE = "loss", "reference"
SHARDED = (DistributedType.FSDP, DistributedType.DEEPSPEED)


class ScenePass(NamedTuple):
    """`total` carries the gradient; `preference` and `kl` (0 where not asked for) are its parts, `margins` (L,) in nats."""

    total: Tensor
    preference: Tensor
    kl: Tensor
    margins: Tensor


class SceneObjective(nn.Module):
    """Model and loss as one module, so that whatever wraps it (data parallel, sharded) sees every pass through `forward`.

    `frozen`: the reference model where adapter-off cannot serve; None with LoRA."""

    def __init__(self, model: nn.Module, frozen: nn.Module | None) -> None:
        super().__init__()
        self.model, self.frozen = model, frozen
        self._no_split_modules = getattr(model, "_no_split_modules", None)  # what sharding wraps one by one where nothing else is said

    def forward(self, scene: PreferenceScene, settings: LossSettings, kept: Tensor | None, asks: str = LOSS) -> ScenePass:
        """`kept`: the reference's scores, where known. `asks`: LOSS, or REFERENCE for the reference's scores (S,) alone, in `margins`."""
        if asks == REFERENCE:
            itself = None if isinstance(self.model, PeftModel) else self.model  # nothing is trained yet when a full fine-tune asks
            scores = reference_scores(self.model, scene, settings, reference=itself).log_probabilities
            nothing = scores.new_zeros(())
            return ScenePass(nothing, nothing, nothing, scores)
        reference = self.frozen if kept is None else ReferenceScores(kept.to(self.model.device))
        loss = scene_loss(self.model, scene, settings, reference=reference)
        kl = loss.preference.new_zeros(()) if loss.kl is None else loss.kl
        return ScenePass(loss.total, loss.preference, kl, loss.margins)


@dataclass
class Progress:
    """Where a run is. `best_score`: smaller is better, None before the first evaluation that counts. `ended`: why it is over, or "".
    `floor`: of format compliance, where the untrained model was below the one asked for."""

    step: int = 0
    lines_per_pass: int = 0
    best_score: float | None = None
    best_step: int = -1
    ended: str = ""
    floor: float | None = None


@dataclass
class Session:
    """`kept`: reference scores by scene id, where they can be kept. `digest`: sha256 of the base's weights, None for a hub id."""

    run: argparse.Namespace
    accelerator: Accelerator
    tokenizer: PreTrainedTokenizerBase
    module: nn.Module
    optimizer: torch.optim.Optimizer
    settings: LossSettings
    digest: str | None
    kept: dict[str, Tensor] = field(default_factory=dict)
    progress: Progress = field(default_factory=Progress)

    @property
    def objective(self) -> SceneObjective:
        return self.accelerator.unwrap_model(self.module)

    @property
    def max_tokens(self) -> int:
        """The longest text the model has positions for."""
        return int(self.objective.model.config.max_position_embeddings)

    @property
    def n_trained(self) -> int:
        return sum(weight.numel() for weight in self.objective.model.parameters() if weight.requires_grad)

    @property
    def n_weights(self) -> int:
        return sum(weight.numel() for weight in self.objective.model.parameters())

    @property
    def keeps_scores(self) -> bool:
        """Whether the reference's scores are constant and enough: no full-vocabulary penalty, no changing prefix, packed."""
        return self.settings.kl_weight == 0 and not self.run.prefix_mixing and self.run.packed

    @property
    def is_sharded(self) -> bool:
        return self.accelerator.distributed_type in SHARDED


def loss_settings(run: argparse.Namespace) -> LossSettings:
    objective = Objective.DPO if run.method == "dpo" else Objective.ALPO if run.alpo else Objective.SSPO
    form = SceneForm.PACKED if run.packed else SceneForm.PER_LINE
    return LossSettings(objective, run.beta, run.kl_weight, include_terminator=run.include_terminator, form=form)


def open_session(run: argparse.Namespace) -> Session:
    """Model, adapter and optimizer on accelerate's device. Raises BadWeights, OSError or ValueError with a sentence."""
    accelerator = Accelerator(mixed_precision=_precision(run), cpu=not torch.accelerator.is_available())
    place = LanguageModelPlace(run.model, may_download=not Path(run.model).exists())
    model, tokenizer = open_language_model(place, "cpu")
    is_half = accelerator.mixed_precision == "bf16" and run.tune == "lora" and accelerator.distributed_type not in SHARDED
    dtype = torch.bfloat16 if is_half else torch.float32  # sharding wants one precision for all weights, and casts by itself
    model = model.to(dtype)
    if run.gradient_checkpointing:
        model.activation_checkpointing_enable({"use_reentrant": False})
        model.enable_input_require_grads()
    settings = loss_settings(run)
    frozen = None
    if run.tune == "lora":
        model = _with_adapter(model, run)
    elif settings.kl_weight > 0 or run.prefix_mixing or not run.packed:
        frozen = copy.deepcopy(model).requires_grad_(False)
    module = SceneObjective(model.train(), frozen)
    optimizer = torch.optim.AdamW([weight for weight in model.parameters() if weight.requires_grad], lr=run.rate, weight_decay=0.0)
    module, optimizer = accelerator.prepare(module, optimizer)
    digest = weights_sha256(Path(run.model)) if Path(run.model).is_dir() else None
    return Session(run, accelerator, tokenizer, module, optimizer, settings, digest, progress=Progress(lines_per_pass=run.lines_per_pass))


def _precision(run: argparse.Namespace) -> str | None:
    """None leaves it to what `accelerate launch` was told."""
    if run.precision is not None:
        return {"float32": "no", "bf16": "bf16"}[run.precision]
    if "ACCELERATE_MIXED_PRECISION" in os.environ:
        return None
    return "bf16" if torch.cuda.is_available() and torch.cuda.is_bf16_supported() else "no"


def _with_adapter(model: nn.Module, run: argparse.Namespace) -> PeftModel:
    """A fresh adapter drawn by the seed (it changes nothing yet), or the one of --start-adapter."""
    if run.start_adapter is not None:
        return attach_adapter(model, LanguageModelPlace(run.model, str(run.start_adapter)), is_trainable=True)
    targets = [name.strip() for name in run.targets.split(",") if name.strip()]
    config = LoraConfig(r=run.rank, lora_alpha=run.alpha, lora_dropout=run.dropout, target_modules=targets, task_type="CAUSAL_LM")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(run.seed)
        return get_peft_model(model, config)


def keep_reference_scores(session: Session, scenes: list[TrainingScene]) -> None:
    """Ask the reference once about every scene; every process does its part. Nothing where scores cannot be kept."""
    if not session.keeps_scores or not scenes:
        return
    accelerator, found = session.accelerator, {}
    for first in range(0, len(scenes), accelerator.num_processes):
        scene = scenes[min(first + accelerator.process_index, len(scenes) - 1)].scene  # all processes pass equally often
        found[scene.scene_id] = session.module(scene, session.settings, None, REFERENCE).margins.float().cpu().tolist()
    for part in gather_object([found]):
        session.kept |= {name: torch.tensor(scores) for name, scores in part.items()}


def trained_tensors(session: Session) -> dict[str, Tensor]:
    """Every weight that is trained, whole, on the CPU (under sharding: on the main process)."""
    whole = session.accelerator.get_state_dict(session.module)
    trained = {name for name, weight in session.objective.named_parameters() if weight.requires_grad}
    return {name: whole[name].detach().cpu().clone() for name in sorted(trained) if name in whole}


def write_state(session: Session) -> None:
    """Everything a killed run goes on from. Under sharding the tensors are accelerate's to write, in a folder that the state names."""
    progress, out = session.progress, session.run.out
    tensors: dict[str, Any] = {"shards": None}
    if session.is_sharded:
        tensors["shards"] = f"shards-{progress.step}"
        session.accelerator.save_state(str(out / tensors["shards"]))
    elif session.accelerator.is_main_process:
        tensors |= {"weights": trained_tensors(session), "optimizer": session.optimizer.state_dict()}
    if session.accelerator.is_main_process:
        write_training_state(out / STATE, {"identity": identity_of(session.run, session.digest), "progress": asdict(progress), **tensors})
        for older in out.glob("shards-*"):
            if older.name != tensors["shards"]:
                shutil.rmtree(older)


def restore(session: Session) -> bool:
    """Take up OUT/state.pt; False when there is none. Raises ValueError when it is of a run with other options or another kind of launch."""
    path = session.run.out / STATE
    if not path.is_file():
        return False
    state = read_training_state(path)
    if not {"identity", "progress", "shards"} <= state.keys():
        raise BadWeights(f"{path} is not a state of this training; train into another folder.")
    _check_identity(state, session)
    if session.is_sharded != (state["shards"] is not None):
        raise ValueError(f"{path} is of a run launched {'without' if session.is_sharded else 'with'} sharding; launch this one alike, or give another --out.")
    if session.is_sharded:
        session.accelerator.load_state(str(session.run.out / state["shards"]))
    else:
        result = session.objective.load_state_dict(state["weights"], strict=False)
        if result.unexpected_keys:
            raise BadWeights(f"{path} is of another model: it holds {result.unexpected_keys[0]}; train into another folder.")
        session.optimizer.load_state_dict(state["optimizer"])
    session.progress = Progress(**state["progress"])
    return True


def _check_identity(state: dict[str, Any], session: Session) -> None:
    run, now = session.run, identity_of(session.run, session.digest)
    for name, before in state["identity"].items():
        if before != now.get(name):
            raise ValueError(
                f"{run.out} holds a run with --{name.replace('_', '-')} {before}, now it is {now.get(name)}: give the same options to go on "
                "with it, or another --out to begin anew."
            )


def best_folder(run: argparse.Namespace) -> str:
    return "adapter" if run.tune == "lora" else "model"


def export(session: Session, folder: str) -> None:
    """The weights as they are now into OUT/folder: an adapter with its base's name and sha256, or a whole model."""
    objective, run = session.objective, session.run
    if session.is_sharded:
        _export_sharded(session, run.out / folder)
    elif session.accelerator.is_main_process:
        _write_weights(objective.model, session, run.out / folder)


def _write_weights(model: nn.Module, session: Session, folder: Path) -> None:
    if isinstance(model, PeftModel):
        save_adapter(model, folder, session.run.base_name, session.digest)
        return
    model.save_pretrained(folder)
    session.tokenizer.save_pretrained(folder)


def _export_sharded(session: Session, folder: Path) -> None:
    """The pieces gathered into a model of its own on the main process's CPU, since the one being trained is spread over all."""
    gathered = trained_tensors(session)
    if not session.accelerator.is_main_process:
        return
    model, _ = open_language_model(LanguageModelPlace(session.run.model), "cpu")
    whole = SceneObjective(_with_adapter(model, session.run) if session.run.tune == "lora" else model, None)
    whole.load_state_dict(gathered, strict=False)
    _write_weights(whole.model, session, folder)


def merge(run: argparse.Namespace) -> None:
    """Write --model with the adapter of --out merged into its weights into the folder --merge. Raises BadWeights for an adapter of another base."""
    model, tokenizer = open_language_model(LanguageModelPlace(run.model, str(run.out / "adapter")), "cpu")
    model.save_pretrained(run.merge)
    tokenizer.save_pretrained(run.merge)

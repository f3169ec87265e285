"""The arms of a preference comparison, all from one net, with the same clips, noise, times and number of steps.

Enters a net, a source of clips and a plan; leaves the trained net of each arm, resumable, with what it learned on the way. An arm is a
value: a further one is a further entry of `arms_by_name`.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from torch import Tensor, nn

from models.checkpoint import BadWeights, read_training_state, write_training_state
from models.recipes.agreement import agreed
from models.recipes.syncdpo_batches import ClipBatch, PairSource, Ranker, Sampling, ranked_pairs, rule_pairs, seeded, velocity_under
from models.sync.curriculum import CurriculumSettings, CurriculumState, Pace, after_step, draw_challenge
from models.sync.preference import (
    BetaPath, FlowDraw, FlowPairs, PreferenceLoss, PreferenceSettings, draw_flow, flow_error, masked_mean, preference_loss,
)  # fmt: skip
from models.sync.temporal_rules import Rule

Given = TypeVar("Given")
CLIPS, FLOW, RULES, TAKES = range(4)  # purposes of randomness
REPORT_STEPS = 50


class Method(StrEnum):
    SFT = "sft"
    RANKED = "ranked"
    RULES = "rules"


@dataclass(frozen=True, slots=True)
class Arm:
    name: str
    method: Method
    pace: Pace = Pace.NONE
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What all arms share. `takes`, `pool_batches`: of the ranked arm, which samples once, from the net all start from, and goes round
    that pool. `beta_path`, `anchor_weight`, `only_changed`: see `PreferenceSettings`."""

    steps: int = 400
    rate: float = 2e-4
    warmup: int = 20
    beta: float = 2000.0
    beta_path: str = BetaPath.CONSTANT
    anchor_weight: float = 1.0
    only_changed: bool = True
    is_rejoined: bool = True
    takes: int = 4
    pool_batches: int = 16
    solver_steps: int = 8
    seed: int = 0
    save_minutes: float = 3.0
    precision: str = "no"

    @property
    def preference(self) -> PreferenceSettings:
        return PreferenceSettings(self.beta, BetaPath(self.beta_path), self.anchor_weight, self.only_changed)


@dataclass(frozen=True, slots=True)
class Material(Generic[Given]):
    """`leave`: writes a trained net for those who come after into a folder, or None."""

    source: PairSource[Given]
    ranker: Ranker[Given]
    leave: Callable[[nn.Module, Path], None] | None = None


@dataclass
class Progress:
    """Where an arm is. `accuracy`, `margin`: smoothed over steps; None before the first pair. `seconds`: of training, over all its runs."""

    step: int = 0
    loss: float | None = None
    anchor: float | None = None
    accuracy: float | None = None
    margin: float | None = None
    ceiling: float = 1.0
    gate: float = 0.5
    seconds: float = 0.0


def arms_by_name() -> Mapping[str, Arm]:
    arms = [
        Arm("sft", Method.SFT),
        Arm("dpo-ranked", Method.RANKED),
        Arm("syncdpo", Method.RULES),
        *(Arm(f"syncdpo-{pace}", Method.RULES, pace) for pace in (Pace.LINEAR, Pace.COSINE, Pace.GATED)),
        *(Arm(f"syncdpo-only-{rule}", Method.RULES, Pace.LINEAR, (rule,)) for rule in Rule),
    ]
    return {arm.name: arm for arm in arms}


def launched(precision: str) -> Accelerator:
    """The processes this one was launched among. The first call decides about the device, so it comes before anything else asks."""
    partly = DistributedDataParallelKwargs(find_unused_parameters=True)  # a condition that no row has leaves its weights without gradient
    return Accelerator(mixed_precision=precision, cpu=not torch.accelerator.is_available(), kwargs_handlers=[partly])


class PairObjective(nn.Module):
    """Net, its frozen copy and the loss as one module, so that whatever wraps it sees every pass through `forward`."""

    def __init__(self, policy: nn.Module, *, has_reference: bool) -> None:
        super().__init__()
        self.policy = policy
        self.reference = copy.deepcopy(policy).eval().requires_grad_(False) if has_reference else None

    def train(self, mode: bool = True) -> PairObjective:
        """The net is compared with itself, so dropout stays off in both."""
        super().train(mode)
        self.policy.eval()
        if self.reference is not None:
            self.reference.eval()
        return self

    def forward(self, pairs: FlowPairs[Any], draw: FlowDraw, settings: PreferenceSettings) -> PreferenceLoss:
        policy = velocity_under(self.policy, pairs.condition)
        if self.reference is not None:
            with torch.no_grad():
                reference = velocity_under(self.reference, pairs.condition)
            return preference_loss(policy, reference, pairs, draw, settings)
        error = masked_mean(flow_error(policy, pairs.winner, draw, pairs.condition), pairs.region).mean()
        nothing = torch.zeros_like(draw.time)
        return PreferenceLoss(error, nothing.sum(), error, nothing, nothing.sum())


class ArmTraining(Generic[Given]):
    """One arm. `net` is trained in place, from what it is now; `out` holds its state and, at the end, `progress.json`."""

    def __init__(self, arm: Arm, net: nn.Module, material: Material[Given], plan: Plan, out: Path) -> None:
        self.arm, self.material, self.plan, self.out = arm, material, plan, out
        self.accelerator = launched(plan.precision)
        self.pool = self._sampled(net.to(self.accelerator.device)) if arm.method is Method.RANKED else ()
        objective = PairObjective(net, has_reference=arm.method is not Method.SFT)
        optimizer = torch.optim.AdamW([weight for weight in net.parameters() if weight.requires_grad], lr=plan.rate, betas=(0.9, 0.98), weight_decay=0.0)
        self.module, self.optimizer = self.accelerator.prepare(objective, optimizer)
        self.progress = Progress()
        self.curriculum = CurriculumSettings(arm.pace, plan.steps, rules=arm.rules)
        self._resume()

    @property
    def net(self) -> nn.Module:
        return self.accelerator.unwrap_model(self.module).policy

    def run(self) -> Progress:
        """To the plan's last step, or until a file `stop` lies in the folder above."""
        started, before = time.monotonic(), self.progress.seconds
        saved, stop = started, self.out.parent / "stop"
        self.module.train()
        while self.progress.step < self.plan.steps and not agreed(self.accelerator, stop.exists()):
            self._one_step()
            self.progress.seconds = before + time.monotonic() - started
            if self.progress.step % REPORT_STEPS == 0 and self.accelerator.is_main_process:
                print(json.dumps({"arm": self.arm.name, "seed": self.plan.seed} | _rounded(asdict(self.progress))), flush=True)
            if time.monotonic() - saved > 60 * self.plan.save_minutes:
                self.keep()
                saved = time.monotonic()
        self.keep()
        self.net.eval()
        return self.progress

    def keep(self) -> None:
        """Everything a killed run goes on from."""
        if not self.accelerator.is_main_process:
            return
        self.out.mkdir(parents=True, exist_ok=True)
        trained = {name: weight.detach().cpu() for name, weight in self.net.named_parameters() if weight.requires_grad}
        state = {"identity": self._identity(), "weights": trained, "optimizer": self.optimizer.state_dict(), "progress": asdict(self.progress)}
        write_training_state(self.out / "state.pt", state)

    def _one_step(self) -> None:
        step, plan = self.progress.step, self.plan
        for group in self.optimizer.param_groups:
            group["lr"] = plan.rate * min(1.0, (step + 1) / max(1, plan.warmup))
        pairs = self._pairs(step)
        draw = draw_flow(pairs.winner, self._seeded(FLOW, step))
        with self.accelerator.autocast():
            loss = self.module(pairs, draw, plan.preference)
        self.accelerator.backward(loss.total)
        self.accelerator.clip_grad_norm_(self.module.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self._note(loss)

    def _pairs(self, step: int) -> FlowPairs[Given]:
        if self.pool:
            return self.pool[step % len(self.pool)]
        batch = self.material.source.batch(self._seeded(CLIPS, step))
        if self.arm.method is Method.SFT:
            return FlowPairs(batch.mel, batch.mel, batch.region, batch.region, batch.condition)
        generator = self._seeded(RULES, step)
        state = CurriculumState(self.progress.ceiling, self.progress.gate)
        challenges = [draw_challenge(step, state, self.curriculum, generator) for _ in range(len(batch.mel))]
        return rule_pairs(batch, challenges, generator, is_rejoined=self.plan.is_rejoined)

    def _sampled(self, net: nn.Module) -> tuple[FlowPairs[Given], ...]:
        net.eval()
        plan, sampling = self.plan, Sampling(self.plan.solver_steps)
        batches: list[ClipBatch[Given]] = [self.material.source.batch(self._seeded(CLIPS, step)) for step in range(plan.pool_batches)]
        with self.accelerator.autocast():
            return tuple(
                ranked_pairs(net, batch, self.material.ranker, plan.takes, sampling, self._seeded(TAKES, step)) for step, batch in enumerate(batches)
            )

    def _note(self, loss: PreferenceLoss) -> None:
        now, progress = self.accelerator, self.progress
        means = now.reduce(torch.stack([loss.total.detach(), loss.anchor.detach(), loss.accuracy, loss.margins.mean()]), reduction="mean").tolist()
        for name, value in zip(("loss", "anchor", "accuracy", "margin"), means, strict=True):
            before = getattr(progress, name)
            setattr(progress, name, value if before is None else 0.95 * before + 0.05 * value)
        state = after_step(CurriculumState(progress.ceiling, progress.gate), means[2], self.curriculum)
        progress.ceiling, progress.gate = state.ceiling, state.accuracy
        progress.step += 1

    def _seeded(self, purpose: int, step: int) -> torch.Generator:
        return seeded(self.plan.seed, purpose, step, self.accelerator.process_index)

    def _identity(self) -> dict[str, Any]:
        """As it comes back from disk."""
        plan = {name: value for name, value in asdict(self.plan).items() if name != "save_minutes"}
        return json.loads(json.dumps({"arm": self.arm.name, "plan": plan}))

    def _resume(self) -> None:
        path = self.out / "state.pt"
        if not path.is_file():
            return
        state = read_training_state(path)
        if not {"identity", "weights", "optimizer", "progress"} <= state.keys():
            raise BadWeights(f"{path} is not a state of this training; train into another folder.")
        if state["identity"] != self._identity():
            raise ValueError(f"{path} is of a run with other options; give the same to go on with it, or another --out to begin anew.")
        self._take_over(state["weights"], path)
        self.optimizer.load_state_dict(state["optimizer"])
        self.progress = Progress(**state["progress"])

    def _take_over(self, weights: Mapping[str, Tensor], path: Path) -> None:
        own = {name: weight for name, weight in self.net.named_parameters() if weight.requires_grad}
        differing = sorted(own.keys() ^ weights.keys()) or [name for name in own if own[name].shape != weights[name].shape]
        if differing:
            raise BadWeights(f"{path} is of another net: {differing[0]} does not fit; train into another folder.")
        with torch.no_grad():
            for name, weight in own.items():
                weight.copy_(weights[name])


def _rounded(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in values.items()}

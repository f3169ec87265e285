"""One step of preference training: the gradient of a few scenes, over however many processes, and how memory running out is met.

A `Session` and the step's scenes in, weights moved and a `StepReport` out. Dropout and mixed prefixes are functions of (seed, step, scene).
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace

import torch
from accelerate.utils import gather_object
from torch import Tensor

from models.out_of_memory import is_out_of_memory
from models.recipes.sspo_scenes import StepPlan, TrainingScene
from models.recipes.sspo_session import ScenePass, Session
from models.translation.preference_loss import Objective
from models.translation.preference_scene import PreferenceScene, mixed_prefix, prefix_share

_log = logging.getLogger(__name__)


class TrainingFailed(Exception):
    """The run cannot go on. The sentence says why, and what to change."""


@dataclass(frozen=True, slots=True)
class StepReport:
    """Means over the step's scenes (`loss`, `kl`) and over its lines (`accuracy`, `margin` in nats); `lines`: how many were compared."""

    loss: float
    kl: float
    accuracy: float
    margin: float
    lines: int
    gradient_norm: float


def train_step(session: Session, plan: StepPlan, scenes: Sequence[TrainingScene]) -> StepReport:
    """Move the weights once. When memory runs out the step is made again in smaller passes; that changes its cost, not its loss."""
    while True:
        try:
            return _step(session, plan, scenes)
        except RuntimeError as error:  # torch's own out-of-memory error is one; on a CPU it has no class of its own
            if not is_out_of_memory(error):
                raise
            session.optimizer.zero_grad()
            torch.cuda.empty_cache()
            _halve(session, plan, scenes, error)


def _halve(session: Session, plan: StepPlan, scenes: Sequence[TrainingScene], error: RuntimeError) -> None:
    """Fewer lines per pass from here on, said; TrainingFailed when that is not possible."""
    progress = session.progress
    most = max(len(scenes[place].scene.lessons) for place in plan.places(progress.step))
    now = min(progress.lines_per_pass or most, most)
    advice = "pass --gradient-checkpointing, a smaller --rank, or --precision bf16"
    if session.settings.objective is not Objective.SSPO or now < 2:
        raise TrainingFailed(f"Memory ran out at step {progress.step} and a scene cannot be split further; {advice}.") from error
    if session.accelerator.num_processes > 1:
        raise TrainingFailed(
            f"Memory ran out at step {progress.step} on one of {session.accelerator.num_processes} processes; start again with "
            f"--lines-per-pass {now // 2}, or {advice}."
        ) from error
    progress.lines_per_pass = now // 2
    _log.warning("Memory ran out at step %d; a scene is now read in passes of %d lines, and the step made again.", progress.step, now // 2)


def _step(session: Session, plan: StepPlan, scenes: Sequence[TrainingScene]) -> StepReport:
    places, step, accelerator = plan.places(session.progress.step), session.progress.step, session.accelerator
    n_rounds = -(-len(places) // accelerator.num_processes)
    passes: list[ScenePass] = []
    session.module.train()
    for number in range(n_rounds):
        turn = number * accelerator.num_processes + accelerator.process_index
        is_padding = turn >= len(places)  # every process passes equally often; what is too many counts nothing
        place = places[-1] if is_padding else places[turn]
        draw = ((plan.seed * 1_000_003 + step) * 100_003 + place) % 2**63
        scene = _as_read(session, scenes[place], 5 * plan.epoch(step) // plan.epochs, draw)
        share = 0.0 if is_padding else accelerator.num_processes / len(places)  # processes average their gradients
        with _own_noise(draw):
            made = _add_gradient(session, scene, share, is_last=number == n_rounds - 1)
        passes += [] if is_padding else made
    norm = accelerator.clip_grad_norm_(session.module.parameters(), session.run.clip)
    session.optimizer.step()
    session.optimizer.zero_grad()
    return _report(passes, len(places), 0.0 if norm is None else float(norm))


def _as_read(session: Session, one: TrainingScene, stage: int, draw: int) -> PreferenceScene:
    """The scene as this epoch reads it: its prefix mixed anew where that was asked for."""
    if not session.run.prefix_mixing:
        return one.scene
    return mixed_prefix(one.scene, prefix_share(stage), torch.Generator().manual_seed(draw))


@contextmanager
def _own_noise(draw: int) -> Iterator[None]:
    """Dropout inside depends on `draw` alone, and leaves no trace outside."""
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(draw)
        yield


def _add_gradient(session: Session, scene: PreferenceScene, share: float, *, is_last: bool) -> list[ScenePass]:
    """Add `share` of the scene's gradient to what is there. `is_last`: processes exchange gradients behind it."""
    parts = parts_of(scene, session.progress.lines_per_pass if session.settings.objective is Objective.SSPO else 0)
    passes = []
    for number, part in enumerate(parts):
        settings = session.settings if number == 0 else replace(session.settings, kl_weight=0.0)  # the penalty is the scene's, once
        exchanges = is_last and number == len(parts) - 1
        session.accelerator.sync_gradients = exchanges
        with nullcontext() if exchanges else session.accelerator.no_sync(session.module):
            made = session.module(part, settings, kept_scores(session, scene, part))
            _check_finite(session, scene, float(made.total.detach()))
            session.accelerator.backward(made.total * share)
        passes.append(ScenePass(*(tensor.detach().float().cpu() for tensor in made)))
    return passes


def parts_of(scene: PreferenceScene, lines_per_pass: int) -> list[PreferenceScene]:
    """The scene as often as needed for no copy to teach more than `lines_per_pass` lines (0: once). Their losses add up to the scene's."""
    lessons = scene.lessons
    if not lines_per_pass or len(lessons) <= lines_per_pass:
        return [scene]
    parts = []
    for first in range(0, len(lessons), lines_per_pass):
        taught = set(lessons[first : first + lines_per_pass])
        lines = tuple(replace(line, is_skipped=place not in taught) for place, line in enumerate(scene.lines))
        parts.append(replace(scene, lines=lines))
    return parts


def kept_scores(session: Session, scene: PreferenceScene, part: PreferenceScene) -> Tensor | None:
    """The reference's scores of a part's spans: all chosen, then all rejected; None where none are kept."""
    whole = session.kept.get(scene.scene_id)
    if whole is None or part is scene:
        return whole
    first = [scene.lessons.index(place) for place in part.lessons]
    return whole[first + [len(scene.lessons) + place for place in first]]


def _check_finite(session: Session, scene: PreferenceScene, loss: float) -> None:
    if not math.isfinite(loss):
        raise TrainingFailed(
            f"The loss of scene “{scene.scene_id}” is {loss} at step {session.progress.step}: the rate {session.run.rate:g} is too high or the "
            "precision too low. The state saved last is whole; begin anew in another --out with a lower --rate or --precision float32."
        )


def _report(passes: list[ScenePass], n_scenes: int, gradient_norm: float) -> StepReport:
    """Over all processes."""
    margins = [float(margin) for made in passes for margin in made.margins]
    sums = (sum(float(made.total) for made in passes), sum(float(made.kl) for made in passes), sum(margins), sum(m > 0 for m in margins), len(margins))
    loss, kl, margin, right, lines = (sum(column) for column in zip(*gather_object([sums]), strict=True))
    return StepReport(loss / n_scenes, kl / n_scenes, right / max(1, lines), margin / max(1, lines), lines, gradient_norm)

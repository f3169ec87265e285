"""What a preference training has done to the model so far, on scenes it never trains on: preferences told apart, answers in format, P.

A `Session` and held-out scenes in, an `Evaluation` out. Answers are decoded greedily, so the numbers depend on the weights alone.
Another measure is another field of `Evaluation` and where it is filled in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from accelerate.utils import gather_object
from peft import PeftModel

from models.recipes.sspo_scenes import TrainingScene
from models.recipes.sspo_session import Session
from models.translation.parse import parse_answer
from models.translation.writing import free_answers, written_lines
from studio.domain.language import language_code
from studio.domain.timing import duration_penalty
from studio.engines.protocols import DurationEstimator


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`loss`: per compared line, log 2 for the untrained adapter. `accuracy`: share of lines whose chosen wording gained on the rejected one.
    `margin`: nats. `compliance`: share of lines in the format when the model writes freely. `penalty`: mean P of lines written behind their
    openings; `over`: share of them longer than their source. `kl`: TKLD per scene. None: not asked for, or not to be had."""

    loss: float
    accuracy: float
    margin: float
    lines: int
    kl: float | None
    compliance: float | None = None
    penalty: float | None = None
    over: float | None = None


@dataclass(frozen=True, slots=True)
class _Answered:
    """Translations of one scene, each written behind its given opening, None where one found no end. `faults`: lines out of the format."""

    texts: tuple[str | None, ...]
    faults: int


def score_of(made: Evaluation, best_by: str) -> float:
    """What the best weights have least of: P where it is asked for and known, else the loss of the preferences."""
    return made.penalty if best_by == "penalty" and made.penalty is not None else made.loss


def evaluate(session: Session, held_out: Sequence[TrainingScene], estimator: DurationEstimator | None) -> Evaluation:
    """The first `--evaluate-scenes` of the held-out scenes. `estimator`: None leaves P out."""
    scenes = held_out[: session.run.evaluate_scenes]
    session.module.eval()
    loss, accuracy, margin, lines, kl = _preferences(session, scenes)
    if session.run.no_answers or session.is_sharded:
        return Evaluation(loss, accuracy, margin, lines, kl)
    answered = _answers(session, scenes) if session.accelerator.is_main_process else []
    found = _fit(scenes, answered, estimator) if session.accelerator.is_main_process else {}
    (found, *_) = gather_object([found])
    return Evaluation(loss, accuracy, margin, lines, kl, **found)


@torch.no_grad()
def _preferences(session: Session, scenes: Sequence[TrainingScene]) -> tuple[float, float, float, int, float | None]:
    accelerator, own = session.accelerator, []
    for first in range(0, len(scenes), accelerator.num_processes):
        place = first + accelerator.process_index
        scene = scenes[min(place, len(scenes) - 1)].scene  # all processes pass equally often
        made = session.module(scene, session.settings, session.kept.get(scene.scene_id))
        if place < len(scenes):
            own.append((float(made.preference), float(made.kl), [float(margin) for margin in made.margins]))
    parts = gather_object(own)
    margins = [margin for _, _, those in parts for margin in those]
    count = max(1, len(margins))
    kl = sum(one for _, one, _ in parts) / max(1, len(parts)) if session.settings.kl_weight > 0 else None
    right = sum(margin > 0 for margin in margins)
    return sum(loss for loss, _, _ in parts) / count, right / count, sum(margins) / count, len(margins), kl


def _answers(session: Session, scenes: Sequence[TrainingScene]) -> list[_Answered]:
    """Every line written behind its opening, which P is taken from; and in the line formats the answer written freely, which shows whether the
    format is known. The tagged form has no free answer: a line there is out of the format when it finds no end."""
    model = session.objective.model
    bare = model.get_base_model() if isinstance(model, PeftModel) else model
    layouts = [one.scene.layout for one in scenes]
    written = written_lines(bare, session.tokenizer, layouts)
    texts = [tuple(line.text if line.is_finished else None for line in lines) for lines in written]
    faults = [those.count(None) for those in texts]
    free = [place for place, layout in enumerate(layouts) if layout.separator]
    answers = free_answers(bare, session.tokenizer, [layouts[place] for place in free])
    for place, answer in zip(free, answers, strict=True):
        sources = [line.src for line in scenes[place].record.sampling_records]
        faults[place] = min(len(sources), len(parse_answer(answer, sources).faults))
    return [_Answered(*one) for one in zip(texts, faults, strict=True)]


def _fit(scenes: Sequence[TrainingScene], answered: Sequence[_Answered], estimator: DurationEstimator | None) -> dict[str, float | None]:
    """Compliance, and with an estimator P and the share that is too long."""
    n_lines = sum(len(one.texts) for one in answered)
    n_faults = sum(one.faults for one in answered)
    found: dict[str, float | None] = {"compliance": max(0.0, 1 - n_faults / max(1, n_lines)), "penalty": None, "over": None}
    timed = [
        (line, text) for one, answer in zip(scenes, answered, strict=True)
        for line, text in zip(one.record.sampling_records, answer.texts, strict=True) if text
    ]  # fmt: skip
    if estimator is None or not timed:
        return found
    deltas_s = []
    for language in dict.fromkeys(line.tar_lang for line, _ in timed):
        those = [(line, text) for line, text in timed if line.tar_lang == language]
        estimates = estimator.estimate_many([text for _, text in those], language_code(language))
        deltas_s += [estimate.total_ms / 1000 - line.src_duration for estimate, (line, _) in zip(estimates, those, strict=True)]
    found["penalty"] = sum(map(duration_penalty, deltas_s)) / len(deltas_s)
    found["over"] = sum(delta > 0 for delta in deltas_s) / len(deltas_s)
    return found

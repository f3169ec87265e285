"""Train a translation model on preferences, line by line (SSPO, arXiv 2508.08550; papers §1.7-1.8): an adapter, or all weights.

    python -m models.recipes.translation_sspo --records zh-en.jsonl --out runs/sspo                   # bundled model, LoRA
    python -m models.recipes.translation_sspo --records zh-en.jsonl --out runs/tkld --tune full --kl-weight 1e-4
    python -m models.recipes.translation_sspo --records desk.jsonl --out runs/show --epochs 8 --scenes-per-step 2
    accelerate launch --num_processes 4 -m models.recipes.translation_sspo --records … --model Qwen/Qwen2.5-7B-Instruct --out …
    touch runs/sspo/stop                                # saves and ends; the same command goes on from there

OUT/adapter (OUT/model with --tune full) holds the best weights of the run, OUT/last those of its end, OUT/log.jsonl every step and
evaluation, OUT/state.pt what a killed run goes on from. Step s reads scenes and draws dropout as a function of (seed, s) alone, so a
resumed run is the run that was never stopped (same machine and threads). A step's loss: the mean over scenes of the sum over lines.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from models.checkpoint import BadWeights
from models.recipes.agreement import agreed
from models.recipes.sspo_evaluation import evaluate, score_of
from models.recipes.sspo_flags import parse_flags, resolved
from models.recipes.sspo_memory import estimate_table, named_shapes
from models.recipes.sspo_scenes import SceneSplit, StepPlan, read_split
from models.recipes.sspo_session import LAST, Session, best_folder, export, keep_reference_scores, merge, open_session, restore, write_state
from models.recipes.sspo_smoke import smoke_run
from models.recipes.sspo_step import TrainingFailed, train_step
from models.translation.forms import NoSuchTag
from studio.domain.errors import StudioError
from studio.engines.duration_espeak import EspeakDuration

LOG, STOP = "log.jsonl", "stop"


def rate_at(run: argparse.Namespace, step: int, n_steps: int) -> float:
    """Learning rate of a step: up over the warm-up, then linearly to zero behind the last step."""
    warmup = max(1, round(run.warmup_share * n_steps))
    if step < warmup:
        return run.rate * (step + 1) / warmup
    return run.rate * (n_steps - step) / max(1, n_steps - warmup)


@dataclass(frozen=True, slots=True)
class Log:
    """OUT/log.jsonl, one object per line, and the same on the screen. `is_open`: only on the main process."""

    path: Path
    is_open: bool

    def begin(self, step: int) -> None:
        """Take away what a killed run did after the state it goes on from."""
        if self.is_open and self.path.is_file():
            kept = [row for row in self.path.read_text(encoding="utf-8").splitlines() if row.endswith("}") and json.loads(row)["step"] <= step]
            self.path.write_text("".join(row + "\n" for row in kept), encoding="utf-8")

    def add(self, kind: str, step: int, values: dict[str, Any]) -> None:
        if not self.is_open:
            return
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"kind": kind, "step": step, **values}) + "\n")
        shown = " ".join(f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in values.items() if value is not None)
        print(f"{kind} {step}: {shown}", flush=True)

    def say(self, sentence: str) -> None:
        if self.is_open:
            print(sentence, flush=True)


def train(session: Session, split: SceneSplit, log: Log) -> None:
    """From where the session is to the end, the stop file, or the floor of format compliance."""
    run, progress = session.run, session.progress
    plan = StepPlan(len(split.trained), run.scenes_per_step, run.epochs, run.seed)
    last = plan.n_steps if run.until_step is None else min(plan.n_steps, run.until_step)
    if progress.step == 0:
        judge(session, split, log)
    while progress.step < last and not progress.ended and not agreed(session.accelerator, (run.out / STOP).exists()):
        rate, clock = rate_at(run, progress.step, plan.n_steps), time.monotonic()
        for group in session.optimizer.param_groups:
            group["lr"] = rate
        report = train_step(session, plan, split.trained)
        progress.step += 1
        log.add("step", progress.step, {**asdict(report), "rate": rate, "seconds": round(time.monotonic() - clock, 3)})
        if progress.step % run.evaluate_every == 0 or progress.step == plan.n_steps:
            judge(session, split, log)
        if progress.step % run.save_every == 0 or progress.step == last or progress.ended:
            write_state(session)
    write_state(session)
    session.accelerator.wait_for_everyone()
    if session.accelerator.is_main_process:
        (run.out / STOP).unlink(missing_ok=True)


def judge(session: Session, split: SceneSplit, log: Log) -> None:
    """Evaluate on the held-out scenes, keep the weights when they are the best so far, and end the run below the floor."""
    run, progress = session.run, session.progress
    if not split.held_out:
        return
    made = evaluate(session, split.held_out, None if run.no_durations or run.no_answers else EspeakDuration())
    log.add("evaluation", progress.step, asdict(made))
    if progress.step == 0 and made.compliance is not None and made.compliance < run.compliance_floor:
        progress.floor = max(0.0, made.compliance - (1 - run.compliance_floor))
        log.say(
            f"Before any training {made.compliance:.1%} of the held-out lines are in the format, below the floor of {run.compliance_floor:.1%}: the model has "
            f"not quite learnt it (translation_sft teaches it). The floor of this run is {progress.floor:.1%}."
        )
    floor = run.compliance_floor if progress.floor is None else progress.floor
    if made.compliance is not None and made.compliance < floor:
        kept = f"The weights of step {progress.best_step} are kept." if progress.best_step >= 0 else "No earlier weights were seen: use a lower --rate, or --kl-weight."
        progress.ended = f"Stopped at step {progress.step}: {made.compliance:.1%} of the held-out lines are in the format, the floor is {floor:.1%}. {kept}"
        log.say(progress.ended)
        return
    score = score_of(made, run.best_by or split.best_by)
    if progress.step > 0 and (progress.best_score is None or score < progress.best_score):
        progress.best_score, progress.best_step = score, progress.step
        export(session, best_folder(run))


def finish(session: Session, log: Log) -> None:
    """The last weights; and as the best those that an evaluation chose, or the last where none was to choose. Weights below the floor are never the best."""
    progress, best = session.progress, session.run.out / best_folder(session.run)
    export(session, LAST)
    if progress.best_step >= 0:
        log.say(f"Ended at step {progress.step}; weights in {best} (the best, of step {progress.best_step}).")
    elif progress.ended:
        log.say(f"Ended at step {progress.step}; only {session.run.out / LAST} was written.")
    else:
        export(session, best_folder(session.run))
        log.say(f"Ended at step {progress.step}; weights in {best} (the last: no evaluation chose among them).")


def run_training(run: argparse.Namespace) -> None:
    run.out.mkdir(parents=True, exist_ok=True)
    session = open_session(run)
    split = read_split(run, session.tokenizer, session.max_tokens)
    log = Log(run.out / LOG, session.accelerator.is_main_process)
    for note in split.notes:
        log.say(note)
    log.say(f"{len(split.trained)} scenes to train on, {len(split.held_out)} held out; {session.n_trained} of {session.n_weights} weights are trained.")
    keep_reference_scores(session, [*split.trained, *split.held_out])
    if restore(session):
        log.say(session.progress.ended or f"Going on from step {session.progress.step}.")
    log.begin(session.progress.step)
    train(session, split, log)
    finish(session, log)


def main(argv: list[str] | None = None) -> None:
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    run = parse_flags(__doc__, argv)
    try:
        if run.estimate is not None:
            print(estimate_table(named_shapes(run.estimate)))
        elif run.merge is not None:
            merge(resolved(run))
        elif run.smoke:
            run_training(resolved(smoke_run(run)))
        else:
            run_training(resolved(run))
    except (TrainingFailed, BadWeights, NoSuchTag, StudioError, ValueError, OSError) as error:
        sys.exit(f"translation_sspo: {error}")


if __name__ == "__main__":
    main()

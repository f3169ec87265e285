"""Train durations that follow the mouth (AVS2S, arXiv 2412.16530; papers §2), over phones, for any voice that espeak-ng can time.

    python -m models.recipes.duration --prepare --features FEATURES --words words.tsv --texts texts.tsv --out runs/lines
    python -m models.recipes.duration --lines runs/lines/lines.npz --features FEATURES --scorer models/weights/lip-scorer --out runs/duration
    python -m models.recipes.duration --lines … --features FEATURES --scorer … --out runs/duration --evaluate --fold test
    python -m models.recipes.duration --smoke                                    # a minute, on made-up lines, nothing needed

Three stages from one seed: `base` learns the voice's timing from texts, `without-sync` goes on with L_dur over slots and people's timing,
`with-sync` fine-tunes that with L_sync + λ·L_dur and a view of the lips: only the lip condition learns, so that without a view the
predictor is the one before. Each stage ends as a folder of weights in OUT. OUT/state.pt is what a killed run goes on from; step s reads
lines and draws dropout as a function of (seed, stage, s).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from models.checkpoint import BadWeights, read_training_state, sha256_of, write_training_state
from models.duration.losses import duration_loss, sync_loss, total_loss
from models.duration.predictor import PhoneDurationConfig, PhoneDurations, fitted, soft_durations
from models.duration.rounding import isochronous
from models.duration.weights import load_phone_durations, save_phone_durations
from models.recipes.duration_batches import LineBatch, batch_of, characters_of, padded, rendered, tokens_of
from models.recipes.duration_evaluation import (
    best_durations, measured, original_rows, person_durations, predicted_durations, printed, shortest_of, table, voice_durations,
)  # fmt: skip
from models.recipes.duration_flags import parse_flags, sources_of
from models.recipes.duration_lines import SpokenLine, read_lines
from models.recipes.duration_scenery import Seen, heard, look_at
from models.sync.lip_scorer import LipScorer, load_lip_scorer
from studio.domain.errors import StudioError
from studio.engines.espeak_pool import EspeakPool

BASE, WITHOUT, WITH = STAGES = ("base", "without-sync", "with-sync")
STATE, LOG = "state.pt", "log.jsonl"
VALID_LINES = 60


@dataclass
class Session:
    """Everything a run holds. `optima`: optimal durations by place in `trained`, made when first asked for, and those of `valid`."""

    run: argparse.Namespace
    texts: list[SpokenLine]
    trained: list[Seen]
    valid: list[Seen]
    scorer: LipScorer
    net: PhoneDurations
    optimizer: torch.optim.Optimizer
    stage: str = BASE
    step: int = 0
    best: float = float("inf")
    optima: dict[int, np.ndarray] = field(default_factory=dict)
    valid_optima: list[np.ndarray] = field(default_factory=list)


def steps_of(run: argparse.Namespace, stage: str) -> int:
    return run.base_steps if stage == BASE else run.steps


def steps_before(session: Session) -> int:
    return sum(steps_of(session.run, stage) for stage in STAGES[: STAGES.index(session.stage)])


def fresh(session: Session, stage: str) -> None:
    """Begin a stage: the net drawn by the seed, or the weights of the stage before, with a sleeping lip condition where it sees lips."""
    run = session.run
    session.stage, session.step, session.best = stage, 0, float("inf")
    session.optima, session.valid_optima = {}, []
    has_lips = stage == WITH and not run.without_lips
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(run.seed)
        session.net = PhoneDurations(replace(session.net.config, has_lips=has_lips))
    if stage != BASE:
        former = run.out / STAGES[STAGES.index(stage) - 1]
        missing = session.net.load_state_dict(load_phone_durations(former).state_dict(), strict=False)
        if missing.unexpected_keys or any(not key.startswith("lip.") for key in missing.missing_keys):
            raise BadWeights(f"{former} does not fit the predictor of this run; train into another folder.")
        if has_lips:
            for name, weight in session.net.named_parameters():
                weight.requires_grad_(name.startswith("lip."))
    session.optimizer = _optimizer(session.net, run)


def _optimizer(net: PhoneDurations, run: argparse.Namespace) -> torch.optim.Optimizer:
    return torch.optim.AdamW([weight for weight in net.parameters() if weight.requires_grad], lr=run.rate, betas=(0.8, 0.99), weight_decay=0.01)


def picked(session: Session) -> tuple[np.random.Generator, list[int]]:
    """The lines of this step: any one of those trained on, and others whose slot is as long."""
    order = np.random.default_rng((session.run.seed, STAGES.index(session.stage) > 0, session.step))
    if session.stage == BASE:
        return order, order.integers(len(session.texts), size=session.run.batch).tolist()
    frames = np.array([item.line.facts.slot_frames for item in session.trained])
    same = np.flatnonzero(frames == frames[order.integers(len(frames))])
    return order, order.choice(same, min(session.run.batch, len(same)), replace=False).tolist()


def step_losses(session: Session) -> dict[str, Tensor]:
    """`total` carries the gradient."""
    _, chosen = picked(session)
    if session.stage == BASE:
        lines = [session.texts[number] for number in chosen]
        tokens = tokens_of(lines, session.net.config)
        loss = duration_loss(session.net(tokens), padded([line.natural for line in lines]).float(), tokens.keep)
        return {"total": loss, "duration": loss}
    seen = [session.trained[number] for number in chosen]
    optima = [_optimum(session, number) for number in chosen] if session.stage == WITH else None
    batch = batch_of(seen, session.net.config, optima)
    view = batch.view if session.net.config.has_lips else None
    durations = fitted(soft_durations(session.net(batch.tokens, view)), batch.view.slot_units, batch.tokens.keep)
    if session.stage == WITHOUT:
        loss = duration_loss(torch.log1p(durations), batch.target, batch.tokens.keep)
        return {"total": loss, "duration": loss}
    target = batch.view.optimum if session.run.target == "best" else batch.target
    duration = duration_loss(torch.log1p(durations), target, batch.tokens.keep)
    sync = sync_of(session, batch, durations, seen)
    return {"total": total_loss(sync, duration, session.run.duration_weight), "duration": duration, "sync": sync}


def sync_of(session: Session, batch: LineBatch, durations: Tensor, seen: list[Seen]) -> Tensor:
    """L_sync of takes at real durations, through soft upsampling or straight through whole ones."""
    whole = None
    if session.run.upsampling == "straight":
        rows = durations.detach().double().numpy()
        whole = padded([isochronous(row[: len(item.line.symbols)], item.line.slot_units, shortest_of(item.line)) for row, item in zip(rows, seen, strict=True)])
    sound = heard(session.scorer, rendered(batch, durations, whole), batch.tone)
    return sync_loss(sound, batch.view.lips, torch.ones(sound.shape[:2]))


def _optimum(session: Session, number: int) -> np.ndarray:
    if number not in session.optima:
        session.optima[number] = _best(session, session.trained[number])
    return session.optima[number]


def _best(session: Session, item: Seen) -> np.ndarray:
    return best_durations(item, session.scorer, session.run.steadiness)


def train_step(session: Session) -> dict[str, float]:
    run, n_steps = session.run, steps_of(session.run, session.stage)
    for group in session.optimizer.param_groups:
        group["lr"] = run.rate * min(1.0, (session.step + 1) / 50) * max(0.02, 1 - session.step / n_steps)
    session.net.train()
    if session.stage == WITH and session.net.config.has_lips:
        session.net.dur_predictor.eval()  # it does not learn here, and is not to be disturbed
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(run.seed * 1_000_003 + STAGES.index(session.stage) * 100_003 + session.step)
        losses = step_losses(session)
    session.optimizer.zero_grad()
    losses["total"].backward()
    torch.nn.utils.clip_grad_norm_(session.net.parameters(), 1.0)
    session.optimizer.step()
    session.step += 1
    return {name: float(value.detach()) for name, value in losses.items()}


def judged(session: Session) -> float:
    """What a stage is chosen by on the valid lines: L_dur for texts, the mean LSE-D for slots."""
    if session.stage == BASE:
        lines = [line for line in session.texts if line.facts.fold == "valid"] or session.texts
        session.net.eval()
        with torch.inference_mode():
            tokens = tokens_of(lines, session.net.config)
            return float(duration_loss(session.net(tokens), padded([line.natural for line in lines]).float(), tokens.keep))
    if not session.valid_optima:  # nets without lips do not look at them
        session.valid_optima = [_best(session, item) if session.stage == WITH else voice_durations(item.line) for item in session.valid]
    made = predicted_durations(session.net, session.valid, session.valid_optima)
    return float(np.mean([measured(item, whole, session.scorer).lse_d for item, whole in zip(session.valid, made, strict=True)]))


def train(session: Session) -> None:
    """All stages from where the session is; `--until-step` ends early."""
    run = session.run
    while True:
        n_steps, clock = steps_of(run, session.stage), time.monotonic()
        while session.step < n_steps:
            losses = train_step(session)
            if session.step % run.evaluate_every == 0 or session.step == n_steps:
                _keep_best(session, losses, time.monotonic() - clock)
            is_last = run.until_step is not None and steps_before(session) + session.step >= run.until_step
            if session.step % run.save_every == 0 or session.step == n_steps or is_last:
                write_state(session)
            if is_last:
                return
        following = STAGES.index(session.stage) + 1
        if following == len(STAGES):
            return
        fresh(session, STAGES[following])


def _keep_best(session: Session, losses: dict[str, float], seconds: float) -> None:
    score = judged(session)
    if session.stage != WITH or score < session.best:  # what is compared with runs to its end; the rest stops at its best
        session.best = score
        save_phone_durations(session.net, session.run.out / session.stage)
    row = {"stage": session.stage, "step": session.step, **{name: round(value, 4) for name, value in losses.items()}, "valid": round(score, 4)}
    with (session.run.out / LOG).open("a", encoding="utf-8") as file:
        file.write(json.dumps(row | {"seconds": round(seconds)}) + "\n")
    print(json.dumps(row), flush=True)


def write_state(session: Session) -> None:
    write_training_state(session.run.out / STATE, {
        "identity": identity_of(session), "stage": session.stage, "step": session.step, "best": session.best,
        "net": session.net.state_dict(), "optimizer": session.optimizer.state_dict(),
    })  # fmt: skip


def identity_of(session: Session) -> dict[str, Any]:
    run = session.run
    names = ("seed", "batch", "rate", "base_steps", "steps", "duration_weight", "target", "steadiness", "upsampling", "without_lips", "hidden")
    return {name: getattr(run, name) for name in names} | {"lines": sha256_of(run.lines), "scorer": sha256_of(run.scorer / "model.safetensors")}


def restore(session: Session) -> None:
    """Take up OUT/state.pt where there is one. Raises ValueError when it is of another run."""
    path = session.run.out / STATE
    if not path.is_file():
        return fresh(session, BASE)
    state, now = read_training_state(path), identity_of(session)
    for name, value in now.items():
        if state["identity"].get(name) != value:
            raise ValueError(f"{session.run.out} holds a run with another {name.replace('_', '-')}; give the same options, or another --out.")
    fresh(session, state["stage"])
    session.net.load_state_dict(state["net"])
    session.optimizer.load_state_dict(state["optimizer"])
    session.step, session.best = state["step"], state["best"]
    return None


def open_session(run: argparse.Namespace) -> Session:
    lines = read_lines(run.lines)
    scorer = load_lip_scorer(run.scorer)
    for weight in scorer.parameters():
        weight.requires_grad_(False)
    texts = [line for line in lines if not line.facts.clip]
    kept = run.out / f"lips-{sha256_of(run.scorer / 'model.safetensors')[:12]}.npz"
    wanted = [line for line in lines if line.facts.fold in ("train", "valid")]
    seen = look_at(wanted, run.features, scorer, kept)
    trained = [item for item in seen if item.line.facts.fold == "train"]
    valid = [item for item in seen if item.line.facts.fold == "valid"]
    if not texts or not trained or not valid:
        raise ValueError(f"{run.lines} holds {len(texts)} texts, {len(trained)} lines to train on and {len(valid)} to choose by; none may be 0.")
    characters, languages = characters_of(lines)
    net = PhoneDurations(PhoneDurationConfig(characters, languages, hidden=run.hidden))
    chosen = np.random.default_rng(run.seed).permutation(len(valid))[:VALID_LINES]
    train_texts = [line for line in texts if line.facts.fold == "train"] or texts
    return Session(run, train_texts, trained, [valid[number] for number in sorted(chosen)], scorer, net, _optimizer(net, run))


def evaluate(run: argparse.Namespace) -> list[dict[str, Any]]:
    """The table of a fold: the voice alone, both predictors, the optimum and the person, all heard by one scorer that is named."""
    judge = load_lip_scorer(run.scorer if run.judge is None else run.judge)
    guide = load_lip_scorer(run.scorer)
    lines = read_lines(run.lines)
    trained = frozenset(line.facts.group for line in lines if line.facts.fold == "train")
    wanted = [line for line in lines if line.facts.fold == run.fold and line.facts.clip]
    seen = look_at(wanted, run.features, guide, run.out / f"lips-{sha256_of(run.scorer / 'model.safetensors')[:12]}-{run.fold}.npz")
    steady = [best_durations(item, guide, run.steadiness) for item in seen]
    systems: dict[str, list[Any]] = {"the voice's own timing": [voice_durations(item.line) for item in seen]}
    for name, stage in (("without lip synchrony", WITHOUT), ("with lip synchrony", WITH)):
        systems[name] = predicted_durations(load_phone_durations(run.out / stage), seen, steady)
    systems["optimal, steady"] = steady
    systems["optimal"] = [best_durations(item, guide, 0.0) for item in seen]
    systems["the person's timing"] = [person_durations(item.line) for item in seen]
    if run.judge is not None:
        seen = look_at(wanted, run.features, judge, run.out / f"lips-{sha256_of(run.judge / 'model.safetensors')[:12]}-{run.fold}.npz")
    return table(seen, systems, judge, trained) + original_rows(seen, run.features, judge, trained)


def main(argv: list[str] | None = None) -> None:
    run = parse_flags(__doc__, argv)
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        sys.exit("duration: this trains in one process; start it with python, not with accelerate launch.")
    torch.set_num_threads(run.threads)
    with contextlib.ExitStack() as stack:
        _run(run, stack)


def _run(run: argparse.Namespace, stack: contextlib.ExitStack) -> None:
    """What the flags ask for. `stack` keeps a smoke run's folder until the end."""
    try:
        if run.prepare:
            from models.recipes.duration_data import prepare

            run.out.mkdir(parents=True, exist_ok=True)
            print(f"{len(prepare(sources_of(run), run.out, EspeakPool()))} lines in {run.out / 'lines.npz'}")
            return
        if run.smoke:
            from models.recipes.duration_smoke import smoke_run

            run = smoke_run(run, Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lipline-duration-"))))
        run.out.mkdir(parents=True, exist_ok=True)
        if not run.evaluate:
            session = open_session(run)
            restore(session)
            train(session)
        if run.evaluate or run.smoke:
            rows = evaluate(run)
            print(printed(rows))
            if run.json is not None:
                run.json.write_text(json.dumps({"fold": run.fold, "judge": str(run.judge or run.scorer), "rows": rows}, indent=2) + "\n", encoding="utf-8")
    except (BadWeights, StudioError, ValueError, OSError) as error:
        sys.exit(f"duration: {error}")


if __name__ == "__main__":
    main()

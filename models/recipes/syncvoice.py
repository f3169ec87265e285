"""Trains SyncVoice: flow matching on utterances with and without faces, from nothing or from a public ZipVoice checkpoint.

    python -m models.recipes.voice_archive … --out build/voice            (the data)
    python -m models.recipes.syncvoice --data build/voice --lips build/lip_features --out build/syncvoice --minutes 60
    accelerate launch -m models.recipes.syncvoice …                        (many devices)

Resumes from its own checkpoint in --out, whatever else is asked; Ctrl-C saves one first. `--from FOLDER` starts from a ZipVoice or SyncVoice folder
and keeps its sizes and tokens; `--learn adapters` leaves the backbone as it is.
`--smoke` runs a few steps on made-up utterances. Writes `model.safetensors` (mean weights), `model.json`, `tokens.txt` and `log.csv`.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import signal
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import numpy as np
import torch
from accelerate import Accelerator
from safetensors.torch import save_file
from torch import Tensor

from models.checkpoint import read_training_state, write_training_state
from models.recipes.agreement import agreed
from models.recipes.syncvoice_data import Draws, Spoken, draw_batch, read_spoken, whole_batch
from models.recipes.syncvoice_smoke import made_up
from models.recipes.syncvoice_start import SIZES, SPEAKS, STATE_FILE, net_of
from models.speech.flow import FlowLoss, conditions_of, draw_noise, frame_errors, without
from models.speech.fusion import Stream
from models.speech.spectrum import FRAMES_PER_S
from models.speech.syncvoice import SyncVoice, SyncVoiceConfig
from models.speech.tokens import TokenTable, write_token_table

LOG_FILE = "log.csv"
MEASURED = 16  # utterances a measurement is made on


@dataclass(frozen=True, slots=True)
class Plan:
    """How one run learns. It ends after `steps`, or when `minutes` are up, whichever comes first; the rate follows that share."""

    seed: int = 0
    steps: int = 20_000
    minutes: float = 60.0
    batch_size: int = 16
    learning_rate: float = 1e-3
    warmup_steps: int = 200
    mean_decay: float = 0.999
    clip_norm: float = 1.0
    favoured_share: float = 0.65
    save_minutes: float = 4.0
    is_adapters_only: bool = False

    def rate(self, step: int, share: float) -> float:
        warm = min(1.0, (step + 1) / self.warmup_steps)
        return self.learning_rate * warm * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * min(1.0, share))))


class Run:
    """One training with all that a checkpoint holds. `speaks`: what the exported voice says of its texts."""

    def __init__(
        self, loss: FlowLoss, table: TokenTable, plan: Plan, out: Path, accelerator: Accelerator, speaks: Mapping[str, object] = SPEAKS
    ) -> None:
        self.plan, self.out, self.table, self.accelerator, self.speaks = plan, out, table, accelerator, speaks
        self.is_stopped = False
        learned = [p for name, p in loss.named_parameters() if not (plan.is_adapters_only and name.startswith("net.backbone."))]
        for parameter in loss.parameters():
            parameter.requires_grad_(False)
        for parameter in learned:
            parameter.requires_grad_(True)
        self.net = loss.net
        self.mean = {name: value.detach().clone() for name, value in self.net.state_dict().items()}
        self.optimiser = torch.optim.AdamW(learned, lr=plan.learning_rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
        self.loss, self.optimiser = accelerator.prepare(loss, self.optimiser)
        self.step, self.spent_s = 0, 0.0
        self._resume()

    def _resume(self) -> None:
        path = self.out / STATE_FILE
        if path.is_file():
            state = read_training_state(path)
            self.net.load_state_dict(state["net"])
            self.mean = state["mean"]
            self.optimiser.load_state_dict(state["optimiser"])
            self.step, self.spent_s = state["step"], state["spent_s"]

    def save(self) -> None:
        if not self.accelerator.is_main_process:
            return
        net = {name: value.cpu() for name, value in self.net.state_dict().items()}
        state = {"net": net, "mean": self.mean, "optimiser": self.optimiser.state_dict(), "step": self.step, "spent_s": self.spent_s}
        write_training_state(self.out / STATE_FILE, state)
        export(self.out, self.net.config, self.mean, self.table, self.speaks)

    @property
    def share(self) -> float:
        return max(self.step / self.plan.steps, self.spent_s / (60 * self.plan.minutes))

    def learn(self, favoured: Sequence[Spoken], others: Sequence[Spoken], draws: Draws) -> float:
        """One step. Returns its loss."""
        rng = np.random.default_rng([self.plan.seed, self.step, self.accelerator.process_index])
        batch = draw_batch(_pool(favoured, others, self.plan, rng), self.table, draws, rng).to(self.accelerator.device)
        noise, times = draw_noise(batch.target, torch.Generator().manual_seed(int(rng.integers(2**62))))
        for group in self.optimiser.param_groups:
            group["lr"] = self.plan.rate(self.step, self.share)
        with self.accelerator.autocast():
            loss = self.loss(batch, noise, times)
        self.accelerator.backward(loss)
        self.accelerator.clip_grad_norm_(self.loss.parameters(), self.plan.clip_norm)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        decay = min(self.plan.mean_decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, value in self.net.state_dict().items():
                self.mean[name].lerp_(value.cpu(), 1 - decay) if value.is_floating_point() else self.mean[name].copy_(value.cpu())
        self.step += 1
        return float(loss.detach())


def train(run: Run, spoken: Sequence[Spoken], favoured: str, draws: Draws) -> Iterator[tuple[int, float, dict[str, float]]]:
    """Learns until the plan's end; yields (step, mean loss since, errors on held-out utterances) at every save. Stopped, it saves and ends."""
    learning = [one for one in spoken if one.split == "train"]
    first, others = [one for one in learning if one.group == favoured], [one for one in learning if one.group != favoured]
    held = [one for one in spoken if one.split == "valid"][:MEASURED]
    started, saved_s, losses = time.monotonic() - run.spent_s, run.spent_s, []
    run.loss.train()
    while run.share < 1.0 and not run.is_stopped:
        losses.append(run.learn(first, others, draws))
        run.spent_s = agreed(run.accelerator, time.monotonic() - started)  # rate and end follow it
        if run.spent_s - saved_s > 60 * run.plan.save_minutes or run.share >= 1.0:
            run.save()
            yield run.step, float(np.mean(losses)), measure(run.net, run.mean, held, run.table, run.accelerator)
            saved_s, losses = run.spent_s, []
            started = time.monotonic() - run.spent_s  # measuring is not learning
            run.loss.train()
    if losses:
        run.save()


def measure(net: SyncVoice, mean: dict[str, Tensor], held: Sequence[Spoken], table: TokenTable, accelerator: Accelerator) -> dict[str, float]:
    """Flow error of the mean weights on whole utterances under each set of conditions, with fixed noise and times."""
    if not held:
        return {}
    kept = {name: value.detach().clone() for name, value in net.state_dict().items()}
    net.load_state_dict(mean)
    net.eval()
    found: dict[str, list[float]] = {}
    with torch.no_grad(), accelerator.autocast():
        for at in range(0, len(held), 16):
            pool = held[at : at + 16]
            for name, is_timed, left_out in _MEASURES:
                batch = whole_batch(pool, table, is_timed=is_timed).to(accelerator.device)
                noise, _ = draw_noise(batch.target, torch.Generator().manual_seed(at))
                times = (torch.arange(len(pool), device=accelerator.device) + 0.5) / len(pool)
                errors = frame_errors(net, without(conditions_of(net, batch), *left_out), batch.target, noise, times)
                found.setdefault(name, []).append(float(errors[~batch.mask].mean()))
    net.load_state_dict(kept)
    return {name: float(np.mean(values)) for name, values in found.items()}


_MEASURES = (
    ("text", False, tuple(Stream)),
    ("face", False, (Stream.PAUSE, Stream.LIP)),
    ("both", False, (Stream.PAUSE,)),
    ("timed", True, tuple(Stream)),
)


def export(out: Path, config: SyncVoiceConfig, mean: dict[str, Tensor], table: TokenTable, speaks: Mapping[str, object] = SPEAKS) -> None:
    """The folder that `models/speech/bundle.py` opens; weights as half floats."""
    beside = out / "model.safetensors.making"
    save_file({name: value.half().contiguous() if value.is_floating_point() else value for name, value in mean.items()}, beside)
    beside.replace(out / "model.safetensors")
    (out / "model.json").write_text(json.dumps({"model": config.as_json(), "feature": {"sampling_rate": 24_000, "type": "vocos"}, **speaks}, indent=1), encoding="utf-8")
    write_token_table(table, out / "tokens.txt")


def _pool(favoured: Sequence[Spoken], others: Sequence[Spoken], plan: Plan, rng: np.random.Generator) -> list[Spoken]:
    first = round(plan.batch_size * plan.favoured_share) if favoured and others else plan.batch_size if favoured else 0
    drawn = [favoured[i] for i in rng.integers(0, len(favoured), first)] if first else []
    return drawn + ([others[i] for i in rng.integers(0, len(others), plan.batch_size - first)] if first < plan.batch_size else [])


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m models.recipes.syncvoice", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of models.recipes.voice_archive")
    parser.add_argument("--lips", type=Path, help="folder of lip features, NAME.npy")
    parser.add_argument("--out", type=Path, help="folder of state and voice; --smoke does without")
    parser.add_argument("--from", dest="base", type=Path, help="a ZipVoice or SyncVoice folder to start from")
    parser.add_argument("--learn", choices=("all", "adapters"), default="all")
    parser.add_argument("--refit", action="store_true", help="learn adapters or speaker encoder anew where features have another width than the voice's")
    parser.add_argument("--size", choices=tuple(SIZES), default="small")
    parser.add_argument("--favoured", default="s1", help="group that fills most of every batch")
    parser.add_argument("--longest-s", type=float, default=3.6, help="longer utterances are left out")
    parser.add_argument("--leave-out", default="fsdd", help="groups whose names begin like this are left out (telephone band)")
    parser.add_argument("--tempered", action="store_true", help="let late flow times count less; for small nets and short trainings")
    parser.add_argument("--favoured-share", type=float, default=Plan().favoured_share, help="share of every batch that is of the favoured group")
    for name in ("no-text", "voice-only", "context-only"):
        parser.add_argument(f"--{name}", type=float, default=getattr(Draws(), name.replace("-", "_")), help="how often, see Draws")
    parser.add_argument("--precision", choices=("no", "bf16", "fp16"), default="bf16")
    parser.add_argument("--smoke", action="store_true", help="a few steps on made-up utterances")
    for name, kind in (("seed", int), ("steps", int), ("minutes", float), ("batch-size", int), ("learning-rate", float)):
        parser.add_argument(f"--{name}", type=kind, default=getattr(Plan(), name.replace("-", "_")))
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    asked = parse(arguments)
    if asked.out is None and not asked.smoke:
        raise SystemExit("Name the folder of the run with --out, or ask for --smoke.")
    with tempfile.TemporaryDirectory(prefix="lipline-syncvoice-") if asked.out is None else nullcontext(asked.out) as folder:
        asked.out = Path(folder)
        return _run(asked)


def _run(asked: argparse.Namespace) -> int:
    accelerator = Accelerator(mixed_precision=asked.precision, cpu=not torch.cuda.is_available())
    torch.manual_seed(asked.seed)
    asked.out.mkdir(parents=True, exist_ok=True)
    spoken = made_up(asked.seed) if asked.smoke else _read(asked)
    net, table, speaks = net_of(asked, spoken)
    plan = Plan(
        asked.seed, 4 if asked.smoke else asked.steps, asked.minutes, 4 if asked.smoke else asked.batch_size, asked.learning_rate,
        favoured_share=asked.favoured_share, is_adapters_only=asked.learn == "adapters",
    )  # fmt: skip
    draws = Draws(no_text=asked.no_text, voice_only=asked.voice_only, context_only=asked.context_only)
    run = Run(FlowLoss(net, is_tempered=asked.tempered), table, plan, asked.out, accelerator, speaks)
    if accelerator.is_main_process:
        print(f"{sum(p.numel() for p in net.parameters()) / 1e6:.2f} M weights, {len(spoken)} utterances, from step {run.step}", flush=True)
    with _stopped_by_signals(run):
        for step, loss, errors in train(run, spoken, asked.favoured, draws):
            if accelerator.is_main_process:
                _log(asked.out / LOG_FILE, {"step": step, "minutes": round(run.spent_s / 60, 2), "loss": loss, **errors})
    if run.is_stopped:
        print(f"Stopped at step {run.step}; the same command goes on from there.", flush=True)
    return 128 + signal.SIGINT if run.is_stopped else 0


@contextmanager
def _stopped_by_signals(run: Run) -> Iterator[None]:
    """Ctrl-C and a polite kill end the run after the step it is in, with a checkpoint; the second one ends it at once. Of several
    processes each would stop at another step and wait for the others for ever, so there they end at once too."""
    if run.accelerator.num_processes > 1 or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, _frame: FrameType | None) -> None:
        run.is_stopped = True
        signal.signal(number, signal.SIG_DFL)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _read(asked: argparse.Namespace) -> list[Spoken]:
    if asked.data is None:
        raise SystemExit("Name the folder of utterances with --data, or ask for --smoke.")
    found = read_spoken(asked.data, ("train", "valid"), lips=asked.lips)
    fit = [one for one in found if one.frames <= asked.longest_s * FRAMES_PER_S and not one.group.startswith(asked.leave_out or "\n")]
    if not any(one.split == "train" for one in fit):
        raise SystemExit(f"{asked.data} has no utterance to learn from: {len(found)} are there, none to train on within {asked.longest_s:g} s (--longest-s).")
    return fit


def _log(path: Path, row: dict[str, float]) -> None:
    print("  ".join(f"{name} {value:.4f}" if isinstance(value, float) else f"{name} {value}" for name, value in row.items()), flush=True)
    is_new = not path.is_file()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(row))
        if is_new:
            writer.writeheader()
        writer.writerow(row)


if __name__ == "__main__":
    raise SystemExit(main())

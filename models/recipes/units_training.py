"""The loop that both trainings of the unit recipe share: warm-up and decay, resumable checkpoints, a clock, a `stop` file.

Enters a net, a function that gives the loss of batch s, and the run's flags. To add a training, give it those two.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from models.checkpoint import read_training_state, write_training_state

WARMUP_STEPS = 100
REPORT_STEPS = 50


def rate_at(step: int, until_step: int) -> float:
    """Of the highest learning rate: up over the warm-up, then down along a cosine to zero at `until_step`."""
    warm = min(1.0, (step + 1) / min(WARMUP_STEPS, max(1, until_step // 4)))
    return warm * 0.5 * (1 + math.cos(math.pi * min(1.0, step / until_step)))


def train(run: argparse.Namespace, net: nn.Module, loss_of: Callable[[int], Tensor], state_file: Path) -> int:
    """From its checkpoint where there is one, for `run.minutes` or until `run.until_step`. Returns the steps done in all."""
    optimizer = torch.optim.AdamW(net.parameters(), lr=run.rate, betas=(0.9, 0.98), weight_decay=0.01)
    step, stop = 0, run.out / "stop"
    if state_file.exists():
        state = read_training_state(state_file)
        net.load_state_dict(state["net"])
        optimizer.load_state_dict(state["optimizer"])
        step = state["step"]
    net.train()
    start = saved = time.monotonic()
    losses: list[float] = []
    while step < run.until_step and time.monotonic() - start < 60 * run.minutes and not stop.exists():
        optimizer.param_groups[0]["lr"] = run.rate * rate_at(step, run.until_step)
        torch.manual_seed(run.seed * 1_000_003 + step)  # dropout of step s is the same in a resumed run
        loss = loss_of(step)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        step += 1
        if step % REPORT_STEPS == 0:
            print(f"step {step} loss {sum(losses) / len(losses):.4f} minutes {(time.monotonic() - start) / 60:.1f}", flush=True)
            losses = []
        if time.monotonic() - saved > 60 * run.save_minutes:
            write_training_state(state_file, _state(net, optimizer, step))
            saved = time.monotonic()
    write_training_state(state_file, _state(net, optimizer, step))
    stop.unlink(missing_ok=True)
    net.eval()
    return step


def _state(net: nn.Module, optimizer: torch.optim.Optimizer, step: int) -> dict:
    return {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "step": step}

"""Two processes that train together over gloo, as `accelerate launch` has them: the name of a training below and a folder in, its weights out.

Each leaves FOLDER/<its number>.pt with the weights it ends with and the steps it made. The second one's clock runs three times as fast, so that
whatever each would decide by its own clock shows. `trained_together` is for tests; a further training is a function in `TRAININGS`.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import torch
from torch import Tensor

from models.checkpoint import read_training_state, write_training_state
from tests.house.tree import ROOT

PROCESSES, WITHIN_S = 2, 90.0


def trained_together(name: str, folder: Path) -> list[dict]:
    """What both leave: {"net": weights, "step": int} each. Both are gone when this returns, however it ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shared = os.environ | {"OMP_NUM_THREADS": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(PROCESSES), "CUDA_VISIBLE_DEVICES": ""}
    argv = [sys.executable, "-m", "tests.models.recipes.two_processes", name, str(folder)]
    begun = [
        subprocess.Popen(argv, cwd=ROOT, env=shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)}, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for rank in range(PROCESSES)
    ]
    try:
        until = time.monotonic() + WITHIN_S
        told = [process.communicate(timeout=max(0.1, until - time.monotonic()))[1] for process in begun]
    finally:
        for process in begun:
            process.kill()
            process.wait()
    assert [process.returncode for process in begun] == [0] * PROCESSES, "\n".join(told)
    return [read_training_state(folder / f"{rank}.pt") for rank in range(PROCESSES)]


def _clock_of(rank: int) -> SimpleNamespace:
    return SimpleNamespace(monotonic=lambda: time.monotonic() * (1 + 2 * rank))


def _syncvoice(folder: Path, rank: int) -> tuple[dict[str, Tensor], int]:
    from accelerate import Accelerator

    from models.recipes import syncvoice
    from models.recipes.syncvoice_data import Draws
    from models.recipes.syncvoice_smoke import made_up
    from models.recipes.syncvoice_start import SIZES, widths_of
    from models.speech.flow import FlowLoss
    from models.speech.syncvoice import SyncVoice, SyncVoiceConfig, refitted
    from models.speech.tokens import TokenTable

    syncvoice.time = _clock_of(rank)
    torch.manual_seed(0)
    spoken = made_up(0)
    table = TokenTable.of(token for one in spoken for token in one.tokens)
    backbone, speaker = SIZES["tiny"]
    net = refitted(SyncVoice(SyncVoiceConfig(backbone, len(table), table.pad_id, speaker=speaker)), **widths_of(spoken))
    plan = syncvoice.Plan(steps=1_000_000, minutes=1.5 / 60, batch_size=4, warmup_steps=1)
    run = syncvoice.Run(FlowLoss(net), table, plan, folder, Accelerator(cpu=True))
    list(syncvoice.train(run, spoken, "s1", Draws()))
    return dict(net.state_dict()), run.step


def _vocoder(folder: Path, rank: int) -> tuple[dict[str, Tensor], int]:
    from models.recipes import vocoder

    vocoder.time = _clock_of(rank)
    asked = ["--out", str(folder), "--texts", "none", "--dim", "16", "--layers", "1", "--batch", "2", "--judged-batch", "2", "--adversary-from", "2", "--minutes", str(1.5 / 60)]
    training = vocoder.train(vocoder.parse_flags(asked), vocoder.buzzes(0))
    return dict(training.accelerator.unwrap_model(training.net).state_dict()), training.step


TRAININGS = {"syncvoice": _syncvoice, "vocoder": _vocoder}


def main(name: str, folder: str) -> None:
    torch.set_num_threads(1)
    rank = int(os.environ["RANK"])
    weights, steps = TRAININGS[name](Path(folder), rank)
    write_training_state(Path(folder) / f"{rank}.pt", {"net": weights, "step": steps})


if __name__ == "__main__":
    main(*sys.argv[1:])

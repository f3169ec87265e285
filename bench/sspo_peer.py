"""TRL's DPO trainer as a peer: its own collator, forward passes and loss on our pairs, one prompt per line.

A folder with the package, a model and an adapter's settings in; losses of batches out. Nothing of it is installed or shipped. The trainer
is built as its users build it, without gradient checkpointing and with dropout off, then asked for `compute_loss` batch by batch.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from models.translation.preference_scene import Tree

Example = dict[str, list[int]]


class PeerFailed(Exception):
    """TRL is not there or lacks something. The sentence says what."""


class Trl:
    """`model`: the given one with the adapter that the trainer put on it, shared by all systems of the run."""

    def __init__(self, folder: Path, bare: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, lora: LoraConfig) -> None:
        if not (folder / "trl").is_dir():
            raise PeerFailed(f"{folder} holds no package trl; give a checkout of it, or a folder made with `pip install --target`.")
        sys.path.append(str(folder.resolve()))
        try:
            trl, datasets = importlib.import_module("trl"), importlib.import_module("datasets")
        except ImportError as error:
            raise PeerFailed(f"TRL does not start: {error}. Install what it needs into a folder of its own and pass that as --peer.") from error
        self.version = f"TRL {trl.__version__}{_commit(folder)}"
        with tempfile.TemporaryDirectory() as out:
            settings = trl.DPOConfig(
                output_dir=out, beta=0.5, loss_type="sigmoid", max_length=None, gradient_checkpointing=False, disable_dropout=True,
                bf16=False, report_to="none", max_steps=1, use_cpu=bare.device.type == "cpu",
            )  # fmt: skip
            rows = datasets.IterableDataset.from_generator(_one_row)  # it wants some to be built with; ours come later, as ids
            self._trainer = trl.DPOTrainer(model=bare, args=settings, train_dataset=rows, processing_class=tokenizer, peft_config=lora)
        self.model: PeftModel = self._trainer.model

    def losses(self, tree: Tree, batch: int) -> Iterator[torch.Tensor]:
        """The loss of each batch of neighbouring pairs, summed over its pairs (the trainer gives means)."""
        examples = _examples(tree)
        for first in range(0, len(examples), batch):
            some = examples[first : first + batch]
            inputs = {name: tensor.to(self.model.device) for name, tensor in self._trainer.data_collator(some).items()}
            yield self._trainer.compute_loss(self._trainer.model, inputs) * len(some)

    def fastest_batch(self, tree: Tree, sizes: Sequence[int]) -> int:
        """Pairs per batch that are fastest on the middle pairs of the scene."""
        if len(sizes) == 1:
            return sizes[0]
        middle = len(tree.preferred) // 2
        some = slice(max(0, middle - 4), middle + 4)
        part = Tree(tree.trunk, tree.preferred[some], tree.dispreferred[some], tree.answer_start)
        return min(sizes, key=lambda size: self._seconds(part, size))

    def _seconds(self, tree: Tree, batch: int) -> float:
        started = time.perf_counter()
        for loss in self.losses(tree, batch):
            loss.backward()
        if self.model.device.type == "cuda":
            torch.cuda.synchronize()
        self.model.zero_grad(set_to_none=True)
        return time.perf_counter() - started


def _one_row() -> Iterator[dict[str, str]]:
    yield {"prompt": "a", "chosen": "b", "rejected": "c"}


def _examples(tree: Tree) -> list[Example]:
    return [
        {"prompt_ids": list(tree.trunk[: better.start]), "chosen_ids": list(better.ids), "rejected_ids": list(worse.ids)}
        for better, worse in zip(tree.preferred, tree.dispreferred, strict=True)
    ]


def _commit(folder: Path) -> str:
    """The checkout's commit, or nothing for a folder of installed packages."""
    if not (folder / ".git").exists():
        return ""
    argv = ["git", "rev-parse", "--short", "HEAD"]
    return f" at {subprocess.run(argv, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=True).stdout.strip()}"

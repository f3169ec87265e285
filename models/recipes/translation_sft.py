"""Train the bundled small translation model on line pairs, both directions, from nothing.

    python -m models.recipes.translation_sft --data train.tsv.xz --languages zh en --columns 0 2 3 --out runs/translation
    touch runs/translation/stop                                     # saves and ends; the same command goes on from there
    python -m models.recipes.translation_sft --data train.tsv.xz --out runs/translation --decay-steps 1000 --export DIR

Phase 1 warms up and then holds the learning rate, for as long as you like: `OUT/stable.pt` always resumes it. Phase 2
(`--decay-steps`) starts from `stable.pt`, brings the rate to zero while a share of the rows is in the line format, keeps its own
`OUT/decay.pt`, and leaves `stable.pt` alone, so that a later run may train on and decay again. `--export` writes a folder that
transformers loads; with `--decay-steps 0 --until-step 0` it writes the stable weights as they are.
Batch s is a function of (seed, s) alone, so a resumed run is the run that was never stopped (same machine and threads).

Simplified away: no dropout, no gradient accumulation, no several processes (one GPU or two CPU cores do).
Choices: Qwen2 shape; matrices by Muon, embeddings and gains by AdamW; rows are whole pairs of one document; loss and logits
at target tokens only; embeddings start from a singular value decomposition of which tokens meet across the pairs, so that
words and their translations begin as neighbours.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from models.checkpoint import read_training_state, write_training_state
from models.translation.data import (
    Marks, Pair, PairColumns, Row, TokenCorpus, is_clean, line_format_row, padded_row, read_pairs, shortened_for_line_format,
    tagged_row, windows,
)  # fmt: skip
from models.translation.neighbours import meetings, neighbour_embeddings
from models.translation.prompt import CLOSE, LINE_END, OPEN, tag
from models.translation.tokens import encode_corpus, train_tokenizer

PADDING, END = "<pad>", "<eos>"  # ids 0 and 1
REPORT_STEPS = 20
LossFunction = Callable[[Qwen2ForCausalLM, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


def parse_flags(argv: list[str] | None) -> argparse.Namespace:
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--data", type=Path, required=True, help="TSV or TSV.xz without a header, in document order")
    flags.add_argument("--columns", type=int, nargs=3, default=(0, 2, 3), help="document, first language, second language")
    flags.add_argument("--languages", nargs=2, default=("zh", "en"))
    flags.add_argument("--out", type=Path, required=True, help="tokens, checkpoints and the log")
    flags.add_argument("--export", type=Path, help="folder for the weights when the run ends")
    flags.add_argument("--until-step", type=int, default=1_000_000, help="end of phase 1")
    flags.add_argument("--decay-steps", type=int, default=0, help="above 0: phase 2, this long")
    flags.add_argument("--line-share", type=float, default=0.35, help="rows in the line format during phase 2")
    flags.add_argument("--save-every", type=int, default=300, help="steps between checkpoints")
    for name, default in (("rows", 24), ("tokens", 192), ("vocabulary", 8192), ("hidden", 256), ("layers", 6), ("warmup", 150), ("seed", 0)):
        flags.add_argument(f"--{name}", type=int, default=default)
    flags.add_argument("--matrix-rate", type=float, default=5e-3, help="learning rate of Muon")
    flags.add_argument("--vector-rate", type=float, default=2e-3, help="learning rate of AdamW")
    flags.add_argument("--device", default="cpu")
    flags.add_argument("--compile", action="store_true", help="torch.compile the loss (needs a C++ compiler on CPU)")
    return flags.parse_args(argv)


def run_pairs(run: argparse.Namespace) -> Iterator[Pair]:
    """The clean pairs of the run's table, in its order."""
    return (pair for pair in read_pairs(run.data, PairColumns(*run.columns)) if is_clean(pair, tuple(run.languages)))


def prepare(run: argparse.Namespace) -> tuple[Tokenizer, TokenCorpus, np.ndarray]:
    """Tokenizer, corpus and windows, made once and kept in the run's folder."""
    run.out.mkdir(parents=True, exist_ok=True)
    tokenizer_path, corpus_path, windows_path = (run.out / name for name in ("tokenizer.json", "corpus.npz", "windows.npy"))
    if not tokenizer_path.exists():
        train_tokenizer(run_pairs(run), run.vocabulary, (PADDING, END, *map(tag, run.languages))).save(str(tokenizer_path))
    tokenizer = Tokenizer.from_file(str(tokenizer_path))
    if not corpus_path.exists():
        encode_corpus(run_pairs(run), tokenizer).save(run.out / "making.npz")
        (run.out / "making.npz").replace(corpus_path)
    corpus = TokenCorpus.load(corpus_path)
    if not windows_path.exists():
        np.save(windows_path, windows(corpus, run.tokens))
    return tokenizer, corpus, np.load(windows_path)


def build_model(run: argparse.Namespace, n_ids: int) -> Qwen2ForCausalLM:
    config = Qwen2Config(
        vocab_size=n_ids, hidden_size=run.hidden, num_hidden_layers=run.layers, intermediate_size=3 * run.hidden,
        num_attention_heads=max(1, run.hidden // 64), num_key_value_heads=max(1, run.hidden // 128), max_position_embeddings=1024,
        tie_word_embeddings=True, bos_token_id=None, eos_token_id=1, pad_token_id=0,
    )  # fmt: skip
    return Qwen2ForCausalLM(config)


@torch.no_grad()
def start_weights(run: argparse.Namespace, model: Qwen2ForCausalLM, corpus: TokenCorpus) -> None:
    """Branches begin silent (their last matrices are zero), embeddings as neighbours, the rest as scaled noise."""
    generator = torch.Generator().manual_seed(run.seed)
    for name, weight in model.named_parameters():
        if name.endswith(("o_proj.weight", "down_proj.weight", "bias")):
            weight.zero_()
        elif weight.ndim == 2:
            weight.copy_(0.6 * weight.shape[1] ** -0.5 * torch.randn(weight.shape, generator=generator))
    table = model.model.embed_tokens.weight
    table.copy_(neighbour_embeddings(meetings(corpus, len(table)), run.hidden, 0.02, generator))


def optimizers(run: argparse.Namespace, model: Qwen2ForCausalLM) -> list[torch.optim.Optimizer]:
    named = list(model.named_parameters())
    matrices = [weight for name, weight in named if weight.ndim == 2 and "embed" not in name]
    others = [weight for name, weight in named if weight.ndim != 2 or "embed" in name]
    muon = torch.optim.Muon(matrices, lr=run.matrix_rate, weight_decay=0.02, adjust_lr_fn="match_rms_adamw")
    return [muon, torch.optim.AdamW(others, lr=run.vector_rate, betas=(0.9, 0.98), weight_decay=0.0)]


class Batches:
    """The rows of any step: every (window, direction) once per pass, in an order drawn anew for each pass."""

    def __init__(self, run: argparse.Namespace, corpus: TokenCorpus, cuts: np.ndarray, marks: Marks) -> None:
        self._run, self.corpus, self._cuts, self._marks = run, corpus, cuts, marks
        self._order: tuple[int, torch.Tensor] = (-1, torch.empty(0))

    def _item(self, position: int) -> int:
        n_items = 2 * len(self._cuts)
        if self._order[0] != position // n_items:
            generator = torch.Generator().manual_seed(self._run.seed + position // n_items)
            self._order = (position // n_items, torch.randperm(n_items, generator=generator))
        return int(self._order[1][position % n_items])

    def rows(self, step: int) -> list[Row]:
        run, rows, form = self._run, [], torch.Generator().manual_seed(self._run.seed * 1_000_003 + step)
        for position in range(step * run.rows, (step + 1) * run.rows):
            item = self._item(position)
            window, side = self._cuts[item // 2], item % 2
            if run.decay_steps and float(torch.rand((), generator=form)) < run.line_share:
                short = shortened_for_line_format(self.corpus, window, side, run.tokens)
                pieces, scored = line_format_row(self.corpus, short, side, self._marks)
            else:
                pieces, scored = tagged_row(self.corpus, window, side, self._marks)
            rows.append(padded_row(pieces, scored, run.tokens, self._marks.padding))
        return rows


def target_loss(model: Qwen2ForCausalLM, ids: torch.Tensor, positions: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy in nats. ids (B, T); positions (N,) into the B * T places whose next token counts; labels (N,)."""
    with torch.autocast(ids.device.type, dtype=torch.bfloat16):
        hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state.flatten(0, 1)
        logits = model.lm_head(hidden[positions])
    return F.cross_entropy(logits.float(), labels)


def rate_factor(run: argparse.Namespace, at: Progress) -> float:
    """Of the learning rates: up over the warm-up, 1 in phase 1, down to 0 over phase 2."""
    if not run.decay_steps:
        return min(1.0, (at.step + 1) / run.warmup)
    return max(0.0, 1 - (at.step - at.decay_start) / run.decay_steps)


def phase_file(run: argparse.Namespace) -> str:
    return "decay.pt" if run.decay_steps else "stable.pt"


@dataclass
class Progress:
    """Where a run is: steps done in all, and the step at which phase 2 began."""

    step: int = 0
    decay_start: int = 0


def resume(run: argparse.Namespace, model: Qwen2ForCausalLM, opts: list[torch.optim.Optimizer]) -> Progress | None:
    """Take up the phase's own checkpoint, or begin phase 2 where phase 1 now ends; None when there is nothing yet."""
    stable, own = (read_training_state(path) if path.exists() else None for path in (run.out / "stable.pt", run.out / phase_file(run)))
    is_own = own is not None and (stable is None or not run.decay_steps or own["decay_start"] == stable["step"])
    state = own if is_own else stable
    if state is None:
        return None
    model.load_state_dict(state["model"])
    for opt, kept in zip(opts, state["optimizers"], strict=True):
        opt.load_state_dict(kept)
    return Progress(state["step"], state["decay_start"] if is_own else state["step"])


def train_step(run: argparse.Namespace, loss_of: LossFunction, model: Qwen2ForCausalLM, rows: list[Row]) -> torch.Tensor:
    """Gradients of one batch; returns its mean loss."""
    ids = torch.from_numpy(np.stack([row.ids for row in rows]))
    positions = torch.from_numpy(np.flatnonzero(np.stack([row.is_scored for row in rows])))
    labels = ids[:, 1:].flatten()[positions]
    if run.compile:  # the number of target tokens differs from batch to batch
        torch._dynamo.mark_dynamic(positions, 0)
        torch._dynamo.mark_dynamic(labels, 0)
    loss = loss_of(model, ids[:, :-1].to(run.device), positions.to(run.device), labels.to(run.device))
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    return loss.detach()


def train(run: argparse.Namespace, model: Qwen2ForCausalLM, batches: Batches) -> Progress:
    """Run the phase asked for, from its checkpoint when there is one."""
    opts = optimizers(run, model)
    if (at := resume(run, model, opts)) is None:
        start_weights(run, model, batches.corpus)
        at = Progress()
    loss_of = torch.compile(target_loss) if run.compile else target_loss
    end, stop, clock, losses = at.decay_start + run.decay_steps if run.decay_steps else run.until_step, run.out / "stop", time.monotonic(), []
    while at.step < end and not stop.exists():
        factor = rate_factor(run, at)
        for opt, rate in zip(opts, (run.matrix_rate, run.vector_rate), strict=True):
            opt.param_groups[0]["lr"] = rate * factor
        losses.append(train_step(run, loss_of, model, batches.rows(at.step)))
        for opt in opts:
            opt.step()
            opt.zero_grad()
        at.step += 1
        if at.step % REPORT_STEPS == 0:
            clock, rate = time.monotonic(), len(losses) * run.rows * run.tokens / (time.monotonic() - clock)
            print(f"step {at.step} loss {float(torch.stack(losses).mean()):.4f} rate {factor:.3f} tokens/s {rate:.0f}", flush=True)
            losses = []
        if at.step % run.save_every == 0 or at.step == end or stop.exists():
            state = {"step": at.step, "decay_start": at.decay_start, "model": model.state_dict(), "optimizers": [o.state_dict() for o in opts]}
            write_training_state(run.out / phase_file(run), state)
    stop.unlink(missing_ok=True)
    return at


def export(model: Qwen2ForCausalLM, tokenizer: Tokenizer, folder: Path) -> None:
    """Half-precision weights, configuration and tokenizer, as transformers reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    model.to("cpu", torch.float16).save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=PADDING, eos_token=END).save_pretrained(folder)


def main(argv: list[str] | None = None) -> None:
    run = parse_flags(argv)
    tokenizer, corpus, cuts = prepare(run)
    ids = {text: tokenizer.encode(text).ids[0] for text in (*map(tag, run.languages), OPEN, CLOSE, LINE_END, PADDING)}
    marks = Marks((ids[tag(run.languages[0])], ids[tag(run.languages[1])]), ids[OPEN], ids[CLOSE], ids[LINE_END], ids[PADDING])
    model = build_model(run, tokenizer.get_vocab_size()).to(run.device)
    print(f"{len(corpus)} pairs, {len(cuts)} windows, {sum(w.numel() for w in model.parameters())} weights", flush=True)
    at = train(run, model, Batches(run, corpus, cuts, marks))
    if run.export is not None:
        export(model, tokenizer, run.export)
    print(f"ended at step {at.step}, about {at.step * run.rows * run.tokens} tokens seen", flush=True)


if __name__ == "__main__":
    main()

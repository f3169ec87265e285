"""Train the bundled small translation model on line pairs, all directions, from nothing or from weights that are there.

    python -m models.recipes.translation_sft --data train.tsv.xz@zh-en --out runs/translation
    touch runs/translation/stop                                     # saves and ends; the same command goes on from there
    python -m models.recipes.translation_sft --data train.tsv.xz@zh-en --out runs/translation --decay-steps 1000 --export DIR
    python -m models.recipes.translation_sft --start DIR --more-tokens 2048 --data zh-en.tsv.xz@zh-en@0.8 --data zh-th.tsv.xz@zh-th@0.2@0,4,5 \\
        --out runs/more --scene-share 0.4                           # from finished weights, with languages they did not know

Phase 1 warms up and then holds the learning rate, for as long as you like: `OUT/stable.pt` always resumes it. Phase 2
(`--decay-steps`) starts from `stable.pt`, brings the rate to zero, keeps its own `OUT/decay.pt`, and leaves `stable.pt` alone, so
that a later run may train on and decay again. `--export` writes a folder that transformers loads; with `--decay-steps 0
--until-step 0` it writes the stable weights as they are. Of the steps, `--scene-share` are whole scenes of 1 to 35 lines in the line
format, the rest is in the tagged form. Batch s is a function of (seed, s) alone, so a resumed run is the run that was never
stopped (same machine and threads). `--smoke` is a whole run of a few steps on lines that come with it, in under a minute.

Simplified away: no dropout, no gradient accumulation, no several processes (one GPU or two CPU cores do).
Choices: Qwen2 shape; matrices by Muon, embeddings and gains by AdamW; rows are whole pairs of one document; loss and logits
at target tokens only; embeddings start from a singular value decomposition of which tokens meet across the pairs, so that
words and their translations begin as neighbours.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from models.checkpoint import read_tensors, read_training_state, write_training_state
from models.translation.batches import Batches, BatchShape, Ingredient
from models.translation.data import Marks, Pair, PairColumns, Row, TokenCorpus, is_clean, read_pairs, windows
from models.translation.extension import extended_tokenizer, grown_embeddings
from models.translation.neighbours import meetings, neighbour_embeddings
from models.translation.prompt import CLOSE, LINE_END, OPEN, tag
from models.translation.tokens import encode_corpus, train_tokenizer

PADDING, END = "<pad>", "<eos>"  # ids 0 and 1
REPORT_STEPS = 20
LossFunction = Callable[[Qwen2ForCausalLM, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True, slots=True)
class Table:
    """Line pairs in document order. `share`: of the steps, any scale. `columns`: document, first and second language, from 0."""

    path: Path
    languages: tuple[str, str] = ("zh", "en")
    share: float = 1.0
    columns: tuple[int, int, int] = (0, 2, 3)

    @classmethod
    def read(cls, text: str) -> Table:
        """From `PATH[@zh-en[@share[@0,2,3]]]`. Raises ValueError."""
        path, *rest = text.split("@")
        languages, share, columns = [*rest, *("zh-en", "1", "0,2,3")[len(rest) :]][:3]
        first, second = languages.split("-")
        document, left, right = map(int, columns.split(","))
        return cls(Path(path), (first, second), float(share), (document, left, right))

    def pairs(self) -> Iterator[Pair]:
        """The clean pairs, in order."""
        return (pair for pair in read_pairs(self.path, PairColumns(*self.columns)) if is_clean(pair, self.languages))


def parse_flags(argv: list[str] | None) -> argparse.Namespace:
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--data", type=Table.read, action="append", help="PATH[@zh-en[@share[@0,2,3]]]: TSV or TSV.xz without a header, in document order; may be repeated")
    flags.add_argument("--out", type=Path, help="tokens, checkpoints and the log")
    flags.add_argument("--start", type=Path, help="folder of finished weights to go on from, with their tokenizer")
    flags.add_argument("--more-tokens", type=int, default=0, help="with --start: merges to learn for the second languages of all tables but the first")
    flags.add_argument("--export", type=Path, help="folder for the weights when the run ends")
    flags.add_argument("--until-step", type=int, default=1_000_000, help="end of phase 1")
    flags.add_argument("--decay-steps", type=int, default=0, help="above 0: phase 2, this long")
    flags.add_argument("--scene-share", type=float, default=0.35, help="steps that see whole scenes in the line format")
    flags.add_argument("--scene-tokens", type=int, default=1280, help="length of a row of scenes")
    flags.add_argument("--save-every", type=int, default=300, help="steps between checkpoints")
    for name, default in (("rows", 24), ("tokens", 192), ("vocabulary", 8192), ("hidden", 256), ("layers", 6), ("warmup", 150), ("seed", 0)):
        flags.add_argument(f"--{name}", type=int, default=default)
    flags.add_argument("--matrix-rate", type=float, default=5e-3, help="learning rate of Muon")
    flags.add_argument("--vector-rate", type=float, default=2e-3, help="learning rate of AdamW")
    flags.add_argument("--device", default="cpu")
    flags.add_argument("--compile", action="store_true", help="torch.compile the loss (needs a C++ compiler on CPU)")
    flags.add_argument("--smoke", action="store_true", help="a few steps on a few lines, to see that it runs")
    run = flags.parse_args(argv)
    if not run.smoke and (run.data is None or run.out is None):
        flags.error("--data and --out are needed (or --smoke).")
    return run


def run_tokenizer(run: argparse.Namespace) -> Tokenizer:
    """The run's tokenizer: made once from its tables, or that of `--start`, grown for the languages it lacks."""
    path = run.out / "tokenizer.json"
    if not path.exists():
        languages = dict.fromkeys(tag(language) for table in run.data for language in table.languages)
        if run.start is None:
            made = train_tokenizer((pair for table in run.data for pair in table.pairs()), run.vocabulary, (PADDING, END, *languages))
        else:
            texts = (pair.second for table in run.data[1:] for pair in table.pairs())
            made = extended_tokenizer(Tokenizer.from_file(str(run.start / "tokenizer.json")), texts, run.more_tokens, tuple(languages))
        made.save(str(path))
    return Tokenizer.from_file(str(path))


def ingredient(run: argparse.Namespace, number: int, tokenizer: Tokenizer) -> Ingredient:
    """A table as ids, made once and kept in the run's folder."""
    table = run.data[number]
    path = run.out / f"corpus-{number}.npz"
    if not path.exists():
        encode_corpus(table.pairs(), tokenizer).save(run.out / "making.npz")
        (run.out / "making.npz").replace(path)
    corpus = TokenCorpus.load(path)
    ids = {text: tokenizer.encode(text).ids[0] for text in (*map(tag, table.languages), OPEN, CLOSE, LINE_END, PADDING, END)}
    tags = (ids[tag(table.languages[0])], ids[tag(table.languages[1])])
    marks = Marks(tags, ids[OPEN], ids[CLOSE], ids[LINE_END], ids[PADDING], ids[END])
    return Ingredient(corpus, windows(corpus, run.tokens), marks, table.share)


def build_model(run: argparse.Namespace, n_ids: int) -> Qwen2ForCausalLM:
    config = Qwen2Config(
        vocab_size=n_ids, hidden_size=run.hidden, num_hidden_layers=run.layers, intermediate_size=3 * run.hidden,
        num_attention_heads=max(1, run.hidden // 64), num_key_value_heads=max(1, run.hidden // 128), max_position_embeddings=2048,
        tie_word_embeddings=True, bos_token_id=None, eos_token_id=1, pad_token_id=0,
    )  # fmt: skip
    return Qwen2ForCausalLM(config)


def start_weights(run: argparse.Namespace, model: Qwen2ForCausalLM, corpora: list[TokenCorpus]) -> None:
    """The weights of `--start`, its embeddings grown to the tokenizer; without it the weights of `fresh_weights`."""
    if run.start is None:
        fresh_weights(run, model, corpora[0])
        return
    state = read_tensors(run.start / "model.safetensors")
    name, n_ids = "model.embed_tokens.weight", model.config.vocab_size
    if len(state[name]) < n_ids:
        state[name] = grown_embeddings(state[name].float(), n_ids, corpora, torch.Generator().manual_seed(run.seed))
    missing = model.load_state_dict({key: weight.float() for key, weight in state.items()}, strict=False).missing_keys
    if set(missing) - {"lm_head.weight"}:
        raise ValueError(f"{run.start} lacks {', '.join(missing)}; --start wants weights that this recipe exported, of the same shape.")


@torch.no_grad()
def fresh_weights(run: argparse.Namespace, model: Qwen2ForCausalLM, corpus: TokenCorpus) -> None:
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
        start_weights(run, model, [one.corpus for one in batches.ingredients])
        at = Progress()
    loss_of = torch.compile(target_loss) if run.compile else target_loss
    end, stop, losses = at.decay_start + run.decay_steps if run.decay_steps else run.until_step, run.out / "stop", []
    clock, n_tokens = time.monotonic(), 0
    while at.step < end and not stop.exists():
        factor = rate_factor(run, at)
        for opt, rate in zip(opts, (run.matrix_rate, run.vector_rate), strict=True):
            opt.param_groups[0]["lr"] = rate * factor
        rows = batches.rows(at.step)
        n_tokens += len(rows) * len(rows[0].is_scored)
        losses.append(train_step(run, loss_of, model, rows))
        for opt in opts:
            opt.step()
            opt.zero_grad()
        at.step += 1
        if at.step % REPORT_STEPS == 0:
            rate = n_tokens / (time.monotonic() - clock)
            print(f"step {at.step} loss {float(torch.stack(losses).mean()):.4f} rate {factor:.3f} tokens/s {rate:.0f}", flush=True)
            losses, clock, n_tokens = [], time.monotonic(), 0
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


SMOKE_LINES = (("过来", "Come here!"), ("你好", "Hello."), ("我们走吧", "Let's go."), ("谢谢你", "Thank you."), ("你在哪里", "Where are you?"))


def smoke(run: argparse.Namespace, folder: Path) -> argparse.Namespace:
    """The run of `--smoke`: both phases' machinery on five lines, in `folder`."""
    rows = [f"{document}\t{place}\t{first}\t{second}\n" for document in range(12) for place, (first, second) in enumerate(SMOKE_LINES)]
    (folder / "lines.tsv").write_text("".join(rows), encoding="utf-8")
    run.data, run.out, run.export = [Table(folder / "lines.tsv")], folder / "run", run.export or folder / "model"
    run.until_step, run.rows, run.tokens, run.scene_tokens, run.vocabulary, run.hidden, run.layers = 20, 4, 48, 96, 330, 64, 2
    return run


def main(argv: list[str] | None = None) -> None:
    run = parse_flags(argv)
    with tempfile.TemporaryDirectory() if run.smoke else nullcontext() as folder:
        work(smoke(run, Path(folder)) if run.smoke else run)


def work(run: argparse.Namespace) -> None:
    run.out.mkdir(parents=True, exist_ok=True)
    tokenizer = run_tokenizer(run)
    ingredients = [ingredient(run, number, tokenizer) for number in range(len(run.data))]
    model = build_model(run, tokenizer.get_vocab_size()).to(run.device)
    n_pairs, n_windows = (sum(map(len, group)) for group in zip(*((one.corpus, one.cuts) for one in ingredients), strict=True))
    print(f"{n_pairs} pairs, {n_windows} windows, {sum(w.numel() for w in model.parameters())} weights", flush=True)
    at = train(run, model, Batches(run.seed, BatchShape(run.rows, run.tokens, run.scene_tokens, run.scene_share), ingredients))
    if run.export is not None:
        export(model, tokenizer, run.export)
    print(f"ended at step {at.step}, about {at.step * run.rows * run.tokens} tokens seen", flush=True)


if __name__ == "__main__":
    main()

"""One preference-training step of a scene: packed against per line against TRL's DPO trainer, in one run. `python -m bench.sspo`.

Forward and backward of LoRA weights, the reference being the same weights with the adapter off; the same pairs, model, adapter and
number type everywhere, no dropout, no optimizer. Systems take turns; the table gives medians, and how far losses and gradients differ.
TRL comes from `--peer DIR` (a checkout, or a folder of installed packages) and is given the pairs as one prompt per line.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import PreTrainedModel, PreTrainedTokenizerBase, Qwen2Config, Qwen2ForCausalLM

from bench.machine import as_plain, this_machine
from bench.sspo_peer import PeerFailed, Trl
from models.checkpoint import LanguageModelPlace, open_language_model
from models.translation.layout import SceneLayout
from models.translation.objectives import PairLogps, margins, sspo_loss
from models.translation.packing import packed_tokens
from models.translation.preference_loss import LossSettings, scene_loss
from models.translation.preference_scene import PreferenceLine, PreferenceScene, Tree, line_tree, plain_tokens, preference_scene
from models.translation.records import read_records
from models.translation.span_scores import plain_scores

BUNDLED = Path(__file__).resolve().parent.parent / "models" / "weights" / "translation-small"
SHAPES = {
    "0.5b": {
        "hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2,
        "vocab_size": 151936, "max_position_embeddings": 32768, "tie_word_embeddings": True,
    },
}  # fmt: skip
AIM_RATIO = 10.0
PAPER_LORA = {"r": 16, "lora_alpha": 32, "lora_dropout": 0.0, "target_modules": ["q_proj", "k_proj", "v_proj"], "task_type": "CAUSAL_LM"}


@dataclass(frozen=True, slots=True)
class Step:
    """What one training step gave. `cpu_s`: processor time of this process, all threads, which a busy machine disturbs less than `seconds`;
    it says nothing of a GPU. `gradients`: of every adapter weight, joined."""

    seconds: float
    cpu_s: float
    loss: float
    gradients: torch.Tensor


@dataclass(frozen=True, slots=True)
class Row:
    """`times_packed`: median over that of the packed form. `loss_difference`, `gradient_difference`: against the per-line form; the second is the largest, over the largest gradient."""

    system: str
    tokens_read: int
    median_s: float
    fastest_s: float
    median_cpu_s: float
    times_packed: float
    times_packed_cpu: float
    loss: float
    loss_difference: float
    gradient_difference: float
    note: str


def parse_flags() -> argparse.Namespace:
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--lines", type=int, default=35, help="of the drawn scene")
    flags.add_argument("--records", type=Path, help="take the first scene of this preference file instead of drawing one")
    flags.add_argument("--model", type=Path, default=BUNDLED, help="folder of a causal language model")
    flags.add_argument("--shape", choices=tuple(SHAPES), help="random weights of this size instead of a model's own")
    flags.add_argument("--peer", type=Path, help="folder that holds the package trl, and what it needs")
    flags.add_argument("--peer-batches", type=int, nargs="+", default=(1, 2, 4, 8), help="pairs per batch; the fastest is timed")
    flags.add_argument("--repeats", type=int, default=3)
    flags.add_argument("--seed", type=int, default=0)
    flags.add_argument("--threads", type=int, help="of torch; as torch chooses when not given")
    flags.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    flags.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    flags.add_argument("--out", type=Path, help="write the result as JSON here")
    return flags.parse_args()


def main() -> None:
    flags = parse_flags()
    if flags.threads is not None:
        torch.set_num_threads(flags.threads)
    machine = this_machine()
    print(machine, f"{torch.get_num_threads()} threads, {device_name(flags.device)}, {flags.dtype}, seed {flags.seed}", sep="\n", end="\n\n")
    bare, tokenizer = load_model(flags)
    scene = load_scene(flags, tokenizer, bare.config.vocab_size)
    tree = line_tree(scene, include_terminator=False)
    print(f"{len(scene.lines)} lines, {len(tree.preferred)} pairs, prompt of {len(scene.layout.prompt)} tokens, whole text of {len(tree.trunk)}")
    peer, note = open_peer(flags, bare, tokenizer)
    model = peer.model if peer is not None else get_peft_model(bare, LoraConfig(**PAPER_LORA))
    train_a_little(model, flags.seed)
    systems: dict[str, Callable[[], Step]] = {"packed": lambda: packed_step(model, scene), "per line": lambda: per_line_step(model, tree)}
    if peer is not None:
        batch = peer.fastest_batch(tree, flags.peer_batches)
        note = f"{peer.version}, {batch} pairs a batch"
        systems["TRL"] = lambda: peer_step(peer, tree, batch)
    rows = table(measure(systems, flags.repeats), tree, note)
    print("\n".join(lines_of(rows)) + (f"\n{note}" if peer is None else ""))
    if flags.out is not None:
        write(flags, {"machine": as_plain(machine), "run": settings_of(flags, model, scene), "rows": [asdict(row) for row in rows]})


def load_model(flags: argparse.Namespace) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    torch.manual_seed(flags.seed)
    dtype = getattr(torch, flags.dtype)
    model, tokenizer = open_language_model(LanguageModelPlace(str(flags.model)), "cpu")
    if flags.shape is not None:
        model = Qwen2ForCausalLM(Qwen2Config(**SHAPES[flags.shape]))
    return model.to(flags.device, dtype), tokenizer


def load_scene(flags: argparse.Namespace, tokenizer: PreTrainedTokenizerBase, n_ids: int) -> PreferenceScene:
    if flags.records is None:
        return drawn_scene(flags.lines, n_ids, torch.Generator().manual_seed(flags.seed))
    record = next(read_records(flags.records), None)
    if record is None:
        raise SystemExit(f"{flags.records} has no scene; sample one first.")
    return preference_scene(record, tokenizer)


def drawn_scene(n_lines: int, n_ids: int, generator: torch.Generator) -> PreferenceScene:
    """Random tokens in the line format with the lengths of dialogue: sources of 4 to 12 tokens, translations of 5 to 16."""

    def words(least: int, most: int) -> tuple[int, ...]:
        size = int(torch.randint(least, most + 1, (), generator=generator))
        return tuple(torch.randint(10, n_ids, (size,), generator=generator).tolist())

    sources = [words(4, 12) for _ in range(n_lines)]
    prompt = (2, *(token for source in sources for token in (*source, 5)), 3)
    layout = SceneLayout(prompt, tuple((*source, 6) for source in sources), (7,), (5,), frozenset({7}))
    lines = tuple(PreferenceLine(words(5, 14), words(6, 16), False, (), 0.0) for _ in sources)
    return PreferenceScene("drawn", layout, lines, tuple(line.chosen for line in lines))


def open_peer(flags: argparse.Namespace, bare: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> tuple[Trl | None, str]:
    if flags.peer is None:
        return None, "No --peer: TRL was not measured."
    try:
        return Trl(flags.peer, bare, tokenizer, LoraConfig(**PAPER_LORA)), ""
    except PeerFailed as error:
        raise SystemExit(str(error)) from error


def train_a_little(model: PeftModel, seed: int) -> None:
    """Adapter weights that change the model, so that there are margins and gradients to compare."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                weight.copy_(0.02 * torch.randn(weight.shape, generator=generator))


def packed_step(model: PeftModel, scene: PreferenceScene) -> Step:
    def losses() -> Iterator[torch.Tensor]:
        yield scene_loss(model, scene, LossSettings()).total

    return timed(model, losses)


def per_line_step(model: PeftModel, tree: Tree) -> Step:
    """The plain form pair by pair, each with its own backward pass: the least memory, and nothing saved between lines."""

    def losses() -> Iterator[torch.Tensor]:
        for better, worse in zip(tree.preferred, tree.dispreferred, strict=True):
            scores = plain_scores(model, [replace(tree, preferred=(better,), dispreferred=(worse,))], None, with_kl=False)
            yield sspo_loss(margins(PairLogps(*scores.policy.chunk(2)), PairLogps(*scores.reference.chunk(2))), LossSettings().beta)

    return timed(model, losses)


def peer_step(peer: Trl, tree: Tree, batch: int) -> Step:
    return timed(peer.model, lambda: peer.losses(tree, batch))


def timed(model: PeftModel, losses: Callable[[], Iterator[torch.Tensor]]) -> Step:
    """Gradients of all losses, added up."""
    model.train()
    model.zero_grad(set_to_none=True)
    settle(model)
    started, cpu_started, total = time.perf_counter(), time.process_time(), 0.0
    for loss in losses():
        loss.backward()
        total += float(loss.detach())
    settle(model)
    seconds, cpu_s = time.perf_counter() - started, time.process_time() - cpu_started
    named = sorted((name, weight.grad) for name, weight in model.named_parameters() if weight.requires_grad)
    return Step(seconds, cpu_s, total, torch.cat([gradient.float().flatten().cpu() for _, gradient in named]))


def settle(model: PeftModel) -> None:
    if model.device.type == "cuda":
        torch.cuda.synchronize()


def measure(systems: dict[str, Callable[[], Step]], repeats: int) -> dict[str, list[Step]]:
    """All systems in turn, `repeats` times, after one packed step that nobody counts."""
    systems["packed"]()
    steps: dict[str, list[Step]] = {name: [] for name in systems}
    for number in range(repeats):
        for name, step in systems.items():
            steps[name].append(step())
            print(f"  {number + 1}/{repeats} {name}: {steps[name][-1].seconds:.2f} s", flush=True)
    return steps


def table(steps: dict[str, list[Step]], tree: Tree, peer_note: str) -> list[Row]:
    medians = {name: statistics.median(step.seconds for step in of_one) for name, of_one in steps.items()}
    processor = {name: statistics.median(step.cpu_s for step in of_one) for name, of_one in steps.items()}
    exact = steps["per line"][0]
    plain = plain_tokens([tree])
    read = {"packed": packed_tokens([tree], with_kl=False), "per line": plain, "TRL": plain}
    return [
        Row(
            system=name,
            tokens_read=read[name],
            median_s=round(medians[name], 4),
            fastest_s=round(min(step.seconds for step in of_one), 4),
            median_cpu_s=round(processor[name], 4),
            times_packed=round(medians[name] / medians["packed"], 2),
            times_packed_cpu=round(processor[name] / processor["packed"], 2),
            loss=of_one[0].loss,
            loss_difference=max(abs(step.loss - exact.loss) for step in of_one),
            gradient_difference=max(float((step.gradients - exact.gradients).abs().max() / exact.gradients.abs().max()) for step in of_one),
            note=peer_note if name == "TRL" else "",
        )
        for name, of_one in steps.items()
    ]


def lines_of(rows: list[Row]) -> list[str]:
    lines = [f"{'system':10}{'tokens':>9}{'median':>10}{'fastest':>10}{'CPU':>10}{'× packed':>10}{'× CPU':>8}{'loss':>12}{'Δ loss':>10}{'Δ gradient':>12}"]
    for row in rows:
        numbers = f"{row.median_s:>8.2f} s{row.fastest_s:>8.2f} s{row.median_cpu_s:>8.2f} s{row.times_packed:>9.1f}×{row.times_packed_cpu:>7.1f}×"
        lines.append(f"{row.system:10}{row.tokens_read:>9}{numbers}{row.loss:>12.6f}{row.loss_difference:>10.1e}{row.gradient_difference:>12.1e}  {row.note}")
    others = [row for row in rows if row.system != "packed"]
    return [*lines, *(f"packed is {row.times_packed:.1f} times as fast as {row.system}; the aim is {AIM_RATIO:.0f}." for row in others)]


def settings_of(flags: argparse.Namespace, model: PeftModel, scene: PreferenceScene) -> dict[str, str | int]:
    n_weights = sum(weight.numel() for weight in model.get_base_model().parameters())
    return {
        "seed": flags.seed, "repeats": flags.repeats, "lines": len(scene.lines), "model": flags.shape or flags.model.name, "weights": n_weights,
        "device": device_name(flags.device), "dtype": flags.dtype, "threads": torch.get_num_threads(),
    }  # fmt: skip


def device_name(device: str) -> str:
    return torch.cuda.get_device_name() if device.startswith("cuda") else device


def write(flags: argparse.Namespace, content: dict[str, object]) -> None:
    flags.out.parent.mkdir(parents=True, exist_ok=True)
    part = flags.out.with_name(flags.out.name + ".part")
    part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    os.replace(part, flags.out)


if __name__ == "__main__":
    main()

"""k candidates for each line of a scene: one shared cache against plain `generate` per line. `python -m bench.candidates`.

The same model, prefixes (the table's own translations stand in the context), settings and machine, in one run, the ways in turn; ratios
of medians over the repeats. `generate` re-reads the whole prefix for every line and keeps a copy of it per candidate; `copied` reads it
once per line and copies its cache (the studio's decoder). Draws differ from way to way, so seconds per token stand beside seconds.
Aim: at least 5 times faster than `generate` at k = 20 and 35 lines.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase, Qwen2Config, Qwen2ForCausalLM

from bench.machine import as_plain, this_machine
from models.checkpoint import LanguageModelPlace, open_language_model, read_manifest
from models.recipes.sample_scenes import SMOKE_LINES
from models.translation.decode import Sampling, draw_continuations
from models.translation.forms import Form
from models.translation.layout import SceneLayout, layout_of, translation_ids
from models.translation.prompt import Scene
from models.translation.sampling import SamplingSettings, SceneAsk, SceneSampler, line_noise

AIM_RATIO = 5.0
WAYS = ("shared", "copied", "generate")
# hidden width, layers, attention heads, key-value heads, width of the feed-forward part, vocabulary: those of Qwen2.5
SHAPES = {"0.5B": (896, 24, 14, 2, 4864, 151_936), "1.5B": (1536, 28, 12, 2, 8960, 151_936), "7B": (3584, 28, 28, 4, 18944, 152_064)}


@dataclass(frozen=True, slots=True)
class Bench:
    """What all ways share. `chosen`: ids of the translation that follows each line in the context."""

    model: PreTrainedModel
    layout: SceneLayout
    chosen: tuple[tuple[int, ...], ...]
    settings: SamplingSettings

    def prefix(self, line: int) -> list[int]:
        return [*self.layout.trunk(self.chosen[:line]), *self.layout.openings[line]]


@dataclass(frozen=True, slots=True)
class Measured:
    """Medians over the repeats. `tokens`: drawn, endings counted, in the median repeat. `cpu_s`: of this process on all its cores, which a
    busy machine disturbs less than the wall time."""

    way: str
    seconds: float
    fastest_s: float
    cpu_s: float
    tokens: int
    ms_per_token: float
    lines_per_s: float


def parse_flags(argv: list[str] | None = None) -> argparse.Namespace:
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--model", help="folder of a causal language model (default: the bundled one)")
    flags.add_argument("--shape", choices=tuple(SHAPES), help="instead: random weights of this size, and draws of fixed length")
    flags.add_argument("--form", type=Form, choices=tuple(Form), default=Form.COMPACT)
    flags.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    flags.add_argument("--lines", type=int, default=35)
    flags.add_argument("--k", type=int, default=20)
    flags.add_argument("--fixed-tokens", type=int, help="draws of exactly this length (default: 12 with --shape, else to their end)")
    flags.add_argument("--max-new-tokens", type=int, default=40)
    flags.add_argument("--temperature", type=float, default=0.7)
    flags.add_argument("--repeats", type=int, default=3)
    flags.add_argument("--seed", type=int, default=0)
    flags.add_argument("--device", default="cpu")
    flags.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    flags.add_argument("--threads", type=int, help="of torch on a CPU (default: torch's own choice)")
    flags.add_argument("--json", type=Path, help="write the result here as well")
    return flags.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    flags = parse_flags(argv)
    if flags.threads is not None:
        torch.set_num_threads(flags.threads)
    machine = this_machine()
    bench = prepared(flags)
    rows = measure(bench, flags)
    base = rows[0]
    content = {
        "machine": as_plain(machine) | {"threads": torch.get_num_threads(), "device": flags.device},
        "settings": asdict(bench.settings) | {"lines": flags.lines, "model": flags.shape or flags.model or "bundled", "form": flags.form.value,
                                              "precision": flags.precision, "repeats": flags.repeats,
                                              "weights": sum(weight.numel() for weight in bench.model.parameters())},
        "rows": [asdict(row) for row in rows],
        "ratios": {row.way: round(row.seconds / base.seconds, 2) for row in rows[1:]},
        "ratios_of_cpu_time": {row.way: round(row.cpu_s / base.cpu_s, 2) for row in rows[1:]},
        "ratios_per_token": {row.way: round(row.ms_per_token / base.ms_per_token, 2) for row in rows[1:]},
        "aim_generate_ratio": AIM_RATIO,
    }  # fmt: skip
    text = json.dumps(content, indent=1)
    print(text)
    if flags.json is not None:
        part = flags.json.with_name(flags.json.name + ".part")
        part.write_text(text + "\n", encoding="utf-8")
        os.replace(part, flags.json)


def prepared(flags: argparse.Namespace) -> Bench:
    bundled = read_manifest().place_of("translation-small")
    model, tokenizer = open_language_model(bundled if flags.model is None else LanguageModelPlace(flags.model), flags.device)
    fixed = flags.fixed_tokens
    if flags.shape is not None:
        model, fixed = random_model(flags.shape, flags.seed), 12 if fixed is None else fixed
    model = model.to(flags.device, getattr(torch, flags.precision)).eval()
    lines = [SMOKE_LINES[number % len(SMOKE_LINES)] for number in range(flags.lines)]
    layout = scene_layout([source for source, _ in lines], flags.form, tokenizer)
    settings = SamplingSettings(
        flags.k, flags.temperature, max_new_tokens=flags.max_new_tokens if fixed is None else fixed, tokens_per_source_token=None,
        is_first_greedy=False, seed=flags.seed,
    )  # fmt: skip
    layout = layout if fixed is None else replace(layout, ending_ids=frozenset())
    return Bench(model, layout, tuple(translation_ids(target, tokenizer) for _, target in lines), settings)


def scene_layout(sources: list[str], form: Form, tokenizer: PreTrainedTokenizerBase) -> SceneLayout:
    languages = ("Chinese", "English") if form is Form.INSTRUCTION else ("zh", "en")
    return layout_of(Scene(*languages, tuple(sources)), form, tokenizer)


def random_model(shape: str, seed: int) -> PreTrainedModel:
    hidden, layers, heads, key_value_heads, inner, vocabulary = SHAPES[shape]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Qwen2ForCausalLM(Qwen2Config(
            vocab_size=vocabulary, hidden_size=hidden, num_hidden_layers=layers, intermediate_size=inner, num_attention_heads=heads,
            num_key_value_heads=key_value_heads, tie_word_embeddings=True, bos_token_id=None, eos_token_id=1, pad_token_id=0,
        ))  # fmt: skip


def shared(bench: Bench) -> int:
    """Tokens drawn for all lines of the scene."""
    counts: list[int] = []

    def choose(lines: list) -> list[tuple[int, ...]]:
        counts.extend(len(draw.ids) + draw.is_finished for line in lines for draw in line.draws)
        return [bench.chosen[line.line_index] for line in lines]

    SceneSampler(bench.model, bench.settings).sample([SceneAsk("bench", bench.layout)], choose)
    return sum(counts)


def copied(bench: Bench) -> int:
    settings, count = bench.settings, 0
    sampling = Sampling(settings.temperature, settings.top_p, settings.max_new_tokens, bench.layout.ending_ids, 0)
    for line in range(len(bench.layout)):
        noise = torch.from_numpy(line_noise(settings, "bench", line))[None]
        (draws,) = draw_continuations(bench.model, [bench.prefix(line)], noise, sampling)
        count += sum(len(draw.ids) + draw.is_finished for draw in draws)
    return count


@torch.inference_mode()
def generate(bench: Bench) -> int:
    settings, count = bench.settings, 0
    endings = sorted(bench.layout.ending_ids)
    torch.manual_seed(settings.seed)
    for line in range(len(bench.layout)):
        ids = torch.tensor([bench.prefix(line)], device=bench.model.device)
        out = bench.model.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=True, num_return_sequences=settings.n_draws, temperature=settings.temperature,
            top_p=settings.top_p, top_k=settings.top_k, max_new_tokens=settings.max_new_tokens, pad_token_id=0,
            eos_token_id=endings if endings else -1,
        )  # fmt: skip
        is_end = torch.isin(out[:, ids.shape[1] :], torch.tensor(endings, device=out.device))
        lengths = torch.where(is_end.any(1), is_end.int().argmax(1) + 1, is_end.shape[1])
        count += int(lengths.sum())
    return count


def measure(bench: Bench, flags: argparse.Namespace) -> list[Measured]:
    ways: dict[str, Callable[[Bench], int]] = {"shared": shared, "copied": copied, "generate": generate}
    asked = ["shared", *(way for way in WAYS[1:] if way in flags.ways)]
    runs: dict[str, list[tuple[float, int, float]]] = {way: [] for way in asked}
    short = replace(bench, layout=replace(bench.layout, openings=bench.layout.openings[:1]))
    for way in asked:
        ways[way](short)  # warm up
    for repeat in range(flags.repeats):
        for way in asked:
            runs[way].append(timed(ways[way], bench))
            print(f"  {way} {repeat + 1}: {runs[way][-1][0]:.2f} s ({runs[way][-1][2]:.2f} s of CPU), {runs[way][-1][1]} tokens", file=sys.stderr, flush=True)
    return [measured(way, runs[way], flags.lines) for way in asked]


def timed(way: Callable[[Bench], int], bench: Bench) -> tuple[float, int, float]:
    """Wall seconds, tokens, CPU seconds."""
    started_s, cpu_started_s = time.monotonic(), time.process_time()
    tokens = way(bench)
    if bench.model.device.type == "cuda":
        torch.cuda.synchronize()
    return time.monotonic() - started_s, tokens, time.process_time() - cpu_started_s


def measured(way: str, runs: list[tuple[float, int, float]], n_lines: int) -> Measured:
    seconds = statistics.median(run[0] for run in runs)
    tokens = sorted(runs)[len(runs) // 2][1]
    per_token_ms = statistics.median(1000 * run[0] / run[1] for run in runs)
    cpu_s = round(statistics.median(run[2] for run in runs), 3)
    return Measured(way, round(seconds, 3), round(min(run[0] for run in runs), 3), cpu_s, tokens, round(per_token_ms, 4), round(n_lines / seconds, 3))


if __name__ == "__main__":
    main()

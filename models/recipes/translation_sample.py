"""Sample preference pairs for SSPO: k candidates for every line of a table's scenes, timed, the best chosen and the worst rejected.

    python -m models.recipes.translation_sample --data TABLE.tsv.xz --columns document,line,source,target --from zh --to en --out pairs.jsonl
    python -m models.recipes.translation_sample --data TABLE.tsv --columns document,line,start_s,end_s,source,target --durations timed \\
           --from zh --to th --model FOLDER --form compact --out pairs.jsonl
    python -m models.recipes.translation_sample --smoke

The table has no header; --columns names its columns in their order, - one that is not needed. Algorithm 1 of arXiv 2508.08550: each
line's candidates follow the lines before it with their chosen translations. The same command goes on after an interruption and gives
the same file. Scenes are sampled in groups, side by side; --workers are processes, each with its own group.

Where the paper is silent (k, temperature), the defaults are ALPO's; small models may want other values. The paper's judges have ten billion
weights (--comet FOLDER takes one); without them, the model's own likelihood and, with --quality, its way back decide what is dropped.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path

from models.checkpoint import BadWeights, LanguageModelPlace, read_manifest
from models.recipes.sample_processes import WorkerLost, results_in_order
from models.recipes.sample_scenes import (
    NAMES, SceneLimits, TableLine, TableScene, clean_lines, column_names, cut_scenes, read_table, smoke_lines,
)  # fmt: skip
from models.recipes.sample_tally import Tally
from models.recipes.sample_work import LIKELIHOOD, ROUND_TRIP, GroupResult, SampleOrder, line_cost
from models.translation.forms import Form, NoSuchTag
from models.translation.quality import CannotJudge
from models.translation.records import append_records, kept_scene_ids
from models.translation.sampling import SamplingOutOfMemory, SamplingSettings
from models.translation.selection import SelectionRule
from studio.domain.errors import StudioError
from studio.domain.language import language_code

BUNDLED = "translation-small"


def parse_flags(argv: list[str] | None) -> argparse.Namespace:
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--data", type=Path, help="TSV or TSV.xz without a header, in document order")
    flags.add_argument("--columns", default="document,line,source,target", help=f"the table's columns in order, of {', '.join(NAMES)}, -")
    flags.add_argument("--from", dest="source", default="zh", help="language of the source column")
    flags.add_argument("--to", dest="target", default="en", help="language of the target column")
    flags.add_argument("--out", type=Path, help="JSON lines, one scene per row; appended to when there")
    flags.add_argument("--smoke", action="store_true", help="twenty built-in lines, the bundled model, a file that is thrown away")
    _model_flags(flags.add_argument_group("model"))
    _scene_flags(flags.add_argument_group("scenes"))
    _draw_flags(flags.add_argument_group("candidates"))
    run = flags.parse_args(argv)
    if not run.smoke and (run.data is None or run.out is None):
        flags.error("give --data and --out (or --smoke).")
    if min(run.workers, run.scenes_at_once) < 1:
        flags.error("--workers and --scenes-at-once must be 1 or more.")
    return run


def _model_flags(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--model", help=f"folder of a causal language model, or a bundled name (default: {BUNDLED})")
    group.add_argument("--adapter", help="folder of a PEFT adapter of that model")
    group.add_argument("--form", choices=tuple(Form), default=Form.COMPACT, type=Form, help="how the model is asked")
    group.add_argument("--device", default="cpu")
    group.add_argument("--precision", choices=("float32", "bfloat16", "float16"), default="float32", help="bfloat16 is faster where the processor has it")
    group.add_argument("--workers", type=int, default=1, help="processes, of one torch thread each on a CPU")


def _scene_flags(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--lines-per-scene", type=int, default=35)
    group.add_argument("--overlap", type=int, default=0, help="lines that a scene shares with the one before it")
    group.add_argument("--scene-tokens", type=int, help="about the most tokens of a scene (default: what the model can read)")
    group.add_argument("--scenes-at-once", type=int, default=8, help="scenes of a group, decoded side by side")
    group.add_argument("--skip-lines", type=int, default=0, help="rows of the table to pass over first")
    group.add_argument("--limit-lines", type=int, help="rows of the table to read after those")
    group.add_argument("--limit-scenes", type=int)
    group.add_argument("--all-lines", action="store_true", help="also lines that training would not read (markup, odd lengths)")


def _draw_flags(group: argparse._ArgumentGroup) -> None:
    ours, rule = SamplingSettings(), SelectionRule()
    group.add_argument("--k", type=int, default=ours.n_draws, help="draws per line")
    group.add_argument("--temperature", type=float, default=ours.temperature)
    group.add_argument("--top-p", type=float, default=ours.top_p)
    group.add_argument("--top-k", type=int, default=ours.top_k, help="0: no limit but 64")
    group.add_argument("--max-new-tokens", type=int, default=ours.max_new_tokens, help="a draw that has not ended by then is no candidate")
    group.add_argument("--tokens-per-source-token", type=float, default=ours.tokens_per_source_token, help="nor one longer than that, and 8; 0: no limit")
    group.add_argument("--no-greedy", action="store_true", help="the first draw is sampled like the others")
    group.add_argument("--seed", type=int, default=ours.seed)
    group.add_argument("--durations", choices=("espeak", "timed"), default="espeak", help="of the source lines: the estimator, or start_s and end_s")
    group.add_argument("--quality", default=LIKELIHOOD, help=f"judges before time decides: {LIKELIHOOD}, {ROUND_TRIP}, comma between, or none")
    group.add_argument("--comet", help="folder of a COMETKiwi or XCOMET model, a judge as well (package unbabel-comet)")
    group.add_argument("--drop-share", type=float, default=0.2, help="of a line's candidates, each judge's lowest, before time decides")
    group.add_argument("--min-candidates", type=int, default=rule.min_candidates, help="e1: a line with fewer teaches nothing")
    group.add_argument("--min-gap", type=float, default=rule.min_gap, help="e2: nor does one whose P differ by less")


def order_of(run: argparse.Namespace) -> SampleOrder:
    """Raises BadWeights, BadSetting or ValueError (sentences)."""
    name = BUNDLED if run.model is None else run.model
    is_bundled = not Path(name).is_dir() and any(entry.name == name for entry in read_manifest().bundled)
    place = read_manifest().place_of(name) if is_bundled else LanguageModelPlace(name)
    if run.adapter is not None:
        place = LanguageModelPlace(place.model, run.adapter, place.sha256)
    if not 0 <= run.drop_share < 1:
        raise ValueError(f"--drop-share {run.drop_share} must be from 0 to below 1.")
    top_k = None if run.top_k == 0 else run.top_k
    per_source = None if run.tokens_per_source_token == 0 else run.tokens_per_source_token
    settings = SamplingSettings(run.k, run.temperature, run.top_p, top_k, run.max_new_tokens, per_source, not run.no_greedy, run.seed)
    languages = (language_code(run.source), language_code(run.target))
    rule = SelectionRule(run.min_candidates, run.min_gap)
    judges = () if run.quality == "none" else tuple(name.strip() for name in run.quality.split(","))
    if unknown := set(judges) - {LIKELIHOOD, ROUND_TRIP}:
        raise ValueError(f"--quality knows no judge “{min(unknown)}”; name {LIKELIHOOD}, {ROUND_TRIP}, both with a comma between, or none.")
    is_timed = run.durations == "timed"
    return SampleOrder(place, run.form, languages, settings, rule, run.drop_share, is_timed, run.device, run.precision, judges, run.comet)


def table_lines(run: argparse.Namespace, languages: tuple[str, str]) -> Iterator[TableLine]:
    if run.smoke:
        return iter(smoke_lines())
    names = column_names(run.columns)
    if run.durations == "timed" and "start_s" not in names:
        raise ValueError("--durations timed needs the columns start_s and end_s; name them in --columns.")
    end = None if run.limit_lines is None else run.skip_lines + run.limit_lines
    lines = islice(read_table(run.data, names), run.skip_lines, end)
    return lines if run.all_lines else clean_lines(lines, languages)


def scenes_of(run: argparse.Namespace, order: SampleOrder) -> list[TableScene]:
    """All scenes of the run; their tokens are counted by the model's own tokenizer."""
    from transformers import AutoConfig, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(order.place.model, local_files_only=True)
    context_tokens = getattr(AutoConfig.from_pretrained(order.place.model, local_files_only=True), "max_position_embeddings", 1 << 30)
    budget = context_tokens if run.scene_tokens is None else min(run.scene_tokens, context_tokens)
    limits = SceneLimits(run.lines_per_scene, max(1, budget - order.settings.max_new_tokens), run.overlap)
    scenes = cut_scenes(table_lines(run, order.languages), limits, line_cost(order.form, tokenizer))
    return list(islice(scenes, run.limit_scenes))


def hold_to(order: SampleOrder, run: argparse.Namespace, out: Path) -> None:
    """A file of pairs belongs to one set of options, kept beside it: another may not go on with it. Raises ValueError."""
    cutting = (str(run.data), run.columns, run.lines_per_scene, run.overlap, run.scene_tokens, run.scenes_at_once, run.all_lines, run.skip_lines)
    identity = json.loads(json.dumps({"order": asdict(order), "scenes": cutting}))
    beside = out.with_name(out.name + ".options.json")
    if out.is_file() and out.stat().st_size and beside.is_file():
        if json.loads(beside.read_text(encoding="utf-8")) != identity:
            raise ValueError(f"{out} was begun with other options ({beside.name} has them); repeat those, or choose another --out.")
        return
    part = beside.with_name(beside.name + ".part")
    part.write_text(json.dumps(identity, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(part, beside)


def groups_left(scenes: Sequence[TableScene], at_once: int, kept: frozenset[str]) -> list[tuple[TableScene, ...]]:
    """Groups as an uninterrupted run has them (what is decoded side by side may differ in the last digit), without those that are done."""
    groups = [tuple(scenes[start : start + at_once]) for start in range(0, len(scenes), at_once)]
    return [group for group in groups if not all(scene.scene_id in kept for scene in group)]


def write_results(results: Iterator[GroupResult], out: Path, kept: frozenset[str], tell: Callable[[str], None]) -> Tally:
    tally = Tally(time.monotonic())
    for result in results:
        fresh = [record for record in result.records if record.scene_id not in kept]
        append_records(out, fresh)
        tally.add(fresh)
        for sentence in result.notices:
            tell(sentence)
        tell(tally.sentence(time.monotonic()))
    return tally


def sample(run: argparse.Namespace, out: Path) -> Tally:
    order = order_of(run)
    scenes = scenes_of(run, order)
    if not scenes:
        raise ValueError("The table gives no scene to sample; look at --columns, --from, --to and --skip-lines.")
    out.parent.mkdir(parents=True, exist_ok=True)
    hold_to(order, run, out)
    kept = frozenset(kept_scene_ids(out))
    groups = groups_left(scenes, run.scenes_at_once, kept)
    print(f"{len(scenes)} scenes, {sum(len(scene.lines) for scene in scenes)} lines; {len(kept)} scenes are there already", flush=True)
    return write_results(results_in_order(order, groups, run.workers), out, kept, lambda sentence: print(sentence, flush=True))


def main(argv: list[str] | None = None) -> int:
    run = parse_flags(argv)
    try:
        if not run.smoke:
            sample(run, run.out)
            return 0
        with tempfile.TemporaryDirectory(prefix="lipline-sample-") as folder:
            sample(run, Path(folder) / "pairs.jsonl")
    except (ValueError, OSError, BadWeights, NoSuchTag, CannotJudge, StudioError, SamplingOutOfMemory, WorkerLost) as error:
        print(f"Not sampled: {error}", flush=True)
        return 2
    except KeyboardInterrupt:
        print("Interrupted; the same command goes on from here.", flush=True)
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""`python -m studio eval translation`: how well systems translate a table, in words and in time; `eval sync`: how well a scorer hears.

Flags in; JSON, a markdown table and a page of figures out. The systems that have names of their own are listed in `_OWN`.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from studio.domain.errors import EngineUnavailable
from studio.evaluation.naming import ADAPTED, AUTO, RACK, NamedSystem, named_systems
from studio.evaluation.options import EvaluationSettings

if TYPE_CHECKING:
    from studio.engines.protocols import Availability, DurationEstimator
    from studio.engines.rack import EngineRack
    from studio.evaluation.evaluate import Evaluation, Plan
    from studio.evaluation.systems import System, Watch

_DEFAULTS = EvaluationSettings()
_SYSTEM_HELP = (
    "sft (bundled model, greedy, whole scenes), best-of-k (k candidates, least P), sspo (bundled adapter, greedy), sspo-best-of-k, "
    "prompt-only (length asked for in the prompt), all (these five), NAME=MODEL[+ADAPTER] (any other, folders or hub ids), or a translator of "
    "`engines`; `:best-of-k` or `:greedy` behind a NAME says how it decodes. May be given several times."
)
evaluations = typer.Typer(help="Measure an engine on your own data.", no_args_is_help=True)


@evaluations.command("translation")
def evaluate_translation(
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="TSV or TSV.xz of line pairs.")],
    columns: Annotated[str, typer.Option(help="The table's columns in order; source and target must be among them, start_s and end_s may be.")],
    source_language: Annotated[str, typer.Option("--from", help="Language of the sources, such as zh.")],
    target_language: Annotated[str, typer.Option("--to", help="Language of the targets, such as en.")],
    system: Annotated[list[str] | None, typer.Option("--system", help=_SYSTEM_HELP)] = None,
    translator: Annotated[str | None, typer.Option("--translator", help="A translator of `engines`; the same as --system NAME.")] = None,
    k: Annotated[int | None, typer.Option("--k", min=1, help=f"Candidates per line (default {_DEFAULTS.candidate_count}); given, greedy systems draw them too, for the bound.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only the first N usable pairs.")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Same seed, same candidates and intervals.")] = _DEFAULTS.seed,
    durations: Annotated[str, typer.Option("--durations", help="Source durations that P is against: auto, estimated or timed.")] = _DEFAULTS.durations,
    lines_per_scene: Annotated[int, typer.Option("--lines-per-scene", min=1, help="Lines translated together at most.")] = _DEFAULTS.lines_per_scene,
    tolerance_s: Annotated[float, typer.Option("--tolerance-s", help="CR: seconds within which a line is consistent.")] = _DEFAULTS.tolerance_s,
    tolerance_ratio: Annotated[float, typer.Option("--tolerance-ratio", help="CR: share of the duration within which it is.")] = _DEFAULTS.tolerance_ratio,
    temperature: Annotated[float, typer.Option("--temperature", help="Variety of the candidates.")] = _DEFAULTS.temperature,
    top_p: Annotated[float, typer.Option("--top-p", help="Probability mass the candidates are drawn from.")] = _DEFAULTS.top_p,
    model: Annotated[str | None, typer.Option("--model", help="Folder or hub id of a causal LM, for one more system.")] = None,
    adapter: Annotated[str | None, typer.Option("--adapter", help="Folder of a PEFT adapter for it, or for the bundled model.")] = None,
    decode: Annotated[str, typer.Option("--decode", help="How that one decodes: greedy or best-of-k.")] = "greedy",
    demonstrations: Annotated[Path | None, typer.Option("--demonstrations", help="Table with the same columns, whose pairs prompt-only may show.")] = None,
    round_trip: Annotated[bool, typer.Option("--round-trip/--no-round-trip", help="The translation back judges candidates too, where the model knows it.")] = _DEFAULTS.has_round_trip,
    dropped_share: Annotated[float, typer.Option("--dropped-share", help="Share of a line's candidates that may not be chosen, by each judge.")] = _DEFAULTS.dropped_share,
    comet: Annotated[Path | None, typer.Option("--comet", help="Folder of a COMETKiwi or XCOMET model, for COMET too (non-commercial weights).")] = None,
    report: Annotated[Path | None, typer.Option("--html", help="Also write a page of figures here; it opens offline.")] = None,
    out: Annotated[Path | None, typer.Option("--json", help="Also write the result as JSON here, with every line.")] = None,
) -> None:
    """P, CR, format compliance, chrF and BLEU of one or more systems on your own pairs."""
    from studio.bootstrap import build_engines
    from studio.domain.language import language_code
    from studio.engines.comet import find_comet
    from studio.evaluation.evaluate import Plan, evaluate

    settings = EvaluationSettings(
        candidate_count=_DEFAULTS.candidate_count if k is None else k, temperature=temperature, top_p=top_p, lines_per_scene=lines_per_scene,
        tolerance_s=tolerance_s, tolerance_ratio=tolerance_ratio, seed=seed, durations=durations, has_round_trip=round_trip,
        dropped_share=dropped_share,
    )  # fmt: skip
    plan = Plan(
        table, tuple(columns.split(",")), language_code(source_language), language_code(target_language), limit, settings, k is not None, demonstrations
    )
    asked = [*(system or ()), *([translator] if translator is not None else ())]
    if model is not None or adapter is not None:
        asked.append(f"{Path(adapter or model or '').name}:{decode}={model or ''}{'' if adapter is None else f'+{adapter}'}")
    rack = build_engines()
    found, absent = _systems(named_systems(asked or [AUTO]), plan, rack)
    with progress() as watch:
        result = evaluate(plan, found, _estimator(rack, plan), find_comet(comet), watch)
    result = replace(result, left_out={**absent, **result.left_out})
    _tell(result, out, report)


@evaluations.command("sync")
def evaluate_sync_scorer(
    table: Annotated[Path, typer.Argument(metavar="INDEX.csv", help="Table of clips: file (beside the table), set_id, system, category, …")],
    scorer: Annotated[str, typer.Option("--scorer", help="Sync scorer; see `engines`.")] = "auto",
    crop: Annotated[str | None, typer.Option("--crop", help="What a SyncNet is shown: track or face.")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Same seed, same shifts.")] = 0,
    shifts: Annotated[int, typer.Option("--shifts", min=1, max=31, help="Shifts injected into each original.")] = 5,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only the first N clips.")] = None,
    out: Annotated[Path | None, typer.Option("--json", help="Also write the result as JSON here, with every clip.")] = None,
) -> None:
    """Offsets found in shifted originals, and originals ranked over dubs of the same picture."""
    from studio.bootstrap import build_engines
    from studio.commands.lips import pick_scorer
    from studio.evaluation.provenance import provenance
    from studio.evaluation.report import write_text
    from studio.evaluation.sync import SyncPlan, evaluate_sync
    from studio.evaluation.sync_report import as_json, without_clips

    rack = build_engines()
    judge = pick_scorer(rack, scorer, crop)
    plan = SyncPlan(table, seed, shifts, limit=limit)
    with progress() as watch:
        result = evaluate_sync(plan, rack.pick("face tracker"), rack.pick("voice activity"), judge, lambda done, total: watch("Clips", done, total))
    content = as_json(result, plan, provenance(table), shlex.join(["python", "-m", "studio", *sys.argv[1:]]))
    if out is not None:
        write_text(out, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    print(json.dumps(without_clips(content), ensure_ascii=False, indent=1))


def _tell(result: Evaluation, out: Path | None, report: Path | None) -> None:
    """To the files that were asked for, and on the screen: one system as JSON, several as a table."""
    from studio.evaluation.provenance import provenance
    from studio.evaluation.report import as_json, as_markdown, without_lines, write_text

    command, origin = shlex.join(["python", "-m", "studio", *sys.argv[1:]]), provenance(result.plan.table)
    content = as_json(result, origin, command)
    for notice in result.table.notices():
        print(notice, file=sys.stderr)
    if out is not None:
        write_text(out, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    if report is not None:
        from studio.evaluation.figure import page

        write_text(report, page(result, origin, command))
    print(json.dumps(without_lines(content), ensure_ascii=False, indent=1) if len(result.reports) == 1 else as_markdown(result, command))


def _systems(named: Sequence[NamedSystem], plan: Plan, rack: EngineRack) -> tuple[list[System], dict[str, str]]:
    """The systems, and those that are not to be had with the reason why. The last one left raises instead."""
    found: list[System] = []
    absent: dict[str, str] = {}
    for one in named:
        try:
            found.append(_system(one, plan, rack))
        except EngineUnavailable as error:
            absent[one.name] = str(error)
            if len(absent) == len(named):
                raise
    return found, absent


def _system(one: NamedSystem, plan: Plan, rack: EngineRack) -> System:
    """What a name means: a model in the line format, or a translator of the rack."""
    from studio.engines.scene_lm import SceneLm, SceneSource, bundled_adapted_lm, bundled_scene_lm
    from studio.evaluation.systems import RackSystem, SceneSystem

    if one.kind == RACK:
        engine = rack.pick("translator", one.model, accepts=lambda engine: engine.supports(plan.source_language, plan.target_language))
        return RackSystem(engine, one.decode)
    if one.kind == ADAPTED:
        return SceneSystem(one.name, bundled_adapted_lm(), one.decode)
    if not one.model:
        return SceneSystem(one.name, bundled_scene_lm(one.adapter), one.decode, is_prompted=one.is_prompted)
    return SceneSystem(one.name, SceneLm(SceneSource(one.name, one.model, one.adapter)), one.decode)


def _estimator(rack: EngineRack, plan: Plan) -> Any:
    """The first duration engine that runs here and speaks both languages."""

    def accepts(engine: DurationEstimator) -> Availability:
        verdicts = (engine.supports(plan.source_language), engine.supports(plan.target_language))
        return next((verdict for verdict in verdicts if not verdict.is_available), verdicts[0])

    return rack.pick("estimator", "auto", accepts=accepts)


@contextmanager
def progress() -> Iterator[Watch]:
    """A watch that paints one bar per step on stderr where that is a terminal, else nothing."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bars:
        shown: dict[str, Any] = {}

        def watch(step: str, done: int, total: int) -> None:
            if step not in shown:
                shown[step] = bars.add_task(step, total=total)
            bars.update(shown[step], completed=done)

        yield watch

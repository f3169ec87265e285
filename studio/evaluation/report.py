"""An evaluation told: as JSON, and as a markdown table with the command that makes it again.

One system: its numbers are the keys of the JSON, with `per_line` below. Several: each is an entry of `systems`, and what they share
stands beside them. The keys P, CR, over_budget, format_compliance, chrF, BLEU, P_bound and lines are relied on by others.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from studio.domain.errors import BadSetting
from studio.domain.plain import to_plain
from studio.evaluation.evaluate import Evaluation, SystemReport
from studio.evaluation.metrics import Ratio
from studio.evaluation.provenance import Provenance

CR_RULE = "percent of lines with |Dur(t) - Dur(s)| <= max(tolerance_s, tolerance_ratio * Dur(s)); our definition, not the paper's"
NO_BOUND = "no candidates were drawn; add --k to draw them, or run best-of-k"
_MARKDOWN_HEAD = ("system", "P ↓", "P / P(sft), 95 %", "CR % ↑", "over", "over 1.25×", "lines in format %", "chrF", "BLEU", "COMET", "bound", "gap closed")


def as_json(evaluation: Evaluation, origin: Provenance, command: str) -> dict[str, Any]:
    """The whole report, ready for `json.dumps`."""
    shared = _shared(evaluation, origin, command)
    if len(evaluation.reports) == 1:
        return {**_numbers(evaluation, evaluation.reports[0]), **shared, "per_line": to_plain(evaluation.reports[0].lines)}
    systems = [{**_numbers(evaluation, report), "per_line": to_plain(report.lines)} for report in evaluation.reports]
    return {"lines": len(evaluation.table.lines), "systems": systems, "left_out": evaluation.left_out, **shared, "markdown": as_markdown(evaluation, command)}


def without_lines(content: dict[str, Any]) -> dict[str, Any]:
    """The report as it is printed: without the lists that only a file should hold."""
    kept = {key: value for key, value in content.items() if key not in ("per_line", "markdown")}
    if "systems" in kept:
        kept["systems"] = [without_lines(system) for system in kept["systems"]]
    return kept


def _numbers(evaluation: Evaluation, report: SystemReport) -> dict[str, Any]:
    settings, times = evaluation.plan.settings, report.times
    return {
        "system": report.name,
        "P": _short(times.p),
        "CR": _short(times.cr),
        "over_budget": _short(times.over_budget),
        "format_compliance": _short(report.format_compliance),
        "chrF": report.words.chrf,
        "BLEU": report.words.bleu,
        "P_bound": _short(report.bound),
        "lines": len(report.lines),
        "CR_tolerance_s": settings.tolerance_s,
        "CR_tolerance_ratio": settings.tolerance_ratio,
        "P_median": _short(times.median_p),
        "P_estimated": _short(report.estimated.p),
        "P_timed": _short(None if report.timed is None else report.timed.p),
        "P_bound_estimated": _short(report.bound_estimated),
        "P_ratio_to_sft": _ratio(report.p_ratio),
        "gap_closed": _short(report.gap_closed),
        "CR_estimated": _short(report.estimated.cr),
        "over_budget_at_fastest": _short(times.over_fastest),
        "fastest_ratio": times.fastest_ratio,
        "mean_delta_s": _short(times.mean_delta_s),
        "format_compliance_scenes": _short(report.scene_compliance),
        "faults": report.faults,
        "empty": report.empty_count,
        "COMET": _short(report.comet),
        "BLEU_tokenizer": report.words.bleu_tokenizer,
        "k": settings.candidate_count if report.bound is not None else None,
        "seconds": round(report.seconds, 2),
        "lines_per_second": round(len(report.lines) / report.seconds, 2) if report.seconds > 0 else None,
        **report.facts,
        "notes": [*report.notes, *([] if report.bound is not None else [f"P_bound is null: {NO_BOUND}."])],
    }


def _shared(evaluation: Evaluation, origin: Provenance, command: str) -> dict[str, Any]:
    plan = evaluation.plan
    return {
        "table": evaluation.table.name,
        "table_sha256": origin.table_sha256,
        "columns": list(plan.columns),
        "source_language": plan.source_language,
        "target_language": plan.target_language,
        "limit": plan.limit,
        "skipped": evaluation.table.skipped,
        "scenes": evaluation.scene_count,
        "durations": evaluation.duration_kind,
        "estimator": evaluation.estimator,
        "estimator_version": evaluation.estimator_version,
        "rules": {
            "P": "mean over lines of exp(max(0, d)) + max(0, -d) - 1 with d = Dur(t) - Dur(s) in seconds; no translation is Dur(t) = 0",
            "CR": CR_RULE,
            "over_budget": "share of lines with Dur(t) > Dur(s)",
            "over_budget_at_fastest": "share of lines with Dur(t) > fastest_ratio * Dur(s)",
            "format_compliance": "share of lines whose row of the free answer parses; null where no free answer is given",
            "P_bound": "mean over lines of the least P among the line's distinct candidates, before any filter",
            "gap_closed": "(P(sft) - P) / (P(sft) - P_bound), with the bound of sft's own candidates where they were drawn in this call",
        },
        "settings": to_plain(plan.settings),
        "seed": plan.settings.seed,
        "copied_source": {"chrF": evaluation.copied_source.chrf, "BLEU": evaluation.copied_source.bleu},
        "COMET_model": evaluation.comet,
        "hardware": origin.hardware,
        "date": origin.date,
        "commit": origin.commit,
        "python": origin.python,
        "packages": origin.packages,
        "command": command,
    }  # fmt: skip


def as_markdown(evaluation: Evaluation, command: str) -> str:
    """One row per system; what P is against and CR's tolerances stand above."""
    settings, plan = evaluation.plan.settings, evaluation.plan
    head = (
        f"{evaluation.table.name}, {len(evaluation.table.lines)} lines in {evaluation.scene_count} scenes, {plan.source_language}→{plan.target_language}. "
        f"Dur(s) {'is the real span' if evaluation.duration_kind == 'timed' else 'is estimated'}, Dur(t) estimated by {evaluation.estimator}. "
        f"CR tolerances: {settings.tolerance_s} s or {settings.tolerance_ratio:.0%}, whichever is more. k = {settings.candidate_count}, seed {settings.seed}."
    )
    rows = [_MARKDOWN_HEAD, tuple("---" for _ in _MARKDOWN_HEAD), *(_row(report) for report in evaluation.reports)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    absent = "".join(f"\n\nLeft out: {name}: {why}" for name, why in evaluation.left_out.items())
    return f"{head}\n\n{table}{absent}\n\n`{command}`\n"


def _row(report: SystemReport) -> Sequence[str]:
    times, ratio = report.times, report.p_ratio
    return (
        report.name, f"{times.p:.3f}", "–" if ratio is None else f"{ratio.ratio:.2f} ({ratio.low:.2f}–{ratio.high:.2f})", f"{times.cr:.1f}",
        f"{times.over_budget:.1%}", f"{times.over_fastest:.1%}",
        _told(report.format_compliance, "{:.2%}"), f"{report.words.chrf:.1f}", f"{report.words.bleu:.1f}", _told(report.comet, "{:.3f}"),
        _told(report.bound, "{:.3f}"), _told(report.gap_closed, "{:.0%}"),
    )  # fmt: skip


def _told(number: float | None, pattern: str) -> str:
    return "–" if number is None else pattern.format(number)


def _ratio(ratio: Ratio | None) -> dict[str, Any] | None:
    return None if ratio is None else {key: _short(value) if isinstance(value, float) else value for key, value in asdict(ratio).items()}


def _short(number: float | None) -> float | None:
    """Five decimals; a number that is none (an empty ratio) is null, for JSON has no other word for it."""
    return None if number is None or number != number else round(number, 5)


def write_text(path: Path, text: str) -> None:
    """Written beside, then moved into place. Raises BadSetting where the file cannot be."""
    beside = path.with_name(f"{path.name}.making")
    try:
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, path)
    except OSError as error:
        raise BadSetting(f"{path} cannot be written: {error.strerror}.") from error

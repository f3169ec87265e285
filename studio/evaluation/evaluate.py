"""One evaluation: systems over one table, measured alike, with everything that is needed to measure again.

A `Plan` and systems in, an `Evaluation` out. What is measured of a system is `SystemReport`; a new measure is a field there, filled in
`measure`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from studio.domain.errors import EngineFailed, EngineUnavailable
from studio.domain.timing import duration_penalty
from studio.engines.protocols import DurationEstimator
from studio.engines.scene_asks import Comet, MeaningJudge
from studio.evaluation.durations import Clock, SourceTimes, demonstrations_of, source_times
from studio.evaluation.metrics import (
    Ratio, Scores, TimeScores, Tolerances, alignment_bound, gap_closed, paired_ratio, penalties, score, time_scores,
)  # fmt: skip
from studio.evaluation.options import EvaluationSettings
from studio.evaluation.systems import Material, Output, System, Watch
from studio.evaluation.tables import Table, load_table

BASE_NAME = "sft"
DEMONSTRATION_POOL = 2000  # rows that demonstrations are looked for in


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured: the first `limit` usable lines of a table. `with_candidates`: draw k candidates for the bound of greedy systems too.
    `demonstrations`: (source, translation) pairs whose durations agree, shown to the prompt-only system of a plain model."""

    table: Path
    columns: tuple[str, ...]
    source_language: str
    target_language: str
    limit: int | None = None
    settings: EvaluationSettings = field(default_factory=EvaluationSettings)
    with_candidates: bool = False
    demonstrations: Path | None = None


@dataclass(frozen=True, slots=True)
class LineReport:
    """One line under one system. Seconds; `p` and `delta_s` are against the source durations the evaluation used. `best_p`: the least P
    among its candidates. `fault`: why its row of the free answer did not parse."""

    document: str
    source: str
    reference: str
    translation: str
    fault: str | None
    source_s: float
    source_estimated_s: float
    target_s: float
    delta_s: float
    p: float
    best_p: float | None
    candidate_count: int | None


@dataclass(frozen=True, slots=True)
class SystemReport:
    """`estimated`, `timed`: the same translations against either source duration; `times` is the one in use. Shares lie in 0..1."""

    name: str
    facts: dict[str, Any]
    times: TimeScores
    estimated: TimeScores
    timed: TimeScores | None
    words: Scores
    comet: float | None
    format_compliance: float | None
    scene_compliance: float | None
    faults: dict[str, int]
    empty_count: int
    bound: float | None
    bound_estimated: float | None
    seconds: float
    lines: tuple[LineReport, ...]
    notes: tuple[str, ...] = ()
    p_ratio: Ratio | None = None
    gap_closed: float | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All systems over one table. `copied_source`: chrF and BLEU of saying the source again. `left_out`: systems that could not run, and why."""

    plan: Plan
    table: Table
    scene_count: int
    duration_kind: str
    estimator: str
    estimator_version: str
    copied_source: Scores
    comet: str
    reports: tuple[SystemReport, ...]
    left_out: dict[str, str]


def evaluate(plan: Plan, systems: Sequence[System], estimator: DurationEstimator, comet: Comet, watch: Watch) -> Evaluation:
    """Measure every system on the same lines. A system that cannot run is left out with its reason; when none can, the last one's error is raised."""
    table = load_table(plan.table, plan.columns, plan.limit)
    estimator.load()
    clocks = Clock(estimator, plan.source_language), Clock(estimator, plan.target_language)
    times = source_times(table, clocks[0], plan.settings.durations)
    shown = demonstrations(plan, clocks) if any(system.is_prompted for system in systems) else ()
    stuff = Material(table, plan.source_language, plan.target_language, times, clocks[1], plan.settings, watch, shown)
    reports, left_out = [], {}
    for system in systems:
        try:
            reports.append(_report(system, stuff, plan, comet.judge))
        except (EngineUnavailable, EngineFailed) as error:
            if len(left_out) + 1 == len(systems):
                raise
            left_out[system.name] = str(error)
    targets = [line.target for line in table.lines]
    return Evaluation(
        plan, table, len(stuff.scenes), times.kind, estimator.name, estimator.version,
        score([line.source for line in table.lines], targets, plan.target_language),
        comet.why if comet.judge is None else comet.judge.name, tuple(_compared(reports, stuff)), left_out,
    )  # fmt: skip


def demonstrations(plan: Plan, clocks: tuple[Clock, Clock]) -> tuple[tuple[str, str], ...]:
    """Pairs of another table whose durations agree; without one, of rows of the same table behind those that are measured; or none."""
    if plan.demonstrations is not None:
        return demonstrations_of(load_table(plan.demonstrations, plan.columns, DEMONSTRATION_POOL).lines, clocks)
    if plan.limit is None:
        return ()
    rows = load_table(plan.table, plan.columns, plan.limit + DEMONSTRATION_POOL).lines[plan.limit :]
    measured = {line.document for line in load_table(plan.table, plan.columns, plan.limit).lines}
    return demonstrations_of([line for line in rows if line.document == "" or line.document not in measured], clocks)


def _report(system: System, stuff: Material, plan: Plan, judge: MeaningJudge | None) -> SystemReport:
    started = time.perf_counter()
    output = system.translate(stuff, with_candidates=plan.with_candidates)
    seconds = time.perf_counter() - started
    settings, lines = plan.settings, stuff.table.lines
    target_s = stuff.clock.seconds(output.translations)
    drawn_s = [stuff.clock.seconds(texts) for texts in output.candidates] if output.candidates is not None else []
    tolerances = Tolerances(settings.tolerance_s, settings.tolerance_ratio)
    estimated = time_scores(stuff.times.estimated_s, target_s, tolerances)
    timed = None if stuff.times.timed_s is None else time_scores(stuff.times.timed_s, target_s, tolerances)
    comet = None
    if judge is not None:
        found = judge.scores([line.source for line in lines], output.translations, [line.target for line in lines])
        comet = sum(found) / len(found)
    faults = output.faults
    return SystemReport(
        name=system.name,
        facts=system.facts,
        times=timed if timed is not None and stuff.times.seconds is stuff.times.timed_s else estimated,
        estimated=estimated,
        timed=timed,
        words=score(output.translations, [line.target for line in lines], plan.target_language),
        comet=comet,
        format_compliance=None if faults is None else sum(fault is None for fault in faults) / len(faults),
        scene_compliance=output.scene_compliance,
        faults=dict(Counter(fault for fault in faults or () if fault is not None)),
        empty_count=sum(not text for text in output.translations),
        bound=alignment_bound(stuff.times.seconds, drawn_s),
        bound_estimated=alignment_bound(stuff.times.estimated_s, drawn_s),
        seconds=seconds,
        lines=_line_reports(stuff, output, target_s, drawn_s),
        notes=output.notes,
    )


def _line_reports(stuff: Material, output: Output, target_s: Sequence[float], drawn_s: Sequence[Sequence[float]]) -> tuple[LineReport, ...]:
    times: SourceTimes = stuff.times
    reports = []
    for place, (line, text) in enumerate(zip(stuff.table.lines, output.translations, strict=True)):
        source_s = times.seconds[place]
        delta_s = target_s[place] - source_s
        drawn = drawn_s[place] if drawn_s else None
        best = min((duration_penalty(one - source_s) for one in drawn), default=None) if drawn is not None else None
        fault = output.faults[place] if output.faults is not None else None
        reports.append(
            LineReport(
                line.document, line.source, line.target, text, fault, source_s, times.estimated_s[place], target_s[place],
                round(delta_s, 3), round(duration_penalty(delta_s), 5), best, None if drawn is None else len(drawn),
            )
        )  # fmt: skip
    return tuple(reports)


def _compared(reports: Sequence[SystemReport], stuff: Material) -> list[SystemReport]:
    """The reports with every P held against the supervised base's of the same call, and against the bound of its candidates.

    Without the base's own candidates (`best-of-k` in the same call, or --k), a system's own bound stands in; without the base, nothing is said.
    """
    base = next((report for report in reports if report.name == BASE_NAME), None)
    if base is None:
        return list(reports)
    bounds = [report.bound for report in reports if _drawn_from(report) == _drawn_from(base) and report.bound is not None]
    base_p = penalties(*_seconds(base))
    compared = []
    for report in reports:
        ratio = paired_ratio(penalties(*_seconds(report)), base_p, stuff.scenes, stuff.settings.resamples, stuff.settings.seed)
        bound = bounds[0] if bounds else report.bound
        gap = None if bound is None else gap_closed(base.times.p, report.times.p, bound)
        compared.append(replace(report, p_ratio=ratio, gap_closed=gap))
    return compared


def _drawn_from(report: SystemReport) -> tuple[Any, ...]:
    """Whose candidates a report's are: an adapter lies over the same weights as its base, and a prompt changes what is drawn."""
    return tuple(report.facts.get(name) for name in ("model", "weights", "adapter", "adapter_weights", "is_prompted"))


def _seconds(report: SystemReport) -> tuple[list[float], list[float]]:
    return [line.source_s for line in report.lines], [line.target_s for line in report.lines]

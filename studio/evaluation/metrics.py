"""Numbers over lines: P, CR, shares over budget, chrF and BLEU, the alignment bound, and intervals for a ratio of two P.

Durations in seconds and texts in, plain numbers out. P, Δ and the bound are SSPO's (papers §1.2, §1.6); CR's tolerances are ours and
always stand beside it. A new number is a field of `TimeScores` and one line in `time_scores`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from studio.domain.settings import FitSettings
from studio.domain.timing import duration_penalty

_CHARACTER_SCRIPTS = {"ja", "ko", "th"}  # BLEU counts characters where no word splitter is bundled
_RESAMPLE_BLOCK = 4_000_000  # indices drawn at once


@dataclass(frozen=True, slots=True)
class Scores:
    """chrF and BLEU in percent, by sacrebleu; `bleu_tokenizer` is how it splits the target language."""

    chrf: float
    bleu: float
    bleu_tokenizer: str


@dataclass(frozen=True, slots=True)
class Tolerances:
    """A line is consistent when |Δ| <= max(`tolerance_s`, `tolerance_ratio` * Dur(s))."""

    tolerance_s: float
    tolerance_ratio: float


@dataclass(frozen=True, slots=True)
class TimeScores:
    """`p`: mean over lines; `median_p` beside it, as one runaway line can outweigh a thousand others in an exponential. `cr`: percent. `over_budget`: share of lines with Dur(t) > Dur(s); `over_fastest`: with
    Dur(t) > `fastest_ratio` * Dur(s), too long even when spoken as fast as the studio allows. `mean_delta_s`: mean of Dur(t) - Dur(s)."""

    p: float
    median_p: float
    cr: float
    over_budget: float
    over_fastest: float
    fastest_ratio: float
    mean_delta_s: float


@dataclass(frozen=True, slots=True)
class Ratio:
    """Mean of one system over mean of another, with its 95 % interval; `unit` is what was resampled, `unit_count` times."""

    ratio: float
    low: float
    high: float
    unit: str
    unit_count: int


def penalties(source_s: Sequence[float], target_s: Sequence[float]) -> list[float]:
    """P of every line."""
    return [duration_penalty(target - source) for source, target in zip(source_s, target_s, strict=True)]


def time_scores(source_s: Sequence[float], target_s: Sequence[float], tolerances: Tolerances, fastest_ratio: float = FitSettings().max_ratio) -> TimeScores:
    """Aggregates over at least one line."""
    sources, deltas = np.asarray(source_s), np.asarray(target_s) - np.asarray(source_s)
    each = penalties(source_s, target_s)
    allowed = np.maximum(tolerances.tolerance_s, tolerances.tolerance_ratio * sources) + 1e-9
    return TimeScores(
        p=float(np.mean(each)),
        median_p=float(np.median(each)),
        cr=100 * float(np.mean(np.abs(deltas) <= allowed)),
        over_budget=float(np.mean(deltas > 0)),
        over_fastest=float(np.mean(sources + deltas > fastest_ratio * sources)),
        fastest_ratio=fastest_ratio,
        mean_delta_s=float(np.mean(deltas)),
    )


def alignment_bound(source_s: Sequence[float], candidates_s: Sequence[Sequence[float]]) -> float | None:
    """Mean over lines of the least P among a line's candidates (papers §1.6); None where a line has none."""
    if not candidates_s or not all(candidates_s):
        return None
    best = [min(duration_penalty(one - source) for one in drawn) for source, drawn in zip(source_s, candidates_s, strict=True)]
    return float(np.mean(best))


def gap_closed(base_p: float, system_p: float, bound_p: float) -> float | None:
    """(P_base - P_system) / (P_base - P_bound): 0 is the base, 1 the bound; None where there is no gap to close."""
    return (base_p - system_p) / (base_p - bound_p) if base_p > bound_p else None


def paired_ratio(system: Sequence[float], base: Sequence[float], groups: Sequence[range], resamples: int, seed: int) -> Ratio:
    """mean(system) / mean(base) over the same lines, with a percentile interval of the paired bootstrap.

    Lines of one scene are drawn together (they share a context) where there are 20 scenes or more; else lines are drawn singly.
    """
    unit = "scene" if len(groups) >= 20 else "line"
    members = groups if unit == "scene" else [range(place, place + 1) for place in range(len(base))]
    sums = np.array([[np.sum([side[i] for i in group]) for group in members] for side in (system, base)])
    generator = np.random.default_rng(seed)
    ratios: list[np.ndarray] = []
    for start in range(0, resamples, block := max(1, _RESAMPLE_BLOCK // len(members))):
        drawn = generator.integers(0, len(members), (min(block, resamples - start), len(members)))
        tops, bottoms = sums[0][drawn].sum(1), sums[1][drawn].sum(1)
        ratios.append(tops[bottoms > 0] / bottoms[bottoms > 0])
    found = np.concatenate(ratios)
    low, high = np.percentile(found, [2.5, 97.5]) if len(found) else (np.nan, np.nan)
    total = sums.sum(1)
    return Ratio(float(total[0] / total[1]) if total[1] > 0 else float("nan"), float(low), float(high), unit, len(members))


def score(outputs: Sequence[str], targets: Sequence[str], language: str) -> Scores:
    """Corpus chrF and BLEU of outputs against one reference each."""
    from sacrebleu.metrics import BLEU, CHRF

    tokenizer = "zh" if language == "zh" else "char" if language in _CHARACTER_SCRIPTS else "13a"
    chrf = CHRF().corpus_score(list(outputs), [list(targets)]).score
    bleu = BLEU(tokenize=tokenizer).corpus_score(list(outputs), [list(targets)]).score
    return Scores(round(chrf, 2), round(bleu, 2), tokenizer)

"""What the figures of the Overview tab say in words, with the lines to go to first. Rows in, views out; no Gradio, no service."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from studio.domain.line import Fit, LineStatus
from studio.domain.views import LineRow
from studio.ui.figures import is_told, of_one_scorer, worst_lips
from studio.ui.figures_review import asked_ratio, taken_ratio

MOST_LINES = 8
DONE = (LineStatus.APPROVED, LineStatus.LOCKED)


@dataclass(frozen=True, slots=True)
class LineLink:
    """A line to go to, and why in a few words."""

    id: str
    number: int
    why: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure's answer: `key` names the figure, `sentence` what it shows, `lines` where to begin, worst first."""

    key: str
    sentence: str
    lines: tuple[LineLink, ...] = ()


@dataclass(frozen=True, slots=True)
class OverviewView:
    """`next_step`: what to do where there is nothing to show yet, else ""."""

    findings: tuple[Finding, ...] = ()
    next_step: str = ""


def overview(rows: Sequence[LineRow], before: Mapping[str, float], max_ratio: float) -> OverviewView:
    """`before`: P of the machine's first wording, by line id."""
    if not rows:
        return OverviewView(next_step="Once a project has lines, this tab shows how they fit, how hard the voices are pressed, how lips agree and how far the review has come.")
    return OverviewView((_fit(rows), _pace(rows, max_ratio), _lips(rows), _gain(rows, before), _progress(rows)))


def _fit(rows: Sequence[LineRow]) -> Finding:
    written = [row for row in rows if row.prediction is not None and row.prediction.fit is not Fit.EMPTY]
    over = sorted((row for row in written if _fit_of(row) is Fit.OVER), key=lambda row: -_excess_ms(row))
    if not written:
        return Finding("fit", "No line has a translation with a predicted time yet.")
    tight = sum(_fit_of(row) is Fit.TIGHT for row in written)
    said = f"{len(over)} of {_count(written)} with words {_are(len(over))} too long, {tight} fit when said faster."
    return Finding("fit", said, _links(over, lambda row: f"{_excess_ms(row) / 1000:+.1f} s"))


def _pace(rows: Sequence[LineRow], max_ratio: float) -> Finding:
    asked = [(row, value) for row in rows if (value := asked_ratio(row)) is not None]
    if not asked:
        return Finding("pace", "No line has a predicted time yet.")
    pressed = sorted((pair for pair in asked if pair[1] > max_ratio), key=lambda pair: -pair[1])
    by_speaker: dict[str, int] = {}
    for row, _ in pressed:
        by_speaker[row.speaker.name] = by_speaker.get(row.speaker.name, 0) + 1
    stretched = [value for row in rows if (value := taken_ratio(row)) is not None]
    takes = f" Takes were said at {min(stretched):.2f} to {max(stretched):.2f} times their natural pace." if stretched else ""
    if pressed:
        hardest = max(by_speaker, key=lambda name: by_speaker[name])
        said = f"{len(pressed)} of {_count(asked)} would need more than {max_ratio:g} × natural pace, {by_speaker[hardest]} of them of “{hardest}”.{takes}"
    else:
        said = f"No line needs more than {max_ratio:g} × natural pace.{takes}"
    return Finding("pace", said, tuple(LineLink(row.line.id, row.number, f"{value:.2f} ×") for row, value in pressed[:MOST_LINES]))


def _lips(rows: Sequence[LineRow]) -> Finding:
    scored = of_one_scorer(rows)
    if not scored:
        return Finding("lips", "No take has been held against its lips yet: it takes a picture with faces, and takes.")
    told, worst = [row for row in scored if is_told(row)], worst_lips(rows)
    said = f"{_count(scored)} scored; {len(scored) - len(told)} cannot be told."
    return Finding("lips", said, _links(worst, lambda row: f"LSE-C {row.sync.score.lse_c:.2f}" if row.sync is not None and row.sync.score is not None else ""))


def _gain(rows: Sequence[LineRow], before: Mapping[str, float]) -> Finding:
    pairs = [(row, before[row.line.id], row.prediction.p) for row in rows if row.line.id in before and row.prediction is not None and row.line.target_text.strip()]
    changed = [pair for pair in pairs if pair[1] != pair[2]]
    if not pairs:
        return Finding("gain", "No line has been worded by a machine yet, so there is nothing to compare.")
    if not changed:
        return Finding("gain", f"All of {_count(pairs)} still stand as the machine worded them.")
    worse = sorted((pair for pair in changed if pair[2] > pair[1]), key=lambda pair: pair[1] - pair[2])
    said = (
        f"Mean P of {_count(pairs)}: {fmean(pair[1] for pair in pairs):.2f} as the machine worded them, {fmean(pair[2] for pair in pairs):.2f} now; "
        f"{len(changed)} changed, {len(worse)} of them away from their time."
    )
    return Finding("gain", said, tuple(LineLink(row.line.id, row.number, f"{old:.2f} → {new:.2f}") for row, old, new in worse[:MOST_LINES]))


def _progress(rows: Sequence[LineRow]) -> Finding:
    done = sum(row.line.status in DONE for row in rows)
    left = [row for row in rows if row.line.status not in DONE]
    said = f"{done} of {_count(rows)} approved or locked." if left else f"All {_count(rows)} are approved."
    return Finding("progress", said, _links(left, lambda row: row.line.status.value))


def _fit_of(row: LineRow) -> Fit:
    return row.prediction.fit if row.prediction is not None else Fit.EMPTY


def _excess_ms(row: LineRow) -> int:
    return row.prediction.estimate.total_ms - row.slot.length_ms if row.prediction is not None else 0


def _links(rows: Sequence[LineRow], why: Callable[[LineRow], str]) -> tuple[LineLink, ...]:
    return tuple(LineLink(row.line.id, row.number, why(row)) for row in rows[:MOST_LINES])


def _count(items: Sequence[object]) -> str:
    return f"{len(items)} line" if len(items) == 1 else f"{len(items)} lines"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"

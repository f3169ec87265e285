"""Figures of a review: who is pressed, what the review has brought, how far it has come. Rows in, plotly figures out. Pure.

Every point carries its line's id as the second value of `customdata`: a press on it leads the page to that line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from studio.domain.line import LineStatus
from studio.domain.timing import clock
from studio.domain.views import LineRow
from studio.ui.figure_look import INK, QUIET, calm, clock_axis, hover, plain

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

STATUS_SHADES = {LineStatus.DRAFT: "#5c6572", LineStatus.ADAPTED: "#7f92b0", LineStatus.APPROVED: "#5b86c9", LineStatus.LOCKED: "#2f5fb3"}
MOST_SPEAKERS = 12
MOST_BINS = 40
LEAST_BIN_MS = 10_000
_OUT = "rgba(0,0,0,0)"


def pace_by_speaker(rows: Sequence[LineRow], max_ratio: float) -> Figure:
    """Who is pressed for time? For each speaker how fast the words would have to be said to fill their line (1 is natural), and how far takes were
    stretched. The dashed line is the fastest allowed; the speakers with most lines stand on top."""
    from plotly.graph_objects import Box, Figure

    figure = Figure()
    names = _busiest(rows)
    for name, colour, ratio in (("asked of the voice", INK, asked_ratio), ("taken", QUIET, taken_ratio)):
        members = [(row, value) for row in rows if row.speaker.id in names and (value := ratio(row)) is not None]
        if members:
            figure.add_trace(
                Box(
                    name=name,
                    orientation="h",
                    y=[names[row.speaker.id] for row, _ in members],
                    x=[round(value, 3) for _, value in members],
                    customdata=[hover(row) for row, _ in members],
                    boxpoints="all" if len(members) <= 600 else "outliers",
                    jitter=0.4,
                    pointpos=0,
                    marker={"color": colour, "size": 4, "opacity": 0.7},
                    line={"color": colour, "width": 1},
                    fillcolor=_OUT,
                    hovertemplate="%{customdata[0]}<br>%{x:.2f} ×<extra></extra>",
                    hoveron="points",
                )
            )
    if figure.data:
        figure.add_vline(x=max_ratio, line={"color": INK, "width": 1, "dash": "dash"})
    shown = calm(figure, "× natural pace", "", height_px=max(240, 96 + 44 * len(names)))
    shown.update_layout(boxmode="group", yaxis={"categoryorder": "array", "categoryarray": list(reversed(names.values()))}, margin={"l": 110})
    return shown


def asked_ratio(row: LineRow) -> float | None:
    """How many times as fast as natural the words must be said to end with the line's slot at the latest; None without words or estimate."""
    if row.prediction is None or row.prediction.estimate.total_ms == 0:
        return None
    return row.prediction.estimate.total_ms / row.slot.length_ms


def taken_ratio(row: LineRow) -> float | None:
    return None if row.take is None or row.is_take_stale else row.take.report.rate_ratio


def _busiest(rows: Sequence[LineRow]) -> dict[str, str]:
    """Names by id of those with most lines; two of one name stay apart."""
    counts: dict[str, int] = {}
    named = {row.speaker.id: plain(row.speaker.name) for row in rows}
    for row in rows:
        counts[row.speaker.id] = counts.get(row.speaker.id, 0) + 1
    ids = sorted(counts, key=lambda one: -counts[one])[:MOST_SPEAKERS]
    twice = {name for name in named.values() if list(named.values()).count(name) > 1}
    return {one: f"{named[one]} ({at})" if named[one] in twice else named[one] for at, one in enumerate(ids, start=1)}


def p_before_and_after(rows: Sequence[LineRow], before: Mapping[str, float]) -> Figure:
    """Did the review bring lines closer to their time? P of the machine's first wording against P of the words there are now: below the
    diagonal a line has gained. `before`: P by line id, of lines a machine has worded."""
    from plotly.graph_objects import Figure, Scatter

    figure = Figure()
    pairs = [(row, before[row.line.id], row.prediction.p) for row in rows if row.line.id in before and row.prediction is not None and row.line.target_text.strip()]
    for name, symbol, members in (
        ("as the machine worded it", "circle-open", [pair for pair in pairs if pair[1] == pair[2]]),
        ("changed in review", "diamond", [pair for pair in pairs if pair[1] != pair[2]]),
    ):
        if members:
            figure.add_trace(
                Scatter(
                    name=name,
                    mode="markers",
                    x=[round(old, 3) for _, old, _ in members],
                    y=[round(new, 3) for _, _, new in members],
                    customdata=[hover(row) for row, _, _ in members],
                    marker={"symbol": symbol, "size": 7, "color": QUIET if symbol == "diamond" else INK},
                    hovertemplate="%{customdata[0]}<br>P %{x:.2f} → %{y:.2f}<extra></extra>",
                )
            )
    if pairs:
        far = max(max(old, new) for _, old, new in pairs) * 1.05 + 0.01
        figure.add_shape(type="line", x0=0, y0=0, x1=far, y1=far, line={"color": INK, "width": 1, "dash": "dot"}, layer="below")
        figure.update_yaxes(rangemode="tozero")
    return calm(figure, "P before", "P now")


def progress_over_time(rows: Sequence[LineRow]) -> Figure:
    """How far has the review come, and where is work left? Lines by status over the programme; a press leads to the first line of that part
    with that status."""
    from plotly.graph_objects import Bar, Figure

    figure = Figure()
    if not rows:
        return calm(figure, "", "")
    width_ms = _bin_ms(rows)
    for status in LineStatus:
        bins: dict[int, list[LineRow]] = {}
        for row in rows:
            if row.line.status is status:
                bins.setdefault(row.line.span.start_ms // width_ms, []).append(row)
        if bins:
            figure.add_trace(
                Bar(
                    name=status.value,
                    x=[(at + 0.5) * width_ms / 1000 for at in bins],
                    y=[len(members) for members in bins.values()],
                    width=width_ms / 1000 * 0.94,
                    customdata=[(_from(at * width_ms, members, status), members[0].line.id) for at, members in bins.items()],
                    marker={"color": STATUS_SHADES[status], "pattern": {"shape": "/" if status is LineStatus.DRAFT else ""}},
                    hovertemplate="%{customdata[0]}<extra></extra>",
                )
            )
    figure.update_layout(barmode="stack")
    clock_axis(figure, rows)
    return calm(figure, "", "lines")


def _bin_ms(rows: Sequence[LineRow]) -> int:
    """Whole seconds, so that at most `MOST_BINS` parts cover the programme."""
    end_ms = max(row.line.span.end_ms for row in rows)
    return max(LEAST_BIN_MS, -(-end_ms // (MOST_BINS * 1000)) * 1000)


def _from(start_ms: int, members: Sequence[LineRow], status: LineStatus) -> str:
    count = len(members)
    return f"{clock(start_ms)}: {count} {status.value}, first line {members[0].number}"

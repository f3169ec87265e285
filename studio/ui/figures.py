"""Figures of a project: rows in, plotly figures out. Pure; each answers one question at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from studio.domain.line import Fit
from studio.domain.timing import clock
from studio.domain.views import LineRow

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

FIT_COLOURS = {Fit.EMPTY: "#8a93a3", Fit.FITS: "#4fb286", Fit.TIGHT: "#e0a84a", Fit.OVER: "#e2625e"}
FIT_NAMES = {Fit.EMPTY: "no translation", Fit.FITS: "fits", Fit.TIGHT: "fits when sped up", Fit.OVER: "too long"}
_INK, _GRID = "#8a93a3", "rgba(138, 147, 163, 0.2)"


def fit_over_time(rows: Sequence[LineRow]) -> Figure:
    """Which lines do not fit, and where in the programme? Predicted time less slot, line by line: above zero spills over.

    A diamond is the take that was made; its distance from the bar is what prediction and reality differ by.
    """
    from plotly.graph_objects import Bar, Figure, Scatter

    figure = Figure()
    for fit in (Fit.FITS, Fit.TIGHT, Fit.OVER):
        members = [row for row in rows if row.prediction is not None and row.prediction.fit is fit]
        if members:
            figure.add_trace(
                Bar(
                    name=FIT_NAMES[fit],
                    x=[row.number for row in members],
                    y=[_over_s(row, row.prediction.estimate.total_ms) for row in members if row.prediction is not None],
                    customdata=[_words(row) for row in members],
                    marker_color=FIT_COLOURS[fit],
                    hovertemplate="%{customdata}<br>%{y:+.2f} s against the slot<extra></extra>",
                )
            )
    voiced = [row for row in rows if row.take is not None and not row.is_take_stale]
    if voiced:
        figure.add_trace(
            Scatter(
                name="take",
                mode="markers",
                x=[row.number for row in voiced],
                y=[_over_s(row, row.take.report.fitted_ms) for row in voiced if row.take is not None],
                marker={"symbol": "diamond", "size": 7, "color": _INK},
                hovertemplate="take of line %{x}: %{y:+.2f} s<extra></extra>",
            )
        )
    return _calm(figure)


def _over_s(row: LineRow, length_ms: int) -> float:
    return round((length_ms - row.slot.length_ms) / 1000, 3)


def _words(row: LineRow) -> str:
    text = row.line.target_text.replace("<", "‹").replace("&", "＆")  # plotly reads markup in hover texts
    return f"{row.number} · {clock(row.line.span.start_ms)} · {text[:60]}"


def _calm(figure: Figure) -> Figure:
    axis = {"gridcolor": _GRID, "zerolinecolor": _INK, "color": _INK}
    figure.update_layout(
        height=260,
        margin={"l": 48, "r": 12, "t": 8, "b": 40},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": _INK, "size": 12, "family": "Inter, system-ui, Segoe UI, Noto Sans, sans-serif"},
        bargap=0.15,
        legend={"orientation": "h", "y": 1.12, "x": 0},
        xaxis={**axis, "title": "line", "rangemode": "tozero"},
        yaxis={**axis, "title": "s over slot"},
    )
    return figure

"""How every figure of the page looks: quiet axes, both themes, hover words. A figure in, the same figure out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from studio.domain.timing import clock
from studio.domain.views import LineRow

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

INK, GRID = "#8a93a3", "rgba(138, 147, 163, 0.2)"
QUIET = "#6e8fc9"  # data that is neither good nor bad
HEIGHT_PX = 240


def calm(figure: Figure, across: str, up: str, *, height_px: int = HEIGHT_PX) -> Figure:
    """`across`, `up`: titles of the axes, units and all."""
    axis = {"gridcolor": GRID, "zerolinecolor": INK, "color": INK}
    figure.update_layout(
        height=height_px,
        margin={"l": 48, "r": 12, "t": 40, "b": 40},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": INK, "size": 12, "family": "Inter, system-ui, Segoe UI, Noto Sans, sans-serif"},
        bargap=0.15,
        showlegend=True,  # one kind of point alone still says what it is
        legend={"orientation": "h", "y": 1.06, "yanchor": "bottom", "x": 0},
        xaxis={**axis, "title": across, "rangemode": "tozero"},
        yaxis={**axis, "title": up},
    )
    return figure


def hover(row: LineRow) -> tuple[str, str]:
    """What a point says when it is pointed at, and the line it leads to."""
    return f"{row.number} · {clock(row.line.span.start_ms)} · {plain(row.line.target_text)[:60]}", row.line.id


def plain(text: str) -> str:
    """A text that plotly reads as a text: it takes markup in hover texts and labels for markup."""
    return text.replace("&", "＆").replace("<", "‹")


def clock_axis(figure: Figure, rows: Sequence[LineRow]) -> None:
    """Seconds as a clock, about eight marks over the programme."""
    end_s = max(row.line.span.end_ms for row in rows) / 1000
    step_s = next((step for step in (1, 2, 5, 10, 30, 60, 120, 300, 600, 900) if end_s / step <= 9), 1800)
    marks = range(0, int(end_s) + 1, step_s)
    figure.update_xaxes(tickvals=list(marks), ticktext=[clock(mark * 1000).split(".")[0] for mark in marks])

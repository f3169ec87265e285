"""The figure of a sweep: points in, plotly out. Each face scale is one line of points with a shape of its own; the circled one is ringed.

A point carries (hover words, take id, face scale, lip scale) as `customdata`: a press on it picks that take.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from studio.domain.sweep import SweepPoint
from studio.ui.sweep_present import SweepAxis, axis_of

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_INK, _GRID = "#8a93a3", "rgba(138, 147, 163, 0.2)"
_SHADES = ("#8794a8", "#5b86c9", "#3d73d1", "#7a6fd0", "#4f9aa8", "#6d7f99", "#9a7fb8")
_SHAPES = ("circle", "square", "diamond", "triangle-up", "cross", "star", "hexagon")
HEIGHT_PX = 320
LEAST_LSE_D, LEAST_SHARE, LEAST_OTHER = 0.5, 0.1, 0.1  # an axis never shows less, or nothing would look like a difference


def sweep_figure(points: Sequence[SweepPoint], circled: str | None, empty: str) -> Figure:
    """Which scales agree best with the lips, and at what cost in words? LSE-D over the recogniser's error: best is below, on the good side.

    `empty`: the sentence an empty figure shows, so that its room is never blank."""
    from plotly.graph_objects import Figure, Scatter

    figure, axis = Figure(), axis_of(points)
    placed = [point for point in points if point.lse_d is not None and axis.of(point) is not None]
    for at, face in enumerate(sorted({point.face_scale for point in placed})):
        members = sorted((point for point in placed if point.face_scale == face), key=lambda point: point.lip_scale)
        figure.add_trace(
            Scatter(
                name=f"face {face:g}",
                mode="lines+markers+text",
                x=[axis.of(point) for point in members],
                y=[point.lse_d for point in members],
                text=[f"{point.face_scale:g}·{point.lip_scale:g}" for point in members],
                textposition="top center",
                textfont={"size": 11, "color": _INK},
                cliponaxis=False,
                customdata=[(_words(point, axis), point.take_id, point.face_scale, point.lip_scale) for point in members],
                line={"color": _SHADES[at % len(_SHADES)], "width": 1, "dash": "dot"},
                marker=_marker(members, circled, at),
                hovertemplate="%{customdata[0]}<extra></extra>",
            )
        )
    if placed:
        figure.update_yaxes(range=_span([point.lse_d for point in placed if point.lse_d is not None], LEAST_LSE_D))
        across = [value for point in placed if (value := axis.of(point)) is not None]
        figure.update_xaxes(range=_span(across, LEAST_SHARE if axis.is_share else LEAST_OTHER))
    return _calm(figure, axis, empty if not placed else "")


def _span(values: Sequence[float], least: float) -> list[float]:
    """From a little under the lowest to a little over the highest value, and never less than `least` in all."""
    low, high = min(values), max(values)
    pad = max(0.1 * (high - low), (least - (high - low)) / 2)
    return [low - pad, high + pad]


def _marker(members: Sequence[SweepPoint], circled: str | None, at: int) -> dict[str, Any]:
    """Old points are hollow; the circled one is larger and ringed."""
    shape = _SHAPES[at % len(_SHAPES)]
    return {
        "symbol": [f"{shape}-open" if point.is_stale else shape for point in members],
        "size": [15 if point.take_id == circled else 9 for point in members],
        "color": _SHADES[at % len(_SHADES)],
        "line": {"color": _INK, "width": [3 if point.take_id == circled else 0 if not point.is_stale else 1.5 for point in members]},
    }


def _words(point: SweepPoint, axis: SweepAxis) -> str:
    """What a point says when it is pointed at."""
    parts = [f"<b>face {point.face_scale:g}, lips {point.lip_scale:g}</b>", f"LSE-D {point.lse_d:.2f}" if point.lse_d is not None else ""]
    parts.append(f"LSE-C {point.lse_c:.2f}" if point.lse_c is not None else "")
    parts.append(f"offset {point.offset_frames:+d} frames" if point.offset_frames is not None else "")
    value = axis.of(point)
    if axis.is_judged and value is not None:
        parts.append(f"word error {100 * value:.0f} %" if axis.is_share else f"likelihood {value:.3g}")
    parts.append(f"{point.quality} quality")
    parts.append("older than the line’s last change" if point.is_stale else "")
    return "<br>".join(part for part in parts if part)


def _calm(figure: Figure, axis: SweepAxis, empty: str) -> Figure:
    lines = {"gridcolor": _GRID, "zerolinecolor": _GRID, "color": _INK, "visible": not empty}
    direction = "lower is better" if axis.lower_is_better else "higher is better"
    figure.update_layout(
        height=HEIGHT_PX,
        margin={"l": 52, "r": 16, "t": 36, "b": 46},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": _INK, "size": 12, "family": "Inter, system-ui, Segoe UI, Noto Sans, sans-serif"},
        showlegend=not empty,
        legend={"orientation": "h", "y": 1.04, "yanchor": "bottom", "x": 0},
        hovermode="closest",
        hoverlabel={"align": "left"},
        xaxis={**lines, "title": _title(f"{axis.name}, {direction}" if axis.is_judged else axis.name), "tickformat": ".0%" if axis.is_share else ""},
        yaxis={**lines, "title": _title("LSE-D, lower is better")},
    )
    if empty:
        figure.add_annotation(text=_wrapped(empty), showarrow=False, xref="paper", yref="paper", x=0.5, y=0.5, font={"size": 13, "color": _INK})
    return figure


def _title(words: str) -> dict[str, Any]:
    return {"text": words, "font": {"size": 12}}


def _wrapped(sentence: str, width: int = 52) -> str:
    """Plotly breaks no lines by itself."""
    rows = [""]
    for word in sentence.replace("<", "‹").split():
        if len(rows[-1]) + len(word) >= width:
            rows.append("")
        rows[-1] += f" {word}" if rows[-1] else word
    return "<br>".join(rows)

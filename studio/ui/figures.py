"""Figures of a project: rows in, plotly figures out. Pure; each answers one question at a glance.

Every point carries its line's id as the second value of `customdata`: a press on it leads the page to that line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from studio.domain.faces import Presence
from studio.domain.line import Fit
from studio.domain.views import LineRow
from studio.ui.figure_look import INK, QUIET, calm, clock_axis, hover
from studio.ui.lip_present import verdict

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

FIT_COLOURS = {Fit.EMPTY: "#8a93a3", Fit.FITS: "#4fb286", Fit.TIGHT: "#e0a84a", Fit.OVER: "#e2625e"}
FIT_NAMES = {Fit.EMPTY: "no translation", Fit.FITS: "fits", Fit.TIGHT: "fits when sped up", Fit.OVER: "too long"}
_ON_SCREEN, _PARTLY = "rgba(110, 143, 201, 0.20)", "rgba(110, 143, 201, 0.09)"
WORST_LINES = 8
MOST_BARS = 300  # a bar is never thinner than this part of the programme
BAND_GAP_MS, MOST_BANDS = 400, 400  # lines on screen closer than this share one band; in a long film, closer than its 400th part


def fit_over_time(rows: Sequence[LineRow]) -> Figure:
    """Which lines do not fit, and where in the programme? Predicted time less slot, line by line: above zero spills over.

    A diamond is the take that was made; its distance from the bar is what prediction and reality differ by.
    """
    from plotly.graph_objects import Bar, Figure, Scatter

    figure = Figure()
    width_s = max((row.line.span.end_ms for row in rows), default=0) / 1000 / MOST_BARS
    for fit in (Fit.FITS, Fit.TIGHT, Fit.OVER):
        members = [row for row in rows if row.prediction is not None and row.prediction.fit is fit]
        if members:
            figure.add_trace(
                Bar(
                    name=FIT_NAMES[fit],
                    x=[_middle_s(row) for row in members],
                    width=[max(width_s, row.line.span.length_ms / 1000) for row in members],
                    y=[_over_s(row, row.prediction.estimate.total_ms) for row in members if row.prediction is not None],
                    customdata=[hover(row) for row in members],
                    marker_color=FIT_COLOURS[fit],
                    hovertemplate="%{customdata[0]}<br>%{y:+.2f} s against the slot<extra></extra>",
                )
            )
    voiced = [row for row in rows if row.take is not None and not row.is_take_stale]
    if voiced:
        figure.add_trace(
            Scatter(
                name="taken",
                mode="markers",
                x=[_middle_s(row) for row in voiced],
                y=[_over_s(row, row.take.report.fitted_ms) for row in voiced if row.take is not None],
                customdata=[hover(row) for row in voiced],
                marker={"symbol": "diamond", "size": 7, "color": INK},
                hovertemplate="taken: %{customdata[0]}<br>%{y:+.2f} s against the slot<extra></extra>",
            )
        )
    if figure.data:
        clock_axis(figure, rows)
        figure.update_layout(barmode="overlay")
    return calm(figure, "", "s over slot")


def lips_over_time(rows: Sequence[LineRow]) -> Figure:
    """Where in the programme do the lips agree least? LSE-C of every scored take over its time, higher is better.

    Bands behind the points show where a mouth is seen. The worst lines are marked by shape and number, not by colour alone; what
    says nothing certain about its line is hollow. Only numbers of one scorer stand in one picture: the one most lines were scored by.
    """
    from plotly.graph_objects import Figure, Scatter

    figure = Figure()
    scored = of_one_scorer(rows)
    worst = frozenset(row.line.id for row in worst_lips(rows))
    for name, members, marker in (
        ("take", [row for row in scored if row.line.id not in worst and is_told(row)], {"symbol": "circle", "size": 7, "color": QUIET}),
        ("cannot be told", [row for row in scored if not is_told(row)], {"symbol": "circle-open", "size": 7, "color": INK}),
        ("worst lines", [row for row in scored if row.line.id in worst], {"symbol": "triangle-down", "size": 12, "color": FIT_COLOURS[Fit.TIGHT]}),
    ):
        if members:
            figure.add_trace(
                Scatter(
                    name=name,
                    mode="markers+text" if name == "worst lines" else "markers",
                    x=[(row.line.span.start_ms + row.line.span.end_ms) / 2000 for row in members],
                    y=[round(row.sync.score.lse_c, 3) for row in members if row.sync is not None and row.sync.score is not None],
                    text=[str(row.number) for row in members],
                    textposition="top center",
                    textfont={"size": 11},
                    cliponaxis=False,
                    customdata=[(*hover(row), _offset(row)) for row in members],
                    marker=marker,
                    hovertemplate="%{customdata[0]}<br>LSE-C %{y:.3~g}, %{customdata[2]}<extra></extra>",
                )
            )
    if not scored:
        return calm(figure, "", "")
    figure.update_layout(shapes=[_band(start_ms, end_ms, presence) for start_ms, end_ms, presence in _bands(rows)])
    clock_axis(figure, rows)
    figure.update_yaxes(rangemode="tozero")
    score = scored[0].sync.score if scored[0].sync is not None else None
    return calm(figure, "", f"LSE-C ({score.scorer})" if score is not None else "LSE-C")


def of_one_scorer(rows: Sequence[LineRow]) -> tuple[LineRow, ...]:
    """The scored lines whose numbers may be held against each other: those of the commonest scorer and crop."""
    named = [(row, (row.sync.score.scorer, row.sync.score.crop)) for row in rows if row.sync is not None and row.sync.score is not None]
    if not named:
        return ()
    commonest = Counter(name for _, name in named).most_common(1)[0][0]
    return tuple(row for row, name in named if name == commonest)


def is_told(row: LineRow) -> bool:
    """Whether the row's numbers say something certain about its words: a plain verdict, on a take that is not older than them."""
    return row.sync is not None and not row.is_take_stale and verdict(row.sync) in ("agree", "off")


def worst_lips(rows: Sequence[LineRow], most: int = WORST_LINES) -> tuple[LineRow, ...]:
    """The lines to mend first: those whose lips are off, then those with the lowest LSE-C of the commonest scorer. Never more than
    `most`, of lines that are not off never more than a third, and none of which nothing certain is told."""
    scored = [row for row in of_one_scorer(rows) if is_told(row)]
    off = frozenset(row.line.id for row in scored if row.sync is not None and verdict(row.sync) == "off")
    ranked = sorted(scored, key=lambda row: (row.line.id not in off, row.sync.score.lse_c if row.sync is not None and row.sync.score is not None else 0.0))
    return tuple(ranked[: min(most, max(len(off), -(-len(scored) // 3)))])


def _offset(row: LineRow) -> str:
    """The offset in the words of the score card: none where none stands out."""
    score = row.sync.score if row.sync is not None else None
    if score is None or not score.is_clear:
        said = "no offset stands out"
    elif score.offset_frames == 0:
        said = "in time"
    else:
        frames = abs(score.offset_frames)
        said = f"sound {frames} frame{'' if frames == 1 else 's'} {'early' if score.offset_frames > 0 else 'late'}"
    return f"{said}, of the take before" if row.is_take_stale else said


def _band(start_ms: int, end_ms: int, presence: Presence) -> dict[str, object]:
    colour = _ON_SCREEN if presence is Presence.ON_SCREEN else _PARTLY
    across = {"x0": start_ms / 1000, "x1": end_ms / 1000, "y0": 0, "y1": 1, "yref": "paper"}
    return {"type": "rect", **across, "fillcolor": colour, "line": {"width": 0}, "layer": "below"}


def _bands(rows: Sequence[LineRow]) -> list[tuple[int, int, Presence]]:
    """Stretches with a mouth in the picture: start, end, how much of it. Neighbours of one kind are joined, so that a long
    film stays light to draw."""
    near_ms = max(BAND_GAP_MS, max((row.line.span.end_ms for row in rows), default=0) // MOST_BANDS)
    bands: list[tuple[int, int, Presence]] = []
    for row in rows:
        presence = row.presence.presence if row.presence is not None else Presence.UNKNOWN
        if presence not in (Presence.ON_SCREEN, Presence.PARTLY):
            continue
        start_ms, end_ms = row.line.span.start_ms, row.line.span.end_ms
        if bands and bands[-1][2] is presence and start_ms - bands[-1][1] <= near_ms:
            bands[-1] = (bands[-1][0], max(bands[-1][1], end_ms), presence)
        else:
            bands.append((start_ms, end_ms, presence))
    return bands


def _middle_s(row: LineRow) -> float:
    return (row.line.span.start_ms + row.line.span.end_ms) / 2000


def _over_s(row: LineRow, length_ms: int) -> float:
    return round((length_ms - row.slot.length_ms) / 1000, 3)

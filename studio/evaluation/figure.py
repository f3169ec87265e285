"""An evaluation as one page of figures that opens anywhere, offline: reports in, an HTML text out.

Four questions: how far lines are from their time (Δ), how P compares, whether the format held, and what fit costs in words (chrF).
Another figure is another function that returns a plotly figure, named in `page`.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from studio.evaluation.evaluate import Evaluation
from studio.evaluation.provenance import Provenance

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_COLOURS = ("#4a7fb5", "#d98f3f", "#4fb286", "#c05b8c", "#8a6fc0", "#7a8a99", "#b5a642", "#d0605e")
_INK, _GRID = "#4b5563", "rgba(75, 85, 99, 0.18)"
_WIDEST_DELTA_S = 3.0  # lines farther off than this stand in the outermost bar
_STYLE = (
    "body{font:15px/1.5 Inter,system-ui,Segoe UI,Noto Sans,sans-serif;color:#1f2937;max-width:1000px;margin:2rem auto;padding:0 1rem}"
    "h1{font-size:1.4rem}h2{font-size:1.05rem;margin:2rem 0 0}p{margin:.3rem 0}code{font-size:.85rem;overflow-wrap:anywhere}"
    "table{border-collapse:collapse;margin-top:1rem;font-variant-numeric:tabular-nums}td,th{padding:.3rem .7rem;text-align:right;border-bottom:1px solid #e5e7eb}"
    "td:first-child,th:first-child{text-align:left}"
)


def page(evaluation: Evaluation, origin: Provenance, command: str) -> str:
    """A whole HTML document with plotly.js inside it."""
    parts = (
        ("How far are lines from their time?", "Δ = Dur(t) − Dur(s): left of zero a line ends early, right of zero it is too long.", delta_spread(evaluation)),
        ("How well do lines fit?", "Mean P; lower is better. The whisker is the 95 % interval of the ratio to sft, the short line the alignment bound of a system's own candidates.", penalty_bars(evaluation)),
        ("Does the format hold?", "Lines whose row of the free answer parses, in percent.", compliance_bars(evaluation)),
        ("What does fit cost in words?", "Left is a better fit, up is closer to the reference.", words_against_fit(evaluation)),
    )
    body: list[str] = []
    for title, sentence, figure in parts:
        if figure is None:
            continue
        drawn = figure.to_html(full_html=False, include_plotlyjs=not body, config={"displaylogo": False})
        body.append(f"<h2>{title}</h2><p>{sentence}</p>{drawn}")
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        f"<title>{escape(evaluation.table.name)}</title><style>{_STYLE}</style><h1>Translations of {escape(evaluation.table.name)}</h1>"
        f"<p>{escape(_subtitle(evaluation, origin))}</p><p><code>{escape(command)}</code></p>{_table(evaluation)}{''.join(body)}</html>\n"
    )


def delta_spread(evaluation: Evaluation) -> Figure:
    """One histogram of Δ per system, laid over each other; the outermost bars hold all that lies beyond."""
    from plotly.graph_objects import Figure, Histogram

    figure = Figure()
    for report, colour in zip(evaluation.reports, _colours(evaluation), strict=True):
        deltas = [min(max(line.delta_s, -_WIDEST_DELTA_S), _WIDEST_DELTA_S) for line in report.lines]
        bins = {"start": -_WIDEST_DELTA_S - 0.05, "end": _WIDEST_DELTA_S + 0.05, "size": 0.1}
        figure.add_trace(Histogram(name=report.name, x=deltas, xbins=bins, histnorm="percent", opacity=0.55, marker_color=colour))
    figure.update_layout(barmode="overlay")
    figure.add_vline(x=0, line_color=_INK, line_width=1)
    return _plain(figure, "Δ in seconds", "lines, %")


def penalty_bars(evaluation: Evaluation) -> Figure:
    """P of every system, with the interval of its ratio to sft as an error bar where there is one, and its bound."""
    from plotly.graph_objects import Bar, Figure, Scatter

    reports = evaluation.reports
    names = [report.name for report in reports]
    figure = Figure(Bar(name="P", x=names, y=[report.times.p for report in reports], marker_color=_colours(evaluation), showlegend=False))
    spans = [report.p_ratio for report in reports]
    if any(spans):
        scale = [report.times.p / ratio.ratio if ratio and ratio.ratio > 0 else 0.0 for report, ratio in zip(reports, spans, strict=True)]
        above = [(ratio.high - ratio.ratio) * one if ratio else 0.0 for ratio, one in zip(spans, scale, strict=True)]
        below = [(ratio.ratio - ratio.low) * one if ratio else 0.0 for ratio, one in zip(spans, scale, strict=True)]
        figure.data[0].error_y = {"type": "data", "symmetric": False, "array": above, "arrayminus": below, "color": _INK}
    bounded = [report for report in reports if report.bound is not None]
    if bounded:
        mark = {"symbol": "line-ew-open", "size": 46, "color": _INK, "line": {"width": 2}}
        x, y = [report.name for report in bounded], [report.bound for report in bounded]
        figure.add_trace(Scatter(name="alignment bound", mode="markers", x=x, y=y, marker=mark))
    return _plain(figure, "", "P")


def compliance_bars(evaluation: Evaluation) -> Figure | None:
    """None when no system gives a free answer."""
    from plotly.graph_objects import Bar, Figure

    shown = [(report, colour) for report, colour in zip(evaluation.reports, _colours(evaluation), strict=True) if report.format_compliance is not None]
    if not shown:
        return None
    values = [100 * report.format_compliance for report, _ in shown if report.format_compliance is not None]
    texts = [f"{value:.2f} %" for value in values]
    figure = Figure(Bar(x=[report.name for report, _ in shown], y=values, text=texts, marker_color=[colour for _, colour in shown]))
    figure.update_yaxes(range=[0, 105])
    return _plain(figure, "", "lines in format, %")


def words_against_fit(evaluation: Evaluation) -> Figure:
    """chrF against P, one point per system."""
    from plotly.graph_objects import Figure, Scatter

    figure = Figure()
    for report, colour in zip(evaluation.reports, _colours(evaluation), strict=True):
        marker = {"size": 14, "color": colour}
        figure.add_trace(Scatter(name=report.name, mode="markers", x=[report.times.p], y=[report.words.chrf], marker=marker))
    return _plain(figure, "P", "chrF")


def _table(evaluation: Evaluation) -> str:
    rows = "".join(
        f"<tr><td>{escape(report.name)}</td><td>{report.times.p:.3f}</td><td>{report.times.cr:.1f}</td><td>{report.times.over_budget:.1%}</td>"
        f"<td>{'–' if report.format_compliance is None else f'{report.format_compliance:.2%}'}</td><td>{report.words.chrf:.1f}</td><td>{report.words.bleu:.1f}</td></tr>"
        for report in evaluation.reports
    )
    head = "".join(f"<th>{name}</th>" for name in ("system", "P", "CR %", "over budget", "in format", "chrF", "BLEU"))
    return f"<table><tr>{head}</tr>{rows}</table>"


def _subtitle(evaluation: Evaluation, origin: Provenance) -> str:
    settings = evaluation.plan.settings
    against = "the real spans" if evaluation.duration_kind == "timed" else "estimated durations"
    return (
        f"{len(evaluation.table.lines)} lines, {evaluation.plan.source_language}→{evaluation.plan.target_language}, against {against} of the source "
        f"({evaluation.estimator}). CR within {settings.tolerance_s} s or {settings.tolerance_ratio:.0%}. {origin.date}, {origin.hardware}."
    )


def _colours(evaluation: Evaluation) -> list[str]:
    return [_COLOURS[place % len(_COLOURS)] for place in range(len(evaluation.reports))]


def _plain(figure: Figure, x_title: str, y_title: str) -> Figure:
    axis = {"gridcolor": _GRID, "zerolinecolor": _GRID, "color": _INK}
    figure.update_layout(
        height=340, margin={"l": 56, "r": 12, "t": 16, "b": 48}, paper_bgcolor="white", plot_bgcolor="white", font={"color": _INK, "size": 13},
        legend={"orientation": "h", "y": 1.12, "x": 0}, xaxis={**axis, "title": x_title}, yaxis={**axis, "title": y_title},
    )  # fmt: skip
    return figure

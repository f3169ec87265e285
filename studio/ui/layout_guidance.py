"""Guidance tab: how far face and lips guide the voices, for the project and single lines; takes to compare, a sweep, voices of recordings."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from studio.domain.settings import Guidance
from studio.ui.island import island
from studio.ui.layout_parts import setting_slider

_STATEMENT = (
    "<h2>Guidance</h2><p>How strongly each thing steers the voices, for all lines without scales of their own. Lines spoken off screen are "
    "left free; lines whose scales have changed are marked “voice is old” until they are voiced again.</p>"
)
_LABELS = {"text_scale": "Words", "face_scale": "Face", "lip_scale": "Lips", "pause_scale": "Pauses"}


@dataclass(frozen=True, slots=True)
class ScaleWidgets:
    """One slider per field of Guidance, same names."""

    text_scale: gr.Slider
    face_scale: gr.Slider
    lip_scale: gr.Slider
    pause_scale: gr.Slider


@dataclass(frozen=True, slots=True)
class GuidanceWidgets:
    scales: ScaleWidgets
    presets: gr.HTML
    voices: gr.HTML
    lines: gr.HTML
    compare: gr.HTML
    pauses: gr.HTML
    sweep: gr.HTML
    sweep_figure: gr.Plot
    points: gr.HTML


def build_guidance() -> GuidanceWidgets:
    with gr.Row(elem_classes="page guidance-page"):
        with gr.Column(scale=2, min_width=320, elem_classes="stack"):
            with gr.Column(elem_classes="card"):
                gr.HTML(_STATEMENT, apply_default_css=False)
                presets = island("guidance/presets", events=("preset",))
                scales = ScaleWidgets(**{name: setting_slider(Guidance, name, label, step=0.1) for name, label in _LABELS.items()})
            voices = island("guidance/voices", events=("changed",))
        with gr.Column(scale=5, min_width=520, elem_classes="stack"):
            lines = island("guidance/guidance", events=("changed", "quality"))
            with gr.Row(elem_classes="bench"):
                with gr.Column(min_width=430):
                    compare = island("guidance/compare", events=("changed",))
                    pauses = island("guidance/pauses", events=("changed",))
                with gr.Column(min_width=430, elem_classes="card sweep-card"):
                    sweep = island("guidance/sweep", events=("changed", "plotted"))
                    with gr.Column(elem_classes="sweep-plot"):
                        figure = gr.Plot(show_label=False, container=False)
                    points = island("guidance/points", events=("changed",))
    return GuidanceWidgets(scales, presets, voices, lines, compare, pauses, sweep, figure, points)

"""Export tab: every file that leaves the studio, and the settings that shape the mix."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from studio.domain.settings import FitSettings, MixSettings
from studio.ui.island import island
from studio.ui.layout_parts import setting_choice, setting_slider

_LOUDNESS = {
    "ebu_r128": "EBU R128, −23 LUFS",
    "atsc_a85": "ATSC A/85, −24 LKFS",
    "web_-16": "Web, −16 LUFS",
    "dialogue_-27": "Dialogue-gated, −27 LUFS",
}


@dataclass(frozen=True, slots=True)
class MixWidgets:
    """One widget per field of MixSettings, same names."""

    loudness_profile: gr.Radio
    true_peak_dbtp: gr.Slider
    duck_db: gr.Slider
    duck_fade_ms: gr.Slider
    dub_gain_db: gr.Slider


@dataclass(frozen=True, slots=True)
class FitWidgets:
    """One widget per field of FitSettings, same names."""

    min_ratio: gr.Slider
    max_ratio: gr.Slider
    min_pause_ms: gr.Slider
    trim_db: gr.Slider


@dataclass(frozen=True, slots=True)
class ExportWidgets:
    files: gr.HTML
    mix: MixWidgets
    fit: FitWidgets


def build_export() -> ExportWidgets:
    with gr.Row(elem_classes="page"):
        with gr.Column(scale=5, min_width=520):
            files = island("exports", events=("wanted",))
        with gr.Column(scale=3, min_width=340, elem_classes="stack"):
            with gr.Column(elem_classes="card"):
                gr.HTML("<h2>Mix</h2><p>Takes effect with the next render.</p>", apply_default_css=False)
                mix = MixWidgets(
                    setting_choice(MixSettings, "loudness_profile", _LOUDNESS),
                    setting_slider(MixSettings, "true_peak_dbtp", "True peak, dBTP", step=0.5),
                    setting_slider(MixSettings, "duck_db", "Original under the dub, dB", step=1),
                    setting_slider(MixSettings, "duck_fade_ms", "Fade, ms", step=5),
                    setting_slider(MixSettings, "dub_gain_db", "Dub level, dB", step=0.5),
                )
            with gr.Column(elem_classes="card"):
                gr.HTML(
                    "<h2>Fit</h2><p>How far a take may be bent to its slot. New takes keep to these limits.</p>", apply_default_css=False
                )
                fit = FitWidgets(
                    setting_slider(FitSettings, "min_ratio", "Slowest, ×", step=0.01),
                    setting_slider(FitSettings, "max_ratio", "Fastest, ×", step=0.01),
                    setting_slider(FitSettings, "min_pause_ms", "Shortest pause, ms", step=10),
                    setting_slider(FitSettings, "trim_db", "Trim ends below, dB", step=1),
                )
    return ExportWidgets(files, mix, fit)

"""Guidance tab: how far face and lips may guide a voice, for the project and for single lines."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from studio.domain.settings import Guidance
from studio.ui.island import island
from studio.ui.layout_parts import setting_slider

_STATEMENT = (
    "<h2>Face and lip guidance</h2><p>These scales tell a voice engine that sees the picture how closely to follow the face and the lips. "
    "<strong>The voices in use today do not see the picture: the values are stored and change nothing yet.</strong> "
    "They take effect as soon as a visual voice engine is installed; nothing has to be set again.</p>"
)


@dataclass(frozen=True, slots=True)
class GuidanceWidgets:
    face: gr.Slider
    lip: gr.Slider
    overrides: gr.HTML


def build_guidance() -> GuidanceWidgets:
    with gr.Row(elem_classes="page"):
        with gr.Column(scale=2, min_width=320, elem_classes="card"):
            gr.HTML(_STATEMENT, apply_default_css=False)
            face = setting_slider(Guidance, "face_scale", "Face", step=0.1)
            lip = setting_slider(Guidance, "lip_scale", "Lips", step=0.1)
        with gr.Column(scale=5, min_width=520):
            overrides = island("guidance")
    return GuidanceWidgets(face, lip, overrides)

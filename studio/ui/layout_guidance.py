"""Guidance tab: how far face and lips may guide a voice, for the project and for single lines."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from studio.domain.settings import Guidance
from studio.ui.island import island
from studio.ui.layout_parts import setting_slider

_STATEMENT = (
    "<h2>Face and lip guidance</h2><p>At 0 a line is timed by its words alone. From there up, any voice is re-timed to the picture, inside "
    "the rate limits of the voice: <strong>Lips</strong> puts speech where the speaker's mouth is open and the source is heard, and pauses "
    "where it is shut; <strong>Face</strong> lets stressed syllables fall where face and source are at their strongest. 1 is recommended and "
    "keeps the rate steady, as human dubbers do; higher values follow the picture more closely. Lines spoken off screen are left free. "
    "New takes follow new values; lines whose values have changed keep their take and are marked “voice is old” until they are voiced again.</p>"
)
_SCALE = (
    '<dl class="scale"><dt>0</dt><dd>The words alone decide; nothing is stretched for the picture.</dd>'
    "<dt>1</dt><dd>Recommended. Pauses and phrases move to the mouth; the rate hardly changes.</dd>"
    "<dt>5</dt><dd>Every opening of the mouth counts; the rate changes as far as the limits under Export, Fit allow.</dd></dl>"
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
            gr.HTML(_SCALE, apply_default_css=False)
        with gr.Column(scale=5, min_width=520):
            overrides = island("guidance")
    return GuidanceWidgets(face, lip, overrides)

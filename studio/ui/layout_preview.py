"""Preview tab: original and dub side by side, and line by line."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from studio.ui.island import island


@dataclass(frozen=True, slots=True)
class PreviewWidgets:
    stage: gr.HTML
    render: gr.Button


def build_preview() -> PreviewWidgets:
    with gr.Column(elem_classes="preview-tab"):
        stage = island("preview")
        render = gr.Button("Render the dub", variant="primary", interactive=False, elem_id="render")
    return PreviewWidgets(stage, render)

"""Projects tab: the list, and a form for a new one."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from studio.ui.island import island
from studio.ui.upload_view import DEFAULT_PAIR, LANGUAGES


@dataclass(frozen=True, slots=True)
class ProjectsWidgets:
    listing: gr.HTML
    name: gr.Textbox
    source_language: gr.Dropdown
    target_language: gr.Dropdown
    create: gr.Button


def build_projects() -> ProjectsWidgets:
    options = list(LANGUAGES)
    with gr.Row(elem_classes="page"):
        with gr.Column(scale=5, min_width=520):
            listing = island("projects", events=("opened", "renamed", "removed", "demo", "changed"))
        with gr.Column(scale=2, min_width=300, elem_classes="card new-project"):
            gr.HTML("<h2>New project</h2><p>One programme in one pair of languages.</p>", apply_default_css=False)
            name = gr.Textbox(label="Name", placeholder="Harbour Lights, episode 3", max_lines=1, max_length=120)
            source = gr.Dropdown(options, value=DEFAULT_PAIR[0], label="Spoken in", filterable=True)
            target = gr.Dropdown(options, value=DEFAULT_PAIR[1], label="Dub into", filterable=True)
            create = gr.Button("Create project", variant="primary")
    return ProjectsWidgets(listing, name, source, target, create)

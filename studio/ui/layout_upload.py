"""Upload tab: what a project is made from, which engines work on it, and what was found in the file."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from studio.ui.island import island
from studio.ui.present import TASKS
from studio.ui.upload_view import DEFAULT_PAIR, LANGUAGES

SCRIPT_USES = (("becomes the lines", "lines"), ("updates the lines it knows, after a look at what would change", "update"))


@dataclass(frozen=True, slots=True)
class UploadWidgets:
    media: gr.HTML
    track: gr.Dropdown
    source_language: gr.Dropdown
    target_language: gr.Dropdown
    script: gr.HTML
    translation: gr.HTML
    bed: gr.HTML
    script_use: gr.Radio
    question: gr.HTML
    transcriber: gr.Dropdown
    translator: gr.Dropdown
    estimator: gr.Dropdown
    speaker: gr.Dropdown
    engines: gr.Markdown
    find: gr.Button
    dub: gr.Button
    facts: gr.HTML
    house: gr.HTML


def build_upload() -> UploadWidgets:
    with gr.Row(elem_classes="page"):
        with gr.Column(scale=3, min_width=480, elem_classes="stack"):
            with gr.Column(elem_classes="card"):
                gr.HTML("<h2>Video or audio</h2>", apply_default_css=False)
                media = island("uploads/media", events=("begun", "sent"))
                track = gr.Dropdown([], label="Sound track to dub", visible=False)
                with gr.Row(elem_classes="pair"):
                    source = gr.Dropdown(list(LANGUAGES), value=DEFAULT_PAIR[0], label="Spoken in", filterable=True)
                    target = gr.Dropdown(list(LANGUAGES), value=DEFAULT_PAIR[1], label="Dub into", filterable=True)
            with gr.Column(elem_classes="card"):
                gr.HTML(
                    "<h2>Script and stems <small>optional</small></h2><p>A script gives the lines instead of listening for them. "
                    "SRT, WebVTT, ASS, TTML, DAPT, CSV or XLSX.</p>",
                    apply_default_css=False,
                )
                with gr.Row(elem_classes="trio"):
                    script = island("uploads/script", events=("sent",))
                    translation = island("uploads/translation", events=("sent",))
                    bed = island("uploads/bed", events=("sent",))
                script_use = gr.Radio(list(SCRIPT_USES), value=SCRIPT_USES[0][1], label="A script that is dropped here")
                question = island("scriptask", events=("taken", "left"))
            widgets = _engines()
        with gr.Column(scale=2, min_width=340, elem_classes="stack"):
            facts = island("facts", events=("bed_removed", "sound_corrected", "sound_restored"))
            with gr.Row(elem_classes="actions"):
                find = gr.Button("Find lines", interactive=False)
                dub = gr.Button("Dub it", variant="primary", interactive=False)
            house = island("house")
    return UploadWidgets(media, track, source, target, script, translation, bed, script_use, question, *widgets, find, dub, facts, house)


def _engines() -> tuple[gr.Dropdown, gr.Dropdown, gr.Dropdown, gr.Dropdown, gr.Markdown]:
    with gr.Accordion("Engines", open=False, elem_classes="card"):
        with gr.Row(elem_classes="pair"):
            transcriber = gr.Dropdown([], label=TASKS["transcriber"])
            translator = gr.Dropdown([], label=TASKS["translator"])
        with gr.Row(elem_classes="pair"):
            estimator = gr.Dropdown([], label=TASKS["estimator"])
            speaker = gr.Dropdown([], label=TASKS["speaker"])
        availability = gr.Markdown(elem_classes="availability")
    return transcriber, translator, estimator, speaker, availability

"""Overview tab: the whole programme in five figures, each answering one question, with the lines to go to first."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from studio.ui.island import island

_CARDS = {
    "fit": ("Do the lines fit?", "Seconds over the slot, predicted and taken; below zero fits."),
    "pace": ("Who is pressed for time?", "Pace asked of each speaker and pace of the takes, × natural. Dashed: the fastest allowed."),
    "lips": ("Do the lips agree?", "LSE-C, higher agrees better; in the bands a mouth is seen."),
    "gain": ("What has the review brought?", "P of the machine’s wording against P now; below the diagonal a line has gained."),
    "progress": ("How far is it?", "Lines by status over the programme."),
}


@dataclass(frozen=True, slots=True)
class OverviewWidgets:
    """One plot per figure, and the island of sentences."""

    said: gr.HTML
    fit: gr.Plot
    pace: gr.Plot
    lips: gr.Plot
    gain: gr.Plot
    progress: gr.Plot


def build_overview() -> OverviewWidgets:
    said = island("overview", events=("wanted",))
    plots = {}
    for pair in (("fit", "pace"), ("lips", "gain"), ("progress",)):
        with gr.Row(elem_classes="page figures"):
            for key in pair:
                title, sentence = _CARDS[key]
                with gr.Column(min_width=420, elem_classes=f"card figure figure-{key}"):
                    gr.HTML(f"<h2>{title}</h2><p>{sentence} Press a point to go to its line.</p>", apply_default_css=False)
                    plots[key] = gr.Plot(show_label=False, container=False)
    return OverviewWidgets(said, **plots)

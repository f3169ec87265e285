"""The page's skeleton: header, seven tabs, a clock. Widgets only; what they do is named in `wire.py`."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from studio.ui.island import island
from studio.ui.layout_export import ExportWidgets, build_export
from studio.ui.layout_guidance import GuidanceWidgets, build_guidance
from studio.ui.layout_overview import OverviewWidgets, build_overview
from studio.ui.layout_preview import PreviewWidgets, build_preview
from studio.ui.layout_projects import ProjectsWidgets, build_projects
from studio.ui.layout_upload import UploadWidgets, build_upload
from studio.ui.table import desk_table

CLOCK_S = 60.0  # for what no pulse tells; news of the project come by `header.heard`


@dataclass(frozen=True, slots=True)
class Page:
    project_id: gr.Textbox  # kept by the browser: it comes with every event, so a restarted server knows it too
    clock: gr.Timer
    header: gr.HTML
    tabs: gr.Tabs
    projects_tab: gr.Tab
    projects: ProjectsWidgets
    upload: UploadWidgets
    desk: gr.HTML
    guidance: GuidanceWidgets
    preview: PreviewWidgets
    overview_tab: gr.Tab
    overview: OverviewWidgets
    export: ExportWidgets


def build_page() -> Page:
    """Must run inside a `gr.Blocks`."""
    project_id, clock = gr.Textbox("", visible=False), gr.Timer(CLOCK_S)
    header = island("header", events=("cancelled", "started", "demo", "heard"))
    with gr.Tabs(elem_id="tabs", selected="projects") as tabs:
        with gr.Tab("Projects", id="projects") as projects_tab:
            projects = build_projects()
        with gr.Tab("Upload", id="upload"):
            upload = build_upload()
        with gr.Tab("Lines", id="lines"):
            desk = desk_table()
        with gr.Tab("Guidance", id="guidance"):
            guidance = build_guidance()
        with gr.Tab("Preview", id="preview"):
            preview = build_preview()
        with gr.Tab("Overview", id="overview") as overview_tab:
            overview = build_overview()
        with gr.Tab("Export", id="export"):
            export = build_export()
    return Page(project_id, clock, header, tabs, projects_tab, projects, upload, desk, guidance, preview, overview_tab, overview, export)

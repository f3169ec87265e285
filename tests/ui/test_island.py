"""Islands and settings widgets: what they are made of."""

from __future__ import annotations

import re

import gradio as gr

from studio.domain.settings import MIX_TARGETS_LUFS, MixSettings
from studio.ui import look
from studio.ui.island import island
from studio.ui.layout import build_page
from studio.ui.layout_parts import setting_choice


def test_an_island_loads_its_module_from_this_page_and_offers_its_events() -> None:
    with gr.Blocks():
        made = island("projects", events=("opened",))
        assert made.opened(lambda: None) is not None
    assert "look/js/projects.js" in made.js_on_load and "http" not in made.js_on_load
    assert made.elem_id == "island-projects"


def test_every_island_of_the_page_has_its_module() -> None:
    with gr.Blocks() as blocks:
        build_page()
    islands = [block for block in blocks.blocks.values() if isinstance(block, gr.HTML) and (block.elem_id or "").startswith("island-")]
    assert len(islands) == 20
    for block in islands:
        named = block.js_on_load.split("'")[1].removeprefix("look/js/")
        assert re.search(r"^export (function|const) mount\b", (look.ASSETS / "js" / named).read_text(encoding="utf-8"), re.MULTILINE)


def test_a_choice_names_every_option_of_its_setting() -> None:
    with gr.Blocks():
        made = setting_choice(MixSettings, "loudness_profile", {name: name.upper() for name in MIX_TARGETS_LUFS})
    assert made.choices == [(name.upper(), name) for name in MIX_TARGETS_LUFS] and made.value == "ebu_r128"

"""The wiring: every button has one event, every setting its widget with the limits of the settings class."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields

import gradio as gr
import pytest

from studio.domain.settings import FitSettings, Guidance, MixSettings
from studio.service import Studio
from studio.ui.launch import build_blocks
from studio.ui.layout import build_page
from studio.ui.views import Action, Choices, Fact, OpenTab
from studio.ui.wire import paint


@pytest.fixture
def blocks(studio: Studio) -> gr.Blocks:
    return build_blocks(studio)


def test_every_button_has_exactly_one_event(blocks: gr.Blocks) -> None:
    clicks = Counter(target for fn in blocks.fns.values() for target, event in fn.targets if event == "click")
    buttons = [block for block in blocks.blocks.values() if isinstance(block, gr.Button)]
    assert buttons and {block.value: clicks[block._id] for block in buttons} == {block.value: 1 for block in buttons}


def test_every_event_is_private(blocks: gr.Blocks) -> None:
    assert {fn.api_visibility for fn in blocks.fns.values()} == {"private"}


def test_the_server_keeps_nothing_of_an_open_page(blocks: gr.Blocks) -> None:
    assert not [block for block in blocks.blocks.values() if isinstance(block, gr.State)]


def test_sliders_take_limits_defaults_and_help_from_the_settings() -> None:
    with gr.Blocks():
        page = build_page()
    shapes = {MixSettings: page.export.mix, FitSettings: page.export.fit, Guidance: page.guidance.scales}
    pairs = [(item, getattr(widgets, item.name)) for shape, widgets in shapes.items() for item in fields(shape)]
    sliders = [(item, widget) for item, widget in pairs if "low" in item.metadata]
    assert len(sliders) == 12
    for item, widget in sliders:
        assert (widget.minimum, widget.maximum, widget.value, widget.info) == (
            item.metadata["low"],
            item.metadata["high"],
            item.default,
            item.metadata["help"],
        )


def test_views_are_painted_as_their_widgets_take_them() -> None:
    assert paint(Choices((("One", "1"),), "1", is_shown=False)) == gr.update(choices=[("One", "1")], value="1", visible=False)
    assert paint(Action("Go", is_enabled=False)) == gr.update(value="Go", interactive=False)
    assert paint(OpenTab("lines")) == gr.update(selected="lines")
    assert paint(Fact("Length", "1 s")) == {"label": "Length", "value": "1 s"}
    assert paint(0.5) == 0.5

"""Widgets made from settings: a slider or a choice takes its limits, default and help from the field's own metadata."""

from __future__ import annotations

from dataclasses import fields

import gradio as gr


def setting_slider(shape: type, name: str, label: str, *, step: float) -> gr.Slider:
    """A slider for one `limited` field of a settings class."""
    item = next(item for item in fields(shape) if item.name == name)
    meta = item.metadata
    return gr.Slider(meta["low"], meta["high"], value=item.default, step=step, label=label, info=meta["help"], buttons=["reset"])


def setting_choice(shape: type, name: str, labels: dict[str, str]) -> gr.Radio:
    """A radio for one `chosen` field; `labels` names every option."""
    item = next(item for item in fields(shape) if item.name == name)
    options = [(labels[option], option) for option in item.metadata["options"]]
    return gr.Radio(options, value=item.default, label="Loudness", info=item.metadata["help"])

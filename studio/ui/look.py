"""How the page looks: every Gradio token mapped to the colours of assets/css/tokens.css, one set for dark and light."""

from __future__ import annotations

import re
from pathlib import Path

import gradio as gr

ASSETS = Path(__file__).resolve().parents[2] / "assets"
SHEETS = ("tokens", "shell", "forms", "islands", "desk", "panel", "notes", "history", "preview", "guidance", "rights")
FIRST_MODULES = ("js/early.js", "js/header.js", "js/projects.js", "js/desk/desk.js")
_IMPORT = re.compile(r"""^\s*(?:import|export)\b[^;]*?["'](\.{1,2}/[^"']+)["']""", re.MULTILINE)
FONTS = ("Inter", "system-ui", "Segoe UI", "Noto Sans", "Noto Sans CJK SC", "Noto Sans Thai", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "DejaVu Sans Mono", "monospace")

_TOKENS = {
    "body_background_fill": "var(--bg)",
    "body_text_color": "var(--ink)",
    "body_text_color_subdued": "var(--dim)",
    "background_fill_primary": "var(--panel)",
    "background_fill_secondary": "var(--side)",
    "block_background_fill": "var(--panel)",
    "block_border_color": "var(--rule)",
    "block_border_width": "1px",
    "block_info_text_color": "var(--dim)",
    "block_label_background_fill": "transparent",
    "block_label_border_width": "0px",
    "block_label_text_color": "var(--dim)",
    "block_label_text_size": "12px",
    "block_label_text_weight": "500",
    "block_title_background_fill": "transparent",
    "block_title_border_width": "0px",
    "block_title_text_color": "var(--dim)",
    "block_title_text_size": "12px",
    "block_title_text_weight": "500",
    "block_shadow": "none",
    "border_color_accent": "var(--accent)",
    "border_color_accent_subdued": "var(--rule)",
    "border_color_primary": "var(--rule)",
    "color_accent": "var(--accent)",
    "color_accent_soft": "var(--accent-soft)",
    "input_background_fill": "var(--field)",
    "input_background_fill_focus": "var(--field)",
    "input_border_color": "var(--rule-strong)",
    "input_border_color_focus": "var(--accent)",
    "input_placeholder_color": "var(--faint)",
    "input_shadow": "none",
    "input_shadow_focus": "none",
    "panel_background_fill": "transparent",
    "panel_border_color": "var(--rule)",
    "link_text_color": "var(--accent)",
    "link_text_color_hover": "var(--accent)",
    "slider_color": "var(--accent)",
    "button_primary_background_fill": "var(--accent-fill)",
    "button_primary_background_fill_hover": "var(--accent-fill-hover)",
    "button_primary_text_color": "var(--on-accent)",
    "button_primary_text_color_hover": "var(--on-accent)",
    "button_primary_border_color": "transparent",
    "button_secondary_background_fill": "var(--raised)",
    "button_secondary_background_fill_hover": "var(--raised-hover)",
    "button_secondary_text_color": "var(--ink)",
    "button_secondary_text_color_hover": "var(--ink)",
    "button_secondary_border_color": "var(--rule-strong)",
    "error_background_fill": "var(--panel)",
    "error_border_color": "var(--bad)",
    "error_text_color": "var(--bad)",
    "error_icon_color": "var(--bad)",
}
# Tokens without a twin for the dark scheme: sizes and shadows are the same in both.
_SHARED = frozenset(
    {"color_accent", "block_label_text_size", "block_label_text_weight", "block_title_text_size", "block_title_text_weight"}
)


def theme() -> gr.themes.Base:
    """A theme with no colours of its own; fonts are the machine's, nothing is fetched."""
    base = gr.themes.Base(
        font=list(FONTS),
        font_mono=list(MONO),
        radius_size=gr.themes.sizes.radius_sm,
        text_size=gr.themes.sizes.text_sm,
        spacing_size=gr.themes.sizes.spacing_sm,
    )
    dark = {f"{name}_dark": value for name, value in _TOKENS.items() if name not in _SHARED}
    return base.set(**_TOKENS, **dark)


def sheets() -> str:
    """Links to our style sheets, after the frame's own: rules of equal weight are ours. Gradio's `css` argument rewrites rules and loses
    borders that use variables."""
    return "".join(f'<link rel="stylesheet" href="look/css/{name}.css">' for name in SHEETS)


def scripts() -> str:
    """What begins before the frame does, and the modules of the first screen, so that they come all at once and not one level of imports
    after the other."""
    preloads = "".join(f'<link rel="modulepreload" href="look/{name}">' for name in modules(*FIRST_MODULES))
    return f'<script type="module" async src="look/js/early.js"></script>{preloads}'


def modules(*entries: str) -> tuple[str, ...]:
    """Those modules of assets with all that they import, each once, by their paths under assets."""
    found: dict[str, None] = {}
    waiting = list(entries)
    while waiting:
        name = waiting.pop(0)
        if name in found:
            continue
        found[name] = None
        folder = (ASSETS / name).parent
        imports = _IMPORT.findall((ASSETS / name).read_text(encoding="utf-8"))
        waiting += [(folder / other).resolve().relative_to(ASSETS).as_posix() for other in imports]
    return tuple(found)

"""An island: one `gr.HTML` whose inside is painted in the browser by an ES module of assets/js.

Its value is a small JSON record (a view); the module's `mount` gets the element, the value, and `trigger` for its events.
To add one: a module `assets/js/NAME.js` exporting `mount(island)`, a view in `views.py`, and `island("NAME", …)` in a layout.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import gradio as gr

_EMPTY = '<div class="island" aria-busy="true"></div>'


def island(module: str, *, events: Sequence[str] = (), value: object = None) -> gr.HTML:
    """`events` are the names the module may trigger; each becomes a listener on the component (`html.NAME(...)`)."""
    names = json.dumps(list(events))
    script = (
        f"import(new URL('look/js/{module}.js', document.baseURI))"
        ".then((module) => { const island = element.querySelector('.island') ?? element; island.removeAttribute('aria-busy'); "
        f"return module.mount({{element: island, props, trigger, watch, events: {names}}}); }})"
    )
    return gr.HTML(value, html_template=_EMPTY, js_on_load=script, apply_default_css=False, elem_id=f"island-{module.split('/')[-1]}")

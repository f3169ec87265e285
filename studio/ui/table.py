"""The line desk: one island for the whole Lines tab. Its value only says which project and which revision to show.

Rows are fetched and edited through the desk's own calls (`routes.py`), rendered by assets/js/desk/*.js in chunks that exist
only near the view, so that thousands of lines stay light. `changed` tells the page that work was started or lines moved;
`sound_corrected` asks for the media's sound to be played where its lips are.
"""

from __future__ import annotations

import gradio as gr

from studio.ui.island import island


def desk_table() -> gr.HTML:
    return island("desk/desk", events=("changed", "sound_corrected"))

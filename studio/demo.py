"""The demo project: a clip this project made itself, with its lines and translations, in every user's list."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from studio.domain.project import JobKind, Project
from studio.domain.rights import DEMO_OWNER

if TYPE_CHECKING:
    from studio.service import Studio


def find_or_make_demo(studio: Studio, folder: Path) -> Project:
    """The user's project that carries the demo's name, or a new one from `folder` (demo.json names the files)."""
    plan = json.loads((folder / "demo.json").read_text(encoding="utf-8"))
    for view in studio.projects():
        if view.project.name == plan["name"]:
            return view.project
    project = studio.create_project(plan["name"], plan["source_language"], plan["target_language"])
    media, script, translation = (folder / plan[key] for key in ("media", "lines", "translation"))
    studio.upload_media(project.id, media, media.name)
    studio.import_script(project.id, script.read_bytes(), script.name)
    studio.import_script(project.id, translation.read_bytes(), translation.name, as_target=True)
    is_for_guests = studio.user == DEMO_OWNER  # who can start nothing themselves, so all of it is there
    studio.submit(project.id, JobKind.RENDER if is_for_guests else JobKind.LINES)  # LINES for the waveform, and for voices as high as those heard
    return studio.project(project.id).project

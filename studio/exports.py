"""What leaves the studio: a table from kinds to their sentences and to what makes them. Makers live in modules of their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from studio.domain.errors import BadSetting, NotReady
from studio.domain.plain import fingerprint, from_plain
from studio.domain.project import Project
from studio.handover_files import HANDOVER_KINDS, make_delivery, write_delivery
from studio.media.preview import side_by_side
from studio.playback import cached, playable_source, rendered_path
from studio.report import project_report
from studio.script_exports import RECORDED, RECORDED_SENTENCE, SCRIPT_FORMATS, SCRIPT_KINDS, ScriptWish, make_script, write_script_into
from studio.steps.render import Dub
from studio.workshop import Workshop

if TYPE_CHECKING:
    from studio.service import Studio

Maker = Callable[["Studio", Workshop, Project], Path]


def export(studio: Studio, shop: Workshop, project: Project, kind: str) -> Path:
    """The exported file, ready to be downloaded. Raises BadSetting for an unknown kind, NotReady before a render."""
    if kind not in _MAKERS:
        raise BadSetting(f"There is no export “{kind}”; there are: {', '.join(KINDS)}.")
    return _MAKERS[kind](studio, shop, project)


def _video(studio: Studio, shop: Workshop, project: Project) -> Path:
    path = rendered_path(shop, project)
    if path is None:
        raise NotReady(f"“{project.name}” has not been rendered yet; press Render on the Preview tab first.")
    return path


def _dub_wav(studio: Studio, shop: Workshop, project: Project) -> Path:
    _video(studio, shop, project)
    kept: Dub = from_plain(Dub, shop.results.latest(project.id, "render"))
    return shop.blobs.path(kept.mix)


def _report(studio: Studio, shop: Workshop, project: Project) -> Path:
    rows = studio.rows(project.id)
    if not rows:
        raise NotReady(f"“{project.name}” has no lines yet.")
    text = json.dumps(project_report(studio.project(project.id), rows, shop.results.costs(project.id)), ensure_ascii=False, indent=1)
    return _text(shop, "report_json", text, ".json")


def _preferences(studio: Studio, shop: Workshop, project: Project) -> Path:
    lessons = studio.lessons(project.id)
    if not lessons.size:
        raise NotReady(f"“{project.name}” has kept no choices yet; switch on learning, then edit or pick wordings at the desk.")
    return _text(shop, "preferences", lessons.text(), ".jsonl")


def _side_by_side(studio: Studio, shop: Workshop, project: Project) -> Path:
    dub = _video(studio, shop, project)
    if project.source is None or project.source.info.video is None:
        raise NotReady(f"“{project.name}” has no picture to set side by side.")

    def make(draft: Path) -> None:
        side_by_side(playable_source(shop, project), dub, draft)

    return cached(shop, fingerprint("side by side", dub.name), ".mp4", make)


def _text(shop: Workshop, kind: str, text: str, suffix: str) -> Path:
    return cached(shop, fingerprint("export", kind, text), suffix, lambda draft: _write(draft, text))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")


_MADE: dict[str, tuple[str, Maker]] = {
    "video": ("The dub: picture untouched, dubbed and original sound, subtitles in both languages (MP4).", _video),
    "dub_wav": ("The mixed sound of the dub (WAV, 48 kHz).", _dub_wav),
    **{kind: (one.sentence, partial(make_script, kind=kind)) for kind, one in SCRIPT_KINDS.items()},
    RECORDED: (RECORDED_SENTENCE, partial(make_script, kind=RECORDED)),
    **{kind: (sentence, partial(make_delivery, kind=kind)) for kind, sentence in HANDOVER_KINDS.items()},
    "report_json": ("Every line with slot, predicted and actual time, Δ, P, stretch and flags (JSON).", _report),
    "preferences": ("What was chosen at the desk over a machine's wording, to train a translator on (JSON lines).", _preferences),
    "side_by_side": ("Original and dub next to each other, for a screening (MP4).", _side_by_side),
}
KINDS: dict[str, str] = {kind: sentence for kind, (sentence, _) in _MADE.items()}
_MAKERS: dict[str, Maker] = {kind: maker for kind, (_, maker) in _MADE.items()}
Writer = Callable[["Studio", Workshop, Project, ScriptWish], Path]
_WRITERS: dict[str, tuple[str, Writer]] = {
    **{form: (sentence, partial(write_script_into, form)) for form, sentence in SCRIPT_FORMATS.items()},
    **{kind: (sentence, partial(write_delivery, kind)) for kind, sentence in HANDOVER_KINDS.items()},
}
FORMATS: dict[str, str] = {form: sentence for form, (sentence, _) in _WRITERS.items()}


def export_into(studio: Studio, shop: Workshop, project: Project, form: str, wish: ScriptWish) -> Path:
    """Write a format into a folder, under a name of its own; returns the file or folder written. Raises BadSetting for an unknown one."""
    if form not in _WRITERS:
        raise BadSetting(f"There is no format “{form}” to export; there are: {', '.join(FORMATS)}.")
    return _WRITERS[form][1](studio, shop, project, wish)

"""What leaves the studio: each kind is one small function from a project to a file. Add one by naming it in `_MAKERS`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from studio.domain.errors import BadSetting, NotReady
from studio.domain.plain import fingerprint, from_plain
from studio.domain.project import Project
from studio.formats.write import ScriptRow, write_script
from studio.media.preview import side_by_side
from studio.playback import cached, playable_source, rendered_path
from studio.report import project_report
from studio.steps.render import Dub
from studio.workshop import Workshop

if TYPE_CHECKING:
    from studio.service import Studio

KINDS: dict[str, str] = {
    "video": "The dub: picture untouched, dubbed and original sound, subtitles in both languages (MP4).",
    "dub_wav": "The mixed sound of the dub (WAV, 48 kHz).",
    "source_srt": "Source lines as SubRip subtitles.",
    "target_srt": "Translated lines as SubRip subtitles.",
    "target_vtt": "Translated lines as WebVTT.",
    "target_ass": "Translated lines as ASS.",
    "target_ttml": "Translated lines as TTML.",
    "script_csv": "Both languages with times and speakers, for a spreadsheet; can be imported again (CSV).",
    "report_json": "Every line with slot, predicted and actual time, Δ, P, stretch and flags (JSON).",
    "preferences": "What was chosen at the desk over a machine's wording, to train a translator on (JSON lines).",
    "side_by_side": "Original and dub next to each other, for a screening (MP4).",
}


def export(studio: Studio, shop: Workshop, project: Project, kind: str) -> Path:
    """The exported file, ready to be downloaded. Raises BadSetting for an unknown kind, NotReady before a render."""
    if kind not in KINDS:
        raise BadSetting(f"There is no export “{kind}”; there are: {', '.join(KINDS)}.")
    if kind == "video":
        return _rendered(shop, project)
    if kind == "dub_wav":
        _rendered(shop, project)
        kept: Dub = from_plain(Dub, shop.results.latest(project.id, "render"))
        return shop.blobs.path(kept.mix)
    if kind == "side_by_side":
        return _side_by_side(shop, project)
    if kind == "preferences":
        text, suffix = _preferences(studio, project), ".jsonl"
    else:
        text = report_text(studio, shop, project) if kind == "report_json" else _script(shop, project, kind)
        suffix = f".{kind.partition('_')[2]}"
    return cached(shop, fingerprint("export", kind, text), suffix, lambda draft: _write(draft, text))


def script_rows(shop: Workshop, project: Project, *, use_target: bool) -> list[ScriptRow]:
    cast = shop.lines.cast(project.id)
    names = {speaker.id: speaker.name for speaker in cast.speakers}
    return [
        ScriptRow(line.span, names[line.speaker_id], line.source_text, line.target_text, line.target_text if use_target else line.source_text)
        for line in cast.lines
    ]


def report_text(studio: Studio, shop: Workshop, project: Project) -> str:
    rows = studio.rows(project.id)
    if not rows:
        raise NotReady(f"“{project.name}” has no lines yet.")
    return json.dumps(project_report(studio.project(project.id), rows, shop.results.costs(project.id)), ensure_ascii=False, indent=1)


def _preferences(studio: Studio, project: Project) -> str:
    lessons = studio.lessons(project.id)
    if not lessons.size:
        raise NotReady(f"“{project.name}” has kept no choices yet; switch on learning, then edit or pick wordings at the desk.")
    return lessons.text()


def _script(shop: Workshop, project: Project, kind: str) -> str:
    side, _, form = kind.partition("_")
    use_target = side != "source"
    rows = script_rows(shop, project, use_target=use_target)
    if not any(row.text.strip() or row.source.strip() for row in rows):
        raise NotReady(f"“{project.name}” has no {'translated ' if use_target else ''}text yet.")
    return write_script(rows, form, language=project.target_language if use_target else project.source_language)


def _rendered(shop: Workshop, project: Project) -> Path:
    path = rendered_path(shop, project)
    if path is None:
        raise NotReady(f"“{project.name}” has not been rendered yet; press Render on the Preview tab first.")
    return path


def _side_by_side(shop: Workshop, project: Project) -> Path:
    dub = _rendered(shop, project)
    if project.source is None or project.source.info.video is None:
        raise NotReady(f"“{project.name}” has no picture to set side by side.")

    def make(draft: Path) -> None:
        side_by_side(playable_source(shop, project), dub, draft)

    return cached(shop, fingerprint("side by side", dub.name), ".mp4", make)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")

"""The cards of the Export tab: every kind of file with its place, its sentence, what it is called and what it needs. Pure.

A new kind is one more entry of `CARDS`; a test holds them against what the service can export.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from studio.domain.project import Project
from studio.domain.views import ProjectView
from studio.ui.views import ExportItem, ExportsView

WATCH, SCRIPT, SOUND, TIMELINE, REPORT = GROUPS = ("Watch", "Script", "Sound", "Timeline", "Report")
STREAMED = frozenset({"stems", "premix", "otio", "edl"})
"""Made while they are sent: large, or several files in one ZIP."""
OPENED = {"qc": "media/quality/{project_id}"}
"""Looked at in a tab of their own; the address, besides the file."""


@dataclass(frozen=True, slots=True)
class Card:
    """`file_name` follows the project's name in a download; languages are filled in. `needs`: sentences of what is missing, the first
    that applies is shown."""

    group: str
    title: str
    sentence: str
    file_name: str
    needs: tuple[Callable[[ProjectView], str], ...] = ()


def _lines(view: ProjectView) -> str:
    return "" if view.counts.total else "Needs lines first."


def _picture(view: ProjectView) -> str:
    source = view.project.source
    return "Needs a picture; this project is audio only." if source is None or source.info.video is None else ""


def _media(view: ProjectView) -> str:
    return "" if view.project.source is not None else "Upload the media first."


def _render(view: ProjectView) -> str:
    return "" if view.is_rendered else "Render the dub first."


def _takes(view: ProjectView) -> str:
    return "" if view.counts.voiced else "Voice the lines first."


def _translation(view: ProjectView) -> str:
    return "Needs a translation first." if view.counts.empty == view.counts.total else ""


def _choices(view: ProjectView) -> str:
    return "" if view.kept_choices else "No choices are kept yet."


_HEARD = (_media, _takes)
CARDS: dict[str, Card] = {
    "video": Card(
        WATCH,
        "Dubbed video",
        "MP4: the picture untouched, the dub as first track, the original as second, soft subtitles in both languages.",
        "dub {target}",
        (_render,),
    ),
    "side_by_side": Card(
        WATCH,
        "Side by side",
        "Original and dub in one picture, for a review on a phone or in a mail. Takes a while to draw.",
        "side by side {target}",
        (_picture, _render),
    ),
    "source_srt": Card(SCRIPT, "Source subtitles", "SRT with the lines as they are spoken in the original.", "subtitles {source}"),
    "target_srt": Card(SCRIPT, "Subtitles, SRT", "The translation with its times, for any player.", "subtitles {target}", (_translation,)),
    "target_vtt": Card(SCRIPT, "Subtitles, WebVTT", "The translation for players on the web.", "subtitles {target}", (_translation,)),
    "target_ass": Card(SCRIPT, "Subtitles, ASS", "The translation with speakers as actors, for Aegisub.", "subtitles {target}", (_translation,)),
    "target_ttml": Card(SCRIPT, "Subtitles, TTML", "The translation for broadcast and delivery tools.", "subtitles {target}", (_translation,)),
    "script_xlsx": Card(
        SCRIPT,
        "Dubbing script, workbook",
        "XLSX with timecode, speakers, both languages, status, notes, Δ and P; edit it and import it again.",
        "script {source}-{target}",
    ),
    "script_csv": Card(SCRIPT, "Dubbing script, table", "CSV with the same lines for any program; it can be imported again.", "script {source}-{target}"),
    "dapt": Card(
        SCRIPT,
        "Script, DAPT",
        "W3C DAPT as far as the lines are: transcript, translation, or, once all are approved, ready to record.",
        "DAPT script {source}-{target}",
    ),
    "dapt_original": Card(SCRIPT, "Original transcript, DAPT", "What is said in the original, by whom and when, as W3C DAPT.", "original transcript {source}"),
    "dapt_translated": Card(
        SCRIPT, "Translated transcript, DAPT", "Both languages, roles, times, status and notes, as W3C DAPT.", "translated transcript {target}"
    ),
    "dapt_prerecording": Card(SCRIPT, "Pre-recording script, DAPT", "The adapted script for the recording, as W3C DAPT.", "pre-recording script {target}"),
    "dapt_asrecorded": Card(
        SCRIPT, "As-recorded script, DAPT", "A ZIP: the script as W3C DAPT with the circled takes it refers to.", "as-recorded script {target}", (_takes,)
    ),
    "dub_wav": Card(
        SOUND, "Dub mix", "WAV of the finished mix, exactly as long as the picture, at the loudness set on the right.", "dub mix {target}", (_render,)
    ),
    "stems": Card(
        SOUND,
        "Stems for the mixer",
        "A ZIP: a WAV per line with handles, a stem per speaker, the premix, the untouched bed, the mix, and the timelines over them.",
        "stems {target}",
        _HEARD,
    ),
    "premix": Card(SOUND, "Dialogue premix", "A ZIP: all voices as one WAV of the picture's length, and the untouched bed.", "premix {target}", _HEARD),
    "otio": Card(TIMELINE, "OpenTimelineIO", "Every take on its speaker's track, notes and flags as markers; its clips are the stems' files.", "timeline {target}", _HEARD),
    "edl": Card(TIMELINE, "Edit lists, CMX 3600", "A ZIP: one list per speaker, for programs that read nothing newer; its clips are the stems' files.", "edit lists {target}", _HEARD),
    "qc": Card(REPORT, "Quality report", "Every take and the mix are listened to: what must and what should be mended, with line, timecode and loudness.", "quality report {target}", _HEARD),
    "report_json": Card(REPORT, "Report on lines", "Every line with its slot, Δ, P, stretch, engines and flags, for machines and archives.", "report {target}"),
    "preferences": Card(
        REPORT,
        "Choices",
        "What you preferred to a machine's wording, where the project keeps that: JSON lines, to train a translator on.",
        "choices {source}-{target}",
        (_choices,),
    ),
}


def exports_view(view: ProjectView | None, revision: str = "") -> ExportsView:
    """The cards of a project. `revision` moves whenever its lines may have changed."""
    if view is None:
        return ExportsView(notice="Open a project to export its dub, subtitles and script.")
    return ExportsView(view.project.id, export_items(view), blockers(view), revision=revision, groups=GROUPS)


def export_items(view: ProjectView) -> tuple[ExportItem, ...]:
    """Every export with a sentence; one that cannot be made yet says what it needs."""
    return tuple(_item(kind, card, view) for kind, card in CARDS.items())


def export_name(project: Project, kind: str, suffix: str) -> str:
    """The name a downloaded export gets, such as “The last ferry – subtitles zh.srt”."""
    words = CARDS[kind].file_name.format(source=project.source_language, target=project.target_language)
    return f"{project.name} – {words}{suffix}"


def fetch_address(project_id: str, kind: str) -> str:
    """Where the browser fetches an export from."""
    return f"media/{'handover' if kind in STREAMED else 'export'}/{project_id}/{kind}"


def blockers(view: ProjectView) -> str:
    """What an editor should know before exporting."""
    counts, parts = view.counts, []
    if counts.empty:
        parts.append(f"{_count(counts.empty)} without a translation keep the original sound")
    if counts.over:
        parts.append(f"{_count(counts.over)} over budget")
    if view.is_rendered and view.is_render_stale:
        parts.append("the dub is older than the last edits; render it again")
    return "" if not parts else f"Before you export: {'; '.join(parts)}."


def _item(kind: str, card: Card, view: ProjectView) -> ExportItem:
    needs = next((missing for need in (_lines, *card.needs) if (missing := need(view))), "")
    opens = OPENED[kind].format(project_id=view.project.id) if kind in OPENED else ""
    return ExportItem(kind, card.title, card.sentence, not needs, needs, card.group, opens)


def _count(number: int) -> str:
    return f"{number} line" if number == 1 else f"{number} lines"

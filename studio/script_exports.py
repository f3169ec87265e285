"""The exports that are scripts: subtitles of one language, tables of both, and DAPT in its four kinds.

Each kind is one row of `SCRIPT_KINDS`: its sentence, its file ending, and what makes its bytes from a project.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studio.domain.errors import BadSetting, NotReady, StudioError
from studio.domain.plain import fingerprint
from studio.domain.project import Project
from studio.formats.dapt_check import dapt_faults
from studio.formats.dapt_write import write_dapt
from studio.formats.scripted import ScriptType
from studio.formats.write import ScriptRow, write_script
from studio.formats.xlsx_write import LineFigures, write_xlsx
from studio.handover.names import delivery_name
from studio.handover.package import ABOUT, QUIET, Delivery, Watch, file_part, text_part, write_folder, write_zip
from studio.playback import cached
from studio.script_document import kind_of, script_document, voiced
from studio.workshop import Workshop

if TYPE_CHECKING:
    from studio.service import Studio

SIDES = ("source", "target")
SCRIPT_WORDS = {"original": ScriptType.ORIGINAL, "translated": ScriptType.TRANSLATED, "pre-recording": ScriptType.PRE_RECORDING, "as-recorded": ScriptType.AS_RECORDED}
RECORDED = "dapt_asrecorded"
SUBTITLES = ("srt", "vtt", "ass", "ttml")
DAPT_SUFFIX = ".dapt.ttml"


@dataclass(frozen=True, slots=True)
class ScriptKind:
    """A kind of export. `make` gives the bytes of its one file."""

    sentence: str
    suffix: str
    make: Callable[[Studio, Workshop, Project], bytes]


def _subtitles(form: str, side: str) -> Callable[[Studio, Workshop, Project], bytes]:
    def make(studio: Studio, shop: Workshop, project: Project) -> bytes:
        use_target = side == "target"
        rows = script_rows(shop, project, use_target=use_target)
        if not any(row.text.strip() for row in rows):
            raise NotReady(f"“{project.name}” has no {'translated ' if use_target else ''}text yet.")
        return write_script(rows, form, language=project.target_language if use_target else project.source_language).encode("utf-8")

    return make


def _dapt(kind: ScriptType | None) -> Callable[[Studio, Workshop, Project], bytes]:
    def make(studio: Studio, shop: Workshop, project: Project) -> bytes:
        return _checked_dapt(shop, project, kind).encode("utf-8")

    return make


def _csv(studio: Studio, shop: Workshop, project: Project) -> bytes:
    rows = script_rows(shop, project, use_target=True)
    _require_lines(project, len(rows))
    return write_script(rows, "csv", language=project.target_language).encode("utf-8")


def _xlsx(studio: Studio, shop: Workshop, project: Project) -> bytes:
    document = script_document(shop, project, _table_kind(shop, project))
    _require_lines(project, len(document.events))
    shown = {
        row.line.id: LineFigures(round(row.prediction.delta_ms / 1000, 3), round(row.prediction.p, 3))
        for row in studio.rows(project.id)
        if row.prediction is not None
    }
    return write_xlsx(document, shown)


SCRIPT_KINDS: dict[str, ScriptKind] = {
    "source_srt": ScriptKind("Source lines as SubRip subtitles.", ".srt", _subtitles("srt", "source")),
    **{
        f"target_{form}": ScriptKind(f"Translated lines as {name}.", f".{form}", _subtitles(form, "target"))
        for form, name in (("srt", "SubRip subtitles"), ("vtt", "WebVTT"), ("ass", "ASS"), ("ttml", "TTML"))
    },
    "script_csv": ScriptKind("Both languages with times, speakers, status and notes, for a spreadsheet; can be imported again (CSV).", ".csv", _csv),
    "script_xlsx": ScriptKind("The same as a workbook, with timecode, Δ and P; can be imported again (XLSX).", ".xlsx", _xlsx),
    "dapt": ScriptKind("The script as it stands, as W3C DAPT: transcript, translation, or ready to record (TTML).", DAPT_SUFFIX, _dapt(None)),
    "dapt_original": ScriptKind("The original transcript as W3C DAPT (TTML).", DAPT_SUFFIX, _dapt(ScriptType.ORIGINAL)),
    "dapt_translated": ScriptKind("The translated transcript as W3C DAPT (TTML).", DAPT_SUFFIX, _dapt(ScriptType.TRANSLATED)),
    "dapt_prerecording": ScriptKind("The pre-recording script as W3C DAPT (TTML).", DAPT_SUFFIX, _dapt(ScriptType.PRE_RECORDING)),
}
SCRIPT_FORMATS: dict[str, str] = {
    "dapt": "The script as W3C DAPT (--script says which of its four kinds).",
    "srt": "Subtitles as SubRip (--side source or target).",
    "vtt": "Subtitles as WebVTT.",
    "ass": "Subtitles as ASS.",
    "ttml": "Subtitles as TTML.",
    "csv": "Both languages with times, speakers, status and notes as a table.",
    "xlsx": "The same as a workbook, with timecode.",
}
RECORDED_SENTENCE = "The as-recorded script as W3C DAPT, with the circled takes it refers to (ZIP)."


def make_script(studio: Studio, shop: Workshop, project: Project, kind: str) -> Path:
    """The export as a file of the cache. Raises NotReady where there is nothing to write yet."""
    if kind == RECORDED:
        delivery = recorded_delivery(shop, project)
        key = fingerprint("export", kind, delivery.name, [(part.name, part.size_bytes) for part in delivery.parts], _checked_dapt(shop, project, ScriptType.AS_RECORDED))
        return cached(shop, key, ".zip", lambda draft: write_zip(delivery, draft))
    data = SCRIPT_KINDS[kind].make(studio, shop, project)
    return cached(shop, fingerprint("export", kind, data.hex()), SCRIPT_KINDS[kind].suffix, lambda draft: _put(draft, data))


@dataclass(frozen=True, slots=True)
class ScriptWish:
    """Where an export goes and in which form: `side` of subtitles, `script` one of SCRIPT_WORDS; None: what the project has grown to.
    `watch` hears how far a long delivery is."""

    folder: Path
    side: str = "target"
    script: str | None = None
    watch: Watch = QUIET


def write_script_into(form: str, studio: Studio, shop: Workshop, project: Project, wish: ScriptWish) -> Path:
    """Write a script into a folder under a name of its own; an earlier file of that name is replaced whole. Returns what was written.

    Raises BadSetting for an unknown wish, NotReady where there is nothing to write yet.
    """
    _check(wish)
    script = SCRIPT_WORDS[wish.script] if wish.script is not None else None
    if form == "dapt" and script is ScriptType.AS_RECORDED:
        return write_folder(recorded_delivery(shop, project), wish.folder, wish.watch)
    if form in SUBTITLES:
        data, suffix = _subtitles(form, wish.side)(studio, shop, project), f".{form}"
    else:
        make = {"dapt": _dapt(script), "csv": _csv, "xlsx": _xlsx}[form]
        data, suffix = make(studio, shop, project), DAPT_SUFFIX if form == "dapt" else f".{form}"
    language = project.source_language if form in SUBTITLES and wish.side == "source" else project.target_language
    return _put_beside(wish.folder / f"{delivery_name(project.name, language, 'subtitles' if form in SUBTITLES else 'script')}{suffix}", data)


def script_rows(shop: Workshop, project: Project, *, use_target: bool) -> list[ScriptRow]:
    """The lines as the writers of subtitles and tables take them."""
    cast = shop.lines.cast(project.id)
    names = {speaker.id: speaker.name for speaker in cast.speakers}
    seen = {event.id: event.on_screen for event in script_document(shop, project, ScriptType.TRANSLATED).events}
    return [
        ScriptRow(
            line.span,
            names[line.speaker_id],
            line.source_text,
            line.target_text,
            line.target_text if use_target else line.source_text,
            line.id,
            line.status,
            line.notes,
            seen.get(line.id),
        )
        for line in cast.lines
    ]


def recorded_delivery(shop: Workshop, project: Project) -> Delivery:
    """The as-recorded script beside the takes it refers to. Raises NotReady where nothing was voiced."""
    heard = voiced(shop, project, shop.lines.cast(project.id))
    if not heard:
        raise NotReady(f"“{project.name}” has no takes yet; an as-recorded script refers to them. Voice its lines first.")
    about = f"{project.name}: the as-recorded script (W3C DAPT) and the {len(heard)} takes it refers to, as they were fitted.\r\n"
    script = _checked_dapt(shop, project, ScriptType.AS_RECORDED)
    parts = [text_part(ABOUT, about), text_part(f"script{DAPT_SUFFIX}", script)]
    parts += [file_part(one.path, shop.blobs.path(one.blob)) for one in heard]
    return Delivery(delivery_name(project.name, project.target_language, "as-recorded"), tuple(parts))


def _checked_dapt(shop: Workshop, project: Project, kind: ScriptType | None) -> str:
    """The script, held to the rules of DAPT before anybody gets it."""
    document = script_document(shop, project, kind)
    _require_lines(project, len(document.events))
    text = write_dapt(document)
    if faults := dapt_faults(text):
        raise StudioError(f"The DAPT script of “{project.name}” came out wrong and was not handed over: {faults[0]}")
    return text


def _table_kind(shop: Workshop, project: Project) -> ScriptType:
    """A table has room for a translation even before there is one."""
    kind = kind_of(shop.lines.cast(project.id))
    return ScriptType.TRANSLATED if kind is ScriptType.ORIGINAL else kind


def _require_lines(project: Project, count: int) -> None:
    if not count:
        raise NotReady(f"“{project.name}” has no lines yet.")


def _check(wish: ScriptWish) -> None:
    if wish.side not in SIDES:
        raise BadSetting(f"Subtitles are of one side, {' or '.join(SIDES)}, not “{wish.side}”.")
    if wish.script is not None and wish.script not in SCRIPT_WORDS:
        raise BadSetting(f"There is no kind of script “{wish.script}”; there are: {', '.join(SCRIPT_WORDS)}.")


def _put(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _put_beside(path: Path, data: bytes) -> Path:
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(data)
        os.replace(draft, path)
    except OSError as error:
        raise BadSetting(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)
    return path

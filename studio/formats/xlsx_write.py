"""A ScriptDocument as a workbook (.xlsx): a sheet of lines to edit, and a sheet that says which script it is.

Every cell of words is text, whatever it begins with, so nothing typed is ever run as a formula. In and out are timecode with frames;
the columns at the end hold the same times to the millisecond for a return without loss, and Δ and P only inform.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from studio.domain.errors import BadSetting
from studio.formats.scripted import ScriptDocument, ScriptEvent
from studio.formats.table_rows import TIMECODE_FPS, shown_timecode

if TYPE_CHECKING:
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

LINES_SHEET, ABOUT_SHEET = "Lines", "Script"
HEADER = ("id", "in", "out", "speaker", "source", "translation", "status", "notes", "on screen", "Δ s", "P", "start exact ms", "end exact ms")
WIDTHS = (12, 13, 13, 18, 52, 52, 11, 36, 10, 8, 8, 14, 14)
MAX_CELL_CHARS = 32_767  # what the format can hold in one cell
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_NEWLINE = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_CODED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


@dataclass(frozen=True, slots=True)
class LineFigures:
    """What is only shown beside a line: Δ in seconds, and P; None: not known."""

    delta_s: float | None
    p: float | None


def write_xlsx(document: ScriptDocument, figures: Mapping[str, LineFigures] | None = None) -> bytes:
    """The workbook. `figures` by event id. Raises BadSetting for words that a cell cannot hold."""
    from openpyxl import Workbook

    names = {one.id: one.name for one in document.characters}
    rows = [(event, _words(event, document, names)) for event in document.events]  # all of them before the file is begun
    book = Workbook(write_only=True)
    lines = book.create_sheet(LINES_SHEET)
    lines.freeze_panes = "E2"
    for letter, width in zip("ABCDEFGHIJKLM", WIDTHS, strict=True):
        lines.column_dimensions[letter].width = width
    lines.append([_cell(lines, title) for title in HEADER])
    for event, words in rows:
        shown = (figures or {}).get(event.id, LineFigures(None, None))
        lines.append([*(_cell(lines, word) for word in words), shown.delta_s, shown.p, event.start_ms, event.end_ms])
    about = book.create_sheet(ABOUT_SHEET)
    for label, value in facts(document):
        about.append([_cell(about, label), _cell(about, _clean(value)[:MAX_CELL_CHARS])])
    out = io.BytesIO()
    book.save(out)
    return _undated(out)


def _undated(book: io.BytesIO) -> bytes:
    """The saved workbook without the hour it was saved at, so that the same script is the same file."""
    from openpyxl.packaging.core import DocumentProperties
    from openpyxl.xml.constants import ARC_CORE
    from openpyxl.xml.functions import tostring

    always = datetime(1980, 1, 1)  # the earliest that a ZIP archive can tell
    told = tostring(DocumentProperties(creator="Lipline", created=always, modified=always).to_tree())
    out = io.BytesIO()
    with zipfile.ZipFile(book) as saved, zipfile.ZipFile(out, "w") as undated:
        for name in saved.namelist():
            entry = zipfile.ZipInfo(name, always.timetuple()[:6])
            undated.writestr(entry, told if name == ARC_CORE else saved.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def facts(document: ScriptDocument) -> Iterable[tuple[str, str]]:
    """What the script says of itself as a whole, as rows of a label and a value."""
    fps = document.fps
    yield "script", document.kind.value
    yield "title", document.title
    yield "media", document.media or ""
    yield "source language", document.from_language
    yield "language", document.language
    yield "frames per second", "" if fps is None else str(fps.numerator) if fps.denominator == 1 else f"{fps.numerator}/{fps.denominator}"


def _words(event: ScriptEvent, document: ScriptDocument, names: Mapping[str, str]) -> tuple[str, ...]:
    """The cells of words of an event's row. Raises BadSetting for one that is too long."""
    fps: Fraction = document.fps or TIMECODE_FPS
    words = (
        event.id,
        shown_timecode(event.start_ms, fps),
        shown_timecode(event.end_ms, fps),
        names.get(event.character_ids[0], event.character_ids[0]) if event.character_ids else "",
        document.source_text(event),
        document.target_text(event),
        event.status.value if event.status is not None else "",
        "\n".join(_NEWLINE.sub(" ", note).replace("\n", " ") for note in event.notes),
        event.on_screen.value if event.on_screen is not None else "",
    )
    return tuple(_checked(_clean(word)) for word in words)


def _clean(words: str) -> str:
    return _CODED.sub("_x005F_", _UNPRINTABLE.sub("", _NEWLINE.sub("\n", words)))


def _checked(words: str) -> str:
    if len(words) > MAX_CELL_CHARS:
        raise BadSetting(f"“{words[:40]}…” is longer than a cell of a workbook can hold ({MAX_CELL_CHARS} characters); split the line, or export CSV.")
    return words


def _cell(sheet: WriteOnlyWorksheet, words: str) -> Any:
    """A cell of words: never a formula, shown as typed; None where there are none."""
    from openpyxl.cell import WriteOnlyCell

    if not words:
        return None
    cell = WriteOnlyCell(sheet, value=words)
    cell.data_type, cell.number_format = "s", "@"
    return cell

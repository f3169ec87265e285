"""A workbook (.xlsx) to a ScriptDocument: the first sheet whose rows name their columns; formulas are never computed.

The archive is looked through first (`zip_guard.py`). A formula counts as the value it last showed. Columns may stand in any order.
"""

from __future__ import annotations

import datetime
import io
import re
import warnings
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from studio.domain.errors import BadSubtitles
from studio.formats.cue import Ledger
from studio.formats.drafting import document_of
from studio.formats.scripted import ScriptDocument, ScriptType
from studio.formats.table_rows import OURS, Sheet, columns_in_ms, columns_of, row_cues
from studio.formats.xlsx_write import ABOUT_SHEET, HEADER
from studio.formats.zip_guard import parts_of, refuse_harmful

if TYPE_CHECKING:
    from openpyxl import Workbook

MAX_COLUMNS, MAX_SHEETS, HEADER_ROWS = 64, 20, 10
MAX_EMPTY_ROWS = 20_000
NO_HEADER = "no sheet names its columns; one of the first rows must hold in (or start), out (or end) and source or translation."
_CODED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_FPS = re.compile(r"(\d{1,6})(?:/(\d{1,6}))?")


def is_workbook(data: bytes) -> bool:
    """Whether the bytes are an .xlsx, by what is in them."""
    parts = parts_of(data)
    return parts is not None and "[Content_Types].xml" in parts and any(part.startswith("xl/") for part in parts)


def read_xlsx(data: bytes, name: str, ledger: Ledger, programme_fps: Fraction | None = None) -> ScriptDocument:
    """The script in the workbook; timecode of one that was not written here is counted at `programme_fps`.

    Raises BadSubtitles for what is no usable workbook.
    """
    refuse_harmful(data, name)
    book = _opened(data, name)
    try:
        told = _told(book)
        fps = _fps(told.get("frames per second", "")) if told else programme_fps
        sheet = next((found for title in book.sheetnames[:MAX_SHEETS] if (found := _sheet(book, title, fps, ledger)) is not None), None)
    except (ValueError, KeyError, IndexError, AttributeError, TypeError, SyntaxError) as error:  # openpyxl's many ways to say “damaged”
        raise BadSubtitles(name, f"its sheets cannot be read ({type(error).__name__}); open it in a spreadsheet and save it anew.") from error
    finally:
        book.close()
    if sheet is None:
        raise BadSubtitles(name, NO_HEADER)
    kinds = {one.value: one for one in ScriptType}
    frame = ScriptDocument(
        kind=kinds.get(told.get("script", ""), ScriptType.TRANSLATED),
        language=told.get("language", ""),
        from_language=told.get("source language", ""),
        title=told.get("title", ""),
        media=told.get("media") or None,
        fps=fps,
    )
    return document_of(row_cues(sheet, ledger), frame)


def _opened(data: bytes, name: str) -> Workbook:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and extensions that are not kept
            return load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    except (InvalidFileException, ValueError, KeyError, IndexError, AttributeError, TypeError, SyntaxError, OSError) as error:
        raise BadSubtitles(name, f"it is no workbook that can be opened ({type(error).__name__}); save it anew as .xlsx.") from error


def _told(book: Workbook) -> dict[str, str]:
    """What the second sheet of a workbook of ours says of the script; empty for others."""
    if ABOUT_SHEET not in book.sheetnames[:MAX_SHEETS]:
        return {}
    rows = book[ABOUT_SHEET].iter_rows(max_row=20, max_col=2, values_only=True)
    return {_words(row[0]): _words(row[1]) for row in rows if len(row) == 2}


def _sheet(book: Workbook, title: str, fps: Fraction | None, ledger: Ledger) -> Sheet | None:
    rows = _rows(book, title, ledger)
    for number, header in enumerate(rows, start=1):
        columns = columns_of(header)
        if columns is not None:
            is_exact = tuple(header[: len(HEADER)]) == HEADER or tuple(header[: len(OURS)]) == OURS
            return Sheet(columns, columns_in_ms(header, columns), tuple(rows), number + 1, is_exact, fps)
        if number >= HEADER_ROWS:
            return None
    return None


def _rows(book: Workbook, title: str, ledger: Ledger) -> Iterator[Sequence[str]]:
    """Rows as text, blank ones too, up to the last that a sheet of so many lines can have."""
    sheet = book[title]
    if not hasattr(sheet, "iter_rows"):  # a sheet that is a chart
        return
    sheet.reset_dimensions()  # what a file says of its own size is not trusted
    filled = empty = 0
    for row in sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True):
        words = [_words(cell) for cell in row]
        has_any = any(words)
        filled, empty = filled + has_any, 0 if has_any else empty + 1
        if empty > MAX_EMPTY_ROWS:
            return
        ledger.expect(filled)
        yield words


def _words(cell: Any) -> str:
    """A cell as text: times as clock times, whole numbers without a decimal sign."""
    if cell is None or isinstance(cell, bool):
        return ""
    if isinstance(cell, str):
        return _CODED.sub(lambda found: chr(int(found[1], 16)), cell)
    if isinstance(cell, datetime.timedelta):
        return _clock(round(cell.total_seconds() * 1000))
    if isinstance(cell, datetime.datetime):
        cell = cell.time()
    if isinstance(cell, datetime.time):
        return _clock(((cell.hour * 60 + cell.minute) * 60 + cell.second) * 1000 + round(cell.microsecond / 1000))
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _clock(ms: int) -> str:
    seconds, rest = divmod(ms, 1000)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:03d}"


def _fps(text: str) -> Fraction | None:
    found = _FPS.fullmatch(text.strip())
    if found is None or int(found[2] or 1) == 0 or int(found[1]) == 0:
        return None
    return Fraction(int(found[1]), int(found[2] or 1))

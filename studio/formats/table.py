"""Tables of lines (.csv, .tsv): a header names start, end, speaker, source and target; times in s, ms, clock or timecode.

`guarded` and `unguarded` keep spreadsheets from running a cell as a formula and take that protection off again.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, replace
from fractions import Fraction

from studio.domain.errors import BadSubtitles
from studio.formats.cue import Cue, Ledger
from studio.formats.markup import verbatim
from studio.formats.times import fraction_ms, read_clock, read_timecode

_DANGEROUS = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
_NUMBER = re.compile(r"([-+]?)(\d{1,9})(?:[.,](\d{1,9}))?\s*(ms|s|sec|seconds)?", re.ASCII | re.IGNORECASE)
_DELIMITERS = "\t;,|"
TIMECODE_FPS = Fraction(25)
NAMES: dict[str, tuple[str, ...]] = {
    "start": ("start", "start_time", "starttime", "begin", "in", "tc_in", "timecode_in", "from", "onset", "start_s", "start_ms", "in_point", "start timecode"),
    "end": ("end", "end_time", "endtime", "out", "tc_out", "timecode_out", "to", "offset", "stop", "end_s", "end_ms", "out_point", "end timecode"),
    "duration": ("duration", "dur", "length", "duration_s", "duration_ms"),
    "speaker": ("speaker", "character", "name", "actor", "role", "who", "voice"),
    "source": ("source", "text", "source_text", "original", "line", "dialogue", "dialog", "transcript", "transcription", "subtitle", "caption", "source text"),
    "target": ("target", "translation", "target_text", "translated", "dub", "adaptation", "target text"),
}  # fmt: skip
READ_AS_MS = "Times without a unit looked like milliseconds and were read so; name the columns start_ms and end_ms to be sure."
READ_AS_TIMECODE = "Times of the form HH:MM:SS:FF were read at 25 frames a second."
BAD_ROW_TIME = "Its start or end cannot be read as a time, so it was left out; write seconds or HH:MM:SS.mmm."


def guarded(cell: str) -> str:
    """`cell` with an apostrophe before what a spreadsheet would run.

    >>> guarded("=1+1"), unguarded(guarded("=1+1"))
    ("'=1+1", '=1+1')
    """
    return f"'{cell}" if _DANGEROUS.match(cell) else cell


def unguarded(cell: str) -> str:
    return cell[1:] if _GUARDED.match(cell) else cell


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A header found: `columns` by meaning, `units_ms` for columns that name milliseconds, and the rows below it."""

    columns: dict[str, int]
    in_ms: frozenset[str]
    rows: list[list[str]]
    first_row: int


def looks_like(text: str) -> bool:
    """True when one of the first lines is a header with a start column and an end or duration."""
    head = text[:4000].lstrip("\ufeff").splitlines()[:5]
    return any(_columns(_cells(line, delimiter)) is not None for line in head for delimiter in _DELIMITERS)


def parse(text: str, name: str, ledger: Ledger) -> list[Cue]:
    """Cues of a table; a row without text is a line to type in. Raises BadSubtitles for broken quoting."""
    sheet = _sheet(text, name, ledger)
    is_ms = _is_unit_ms(sheet)
    if is_ms:
        ledger.change("the whole file", READ_AS_MS)
    cues = []
    for number, row in enumerate(sheet.rows, start=sheet.first_row):
        if any(cell.strip() for cell in row):
            cue = _cue(f"row {number}", row, sheet, ledger, is_ms)
            cues += [] if cue is None else [cue]
    return cues


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _columns(cells: list[str]) -> dict[str, int] | None:
    """Where each meaning stands, or None when this is no header."""
    plain = [cell.strip().strip("\ufeff").lower() for cell in cells]
    found = {meaning: next((at for at, cell in enumerate(plain) if cell in names), None) for meaning, names in NAMES.items()}
    columns = {meaning: at for meaning, at in found.items() if at is not None}
    return columns if "start" in columns and ("end" in columns or "duration" in columns) and len(columns) > 2 else None


def _sheet(text: str, name: str, ledger: Ledger) -> _Sheet:
    lines = text.splitlines()
    for skip, line in enumerate(lines[:5]):
        for delimiter in _DELIMITERS:
            columns = _columns(_cells(line, delimiter))
            if columns is not None:
                header = [cell.strip().lower() for cell in _cells(line, delimiter)]
                in_ms = frozenset(meaning for meaning, at in columns.items() if header[at].endswith("_ms"))
                body = text.split("\n", skip + 1)[-1] if "\n" in text else "\n".join(lines[skip + 1 :])
                return _Sheet(columns, in_ms, _rows(body, delimiter, name, ledger), skip + 2)
    raise BadSubtitles(name, "no row names the columns; the first row must hold start, end and text (or source, target, speaker).")


def _rows(body: str, delimiter: str, name: str, ledger: Ledger) -> list[list[str]]:
    """Every row, blank ones too, so that row numbers hold."""
    rows: list[list[str]] = []
    filled = 0
    try:
        for row in csv.reader(io.StringIO(body.replace("\r\n", "\n").replace("\r", "\n"), newline=""), delimiter=delimiter):
            rows.append(row)
            filled += any(cell.strip() for cell in row)
            ledger.expect(filled)
    except csv.Error as error:
        raise BadSubtitles(name, f"its table cannot be read ({error}); check the quotation marks.") from error
    return rows


def _is_unit_ms(sheet: _Sheet) -> bool:
    """Bare whole numbers whose lines would last minutes each, if they were seconds, are milliseconds."""
    if sheet.in_ms or "end" not in sheet.columns:
        return False
    lengths = []
    for row in sheet.rows[:500]:
        start, end = _cell(row, sheet, "start"), _cell(row, sheet, "end")
        if start.isascii() and end.isascii() and start.isdigit() and end.isdigit() and len(start) < 12 and len(end) < 12:
            lengths.append(int(end) - int(start))
        elif start or end:
            return False
    return bool(lengths) and sorted(lengths)[len(lengths) // 2] >= 100


def _cell(row: list[str], sheet: _Sheet, meaning: str) -> str:
    at = sheet.columns.get(meaning)
    return unguarded(row[at]).strip() if at is not None and at < len(row) else ""


def _cue(where: str, row: list[str], sheet: _Sheet, ledger: Ledger, is_ms: bool) -> Cue | None:
    start_ms = _time(_cell(row, sheet, "start"), is_ms or "start" in sheet.in_ms, where, ledger)
    end_ms = _time(_cell(row, sheet, "end"), is_ms or "end" in sheet.in_ms, where, ledger)
    length_ms = _time(_cell(row, sheet, "duration"), is_ms or "duration" in sheet.in_ms, where, ledger)
    if end_ms is None and start_ms is not None and length_ms is not None:
        end_ms = start_ms + length_ms
    if start_ms is None or end_ms is None:
        ledger.drop(where, BAD_ROW_TIME)
        return None
    cue = Cue.of(where, start_ms, end_ms, verbatim(_cell(row, sheet, "source")))
    target = verbatim(_cell(row, sheet, "target")).text
    return replace(cue, speaker=_cell(row, sheet, "speaker") or None, target_text=target, lines=(), is_kept_empty=True)


def _time(cell: str, is_ms: bool, where: str, ledger: Ledger) -> int | None:
    number = _NUMBER.fullmatch(cell)
    if number is not None:
        sign, whole, digits, unit = number.groups()
        in_ms = is_ms if unit is None else unit.lower() == "ms"
        ms = int(whole) if in_ms else int(whole) * 1000 + fraction_ms(digits)
        return -ms if sign == "-" else ms
    clock = read_clock(cell)
    if clock is not None:
        return clock.ms
    frames_ms = read_timecode(cell, TIMECODE_FPS)
    if frames_ms is not None:
        ledger.change(where, READ_AS_TIMECODE)
    return frames_ms

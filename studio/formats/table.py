"""Tables of lines (.csv, .tsv): a header names start, end, speaker, source and target; times in s, ms, clock or timecode.

`guarded` and `unguarded` keep spreadsheets from running a cell as a formula and take that protection off again.
"""

from __future__ import annotations

import csv
import io
import re
from fractions import Fraction

from studio.domain.errors import BadSubtitles
from studio.formats.cue import Cue, Ledger
from studio.formats.table_rows import OURS, Sheet, columns_in_ms, columns_of, row_cues

_DANGEROUS = re.compile(r"'*[=+\-@＝＋－＠\t\r\n]")
_GUARDED = re.compile(r"'+[=+\-@＝＋－＠\t\r\n]")
_DELIMITERS = "\t;,|"


def guarded(cell: str) -> str:
    """`cell` with an apostrophe before what a spreadsheet would run.

    >>> guarded("=1+1"), unguarded(guarded("=1+1"))
    ("'=1+1", '=1+1')
    """
    return f"'{cell}" if _DANGEROUS.match(cell) else cell


def unguarded(cell: str) -> str:
    return cell[1:] if _GUARDED.match(cell) else cell


def looks_like(text: str) -> bool:
    """True when one of the first lines is a header with a start column and an end or duration."""
    head = text[:4000].lstrip("\ufeff").splitlines()[:5]
    return any(columns_of(_cells(line, delimiter)) is not None for line in head for delimiter in _DELIMITERS)


def parse(text: str, name: str, ledger: Ledger, fps: Fraction | None = None) -> list[Cue]:
    """Cues of a table, its timecode counted at `fps`; a row without text is a line to type in. Raises BadSubtitles for broken quoting."""
    return row_cues(_sheet(text, name, ledger, fps), ledger)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _sheet(text: str, name: str, ledger: Ledger, fps: Fraction | None) -> Sheet:
    lines = text.splitlines()
    for skip, line in enumerate(lines[:5]):
        for delimiter in _DELIMITERS:
            header = _cells(line, delimiter)
            columns = columns_of(header)
            if columns is not None:
                body = text.split("\n", skip + 1)[-1] if "\n" in text else "\n".join(lines[skip + 1 :])
                is_ours = tuple(cell.strip("\ufeff") for cell in header) == OURS
                return Sheet(columns, columns_in_ms(header, columns), _rows(body, delimiter, name, ledger), skip + 2, is_ours, fps)
    raise BadSubtitles(name, "no row names the columns; the first row must hold start, end and text (or source, target, speaker).")


def _rows(body: str, delimiter: str, name: str, ledger: Ledger) -> list[list[str]]:
    """Every row, blank ones too, so that row numbers hold; protection against formulas is taken off."""
    rows: list[list[str]] = []
    filled = 0
    try:
        for row in csv.reader(io.StringIO(body.replace("\r\n", "\n").replace("\r", "\n"), newline=""), delimiter=delimiter):
            rows.append([unguarded(cell) for cell in row])
            filled += any(cell.strip() for cell in row)
            ledger.expect(filled)
    except csv.Error as error:
        raise BadSubtitles(name, f"its table cannot be read ({error}); check the quotation marks.") from error
    return rows

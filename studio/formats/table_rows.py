"""Rows of a table, of a text file or of a workbook, to cues: which column means what, and what its cells say.

Enter: rows of cells as text. Leave: cues, with a sentence for every row that cannot be used. A column is known by one of its NAMES.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from studio.domain.line import LineStatus
from studio.domain.project import OnScreen
from studio.domain.timebase import Timebase
from studio.formats.cue import Cue, Ledger
from studio.formats.markup import verbatim
from studio.formats.times import fraction_ms, read_clock, read_timecode

TIMECODE_FPS = Fraction(25)
NAMES: dict[str, tuple[str, ...]] = {
    "start": ("start", "start_time", "starttime", "begin", "in", "tc_in", "timecode_in", "from", "onset", "start_s", "start_ms", "in_point", "start timecode"),
    "end": ("end", "end_time", "endtime", "out", "tc_out", "timecode_out", "to", "offset", "stop", "end_s", "end_ms", "out_point", "end timecode"),
    "duration": ("duration", "dur", "length", "duration_s", "duration_ms"),
    "speaker": ("speaker", "character", "name", "actor", "role", "who", "voice"),
    "source": ("source", "text", "source_text", "original", "line", "dialogue", "dialog", "transcript", "transcription", "subtitle", "caption", "source text"),
    "target": ("target", "translation", "target_text", "translated", "dub", "adaptation", "target text"),
    "key": ("id", "line_id", "key", "event id"),
    "status": ("status", "state"),
    "notes": ("notes", "note", "comment", "comments", "remarks"),
    "on_screen": ("on screen", "on_screen", "onscreen", "on/off"),
    "exact_start": ("start exact ms",),
    "exact_end": ("end exact ms",),
}  # fmt: skip
OURS = ("id", "start", "end", "speaker", "source", "target", "status", "notes", "on_screen")
READ_AS_MS = "Times without a unit looked like milliseconds and were read so; name the columns start_ms and end_ms to be sure."
READ_AS_TIMECODE = "Times of the form HH:MM:SS:FF were read at 25 frames a second."
BAD_ROW_TIME = "Its start or end cannot be read as a time, so it was left out; write seconds or HH:MM:SS.mmm."
BAD_STATUS = "Its status is none of draft, adapted, approved and locked, and was left out."
BAD_SCREEN = "Its on-screen mark is none of ON, OFF, ON_OFF and OFF_ON, and was left out."
_NUMBER = re.compile(r"([-+]?)(\d{1,9})(?:[.,](\d{1,9}))?\s*(ms|s|sec|seconds)?", re.ASCII | re.IGNORECASE)
_WHOLE = re.compile(r"\d{1,10}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NEWLINE = re.compile("\r\n|\r")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A header found: `columns` by meaning, `in_ms` those that name milliseconds, the rows below it and the number of the first.

    `is_exact`: written here, so texts are taken as they stand. `fps` of its timecodes, None: not stated.
    """

    columns: dict[str, int]
    in_ms: frozenset[str]
    rows: Sequence[Sequence[str]]
    first_row: int
    is_exact: bool = False
    fps: Fraction | None = None

    def cell(self, row: Sequence[str], meaning: str) -> str:
        at = self.columns.get(meaning)
        return row[at] if at is not None and at < len(row) else ""


def columns_of(header: Sequence[str]) -> dict[str, int] | None:
    """Where each meaning stands, or None when this is no header."""
    plain = [cell.strip().strip("\ufeff").lower() for cell in header]
    found = {meaning: next((at for at, cell in enumerate(plain) if cell in names), None) for meaning, names in NAMES.items()}
    columns = {meaning: at for meaning, at in found.items() if at is not None}
    return columns if "start" in columns and ("end" in columns or "duration" in columns) and len(columns) > 2 else None


def columns_in_ms(header: Sequence[str], columns: dict[str, int]) -> frozenset[str]:
    return frozenset(meaning for meaning, at in columns.items() if header[at].strip().lower().endswith("_ms"))


def row_cues(sheet: Sheet, ledger: Ledger) -> list[Cue]:
    """Cues of the rows that hold anything; a row without text is a line to type in."""
    is_ms = _is_unit_ms(sheet)
    if is_ms:
        ledger.change("the whole file", READ_AS_MS)
    cues = []
    for number, row in enumerate(sheet.rows, start=sheet.first_row):
        if any(cell.strip() for cell in row):
            cue = _cue(f"row {number}", row, sheet, ledger, is_ms)
            cues += [] if cue is None else [cue]
    return cues


def _is_unit_ms(sheet: Sheet) -> bool:
    """Bare whole numbers whose lines would last minutes each, if they were seconds, are milliseconds."""
    if sheet.in_ms or "end" not in sheet.columns:
        return False
    lengths = []
    for row in sheet.rows[:500]:
        start, end = sheet.cell(row, "start").strip(), sheet.cell(row, "end").strip()
        if start.isascii() and end.isascii() and start.isdigit() and end.isdigit() and len(start) < 12 and len(end) < 12:
            lengths.append(int(end) - int(start))
        elif start or end:
            return False
    return bool(lengths) and sorted(lengths)[len(lengths) // 2] >= 100


def _cue(where: str, row: Sequence[str], sheet: Sheet, ledger: Ledger, is_ms: bool) -> Cue | None:
    start_ms, end_ms, length_ms = (_time(row, sheet, meaning, is_ms, _Told(where, ledger)) for meaning in ("start", "end", "duration"))
    if end_ms is None and start_ms is not None and length_ms is not None:
        end_ms = start_ms + length_ms
    if start_ms is None or end_ms is None:
        ledger.drop(where, BAD_ROW_TIME)
        return None
    source, target = _words(sheet.cell(row, "source"), sheet), _words(sheet.cell(row, "target"), sheet)
    cue = Cue(where, start_ms, end_ms, source, sheet.cell(row, "speaker").strip() or None, target, is_kept_empty=True)
    return replace(
        cue,
        key=sheet.cell(row, "key").strip() or None,
        status=_status(sheet.cell(row, "status"), _Told(where, ledger)),
        on_screen=_on_screen(sheet.cell(row, "on_screen"), _Told(where, ledger)),
        notes=tuple(note.strip() for note in _NEWLINE.sub("\n", _CONTROL.sub("", sheet.cell(row, "notes"))).split("\n") if note.strip()),
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """Whom to tell what was changed in which row."""

    where: str
    ledger: Ledger

    def change(self, reason: str) -> None:
        self.ledger.change(self.where, reason)


def _words(cell: str, sheet: Sheet) -> str:
    return _NEWLINE.sub("\n", _CONTROL.sub("", cell)) if sheet.is_exact else verbatim(cell.strip()).text


def _status(cell: str, told: _Told) -> LineStatus | None:
    said = cell.strip().lower()
    if said in {one.value for one in LineStatus}:
        return LineStatus(said)
    if said:
        told.change(BAD_STATUS)
    return None


def _on_screen(cell: str, told: _Told) -> OnScreen | None:
    said = re.sub(r"[\s/-]+", "_", cell.strip().upper())
    if said in {one.value for one in OnScreen}:
        return OnScreen(said)
    if said:
        told.change(BAD_SCREEN)
    return None


def _time(row: Sequence[str], sheet: Sheet, meaning: str, is_ms: bool, told: _Told) -> int | None:
    """A timecode tells frames only: where the exact time beside it is of that very frame, nobody has edited it and it holds."""
    shown = sheet.cell(row, meaning).strip()
    exact = sheet.cell(row, f"exact_{meaning}").strip()
    if _WHOLE.fullmatch(exact) is not None and shown == shown_timecode(int(exact), sheet.fps or TIMECODE_FPS):
        return int(exact)
    return _read_time(shown, is_ms or meaning in sheet.in_ms, sheet.fps, told)


def shown_timecode(ms: int, fps: Fraction) -> str:
    """What a workbook shows of a time: the timecode of its frame, drop-frame where the rate asks for it."""
    return Timebase(fps).timecode_at(ms)


def _read_time(cell: str, is_ms: bool, fps: Fraction | None, told: _Told) -> int | None:
    number = _NUMBER.fullmatch(cell)
    if number is not None:
        sign, whole, digits, unit = number.groups()
        in_ms = is_ms if unit is None else unit.lower() == "ms"
        ms = int(whole) if in_ms else int(whole) * 1000 + fraction_ms(digits)
        return -ms if sign == "-" else ms
    clock = read_clock(cell)
    if clock is not None:
        return clock.ms
    frames_ms = read_timecode(cell, fps or TIMECODE_FPS)
    if frames_ms is not None and fps is None:
        told.change(READ_AS_TIMECODE)
    return frames_ms

"""What a report finds by looking at the lines alone: cheap enough to ask after every edit. Add a check as one more generator in `CHECKS`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from studio.domain.delivery import Check, Finding, Severity
from studio.domain.faces import FACE_RATE_HZ, Presence
from studio.domain.line import Fit, LineStatus
from studio.domain.notes import Note
from studio.domain.settings import FitSettings
from studio.domain.timebase import Timebase
from studio.domain.views import LineRow

MAX_LIP_FRAMES = 2
"""Netflix's sync check for dialogue flags two frames and more."""
_LOOK_AHEAD = 32  # lines that begin later than so many after a line do not overlap it in any real scene
_TOLD_AS_BUDGET, _TOLD_AS_OVERLAP = ": shorten the text.", "Overlaps the next line of the same speaker"
"""How flags of `stages/timing.py` end and begin that other checks find by themselves, with numbers of their own."""
_DONE = (LineStatus.APPROVED, LineStatus.LOCKED)


@dataclass(frozen=True, slots=True)
class Looked:
    """What the checks of lines look at."""

    rows: Sequence[LineRow]
    fit: FitSettings
    base: Timebase
    notes: Sequence[Note] = ()


def at_line(check: Check, row: LineRow, sentence: str, severity: Severity = Severity.SHOULD) -> Finding:
    return Finding(check, sentence, row.line.id, row.number, row.line.span.start_ms, severity)


def line_findings(looked: Looked) -> tuple[Finding, ...]:
    return tuple(finding for check in CHECKS for finding in check(looked))


def _words(looked: Looked) -> Iterator[Finding]:
    for row in looked.rows:
        if not row.line.target_text.strip():
            yield at_line(Check.EMPTY_LINE, row, "It has no translation; the original would be heard.")
        elif row.take is None:
            yield at_line(Check.NOT_VOICED, row, "It has not been voiced.")
        elif row.is_take_stale:
            yield at_line(Check.STALE_TAKE, row, "Its take is older than its text, voice or place; voice it again.")


def _budget(looked: Looked) -> Iterator[Finding]:
    for row in looked.rows:
        take = row.take if not row.is_take_stale else None
        if take is not None and take.report.remainder_ms > 0:
            yield at_line(Check.OVER_BUDGET, row, f"Its take is {_seconds(take.report.remainder_ms)} longer than its slot.")
        elif take is None and row.prediction is not None and row.prediction.fit is Fit.OVER:
            over_ms = round(row.prediction.estimate.total_ms / looked.fit.max_ratio) - row.slot.length_ms
            yield at_line(Check.OVER_BUDGET, row, f"Its text is {_seconds(over_ms)} too long even at {looked.fit.max_ratio:g}×.")


def _stretch(looked: Looked) -> Iterator[Finding]:
    low, high = looked.fit.min_ratio, looked.fit.max_ratio
    for row in looked.rows:
        if row.take is None:
            continue
        report = row.take.report
        fastest, slowest = report.fastest_ratio or report.rate_ratio, report.slowest_ratio or report.rate_ratio
        if fastest > high + 0.005:
            yield at_line(Check.STRETCH, row, f"It is spoken {fastest:.2f}× as fast as natural; up to {high:g}× is allowed.")
        elif slowest < low - 0.005:
            yield at_line(Check.STRETCH, row, f"It is spoken at {slowest:.2f}× of natural speed; {low:g}× is the slowest allowed.")


def _overlaps(looked: Looked) -> Iterator[Finding]:
    rows = sorted(looked.rows, key=lambda row: (row.line.span.start_ms, row.number))
    for index, row in enumerate(rows):
        for other in rows[index + 1 : index + 1 + _LOOK_AHEAD]:
            if other.line.span.start_ms >= row.line.span.end_ms:
                break
            shared_ms = min(row.line.span.end_ms, other.line.span.end_ms) - other.line.span.start_ms
            if row.speaker.id == other.speaker.id:
                yield at_line(Check.SAME_SPEAKER_OVERLAP, other, f"It begins {_seconds(shared_ms)} before line {row.number} of the same speaker ends.")
            else:
                yield at_line(Check.OTHERS_OVERLAP, other, f"It overlaps line {row.number} of another speaker by {_seconds(shared_ms)}.", Severity.INFO)


def _lips(looked: Looked) -> Iterator[Finding]:
    """An offset counts only where it stands out: words of another language may fit a mouth at no moment in particular."""
    for row in looked.rows:
        sync = row.sync
        is_off_screen = row.presence is not None and row.presence.presence is Presence.OFF_SCREEN
        if sync is None or sync.score is None or is_off_screen or (row.take is not None and sync.take_id != row.take.id):
            continue
        frames = float(abs(sync.score.offset_frames) * looked.base.fps / Fraction(FACE_RATE_HZ))
        if frames >= MAX_LIP_FRAMES and sync.score.is_clear:
            side = "early" if sync.score.offset_frames > 0 else "late"
            yield at_line(Check.LIP_OFFSET, row, f"Its sound is {frames:.1f} frames {side} against the lips; from {MAX_LIP_FRAMES} on it is seen.")


def _sign_off(looked: Looked) -> Iterator[Finding]:
    for row in looked.rows:
        if row.line.status not in _DONE:
            yield at_line(Check.NOT_APPROVED, row, "Nobody has approved it.")


def _notes(looked: Looked) -> Iterator[Finding]:
    rows = {row.line.id: row for row in looked.rows}
    for note in looked.notes:
        if not note.is_open:
            continue
        row, words = rows.get(note.line_id or ""), " ".join(note.text.split())
        sentence = f"Open note of {note.by}: {words if len(words) <= 160 else words[:159] + '…'}"
        if row is not None:
            yield at_line(Check.OPEN_NOTE, row, sentence)
        else:
            yield Finding(Check.OPEN_NOTE, sentence, at_ms=note.at_ms)


def _flags(looked: Looked) -> Iterator[Finding]:
    for row in looked.rows:
        for flag in row.flags:
            if not flag.endswith(_TOLD_AS_BUDGET) and not flag.startswith(_TOLD_AS_OVERLAP):
                yield at_line(Check.FLAG, row, flag)


CHECKS: tuple[Callable[[Looked], Iterator[Finding]], ...] = (_words, _budget, _stretch, _overlaps, _lips, _sign_off, _notes, _flags)


def _seconds(ms: int) -> str:
    return f"{max(0.01, ms / 1000):.2f} s"

"""Raw cues to a Script: sorted, clipped, without doubles, every deviation in a sentence. `within` holds one to a programme.

Nothing is silent: a dropped cue and a changed one each leave a `Skipped`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from studio.domain.errors import BadSubtitles
from studio.domain.project import LineDraft, Script, Skipped
from studio.domain.timing import clock
from studio.formats.cue import Cue, Ledger
from studio.formats.markup import label_of, without_label

GIVEN_MS = 1000
NO_TEXT = "It has no text, so it was left out."
BEFORE_START = "It ends before the programme starts, so it was left out; shift the file to later if it belongs here."
CLIPPED_AT_START = "It began before 0:00, so it now begins there."
GIVEN_LENGTH = "Its end was not after its start, so it was given one second; check the time."
DOUBLE = "The same words at the same time are there twice; the second was left out."
UNSORTED = "Cues were out of order and have been sorted by time."
OVERLAPPING = "It begins before the cue before it ends; both were kept, check whether two people speak at once."
TOO_LONG_CUE = "It lasts very long for one line; kept, but split it or check its time."
LABELS = "A name in capitals before the words was read as the speaker and not as text."


@dataclass(frozen=True, slots=True)
class TidyRules:
    """What the caller allows: `name` is the file's, for errors."""

    name: str
    max_text_chars: int
    max_cue_ms: int


def tidy(cues: list[Cue], ledger: Ledger, rules: TidyRules) -> tuple[LineDraft, ...]:
    """Lines in timeline order. Raises BadSubtitles when there are too many, or none is left."""
    ledger.expect(len(cues))
    found_any = bool(cues)
    kept = [cue for cue in cues if _is_usable(cue, ledger, rules)]
    kept = _labelled([_timed(cue, ledger) for cue in kept], ledger)
    if any(later.start_ms < earlier.start_ms for earlier, later in zip(kept, kept[1:], strict=False)):
        ledger.change("the whole file", UNSORTED)
    kept = _without_doubles(sorted(kept, key=lambda cue: (cue.start_ms, cue.end_ms)), ledger)
    if not kept:
        raise BadSubtitles(rules.name, _why_empty(found_any, ledger))
    return tuple(_flagged(kept, ledger, rules))


def _why_empty(found_any: bool, ledger: Ledger) -> str:
    if not found_any and not ledger.drops:
        return "there is no line with a time in it; it may be empty, or the wrong file."
    return f"none of its cues can be used. {ledger.drops[-1].where}: {ledger.drops[-1].reason}"


def _is_usable(cue: Cue, ledger: Ledger, rules: TidyRules) -> bool:
    if cue.end_ms <= 0 and cue.start_ms < 0:
        ledger.drop(cue.where, BEFORE_START)
    elif not cue.text and not cue.target_text and not cue.is_kept_empty:
        ledger.drop(cue.where, NO_TEXT if cue.emptied is None else cue.emptied)
    elif max(len(cue.text), len(cue.target_text)) > rules.max_text_chars:
        ledger.drop(cue.where, f"Its text is longer than {rules.max_text_chars} characters, so it was left out; split it into lines.")
    else:
        return True
    return False


def _timed(cue: Cue, ledger: Ledger) -> Cue:
    if cue.start_ms < 0:
        ledger.change(cue.where, CLIPPED_AT_START)
        cue = replace(cue, start_ms=0)
    if cue.end_ms <= cue.start_ms:
        ledger.change(cue.where, GIVEN_LENGTH)
        cue = replace(cue, end_ms=cue.start_ms + GIVEN_MS, notes=(*cue.notes, "Its time in the file was empty or reversed."))
    return cue


def _labelled(cues: list[Cue], ledger: Ledger) -> list[Cue]:
    """Speakers from capital labels ("MAN: …") where the file writes them alone on a line, or more than once."""
    labels = [label_of(cue.lines) for cue in cues]
    counts = Counter(label for label in labels if label is not None)
    result = []
    for cue, label in zip(cues, labels, strict=True):
        is_alone = label is not None and cue.lines[0].strip("-–— :：") == label
        if label is not None and (counts[label] > 1 or is_alone):
            ledger.change(cue.where, LABELS)
            speaker = label if cue.speaker is None else cue.speaker
            cue = replace(cue, speaker=speaker, text=without_label(cue.lines, label))
        result.append(cue)
    return result


def _without_doubles(cues: list[Cue], ledger: Ledger) -> list[Cue]:
    seen: set[tuple[int, int, str, str | None, str, str | None]] = set()
    kept = []
    for cue in cues:
        key = (cue.start_ms, cue.end_ms, cue.text, cue.speaker, cue.target_text, cue.key)
        if key in seen and not cue.is_kept_empty:
            ledger.drop(cue.where, DOUBLE)
        else:
            kept.append(cue)
        seen.add(key)
    return kept


def _flagged(cues: list[Cue], ledger: Ledger, rules: TidyRules) -> Iterable[LineDraft]:
    """Lines with notes for what an editor should look at."""
    latest_end_ms = 0
    for cue in cues:
        notes = cue.notes
        if cue.start_ms < latest_end_ms:
            ledger.change(cue.where, OVERLAPPING)
            notes = _with(notes, "Overlaps the line before.")
        if cue.end_ms - cue.start_ms > rules.max_cue_ms:
            ledger.change(cue.where, TOO_LONG_CUE)
            notes = _with(notes, f"{_LASTS} {clock(cue.end_ms - cue.start_ms)}, very long for one line.")
        latest_end_ms = max(latest_end_ms, cue.end_ms)
        yield LineDraft(cue.start_ms, cue.end_ms, cue.text, cue.speaker, cue.target_text, notes, cue.key, cue.status, cue.on_screen)


_LASTS = "Lasts"


def _with(notes: tuple[str, ...], note: str) -> tuple[str, ...]:
    """A script that came from here brings its notes along; none is said twice."""
    return notes if note in notes else (*notes, note)


def within(script: Script, duration_ms: int) -> Script:
    """`script` held to a programme of `duration_ms`: later lines dropped, the last one clipped, each with a sentence.

    Raises nothing; a script wholly past the end has no lines left.
    """
    lines: list[LineDraft] = []
    skipped: list[Skipped] = []
    end = clock(duration_ms)
    for line in script.lines:
        where = f"line at {clock(line.start_ms)}"
        if line.start_ms >= duration_ms:
            skipped.append(Skipped(where, f"It begins after the programme ends ({end}), so it was left out; is this the right file?"))
        elif line.end_ms > duration_ms:
            skipped.append(Skipped(where, f"It ran past the end of the programme and now ends there ({end})."))
            lines.append(replace(line, end_ms=duration_ms, notes=tuple(note for note in line.notes if not note.startswith(_LASTS))))
        else:
            lines.append(line)
    return replace(script, lines=tuple(lines), skipped=(*script.skipped, *skipped))

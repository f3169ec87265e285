"""Notes on lines and on moments of the programme: what a note is, its limits, the lines it mentions, the line it stands on. Pure.

A mention is typed as "#12" and kept with the id of that line, so that it still leads there when lines before it come or go. A thread is
a note with its answers; it is open until somebody resolves it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from studio.domain.errors import BadSetting
from studio.domain.line import Line

MAX_NOTE_CHARS = 2_000
MAX_NOTES = 5_000  # in one project
MAX_GUEST_NOTES = 1_000  # of these, through review links
MAX_WRITER_CHARS = 64
_TYPED = re.compile(r"(?<![\w#&])#(\d{1,6})(?!\w)", re.ASCII)
_KEPT = re.compile(r"#(\d{1,6})\{([0-9a-f]{32})\}")


@dataclass(frozen=True, slots=True)
class Mention:
    """"#`number`" in a note's text stands for this line."""

    number: int
    line_id: str


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody said about a line, about a moment (`at_ms` on the timeline), or about the whole programme (neither).

    `is_guest`: said through a review link; `by` is then only the name the guest gave. `reply_to`: the note that opened the thread.
    `resolved_by` and `resolved_at` belong to the note that opened the thread. Times are ISO 8601, UTC. `mentions` follow the text.
    """

    id: str
    text: str
    by: str
    at: str
    is_guest: bool = False
    line_id: str | None = None
    at_ms: int | None = None
    reply_to: str | None = None
    resolved_by: str | None = None
    resolved_at: str | None = None
    mentions: tuple[Mention, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it opened a thread that nobody has resolved."""
        return self.reply_to is None and self.resolved_at is None


def note_text(text: str) -> str:
    """A note fit to keep: trimmed, lines kept. Raises BadSetting for an empty or overlong one."""
    clean = "\n".join(line.rstrip() for line in text.strip().splitlines())
    if not clean:
        raise BadSetting("A note needs some words; type them, then save it.")
    if len(clean) > MAX_NOTE_CHARS:
        raise BadSetting(f"A note can hold {MAX_NOTE_CHARS} characters; this one has {len(clean)}. Make two of it.")
    return clean


def with_ids(text: str, ids: Mapping[int, str]) -> str:
    """The text as it is kept: each "#12" that names a line carries its id. `ids`: line ids by number.

    >>> with_ids("as in #2 and #9", {2: "0" * 32})
    'as in #2{00000000000000000000000000000000} and #9'
    """
    return _TYPED.sub(lambda found: f"{found[0]}{{{ids[int(found[1])]}}}" if int(found[1]) in ids else found[0], _KEPT.sub(r"#\1", text))


def with_numbers(kept: str, numbers: Mapping[str, int]) -> tuple[str, tuple[Mention, ...]]:
    """The text as it is read, each mention with the number its line has now; a line that is gone keeps its old one and leads nowhere."""
    found: dict[str, Mention] = {}

    def read(match: re.Match[str]) -> str:
        number = numbers.get(match[2])
        if number is None:
            return f"#{match[1]}"
        found.setdefault(match[2], Mention(number, match[2]))
        return f"#{number}"

    return _KEPT.sub(read, kept), tuple(found.values())


def places(notes: Iterable[Note], lines: Sequence[Line]) -> dict[str, str]:
    """The line each note stands on, by note id: its own while it exists, else the one that speaks at its moment; an answer stands with
    the note it answers. `lines` in timeline order. Notes on no line are left out."""
    known, starts = {line.id for line in lines}, [line.span.start_ms for line in lines]
    listed = tuple(notes)
    found: dict[str, str] = {}
    for note in listed:
        if note.reply_to is None and (line_id := _place(note, known, lines, starts)) is not None:
            found[note.id] = line_id
    return found | {note.id: found[note.reply_to] for note in listed if note.reply_to is not None and note.reply_to in found}


def open_counts(notes: Iterable[Note], lines: Sequence[Line]) -> dict[str, int]:
    """Open threads by the id of the line they stand on; lines without any are left out."""
    opened = tuple(note for note in notes if note.is_open)
    return dict(Counter(places(opened, lines).values()))


_LOOK_BACK = 8  # lines of several speakers overlap; so many before a moment may still be speaking


def _place(note: Note, known: set[str], lines: Sequence[Line], starts: Sequence[int]) -> str | None:
    if note.line_id is not None and note.line_id in known:
        return note.line_id
    if note.at_ms is None:
        return None
    last = bisect_right(starts, note.at_ms)
    around = lines[max(0, last - _LOOK_BACK) : last]
    return next((line.id for line in reversed(around) if note.at_ms < line.span.end_ms), None)

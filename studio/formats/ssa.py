"""SubStation Alpha and Advanced SubStation Alpha (.ssa, .ass): the Dialogue lines of [Events], by their Format line.

The Name column is the speaker. A comma inside a name shifts the columns; the numeric margins tell by how many.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from studio.formats.cue import Cue, Ledger
from studio.formats.mark import is_ours
from studio.formats.markup import TAGS_REMOVED, Spoken, as_typed, spoken
from studio.formats.timing_lines import text_lines
from studio.formats.times import read_clock

_SECTION = re.compile(r"\s*\[([^\]]{1,100})\]\s*$")
_JOINED_SLASH = re.compile("\\\\\u2060(?=\u2060*[Nnh])")
_DEFAULT_ASS = ("layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text")
_PLACEHOLDER_NAMES = frozenset({"", "ntp"})
COMMA_IN_NAME = "A comma in the name had shifted the columns; they were put back."
NOT_DIALOGUE = "A line of [Events] that is neither Dialogue nor Comment, so it was left out."
COMMENT = "A comment, not spoken, so it was left out."
BAD_EVENT = "Its columns or its time cannot be read, so it was left out."
NO_FORMAT = "[Events] has no Format line before its first Dialogue; the usual columns were assumed."


def looks_like(text: str) -> bool:
    head = text[:200_000]
    return re.search(r"^[ \t]*\[(?:Script Info|Events|V4\+? Styles)\]", head, re.MULTILINE | re.IGNORECASE) is not None or (
        re.search(r"^Dialogue:[^,\n]{0,20},\s*\d", head.replace("\r", "\n"), re.MULTILINE) is not None
    )


def parse(text: str, ledger: Ledger) -> list[Cue]:
    """Cues of an SSA or ASS text in file order."""
    columns: tuple[str, ...] = ()
    is_exact = is_ours(text)
    section, cues = "", []
    for number, line in enumerate(text_lines(text), start=1):
        heading = _SECTION.match(line)
        if heading is not None:
            section = heading[1].strip().lower()
            continue
        kind, _, rest = line.partition(":")
        kind = kind.strip().lower()
        if section not in ("events", "") or not line.strip() or line.lstrip().startswith(";"):
            continue
        if kind == "format":
            columns = tuple(name.strip().lower() for name in rest.split(","))
        elif kind == "dialogue":
            if not columns:
                columns = _DEFAULT_ASS
                ledger.change(f"line {number}", NO_FORMAT)
            ledger.expect(len(cues) + 1)
            cues += _event(f"line {number}", rest.strip(), columns, ledger, _typed if is_exact else _cleaned)
        elif section == "events":
            ledger.drop(f"line {number}", COMMENT if kind == "comment" else NOT_DIALOGUE)
    return cues


def _cleaned(text: str) -> Spoken:
    return spoken(text.replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " "), has_tags=False)


def _typed(text: str) -> Spoken:
    """What `write_ass` wrote: its joiners are taken out again, and braces and backslashes are what they were."""
    return as_typed(_JOINED_SLASH.sub(r"\\", text.replace("\\N", "\n").replace("{\u2060", "{")), has_tags=False)


def _event(where: str, rest: str, columns: tuple[str, ...], ledger: Ledger, clean_text: Callable[[str], Spoken]) -> list[Cue]:
    fields = _fields(rest, columns)
    if fields is None:
        ledger.drop(where, BAD_EVENT)
        return []
    start, end = read_clock(fields.get("start", "")), read_clock(fields.get("end", ""))
    if start is None or end is None:
        ledger.drop(where, BAD_EVENT)
        return []
    name = fields.get("name", fields.get("actor", "")).strip()
    if "," in name:
        ledger.change(where, COMMA_IN_NAME)
    clean = clean_text(fields["text"])
    if clean.was_marked_up:
        ledger.change(where, TAGS_REMOVED)
    cue = Cue.of(where, start.ms, end.ms, clean)
    return [cue if name.lower() in _PLACEHOLDER_NAMES else replace(cue, speaker=name)]


def _fields(rest: str, columns: tuple[str, ...]) -> dict[str, str] | None:
    """Column name to value; text is always the last column and may hold commas."""
    if "text" not in columns or columns[-1] != "text":
        return None
    parts = rest.split(",", len(columns) - 1)
    if len(parts) < len(columns):
        return None
    name_at = next((at for at, column in enumerate(columns) if column in ("name", "actor")), None)
    margin_at = columns.index("marginl") if "marginl" in columns else None
    if name_at is not None and margin_at == name_at + 1 and not _is_number(parts[margin_at]):
        parts = _with_name_mended(rest, columns, name_at)
    return dict(zip(columns, parts, strict=True))


def _with_name_mended(rest: str, columns: tuple[str, ...], name_at: int) -> list[str]:
    """Split again with as many extra commas in the name as it takes for the three margins to be numbers."""
    plain = rest.split(",", len(columns) - 1)
    for extra in range(1, 6):
        parts = rest.split(",", len(columns) - 1 + extra)
        margins = parts[name_at + 1 + extra : name_at + 4 + extra]
        if len(parts) == len(columns) + extra and len(margins) == 3 and all(map(_is_number, margins)):
            name = ",".join(parts[name_at : name_at + 1 + extra])
            return [*parts[:name_at], name, *parts[name_at + 1 + extra :]]
    return plain


def _is_number(text: str) -> bool:
    return text.strip().lstrip("-").isdigit()

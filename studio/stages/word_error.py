"""How much of a text a listener heard: two texts in, a rate out. Counted in words, or in characters where words are not written apart. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

BY_CHARACTER = ("zh", "ja", "th")
_SPOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def word_error(text: str, heard: str, language: str) -> float | None:
    """Changed, added and lost words of `heard` over the words of `text`; 0 is perfect, more than 1 is possible. None where the text has no
    words.

    >>> word_error("Lay white at G two.", "lay wide at G", "en")
    0.4
    """
    said = _units(text, language)
    return _edits(said, _units(heard, language)) / len(said) if said else None


def _units(text: str, language: str) -> list[str]:
    words = _SPOKEN.findall(unicodedata.normalize("NFKC", text).casefold().replace("’", "'"))
    return list("".join(words)) if language.split("-")[0] in BY_CHARACTER else words


def _edits(one: Sequence[str], other: Sequence[str]) -> int:
    """Least changes that turn one into the other."""
    row = list(range(len(other) + 1))
    for at, unit in enumerate(one, start=1):
        before, row[0] = row[0], at
        for place, candidate in enumerate(other, start=1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (unit != candidate))
    return row[-1]


def last_words_lost(text: str, heard: str, language: str) -> str:
    """The words at the end of `text` that `heard` lacks altogether, "" where its last word, or one like it, was heard: what a take
    loses when it is cut short. A word counts as heard anywhere in the last part, so that one wrong word before it costs nothing.

    >>> last_words_lost("We leave at noon today.", "we leave at", "en"), last_words_lost("At noon.", "at new", "en")
    ('noon today', '')
    """
    said, got = _units(text, language), _units(heard, language)
    missing = len(said) - len(got)
    if missing <= 0 or not said:
        return ""
    kept = next((at for at in range(len(said), 0, -1) if said[at - 1] in got[max(0, at - 1 - missing) :]), 0)
    glue = "" if language.split("-")[0] in BY_CHARACTER else " "
    return glue.join(said[kept:])

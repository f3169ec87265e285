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

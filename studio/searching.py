"""Places in texts that match what a person searches for, and what would stand there instead. Pure: no store, no project.

Enter: a `SearchWish` and texts. Leave: `Place`s. Patterns run in a linear engine (RE2): no pattern can hang it, which is why it knows no
look-around and no back-references within the pattern. Whole words and whole letters (with their marks) are checked here, for any script.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from studio.domain.errors import BadSetting

MAX_FIND_CHARS, MAX_PUT_CHARS, MAX_GROUPS = 200, 500, 9
MAX_PER_TEXT = 100  # places in one text; more is not a search but a mistake
ENGINE_BYTES = 8 << 20
_GROUP = re.compile(r"\\([0-9])|\$([0-9])|\\n|\\\\|\$\$")
# RE2 knows these for ASCII only; an editor means every script.
_CLASSES = {"w": r"\pL\pM\pN_", "d": r"\p{Nd}"}


@dataclass(frozen=True, slots=True)
class SearchWish:
    """What to look for and what to put there. `is_pattern`: `find` is a regular expression, and `put` may name its groups (\\1 or $1)."""

    find: str
    put: str = ""
    is_pattern: bool = False
    whole_words: bool = False
    match_case: bool = False

    def __post_init__(self) -> None:
        if not self.find:
            raise BadSetting("Type what to look for.")
        if len(self.find) > MAX_FIND_CHARS or len(self.put) > MAX_PUT_CHARS:
            raise BadSetting(f"What to look for may have {MAX_FIND_CHARS} characters, what to put there {MAX_PUT_CHARS}; shorten it.")


@dataclass(frozen=True, slots=True)
class Place:
    """One match: offsets in the text, and what would stand there."""

    start: int
    end: int
    put: str


class Searcher:
    """A wish made ready for many texts. Raises BadSetting with the reason where the pattern cannot be understood."""

    def __init__(self, wish: SearchWish) -> None:
        self._wish = wish
        body, begins_word, ends_word = _edges(wish.find) if wish.is_pattern else (re.escape(wish.find), False, False)
        self._begins_word, self._ends_word = wish.whole_words or begins_word, wish.whole_words or ends_word
        self._pattern = _compiled(_every_script(body) if wish.is_pattern else body, match_case=wish.match_case)
        named = {int(one.group(1) or one.group(2)) for one in _GROUP.finditer(wish.put) if one.group(1) or one.group(2)} if wish.is_pattern else set()
        if missing := {number for number in named if number > self._pattern.groups}:
            raise BadSetting(f"The replacement names group {min(missing)}, but the pattern has {self._pattern.groups}; put what you want to keep in parentheses.")

    def places(self, text: str) -> tuple[Place, ...]:
        """Matches in order, at most MAX_PER_TEXT; those that would cut a word (where asked for) or a letter from its marks are none."""
        found = []
        for match in self._pattern.finditer(text):
            start, end = match.span()
            if start < end and self._is_whole(text, start, end):
                found.append(Place(start, end, self._put(match)))
            if len(found) == MAX_PER_TEXT:
                break
        return tuple(found)

    def _is_whole(self, text: str, start: int, end: int) -> bool:
        if end < len(text) and unicodedata.combining(text[end]):
            return False
        if self._begins_word and start > 0 and _in_word(text[start - 1]) and _in_word(text[start]):
            return False
        return not (self._ends_word and end < len(text) and _in_word(text[end]) and _in_word(text[end - 1]))

    def _put(self, match: Any) -> str:
        if not self._wish.is_pattern:
            return self._wish.put
        said = {r"\n": "\n", r"\\": "\\", "$$": "$"}
        return _GROUP.sub(lambda one: said.get(one.group(0)) or match.group(int(one.group(1) or one.group(2))) or "", self._wish.put)


def replaced(text: str, places: tuple[Place, ...]) -> str:
    """The text with all of these places replaced; they come in order and do not overlap."""
    return "".join(_pieces(text, places))


def _pieces(text: str, places: tuple[Place, ...]) -> Iterator[str]:
    at = 0
    for place in places:
        yield text[at : place.start]
        yield place.put
        at = place.end
    yield text[at:]


def _compiled(body: str, *, match_case: bool) -> Any:
    import re2

    options = re2.Options()
    options.log_errors, options.max_mem, options.case_sensitive = False, ENGINE_BYTES, match_case
    try:
        pattern = re2.compile(body, options)
    except re2.error as error:
        said = error.args[0].decode("utf-8", "replace") if error.args and isinstance(error.args[0], bytes) else str(error)
        raise BadSetting(f"This pattern cannot be understood ({said}). Look-around and references within a pattern are not known here.") from error
    if pattern.groups > MAX_GROUPS:
        raise BadSetting(f"A pattern may have {MAX_GROUPS} groups; this one has {pattern.groups}.")
    return pattern


def _edges(pattern: str) -> tuple[str, bool, bool]:
    r"""A pattern without the `\b` it begins and ends with, for RE2 knows these for ASCII only: they are checked here."""
    begins, ends = pattern.startswith(r"\b"), pattern.endswith(r"\b") and not pattern.endswith(r"\\b")
    return pattern[2 if begins else 0 : len(pattern) - (2 if ends else 0)], begins, ends


def _every_script(pattern: str) -> str:
    r"""`\w` and `\d` for all scripts, within brackets and without.

    >>> _every_script(r"\w+ [\d-] \\w")
    '[\\pL\\pM\\pN_]+ [\\p{Nd}-] \\\\w'
    """
    written, is_inside, at = [], False, 0
    while at < len(pattern):
        one = pattern[at]
        if one == "\\" and at + 1 < len(pattern):
            known = _CLASSES.get(pattern[at + 1])
            written.append(pattern[at : at + 2] if known is None else known if is_inside else f"[{known}]")
            at += 2
            continue
        is_inside = one == "[" or (is_inside and one != "]")
        written.append(one)
        at += 1
    return "".join(written)


def _in_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_" or unicodedata.category(letter).startswith("M")

"""Names and terms of a show: which of them a line holds, and which its wording has lost. Pure; texts and pairs in, pairs or targets out.

Letters are compared in their normal form and without case. In scripts that write spaces a term stands for whole words (in a
translation with an ending of up to two letters: "Wolfs"); in the others it may stand anywhere.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

_MAX_ENDING_LETTERS = 2
_UNSPACED_SCRIPTS = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")


def terms_in(source: str, terms: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The terms whose source side occurs in a line, in the order given.

    >>> terms_in("Ann is here", [("Ann", "安"), ("an", "一")])
    (('Ann', '安'),)
    """
    return tuple(pair for pair in terms if _occurs(pair[0], source, max_ending=0))


def missed_terms(source: str, translation: str, terms: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Target sides of the terms that the source line holds and the translation lacks.

    >>> missed_terms("张伟来了", "Zhang is here.", [("张伟", "Zhang Wei")])
    ('Zhang Wei',)
    """
    return tuple(target for _, target in terms_in(source, terms) if not _occurs(target, translation, max_ending=_MAX_ENDING_LETTERS))


def _occurs(term: str, text: str, *, max_ending: int) -> bool:
    term, text = folded(term), folded(text)
    start = text.find(term) if term else -1
    while start >= 0:
        if _stands_alone(text, start, start + len(term), max_ending):
            return True
        start = text.find(term, start + 1)
    return False


def _stands_alone(text: str, start: int, end: int, max_ending: int) -> bool:
    if start > 0 and _is_joined(text[start - 1], text[start]):
        return False
    ending = end
    while ending < len(text) and _is_joined(text[ending - 1], text[ending]):
        ending += 1
    return ending - end <= max_ending


def _is_joined(before: str, after: str) -> bool:
    """Whether two neighbouring characters belong to one word that spaces would set apart from others."""
    return _is_of_word(before) and _is_of_word(after)


def _is_of_word(char: str) -> bool:
    return (char.isalnum() or unicodedata.combining(char) > 0) and not unicodedata.name(char, "").startswith(_UNSPACED_SCRIPTS)


def folded(text: str) -> str:
    """Text as terms are compared in; a term stands in a line only if it does so folded."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())

"""Terms and fixed names: which of them a line holds, and which its translation left out.

Lines and (source, target) pairs in; the pairs that matter, or that were missed, out. A name that must stay as it is has equal sides. Words
of scripts that put spaces between them match whole words, with the endings of `_ENDINGS`; the others match anywhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from models.translation.prompt import one_line

Term = tuple[str, str]
_ENDINGS = ("s", "es", "'s", "s'", "'")
_UNSPACED = (  # Thai, Lao, Burmese, Khmer, kana, ideographs; Hangul, whose particles follow without a space
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
_LETTER = rf"(?:(?!{_UNSPACED})[^\W_])"  # beside which another one would make another word: “NASA” stands in “NASA说”, not in “NASAL”
_LIKE = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "‐": " ", "‑": " ", "–": " ", "-": " ", "・": " ", "·": " "})


def checked_terms(terms: Sequence[Term]) -> tuple[Term, ...]:
    """The terms on one line each, every pair once. Raises ValueError for a term with an empty side."""
    found: dict[Term, None] = {}
    for source, target in terms:
        term = one_line(source), one_line(target)
        if not all(term):
            raise ValueError(f"The term “{source}” - “{target}” has an empty side; give both, or the same word twice for a name that stays.")
        found[term] = None
    return tuple(found)


def terms_in(source: str, terms: Sequence[Term]) -> tuple[Term, ...]:
    """The terms that occur in `source`, in their order. A term inside a longer one that occurs there does not count.

    >>> terms_in("He left New York.", [("York", "约克"), ("New York", "纽约")])
    (('New York', '纽约'),)
    """
    text = _plain(source)
    taken: list[tuple[int, int]] = []
    occurring: set[Term] = set()
    for term in sorted(terms, key=lambda pair: -len(_plain(pair[0]))):
        spans = [found.span() for found in _pattern(term[0]).finditer(text)]
        free = [span for span in spans if not any(start <= span[0] and span[1] <= end and (start, end) != span for start, end in taken)]
        if free:
            occurring.add(term)
            taken += free
    return tuple(term for term in terms if term in occurring)


def scene_terms(lines: Sequence[str], terms: Sequence[Term]) -> tuple[Term, ...]:
    """The terms that occur in any of the lines: those that belong into the prompt, and no others."""
    occurring = {term for line in lines for term in terms_in(line, terms)}
    return tuple(term for term in terms if term in occurring)


def missed_terms(source: str, translation: str, terms: Sequence[Term]) -> tuple[Term, ...]:
    """The terms that occur in `source` and whose target does not stand in `translation`, whatever its case, hyphens and plural.

    Where a source term has several targets, one of them is enough.
    """
    text = _plain(translation)
    occurring = terms_in(source, terms)
    kept = {_plain(term[0]) for term in occurring if _pattern(term[1]).search(text)}
    return tuple(term for term in occurring if _plain(term[0]) not in kept)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).translate(_LIKE).casefold()
    return one_line(folded)


def _pattern(word: str) -> re.Pattern[str]:
    plain = _plain(word)
    before = rf"(?<!{_LETTER})" if re.match(_LETTER, plain) else ""
    after = rf"(?:{'|'.join(_ENDINGS)})?(?!{_LETTER})" if re.match(_LETTER, plain[-1:]) else ""
    return re.compile(before + re.escape(plain) + after)

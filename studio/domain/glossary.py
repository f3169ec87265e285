"""Names and terms of a show: which of them a line holds, and which its wording has lost. Pure; texts and pairs in, pairs or targets out.

Letters are compared in their normal form and without case, apostrophes and hyphens however they are typed. In scripts that write spaces
a term stands for whole words (in a translation with an ending of up to two letters: "Wolfs"); in the others it may stand anywhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

_MAX_ENDING_LETTERS = 2
_UNSPACED_SCRIPTS = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "HANGUL")  # Korean particles follow without a space
_LIKE = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "‐": " ", "‑": " ", "–": " ", "-": " ", "・": " ", "·": " "})


def terms_in(source: str, terms: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The terms whose source side occurs in a line, in the order given; one inside a longer one that occurs there does not count.

    >>> terms_in("He left New York.", [("York", "约克"), ("New York", "纽约")])
    (('New York', '纽约'),)
    """
    text, listed = folded(source), tuple(terms)
    taken: list[range] = []
    held = set()
    for pair in sorted(listed, key=lambda pair: -len(folded(pair[0]))):
        term = folded(pair[0])
        places = [range(start, start + len(term)) for start in _places(term, text, max_ending=0)]
        free = [place for place in places if not any(place[0] in longer and place[-1] in longer and place != longer for longer in taken)]
        if free:
            held.add(pair)
            taken += free
    return tuple(pair for pair in listed if pair in held)


def missed_terms(source: str, translation: str, terms: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Target sides of the terms that the source line holds and the translation lacks; of a source with several, one is enough.

    >>> missed_terms("张伟来了", "Zhang is here.", [("张伟", "Zhang Wei")])
    ('Zhang Wei',)
    """
    held, text = terms_in(source, terms), folded(translation)
    kept = {folded(term) for term, target in held if any(True for _ in _places(folded(target), text, max_ending=_MAX_ENDING_LETTERS))}
    return tuple(target for term, target in held if folded(term) not in kept)


def written_in(source: str, terms: Iterable[tuple[str, str]]) -> str:
    """The line with the translations of its terms in their places, for translators that carry foreign words over.

    >>> written_in("张伟来了", [("张伟", "Zhang Wei")])
    'Zhang Wei来了'
    """
    targets: dict[str, str] = {}
    for term, target in terms_in(source, terms):
        targets.setdefault(folded(term), target)
    if not targets:
        return source
    longest_first = sorted(targets, key=len, reverse=True)
    pattern = re.compile("|".join(re.escape(term).replace(r"\ ", r"[\s‐‑–・·-]+") for term in longest_first), re.IGNORECASE)
    return pattern.sub(lambda found: targets[folded(found[0])] if _is_whole(source, found) else found[0], source)


def _is_whole(text: str, found: re.Match[str]) -> bool:
    return folded(found[0]) != "" and _stands_alone(text, found.start(), found.end(), max_ending=0)


def _places(term: str, text: str, *, max_ending: int) -> Iterator[int]:
    """Where a folded term stands in a folded text as words of its own."""
    start = text.find(term) if term else -1
    while start >= 0:
        if _stands_alone(text, start, start + len(term), max_ending):
            yield start
        start = text.find(term, start + 1)


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
    if text.isascii():  # the same, several times faster: whole films are folded at once
        return " ".join(text.replace("-", " ").lower().split())
    return " ".join(unicodedata.normalize("NFKC", text).translate(_LIKE).casefold().split())

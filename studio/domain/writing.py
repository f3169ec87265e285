"""Is a text written in the letters of its language? A sign of the wrong file or the wrong language, never a verdict."""

from __future__ import annotations

import unicodedata
from collections import Counter

_SCRIPTS: dict[str, frozenset[str]] = {
    "ar": frozenset({"ARABIC"}), "fa": frozenset({"ARABIC"}), "ur": frozenset({"ARABIC"}),
    "bg": frozenset({"CYRILLIC"}), "ru": frozenset({"CYRILLIC"}), "uk": frozenset({"CYRILLIC"}), "sr": frozenset({"CYRILLIC", "LATIN"}),
    "bn": frozenset({"BENGALI"}), "el": frozenset({"GREEK"}), "he": frozenset({"HEBREW"}), "hi": frozenset({"DEVANAGARI"}),
    "ja": frozenset({"CJK", "HIRAGANA", "KATAKANA"}), "ko": frozenset({"HANGUL", "CJK"}), "zh": frozenset({"CJK"}),
    "ta": frozenset({"TAMIL"}), "te": frozenset({"TELUGU"}), "th": frozenset({"THAI"}),
}  # fmt: skip
_LATIN = frozenset({"LATIN"})
_MIN_FOREIGN = 2  # single foreign letters are names and signs
_MIN_FOREIGN_LATIN = 8  # so are whole Latin words in other writing


def _script(letter: str) -> str:
    """The first word of a letter's Unicode name, which is its writing; full-width letters count as what they are."""
    return unicodedata.name(letter, "?").removeprefix("FULLWIDTH ").removeprefix("HALFWIDTH ").split(" ")[0].split("-")[0]


def looks_foreign(text: str, language: str) -> bool:
    """Whether most letters of `text` belong to a writing that `language` (a two-letter code) does not use.

    >>> looks_foreign("快到山上", "en"), looks_foreign("OK 好", "zh"), looks_foreign("Ça va?", "fr")
    (True, False, False)
    """
    expected = _SCRIPTS.get(language, _LATIN)
    if expected is _LATIN and text.isascii():
        return False
    scripts: Counter[str] = Counter()
    for letter, count in Counter(text).items():  # names are looked up once per letter: this is asked of every line of a film
        if letter.isalpha():
            scripts[_script(letter)] += count
    own = sum(count for script, count in scripts.items() if script in expected)
    foreign = scripts.total() - own
    least = _MIN_FOREIGN_LATIN if scripts["LATIN"] == foreign else _MIN_FOREIGN
    return foreign > own and foreign >= least

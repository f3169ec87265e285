"""How dense a wording is: syllables a second, or characters a second where the writing has no vowels to count. No engine is asked.

A text and its language in, a `Pace` out. Syllables are vowel groups (Coke & Rothkopf 1970, J. Applied Psychology 54: vowel groups estimate
syllables), less the mute e at a word's end in English and French; a language with its own rules is one more entry of the tables here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

SYLLABLES, CHARACTERS = "syllables", "characters"
# Written by the syllable or the mora, or without vowels: each letter counts. Marks above and below letters do not.
_BY_CHARACTER = frozenset({"zh", "ja", "ko", "th", "lo", "km", "my", "ar", "fa", "he", "ur", "hi", "bn", "ta", "te"})
_MUTE_E = {"en": re.compile(r"(?<=[^\W\daeiouyl])e(?:d(?<![td]ed)|s(?<![sxzcg]es))?$"), "fr": re.compile(r"(?<=[^\W\daeiouy])(?:e|es|ent)$")}
_WORD = re.compile(r"[^\W_]+(?:[’'][^\W_]+)*")
_VOWELS = re.compile(r"[aeiouyæœøıаеиоуыэюяєіїѐѝαεηιουωάέήίόύώѣ]+")
_SINGLE_VOWELS = re.compile(r"[аеиоуыэюяєії]")  # Cyrillic vowels never share a syllable
_HIATUS = re.compile(r"[aeo](?=[aeo])")  # strong vowels side by side are two syllables in these languages
_HIATUS_LANGUAGES = frozenset({"es", "it", "pt", "ro"})
_CYRILLIC = frozenset({"ru", "uk", "bg", "sr", "be", "mk"})


@dataclass(frozen=True, slots=True)
class Pace:
    """`per_second` over the line's own span; `unit` is SYLLABLES or CHARACTERS, `count` how many there are."""

    count: int
    unit: str
    per_second: float


def pace_of(text: str, language: str, span_ms: int) -> Pace | None:
    """How densely a text fills its line. None without a text, or without a letter in it.

    >>> pace_of("What took you so long?", "en", 1000), pace_of("路上堵车。", "zh", 2000)
    (Pace(count=5, unit='syllables', per_second=5.0), Pace(count=4, unit='characters', per_second=2.0))
    """
    unit = CHARACTERS if language in _BY_CHARACTER else SYLLABLES
    count = characters(text) if unit == CHARACTERS else syllables(text, language)
    return Pace(count, unit, round(1000 * count / span_ms, 1)) if count else None


def characters(text: str) -> int:
    """Letters and digits; spaces, marks and punctuation are not said."""
    return sum(letter.isalnum() for letter in text)


def syllables(text: str, language: str) -> int:
    """Estimated syllables; a word has at least one, a number one for each digit.

    >>> syllables("The ferry stopped.", "en"), syllables("Über Brücken", "de"), syllables("Паром ушёл", "ru")
    (4, 4, 4)
    """
    plain = "".join(letter for letter in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(letter))
    return sum(_of_word(word, language) for word in _WORD.findall(plain))


def _of_word(word: str, language: str) -> int:
    if word.isdigit():
        return len(word)
    if language in _CYRILLIC:
        return max(1, len(_SINGLE_VOWELS.findall(word)))
    mute = _MUTE_E.get(language)
    bare = mute.sub("", word) if mute is not None else word
    hiatus = len(_HIATUS.findall(bare)) if language in _HIATUS_LANGUAGES else 0
    return max(1, len(_VOWELS.findall(bare)) + hiatus)

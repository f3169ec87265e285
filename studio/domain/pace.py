"""How fast a text would be said: syllables, or characters where a script writes one syllable or morpheme at a time. Text and time in,
units a second out. Estimates by spelling; nothing is spoken.
"""

from __future__ import annotations

import re
import unicodedata

# Scripts that write no vowels between consonants, or a syllable at a time: their characters are counted instead.
BY_CHARACTER = frozenset({"zh", "ja", "ko", "th", "ar", "he", "fa", "ur", "hi", "bn", "ta", "te"})
_VOWELS = re.compile(r"[aeiouyαεηιουωаеёиоуыэюяіїєıæøœ]+")
_DIGITS = re.compile(r"\d")
# Written, not spoken: endings after which a word still has another vowel.
_MUTE = {"en": re.compile(r"[aeiouy][a-z]*(?:[^aeiouyl\W\d_]e|[^aeiouytd\W\d_]ed)\b"), "fr": re.compile(r"[aeiouy][a-z]*[^aeiouy\W\d_]es?\b")}
# Vowels that follow one another in one syllable are one group; in these languages the commonest hiatus counts twice.
_HIATUS = re.compile(r"[aeo](?=[aeo])")
_HIATUS_LANGUAGES = frozenset({"es", "it", "pt", "ro"})


def pace_unit(language: str) -> str:
    """ "characters" or "syllables": what `speech_units` counts."""
    return "characters" if language in BY_CHARACTER else "syllables"


def speech_units(text: str, language: str) -> int:
    """Syllables or characters of a text. Digits count as one syllable each.

    >>> speech_units("It was. Those are its lights.", "en"), speech_units("刚才是。", "zh")
    (6, 3)
    """
    if language in BY_CHARACTER:
        return sum(char.isalnum() for char in text)
    plain = text.lower() if text.isascii() else _without_marks(text.casefold())
    units = len(_VOWELS.findall(plain)) + len(_DIGITS.findall(plain))
    if language in _MUTE:
        units -= len(_MUTE[language].findall(plain))
    if language in _HIATUS_LANGUAGES:
        units += len(_HIATUS.findall(plain))
    return units or int(any(char.isalnum() for char in plain))


def pace_per_s(text: str, language: str, span_ms: int) -> float | None:
    """Units a second over a line; None for an empty text or no time."""
    units = speech_units(text, language)
    return units / (span_ms / 1000) if units and span_ms > 0 else None


def _without_marks(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))

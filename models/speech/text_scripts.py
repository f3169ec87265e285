"""Whether a reader can say a text at all: has it words, and are its letters of a script that the reader knows?

Enters: a text and the scripts of a reader. Leaves: nothing, or UnspeakableText that names what cannot be said. Another
language of espeak that is not written in Latin letters is one more row of `_SCRIPTS_OF`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection

from models.speech.tokens import UnspeakableText, named

LATIN, HAN = "LATIN", "CJK"
_SCRIPTS_OF: dict[str, frozenset[str]] = {
    **dict.fromkeys(("ru", "uk", "bg", "be", "mk", "sr", "kk", "ky", "tt", "ba", "cv", "tk-cyrl"), frozenset({"CYRILLIC"})),
    **dict.fromkeys(("el", "grc"), frozenset({"GREEK"})),
    **dict.fromkeys(("ar", "fa", "ur", "sd", "ug"), frozenset({"ARABIC"})),
    **dict.fromkeys(("hi", "mr", "ne", "kok"), frozenset({"DEVANAGARI"})),
    **dict.fromkeys(("bn", "as", "bpy"), frozenset({"BENGALI"})),
    **dict.fromkeys(("zh", "cmn", "yue", "hak"), frozenset({HAN})),
    "he": frozenset({"HEBREW"}), "ja": frozenset({"HIRAGANA", "KATAKANA"}), "ko": frozenset({"HANGUL"}), "ka": frozenset({"GEORGIAN"}),
    "hy": frozenset({"ARMENIAN"}), "hyw": frozenset({"ARMENIAN"}), "am": frozenset({"ETHIOPIC"}), "ta": frozenset({"TAMIL"}),
    "te": frozenset({"TELUGU"}), "kn": frozenset({"KANNADA"}), "ml": frozenset({"MALAYALAM"}), "gu": frozenset({"GUJARATI"}),
    "pa": frozenset({"GURMUKHI"}), "or": frozenset({"ORIYA"}), "si": frozenset({"SINHALA"}), "th": frozenset({"THAI"}),
    "my": frozenset({"MYANMAR"}), "shn": frozenset({"MYANMAR"}), "chr": frozenset({"CHEROKEE"}),
}  # fmt: skip
_SCRIPTS = frozenset.union(frozenset({LATIN, "LAO", "KHMER", "TIBETAN", "MONGOLIAN", "BOPOMOFO"}), *_SCRIPTS_OF.values())


def script_of(character: str) -> str | None:
    """The script of a letter, such as "LATIN" or "CJK"; None for digits, marks, signs and letters of no script (ª, µ)."""
    if not character.isalpha():
        return None
    return next((word for word in unicodedata.name(character, "").replace("-", " ").split() if word in _SCRIPTS), None)


def scripts_of_language(language: str) -> frozenset[str]:
    """The scripts that espeak reads in a language, by its tag; Latin letters are read in every one."""
    return _SCRIPTS_OF.get(language.lower().replace("_", "-").split("-")[0], frozenset()) | {LATIN}


def require_words(text: str) -> None:
    """Raises UnspeakableText for a text without a letter or a digit."""
    if not text.strip():
        raise UnspeakableText("There is no text to say; type some words.")
    if not any(character.isalnum() for character in text):
        raise UnspeakableText(f"“{text.strip()}” has no words to say, only marks; type some words, or leave the line empty.")


def require_scripts(text: str, scripts: Collection[str], reader: str) -> None:
    """Raises UnspeakableText that names every letter of a script that `reader` does not know."""
    strange = dict.fromkeys(character for character in text if script_of(character) not in (None, *scripts))
    if strange:
        raise UnspeakableText(
            f"{reader} cannot read {named(strange)}; write these words in letters that it knows, or choose a voice of their language."
        )

"""The tokenisers of public voices by name, and the two that need no phones: cleaned English letters, and plain characters.

Enters: a name of `TOKENIZERS` and a phonemiser. Leaves: a `Tokenizer`. A new one is one more class and one more name.
"""

from __future__ import annotations

import re
import unicodedata

from models.speech.english_text import spoken_english
from models.speech.phones import EspeakTokenizer, Phonemise
from models.speech.text_emilia import ENGLISH, EmiliaTokenizer
from models.speech.text_scripts import LATIN, require_scripts, require_words
from models.speech.tokens import Tokenizer, UnspeakableText, named

TOKENIZERS = ("emilia", "espeak", "libritts", "simple")
_AS_ASCII = {
    "’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "–": "-", "—": "-", "…": "...", "æ": "ae", "œ": "oe", "ø": "o",
    "ß": "ss", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i",
}  # fmt: skip
_SYMBOLS = {";": ",", ":": ",", "-": " ", "&": "and", **dict.fromkeys('()[]<>"', "")}
_READER = "This voice reads English letters; it"


class CharacterTokenizer:
    """Every character a token, without any cleaning: the public “simple” tokeniser."""

    def tokens(self, text: str) -> list[str]:
        """Raises UnspeakableText for a text without words; a character that the table lacks is named by the table."""
        require_words(text)
        return list(text)


class LibriTtsTokenizer:
    """Capital English letters, as the public LibriTTS voices were trained: numbers and abbreviations in words, few marks."""

    def tokens(self, text: str) -> list[str]:
        """One token per letter, mark and space. Raises UnspeakableText for a text without words, or with letters that are not English."""
        require_words(text)
        require_scripts(text, (LATIN,), _READER)
        plain = _ascii(text.lower())
        if strange := [character for character in plain if not character.isascii()]:
            raise UnspeakableText(f"{_READER} cannot read {named(dict.fromkeys(strange))}; write the text without.")
        clean = spoken_english(plain).translate(str.maketrans(_SYMBOLS))
        return list(re.sub(r"\s+", " ", clean).upper())


def tokenizer_named(name: str, phonemise: Phonemise, language: str = ENGLISH) -> Tokenizer:
    """The tokeniser a voice was trained with. `language` matters to "espeak" alone. Raises ValueError for an unknown name."""
    if name == "emilia":
        return EmiliaTokenizer(phonemise)
    if name == "espeak":
        return EspeakTokenizer(phonemise, language)
    if name == "libritts":
        return LibriTtsTokenizer()
    if name == "simple":
        return CharacterTokenizer()
    raise ValueError(f"There is no tokeniser “{name}”; choose one of {', '.join(TOKENIZERS)}.")


def _ascii(text: str) -> str:
    """Letters without their accents, typographic marks as typed ones; what has no plain form stays, to be named."""
    parts = unicodedata.normalize("NFKD", text.translate(str.maketrans(_AS_ASCII)))
    return "".join(character for character in parts if unicodedata.category(character) != "Mn")

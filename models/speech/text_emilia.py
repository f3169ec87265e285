"""The tokeniser of the public bilingual voices: Chinese as pinyin, English as IPA, in one line (papers §4.6).

Enters: a text that may mix both, with `<zhang4>` for a syllable as it should be read and `[tag]` for a token of the table.
Leaves: tokens. A third script would be one more kind of `Stretch` with its own reader.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from models.speech.english_text import spoken_english
from models.speech.phones import Phonemise
from models.speech.pinyin import PinyinReader, is_syllable, syllable_tokens
from models.speech.text_scripts import HAN, LATIN, require_scripts, require_words, script_of
from models.speech.tokens import CLAUSE_ENDS, SPACE, UnspeakableText

ENGLISH = "en-us"
_ESCAPE = re.compile(r"(<[^<>\[\]]*>|\[[^<>\[\]]*\])")
_MARKS = {
    "，": ",", "。": ".", "！": "!", "？": "?", "；": ";", "：": ":", "、": ",", "‘": "'", "’": "'", "“": '"', "”": '"', "⋯": "…",
}  # fmt: skip
_ELLIPSIS = re.compile(r"\.\.\.|···|・・・")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_READER = "This voice reads English and Chinese; it"
_NO_CHINESE = "An English stretch of the text is read by a reader of Latin letters, which"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring text that one reader reads."""

    text: str
    kind: Literal["english", "chinese", "syllable", "tag"]


class EmiliaTokenizer:
    """Chinese, English and both in one line. Digits and marks go with the words before them, or after where none are before."""

    def __init__(self, phonemise: Phonemise) -> None:
        self._phonemise, self._pinyin = phonemise, PinyinReader()

    def tokens(self, text: str) -> list[str]:
        """Tokens in order. Raises UnspeakableText for a text without words, in another script, or with an escape that is none."""
        mapped = with_plain_marks(text)
        require_words(mapped)
        require_scripts(_ESCAPE.sub(" ", mapped), (LATIN, HAN), _READER)
        tokens = [token for stretch in stretches(mapped) for token in self._read(stretch)]
        if not tokens:
            raise UnspeakableText(f"“{text.strip()}” has no sound in this voice; write it in words.")
        return tokens

    def _read(self, stretch: Stretch) -> list[str]:
        if stretch.kind == "tag":
            return [stretch.text]
        if stretch.kind == "syllable":
            return _syllable(stretch.text)
        if not any(character.isalnum() for character in stretch.text):  # between escapes; alone, a phonemiser would name the marks
            return [mark for mark in stretch.text if mark in CLAUSE_ENDS or mark == SPACE]
        if stretch.kind == "chinese":
            return self._pinyin.tokens(stretch.text)
        require_scripts(stretch.text, (LATIN,), _NO_CHINESE)
        return list(self._phonemise(spoken_english(stretch.text), ENGLISH))


def with_plain_marks(text: str) -> str:
    """One line in which Chinese and typographic marks are the plain ones of the token table, full-width letters the usual ones."""
    line = " ".join(text.split()).translate(str.maketrans(_MARKS)).translate(_FULL_WIDTH)
    return _ELLIPSIS.sub("…", line)


def stretches(text: str) -> list[Stretch]:
    """The line cut where the script changes, and around escapes. Joined, the stretches are the line."""
    found: list[Stretch] = []
    pending = ""
    for part in _parts(text):
        kind = _kind(part)
        if kind in ("syllable", "tag"):
            found, pending = _flushed(found, pending), ""
            found.append(Stretch(part, kind))
        elif kind is None and not (found and found[-1].kind in ("english", "chinese")):
            pending += part  # no words yet: it goes with those to come
        elif found and (kind is None or found[-1].kind == kind):
            found[-1] = Stretch(found[-1].text + part, found[-1].kind)
        else:
            found.append(Stretch(pending + part, kind or "english"))
            pending = ""
    return _flushed(found, pending)


def _parts(text: str) -> list[str]:
    """Single characters, and escapes whole."""
    return [part for piece in _ESCAPE.split(text) for part in ([piece] if _ESCAPE.fullmatch(piece) else piece)]


def _kind(part: str) -> Literal["english", "chinese", "syllable", "tag"] | None:
    if len(part) > 1:
        return "syllable" if part.startswith("<") else "tag"
    script = script_of(part)
    return "english" if script == LATIN else "chinese" if script == HAN else None


def _flushed(found: list[Stretch], pending: str) -> list[Stretch]:
    """Digits and marks that no words follow: read in the language before the escape, in English where there is none."""
    if not pending:
        return found
    before = next((stretch.kind for stretch in reversed(found) if stretch.kind in ("english", "chinese")), "english")
    return [*found, Stretch(pending, before)]


def _syllable(escape: str) -> list[str]:
    syllable = escape[1:-1]
    if not is_syllable(syllable):
        raise UnspeakableText(f"“{escape}” is no pinyin syllable with its tone, such as <zhang4>; correct it, or leave out the brackets.")
    return syllable_tokens(syllable)

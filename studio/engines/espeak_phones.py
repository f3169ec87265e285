"""A text as the IPA that speech nets of the piper family were trained on: text and language in, one string out.

Asked of espeak-ng's worker processes. What is written here is what `piper_phonemize` gives for the same text, clause marks
included, so that public weights see the phones they know. Another language needs nothing: the library's list is read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

from studio.domain.errors import EngineFailed
from studio.engines.espeak_pool import NAME, PHONE_SEPARATOR, EspeakClause, EspeakPool
from studio.engines.espeak_text import has_speech
from studio.engines.speaker_espeak import espeak_voices

_LANGUAGE_SWITCH = re.compile(r"\([^)]*\)")  # "(fr)" before a word that the library reads in another language
# The mark that ended a clause stands before what may close it and before the one letter read too far. Marks of other
# scripts are left out, as there: a tokeniser that wants them maps them first.
_CLAUSE_END = re.compile(r"([.,;:!?–—،؛؟…]+)[\s\"'’”»)\]]*(\S?)\Z")
_MARKS = {",": ", ", ";": "; ", ":": ": ", ".": ".", "!": "!", "?": "?", "–": "; ", "—": "; ", "،": ", ", "؛": "; ", "؟": "?"}
_ELLIPSES = ("...", "…")  # a pause without a mark
_AMERICAN = "gmw/en-US"
_FORCE_NAME, _FORCE, _NORTH = "o@", "oː", "ɔː"  # since 1.52 the library writes “four” as “for”; its names still tell them apart


class EspeakPhones:
    """Callable (text, language) -> IPA with stress: words parted by spaces, clause marks kept, decomposed (NFD)."""

    def __init__(self, pool: EspeakPool | None = None) -> None:
        self._pool = EspeakPool() if pool is None else pool

    def __call__(self, text: str, language: str) -> str:
        """IPA of one text. `language` is a tag such as "en-us" or "fr". Raises EngineFailed for a text without words."""
        return self.many((text,), language)[0]

    def many(self, texts: Sequence[str], language: str) -> list[str]:
        """IPA of many texts, in the order given, asked in batches."""
        for text in texts:
            if not has_speech(text):
                raise EngineFailed(NAME, f"“{text.strip()}” has no words to say; type some, or leave the line empty.")
        voices = espeak_voices(self._pool, language)
        if not voices:
            raise EngineFailed(NAME, f"it does not speak “{language}”; choose another language.")
        voice = voices[0].identifier
        read = _american if voice.startswith(_AMERICAN) else _plain
        return ["".join(_spoken(clause, read) for clause in clauses) for clauses in self._pool.phones(texts, voice)]


def _spoken(clause: EspeakClause, read: Callable[[EspeakClause], str]) -> str:
    """The phones of a clause and the mark that ended it."""
    ipa = read(clause)
    return unicodedata.normalize("NFD", _LANGUAGE_SWITCH.sub("", ipa)) + clause_mark(clause.text)


def _plain(clause: EspeakClause) -> str:
    return clause.ipa.replace(PHONE_SEPARATOR, "")


def _american(clause: EspeakClause) -> str:
    """IPA in which the vowel of “four” and “store” is not that of “for” and “short”."""
    phones, names = (re.split(r"([ |])", part) for part in (clause.ipa, clause.names))
    if len(phones) != len(names):  # a phone without a sign of its own: which is which is not known
        return _plain(clause)
    told = (
        phone.replace(_NORTH, _FORCE) if name.endswith(_FORCE_NAME) else phone
        for phone, name in zip(phones, names, strict=True)
    )
    return "".join(told).replace(PHONE_SEPARATOR, "")


def clause_mark(text: str) -> str:
    """What ends a clause, from the text it was read from (the last ends with NUL): a mark, with a space inside sentences."""
    is_last = text.endswith("\0")
    found = _CLAUSE_END.search(text.rstrip("\0"))
    if found is None or (is_last and found[2]) or found[1].startswith(_ELLIPSES):
        return ""
    return _MARKS[found[1][0]]

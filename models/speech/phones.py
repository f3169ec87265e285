"""Tokens of phonemised languages: a text to IPA, every code point of it a token, as the public espeak voices have it.

The phonemiser is handed in as a callable, because espeak-ng runs in processes of the studio's. Enters: a text. Leaves: tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from models.speech.text_scripts import require_scripts, require_words, scripts_of_language
from models.speech.tokens import TokenSpan, UnspeakableText, word_spans_of

Phonemise = Callable[[str, str], str]
"""(text, espeak language such as "en-us") → IPA with stress, words parted by spaces, clause marks kept."""


class EspeakTokenizer:
    """Any language of espeak. `language`: its tag, such as "en-us", "fr" or "ru"."""

    def __init__(self, phonemise: Phonemise, language: str = "en-us") -> None:
        self._phonemise, self._language = phonemise, language
        self._scripts = scripts_of_language(language)

    def tokens(self, text: str) -> list[str]:
        """One token per code point. Raises UnspeakableText for a text without words or in another script."""
        require_words(text)
        require_scripts(text, self._scripts, f"A voice that reads “{self._language}”")
        tokens = list(self._phonemise(" ".join(text.split()), self._language))
        if not any(token.isalnum() for token in tokens):
            raise UnspeakableText(f"“{text.strip()}” has no sound in “{self._language}”; write it in words.")
        return tokens

    def word_spans(self, tokens: Sequence[str], words: Sequence[str]) -> list[TokenSpan]:
        """Which tokens of an utterance are which of its written words, in order (see `word_spans_of`)."""
        return word_spans_of(tokens, [self.tokens(word) if any(map(str.isalnum, word)) else [] for word in words])

"""Espeak tokens through a phonemiser that is handed in."""

from __future__ import annotations

import pytest

from models.speech.phones import EspeakTokenizer
from models.speech.tokens import UnspeakableText

SOUNDS = {"in": "ˈɪn", "the": "ðˈə", "house": "hˈaʊs", "in the house, yes": "ɪnðə hˈaʊs, jˈɛs", "yes": "jˈɛs", "hm": ""}


def phonemise(text: str, language: str) -> str:
    assert language == "en-us"
    return SOUNDS[text]


def test_every_code_point_is_a_token_and_spaces_and_marks_are_kept() -> None:
    assert EspeakTokenizer(phonemise).tokens(" in the\nhouse, yes") == list("ɪnðə hˈaʊs, jˈɛs")


def test_written_words_find_their_tokens_in_a_joined_utterance() -> None:
    tokenizer = EspeakTokenizer(phonemise)
    tokens = tokenizer.tokens("in the house, yes")
    spans = tokenizer.word_spans(tokens, ["in", "the", "house", "—", "yes"])
    assert ["".join(tokens[span.first : span.last]) for span in spans] == ["ɪn", "ðə", "hˈaʊs", "", "jˈɛs"]


@pytest.mark.parametrize(("text", "said"), [("", "no text"), ("?!", "only marks"), ("да", "“д”, “а”"), ("hm", "no sound")])
def test_what_has_no_sound_is_refused_with_its_reason(text: str, said: str) -> None:
    with pytest.raises(UnspeakableText, match=said):
        EspeakTokenizer(phonemise).tokens(text)

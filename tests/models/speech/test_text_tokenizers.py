"""Tokenisers by name, and those that need no phones."""

from __future__ import annotations

import pytest

from models.speech.text_tokenizers import TOKENIZERS, LibriTtsTokenizer, tokenizer_named
from models.speech.tokens import TokenTable, UnspeakableText


def phonemise(text: str, language: str) -> str:
    return text


def test_libritts_letters_are_capital_and_its_numbers_words() -> None:
    said = "".join(LibriTtsTokenizer().tokens("Mr. Müller's café — “over 1,200 people” & 50 dogs; in 1984: (ok)"))
    assert said == "MISTER MULLER'S CAFE OVER TWELVE HUNDRED PEOPLE AND FIFTY DOGS, IN NINETEEN EIGHTY FOUR, OK"


def test_simple_tokens_are_the_characters_and_the_table_names_what_it_lacks() -> None:
    tokens = tokenizer_named("simple", phonemise).tokens("Hi ж")
    assert tokens == ["H", "i", " ", "ж"]
    with pytest.raises(UnspeakableText, match="“ж”"):
        TokenTable.of("Hi ").ids(tokens)


@pytest.mark.parametrize("name", TOKENIZERS)
@pytest.mark.parametrize("text", ["", "  ", "?!"])
def test_no_tokeniser_takes_a_text_without_words(name: str, text: str) -> None:
    with pytest.raises(UnspeakableText):
        tokenizer_named(name, phonemise).tokens(text)


def test_signs_without_a_plain_form_are_named() -> None:
    with pytest.raises(UnspeakableText, match="“♥”"):
        LibriTtsTokenizer().tokens("I ♥ you")


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="emilia, espeak, libritts, simple"):
        tokenizer_named("bpe", phonemise)

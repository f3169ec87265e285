"""IPA as piper_phonemize writes it. The expected strings were recorded from that package (1.1.0), which is not needed here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from studio.domain.errors import EngineFailed
from studio.engines.espeak_phones import EspeakPhones, clause_mark
from studio.engines.espeak_pool import EspeakPool

RECORDED = {
    ("en-us", "bin blue at f two now"): "bˈɪn blˈuː æɾ ˈɛf tˈuː nˈaʊ",
    ("en-us", "one?! two, and"): "wˌʌn?tˈuː, ænd",
    ("en-us", "Fine; thanks: ok!"): "fˈaɪn; θˈæŋks: ˌoʊkˈeɪ!",
    ("en-us", "four horses before a store for the north"): "fˈoːɹ hˈɔːɹsᵻz bᵻfˌoːɹ ɐ stˈoːɹ fɚðə nˈɔːɹθ",
    ("en-us", "0.489"): "zˈiəɹoʊ pɔɪnt fˈoːɹ ˈeɪt nˈaɪn",
    ("en-us", "foo — bar"): "fˈuː; bˈɑːɹ",
    ("en-us", "wait... what?"): "wˈeɪtwˌʌt?",
    ("en-gb-x-rp", "four horses before a store for the north"): "fˈɔː hˈɔːsɪz bɪfˌɔːɹ ɐ stˈɔː fəðə nˈɔːθ",
    ("fr", "four horses before a store for the north"): "fˈuʁ ˈɔʁs bɪfˌɔː a stˈɔʁ fɔʁ ðə nˈɔʁt",
}


@pytest.fixture(scope="module")
def phones() -> Iterator[EspeakPhones]:
    pool = EspeakPool(size=1)
    yield EspeakPhones(pool)
    pool.close()


@pytest.mark.parametrize(("language", "text"), RECORDED)
def test_phones_and_marks_are_those_that_public_weights_were_trained_on(phones: EspeakPhones, language: str, text: str) -> None:
    assert phones(text, language) == RECORDED[language, text]


def test_many_texts_are_read_as_each_alone(phones: EspeakPhones) -> None:
    texts = [f"line {number}, and so on." for number in range(70)]
    assert phones.many(texts, "en-us") == [phones(text, "en-us") for text in texts]


def test_marks_are_decomposed_and_language_switches_left_out(phones: EspeakPhones) -> None:
    said = phones("bonjour le weekend, ça va", "fr")
    assert "(" not in said and ")" not in said
    assert "ɔ\u0303" in said


@pytest.mark.parametrize("text", ["", "  ", "?!...", "— “ ”"])
def test_a_text_without_words_is_refused_and_not_spelled_out(phones: EspeakPhones, text: str) -> None:
    with pytest.raises(EngineFailed, match="no words to say"):
        phones(text, "en-us")


def test_a_language_that_is_not_there_is_named(phones: EspeakPhones) -> None:
    with pytest.raises(EngineFailed, match="tlh"):
        phones("nuqneH", "tlh")


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("wait, t", ", "), ("the end.\0", "."), ("the end\0", ""), ("it is 3.5\0", ""), ("\"Stop!\" a", "!"), ("well… n", ""), ("a – b", "; "),
    ],
)  # fmt: skip
def test_the_mark_of_a_clause_is_read_before_the_letter_read_too_far(text: str, mark: str) -> None:
    assert clause_mark(text) == mark

"""What cannot be said is named, letter by letter."""

from __future__ import annotations

import pytest

from models.speech.text_scripts import require_scripts, require_words, script_of, scripts_of_language
from models.speech.tokens import UnspeakableText


@pytest.mark.parametrize(
    ("character", "script"),
    [("a", "LATIN"), ("é", "LATIN"), ("Ａ", "LATIN"), ("你", "CJK"), ("ж", "CYRILLIC"), ("の", "HIRAGANA"), ("한", "HANGUL"), ("5", None), ("!", None), ("ª", None), ("µ", None)],
)
def test_letters_know_their_script_and_signs_have_none(character: str, script: str | None) -> None:
    assert script_of(character) == script


def test_a_language_reads_its_own_script_and_latin() -> None:
    assert scripts_of_language("ru") == {"CYRILLIC", "LATIN"}
    assert scripts_of_language("en-us") == {"LATIN"}
    assert scripts_of_language("zh_CN") == {"CJK", "LATIN"}


@pytest.mark.parametrize("text", ["", " \n\t", "?!", "— … “”", "。。。"])
def test_a_text_without_words_is_refused(text: str) -> None:
    with pytest.raises(UnspeakableText, match="type some words"):
        require_words(text)


def test_every_strange_letter_is_named_once() -> None:
    with pytest.raises(UnspeakableText, match="A reader cannot read “ж”, “の”; write"):
        require_scripts("aжbのж5", ("LATIN",), "A reader")
    require_scripts("naïve 5 % ª", ("LATIN",), "A reader")

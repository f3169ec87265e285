"""Forms of address are told where a word is certain, and only there."""

from __future__ import annotations

import pytest

from studio.domain.address import MARKERS, Addressing, addressing, form_name, what_is_checked
from studio.domain.house import FAMILIAR, FORMAL

F, S = FAMILIAR, FORMAL


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("de", "Kommst du mit?", [(F, "du")]),
        ("de", "Bist sicher?", [(F, "Bist")]),
        ("de", "Kommen Sie mit?", [(S, "Sie")]),
        ("de", "Sie kommen nicht. Sie bleiben.", []),  # she, they, or you: nobody knows
        ("de", "Er sagt: Sie kommen.", []),
        ("de", "Das ist Ihr Hut, sagte sie.", [(S, "Ihr")]),
        ("de", "Das Duell, dirigiert von ihr.", []),
        ("fr", "Où vas-tu ?", [(F, "tu")]),
        ("fr", "Il s’est tu. A-t-il le ton juste ?", []),
        ("es", "¿Y tú? ¿Y usted?", [(F, "tú"), (S, "usted")]),
        ("es", "Eso es así.", []),
        ("it", "Come sta Lei?", [(S, "Lei")]),
        ("it", "Lei parte domani.", []),
        ("nl", "Kunt u komen?", [(S, "u")]),
        ("ru", "Ты где?", [(F, "Ты")]),
        ("zh", "你好", [(F, "你")]),
        ("zh", "您好", [(S, "您")]),
        ("zh", "迷你裙", []),
        ("th", "มึงไปไหน", [(F, "มึง")]),
        ("id", "Anda siapa?", [(S, "Anda")]),
        ("ja", "あなたは誰", []),
    ],
)
def test_certain_words_are_found(language: str, text: str, found: list[tuple[str, str]]) -> None:
    assert addressing(text, language, is_one_listener=False) == tuple(Addressing(*one) for one in found)


@pytest.mark.parametrize(("language", "text", "word"), [("fr", "Vous venez ?", "Vous"), ("ru", "Где ваш дом?", "ваш"), ("tr", "Siz kimsiniz?", "Siz")])
def test_words_that_also_address_several_count_with_one_listener_only(language: str, text: str, word: str) -> None:
    assert addressing(text, language, is_one_listener=False) == ()
    assert addressing(text, language, is_one_listener=True) == (Addressing(FORMAL, word),)


def test_the_page_is_told_what_is_checked_in_every_language() -> None:
    assert form_name("de", FAMILIAR) == "du" and form_name("ja", FORMAL) == FORMAL
    for language in (*MARKERS, "ja", "ko"):
        assert what_is_checked(language).endswith(".")
    assert "nothing is checked" in what_is_checked("ja") and "“vous” is checked where one listener" in what_is_checked("fr")

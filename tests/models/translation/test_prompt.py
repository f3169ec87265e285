"""What is asked of a model, and the shape of the answer it must give."""

from __future__ import annotations

import pytest

from models.translation.prompt import (
    Scene, answer, answer_line, answer_opening, compact_prompt, instruction, tagged_pair, tagged_prompt,
)  # fmt: skip

SCENE = Scene("Chinese", "English", ("过来", "你好"), (("麦克维", "McVeigh"),))


def test_the_instruction_names_both_languages_the_count_the_terms_and_every_line() -> None:
    text = instruction(SCENE)
    assert "2 lines of Chinese dialogue into English" in text
    assert "麦克维 - McVeigh" in text
    assert "Lines:\n过来\n你好\n\nResults:\n" in text


def test_wishes_are_rules_after_the_four() -> None:
    text = instruction(Scene("Chinese", "English", ("过来",), wishes=("Shorter,\nplease.", "Formal.")))
    assert "(translation)\n5. Shorter, please.\n6. Formal.\n\nTerms:" in text
    assert "5." not in instruction(SCENE)


def test_a_scene_without_terms_says_none() -> None:
    assert "Terms:\nnone\n" in instruction(Scene("Chinese", "English", ("过来",)))


def test_the_compact_prompt_ends_with_the_target_tag() -> None:
    assert compact_prompt(Scene("zh", "en", ("过来", "你好"))) == "<zh>过来\n你好\n<en>"


def test_an_answer_repeats_each_source_before_its_translation() -> None:
    assert answer(("过来", "你好"), ("Come here!", "Hello.")) == "过来(Come here!)\n你好(Hello.)\n"


def test_an_answer_with_a_line_too_few_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        answer(("过来", "你好"), ("Come here!",))


def test_a_line_break_inside_a_line_cannot_end_it() -> None:
    assert answer_line("a\nb", "c\nd") == "a b(c d)\n"
    assert answer_opening(" a \n b ") == "a b("
    assert compact_prompt(Scene("zh", "en", ("a\nb",))).count("\n") == 1


def test_a_tagged_pair_begins_with_the_prompt_of_its_line() -> None:
    assert tagged_pair(("en", "zh"), "Hello.", "你好").startswith(tagged_prompt(("en", "zh"), "Hello."))

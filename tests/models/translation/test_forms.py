"""The prefixes put to a model, and where its answers end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from models.checkpoint import LanguageModelPlace, open_language_model
from models.translation.forms import Ask, Form, ending_ids, fitting_ask, prefix_ids, translation_of
from models.translation.layout import layout_of, translation_ids
from models.translation.prompt import Scene, compact_prompt, instruction
from tests.tiny_models import CHAT_TEMPLATE, make_language_model

ASK = Ask("zh", "en", "你好", (("过来", "Come here!"),))


@pytest.fixture(scope="module", params=[None, CHAT_TEMPLATE], ids=["plain", "chat"])
def tokenizer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = make_language_model(tmp_path_factory.mktemp("lm"), chat_template=request.param)
    return open_language_model(LanguageModelPlace(str(folder)), "cpu")[1]


def test_the_tagged_form_is_the_earlier_pair_and_the_open_line(tokenizer: Any) -> None:
    assert tokenizer.decode(prefix_ids(Form.TAGGED, ASK, tokenizer)) == "<zh>过来<en>Come here!\n<zh>你好<en>"


def test_the_compact_form_is_its_prompt_and_an_answer_up_to_the_open_bracket(tokenizer: Any) -> None:
    expected = compact_prompt(Scene("zh", "en", ("过来", "你好"))) + "过来(Come here!)\n你好("
    assert tokenizer.decode(prefix_ids(Form.COMPACT, ASK, tokenizer)) == expected


def test_the_instruction_form_uses_the_chat_template_where_there_is_one(tokenizer: Any) -> None:
    text = tokenizer.decode(prefix_ids(Form.INSTRUCTION, ASK, tokenizer))
    words = instruction(Scene("zh", "en", ("过来", "你好")))
    opened = f"[user]{words}[assistant]" if tokenizer.chat_template else words
    assert text == opened + "过来(Come here!)\n你好("


def test_terms_stand_first_as_answered_lines_or_in_the_terms_of_the_instruction(tokenizer: Any) -> None:
    ask = replace(ASK, terms=(("张伟", "Zhang Wei"),))
    assert tokenizer.decode(prefix_ids(Form.TAGGED, ask, tokenizer)).startswith("<zh>张伟<en>Zhang Wei\n<zh>过来<en>")
    compact = tokenizer.decode(prefix_ids(Form.COMPACT, ask, tokenizer))
    assert compact == compact_prompt(Scene("zh", "en", ("张伟", "过来", "你好"))) + "张伟(Zhang Wei)\n过来(Come here!)\n你好("
    assert "Terms:\n张伟 - Zhang Wei\n" in tokenizer.decode(prefix_ids(Form.INSTRUCTION, ask, tokenizer))
    assert fitting_ask(Form.TAGGED, ask, tokenizer, 1)[0].terms == ask.terms


def test_the_small_forms_agree_with_the_scene_layout_on_terms(tokenizer: Any) -> None:
    ask = replace(ASK, terms=(("张伟", "Zhang Wei"),))
    for form in (Form.TAGGED, Form.COMPACT):
        layout = layout_of(Scene("zh", "en", ("过来", "你好"), ask.terms), form, tokenizer)
        ids = [*layout.trunk([translation_ids("Come here!", tokenizer)]), *layout.openings[1]]
        assert tokenizer.decode(ids) == tokenizer.decode(prefix_ids(form, ask, tokenizer))


def test_words_that_look_like_a_special_token_stay_words(tokenizer: Any) -> None:
    ids = prefix_ids(Form.TAGGED, Ask("zh", "en", "<eos><en>"), tokenizer)
    assert tokenizer.eos_token_id not in ids
    assert ids.count(tokenizer.convert_tokens_to_ids("<en>")) == 1


def test_the_oldest_lines_are_left_out_first_and_the_line_itself_never(tokenizer: Any) -> None:
    ask = Ask("zh", "en", "你好", tuple((f"过来{n}", "Come here!") for n in range(6)))
    full = len(prefix_ids(Form.TAGGED, ask, tokenizer))
    shorter, ids = fitting_ask(Form.TAGGED, ask, tokenizer, full - 1)
    assert shorter.before == ask.before[1:]
    assert len(ids) < full
    assert fitting_ask(Form.TAGGED, ask, tokenizer, 1)[0].before == ()


def test_a_tagged_answer_ends_at_the_line_break_and_a_line_format_answer_at_the_bracket_too(tokenizer: Any) -> None:
    line_end, bracket = (tokenizer(text, add_special_tokens=False).input_ids[0] for text in ("\n", ")"))
    assert line_end in ending_ids(Form.TAGGED, tokenizer)
    assert bracket not in ending_ids(Form.TAGGED, tokenizer)
    assert {line_end, bracket, tokenizer.eos_token_id} <= ending_ids(Form.COMPACT, tokenizer)


def test_the_translation_is_the_text_before_the_ending(tokenizer: Any) -> None:
    ids = tokenizer("Come here! ", add_special_tokens=False).input_ids
    bracket = tokenizer(")", add_special_tokens=False).input_ids[0]
    assert translation_of(Form.COMPACT, tuple(ids), bracket, tokenizer) == "Come here!"

"""The ids of a scene are the same wherever they are put together, in every form."""

from __future__ import annotations

from typing import Any

import pytest

from models.checkpoint import LanguageModelPlace, open_language_model
from models.translation.forms import Ask, Form, NoSuchTag, ending_ids, prefix_ids
from models.translation.layout import layout_of, translation_ids
from models.translation.parse import parse_answer
from models.translation.prompt import Scene, answer, compact_prompt, instruction
from tests.tiny_models import CHAT_TEMPLATE, make_language_model

LINES = ("过来", "他(笑)说：\n“好的”", "\U0001f600 ok?", "<en>是的)")
TEXTS = ("Come here!", "He says (laughing): \"Fine.\"", ":)", "Yes <eos>.")
SCENE = Scene("zh", "en", LINES)


@pytest.fixture(scope="module", params=[None, CHAT_TEMPLATE], ids=["plain", "chat"])
def tokenizer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = make_language_model(tmp_path_factory.mktemp("lm"), chat_template=request.param)
    return open_language_model(LanguageModelPlace(str(folder)), "cpu")[1]


def words(tokenizer: Any) -> list[tuple[int, ...]]:
    return [translation_ids(text, tokenizer) for text in TEXTS]


@pytest.mark.parametrize("form", [Form.COMPACT, Form.INSTRUCTION])
def test_the_trunk_of_a_line_format_is_the_prompt_and_an_answer_that_reads_back(tokenizer: Any, form: Form) -> None:
    layout = layout_of(SCENE, form, tokenizer)
    text = tokenizer.decode(layout.trunk(words(tokenizer)))
    prompt = compact_prompt(SCENE) if form is Form.COMPACT else instruction(SCENE)
    if form is Form.INSTRUCTION and tokenizer.chat_template:
        prompt = f"[user]{prompt}[assistant]"
    assert text == prompt + answer(LINES, TEXTS)
    assert [line.translation for line in parse_answer(text[len(prompt) :], LINES).lines] == list(TEXTS)


def test_the_trunk_of_the_tagged_form_is_its_pairs_and_nothing_before(tokenizer: Any) -> None:
    layout = layout_of(SCENE, Form.TAGGED, tokenizer)
    assert layout.prompt == layout.separator == ()
    ids = layout.trunk(words(tokenizer)[:2])
    assert tokenizer.decode(ids) == f"<zh>过来<en>{TEXTS[0]}\n<zh>他(笑)说： “好的”<en>{TEXTS[1]}\n"


@pytest.mark.parametrize("form", list(Form))
def test_a_trunk_is_its_pieces_joined_one_line_after_the_other(tokenizer: Any, form: Form) -> None:
    layout = layout_of(SCENE, form, tokenizer)
    ids = list(layout.prompt)
    for number, (opening, text) in enumerate(zip(layout.openings, words(tokenizer), strict=True)):
        assert layout.trunk(words(tokenizer)[:number]) == ids
        ids += [*opening, *text, *layout.terminator, *layout.separator]
    assert layout.trunk(words(tokenizer)) == ids
    assert len(layout) == len(LINES)


@pytest.mark.parametrize("form", list(Form))
def test_a_layout_says_to_a_model_what_a_single_ask_says(tokenizer: Any, form: Form) -> None:
    """The sampler reads layouts, the studio's translator asks: the same text, so the same model behaviour."""
    if form is Form.INSTRUCTION:
        scene = Scene("Chinese", "English", LINES[:2])
        ask = Ask("Chinese", "English", LINES[1], ((LINES[0], TEXTS[0]),))
    else:
        scene, ask = Scene("zh", "en", LINES[:2]), Ask("zh", "en", LINES[1], ((LINES[0], TEXTS[0]),))
    layout = layout_of(scene, form, tokenizer)
    ids = [*layout.trunk(words(tokenizer)[:1]), *layout.openings[1]]
    assert tokenizer.decode(ids) == tokenizer.decode(prefix_ids(form, ask, tokenizer))


@pytest.mark.parametrize("form", list(Form))
def test_words_of_people_are_never_special_tokens(tokenizer: Any, form: Form) -> None:
    layout = layout_of(SCENE, form, tokenizer)
    tags = {tokenizer.convert_tokens_to_ids(mark) for mark in ("<zh>", "<en>")} if form is Form.TAGGED else set()
    special = set(tokenizer.all_special_ids) - tags
    assert not special & {token for opening in layout.openings for token in opening}
    assert not special & {token for text in words(tokenizer) for token in text}
    if form is Form.INSTRUCTION:
        assert not special & set(layout.prompt)


@pytest.mark.parametrize("form", list(Form))
def test_given_endings_are_taken_as_they_are(tokenizer: Any, form: Form) -> None:
    found = layout_of(SCENE, form, tokenizer)
    assert found.ending_ids == ending_ids(form, tokenizer)
    assert layout_of(SCENE, form, tokenizer, ending_ids(form, tokenizer)) == found
    assert set(found.terminator) <= found.ending_ids


@pytest.mark.parametrize("form", [Form.TAGGED, Form.COMPACT])
@pytest.mark.parametrize("languages", [("zh", "th"), ("th", "en")])
def test_a_language_without_a_tag_is_refused_by_name(tokenizer: Any, form: Form, languages: tuple[str, str]) -> None:
    with pytest.raises(NoSuchTag, match="no tag for the language “th”; name another model"):
        layout_of(Scene(*languages, LINES), form, tokenizer)


@pytest.mark.parametrize("form", list(Form))
def test_an_empty_scene_is_a_layout_without_lines(tokenizer: Any, form: Form) -> None:
    layout = layout_of(Scene("zh", "en", ()), form, tokenizer)
    assert len(layout) == 0
    assert layout.trunk([]) == list(layout.prompt)


def test_terms_stand_before_the_lines(tokenizer: Any) -> None:
    scene = Scene("zh", "en", ("过来",), (("麦克\n维", "McVeigh"),))
    assert tokenizer.decode(layout_of(scene, Form.TAGGED, tokenizer).prompt) == "<zh>麦克 维<en>McVeigh\n"
    assert tokenizer.decode(layout_of(scene, Form.COMPACT, tokenizer).prompt) == "<zh>麦克 维\n过来\n<en>麦克 维(McVeigh)\n"
    assert "Terms:\n麦克 维 - McVeigh\n" in tokenizer.decode(layout_of(scene, Form.INSTRUCTION, tokenizer).prompt)

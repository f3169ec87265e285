"""How a scene is asked, in words: the same as what the models' own modules make of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.checkpoint import read_manifest
from models.translation.forms import Form, natural_form, prefix_ids, Ask
from models.translation.prompt import Scene, instruction
from studio.engines.scene_prompts import FORMS, scene_prompt, usual_form
from tests.tiny_models import make_language_model

SOURCES = ("过来", "坐下 (快)")


@pytest.mark.parametrize("form", (Form.TAGGED, Form.COMPACT))
def test_the_words_of_a_tagged_model_are_the_tokens_it_is_asked_with(form: Form, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(make_language_model(tmp_path / "tiny"))
    assert natural_form(tokenizer) is Form.TAGGED
    prompt = scene_prompt(form, ("zh", "en"), SOURCES, ())
    words = prompt.words + prompt.line(SOURCES[0], "Come!") + prompt.opening(SOURCES[1])
    asked = prefix_ids(form, Ask("zh", "en", SOURCES[1], ((SOURCES[0], "Come!"),)), tokenizer)
    assert tokenizer.decode(asked) == words


def test_a_chat_model_reads_names_of_languages_and_the_terms_in_their_place() -> None:
    prompt = scene_prompt("instruction", ("zh", "en"), SOURCES, (("陈", "Chen"),))
    assert (prompt.source_language, prompt.target_language) == ("Chinese", "English")
    assert prompt.words == instruction(Scene("Chinese", "English", SOURCES, (("陈", "Chen"),)))
    assert prompt.opening("过来") == "过来("


def test_records_ask_as_the_translator_in_use_is_asked() -> None:
    assert usual_form(is_chat=True) == "instruction"
    assert usual_form(is_chat=False) == read_manifest().find_bundled("translation-small").form
    assert usual_form(is_chat=False) in FORMS

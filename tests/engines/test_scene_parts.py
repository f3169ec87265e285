"""Scenes are cut only where they must be, and said to a model in its own way."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.translation.forms import Form
from studio.engines.scene_asks import SceneAnswer, SceneAsk
from studio.engines.scene_parts import SceneCutter, budget_wish, joined
from tests.tiny_models import make_language_model

LINES = ("过来", "你好", "我爱你", "我们走吧", "是的")


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> object:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(make_language_model(Path(tmp_path_factory.mktemp("model"))))


def test_a_scene_that_fits_is_one_part_and_one_that_does_not_keeps_its_order(tokenizer: object) -> None:
    ask = SceneAsk("zh", "en", LINES, (), (1.0, 2.0, 3.0, 4.0, 5.0))
    assert len(SceneCutter(Form.COMPACT, tokenizer, 1000).parts(ask)) == 1
    parts = SceneCutter(Form.COMPACT, tokenizer, 60).parts(ask)
    assert len(parts) > 1
    assert [line for part in parts for line in part.ask.lines] == list(LINES)
    assert [seconds for part in parts for seconds in part.ask.budgets_s] == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert [part.first_line for part in parts] == [LINES.index(part.ask.lines[0]) for part in parts]


def test_a_line_without_room_stands_alone_and_has_no_layout(tokenizer: object) -> None:
    parts = SceneCutter(Form.COMPACT, tokenizer, 100).parts(SceneAsk("zh", "en", ("过来", "长" * 200, "是的")))
    assert [part.layout is None for part in parts] == [False, True, False]


def test_a_chat_model_hears_names_and_budgets_and_a_tagged_one_codes_and_pairs(tokenizer: object) -> None:
    ask = SceneAsk("zh", "en", ("过来", "再见"), (("shown", "pairs"),), (0.6, 1.24))
    chat = SceneCutter(Form.INSTRUCTION, tokenizer, 1000).scene(ask)
    assert (chat.source_language, chat.target_language, chat.terms) == ("Chinese", "English", ())
    assert chat.wishes == ("Keep each translation within the time of its line: 1: 0.6 s, about 3 syllables; 2: 1.2 s, about 6 syllables.",)
    tagged = SceneCutter(Form.COMPACT, tokenizer, 1000).scene(ask)
    assert (tagged.source_language, tagged.terms, tagged.wishes) == ("zh", (("shown", "pairs"),), ())


def test_a_budget_is_never_of_no_syllable() -> None:
    assert "1: 0.0 s, about 1 syllables" in budget_wish([0.0])


def test_parts_are_joined_and_one_bad_part_makes_a_bad_scene() -> None:
    good, bad = SceneAnswer(("a",), (None,), True), SceneAnswer(("b", ""), (None, "missing"), False, ("n",))
    whole = joined([good, bad])
    assert (whole.translations, whole.faults, whole.is_compliant) == (("a", "b", ""), (None, None, "missing"), False)
    assert whole.notes == ("n", "Scenes that the model has no room for were asked in parts.")
    assert joined([good]) == good

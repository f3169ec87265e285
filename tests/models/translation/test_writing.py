"""What is written is what the model finds likeliest, alone or beside others, and it ends where it must."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from models.checkpoint import LanguageModelPlace, open_language_model
from models.translation.forms import Form
from models.translation.layout import SceneLayout, layout_of, translation_ids
from models.translation.prompt import Scene
from models.translation.writing import AnswerLimits, end_of_text_ids, free_answers, line_by_line, written_lines
from tests.tiny_models import CHAT_TEMPLATE, make_language_model

SCENES = (("过来", "你好", "我们走吧"), ("谢谢你",), ("是的", "不是"))


@pytest.fixture(scope="module", params=[None, CHAT_TEMPLATE], ids=["plain", "chat"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    folder = make_language_model(tmp_path_factory.mktemp("lm"), chat_template=request.param)
    return open_language_model(LanguageModelPlace(str(folder)), "cpu")


def layouts(tokenizer: Any, form: Form = Form.COMPACT) -> list[SceneLayout]:
    return [layout_of(Scene("zh", "en", lines), form, tokenizer) for lines in SCENES]


def likeliest(model: Any, before: list[int], words: tuple[int, ...], forbidden_first: frozenset[int] = frozenset()) -> list[int]:
    """The model's greedy choice at every place of `words`, and behind them, read in one pass without a cache."""
    with torch.no_grad():
        logits = model(torch.tensor([[*before, *words]])).logits[0, len(before) - 1 :]
    logits[0, list(forbidden_first)] = -torch.inf
    return logits.argmax(-1).tolist()


@pytest.mark.parametrize("form", list(Form))
def test_every_line_is_the_greedy_one_after_all_lines_before_it(pair: tuple[Any, Any], form: Form) -> None:
    model, tokenizer = pair
    limits = AnswerLimits(max_line_tokens=6)
    together = written_lines(model, tokenizer, layouts(tokenizer, form), limits=limits)
    for layout, lines in zip(layouts(tokenizer, form), together, strict=True):
        assert len(lines) == len(layout)
        for number, line in enumerate(lines):
            before = [*layout.trunk([earlier.ids for earlier in lines[:number]]), *layout.openings[number]]
            *words, behind = likeliest(model, before, line.ids, layout.ending_ids)
            assert tuple(words) == line.ids
            assert behind in layout.ending_ids if line.is_finished else len(line.ids) == 6


def test_a_scene_is_written_alone_as_beside_others(pair: tuple[Any, Any]) -> None:
    model, tokenizer = pair
    limits = AnswerLimits(max_line_tokens=6)
    together = written_lines(model, tokenizer, layouts(tokenizer), limits=limits)
    alone = written_lines(model, tokenizer, layouts(tokenizer), limits=replace(limits, batch_scenes=1))
    assert together == alone
    assert line_by_line(model, tokenizer, layouts(tokenizer)[0], limits=limits) == [line.text for line in together[0]]


def test_known_lines_stay_and_the_open_ones_are_written_after_them(pair: tuple[Any, Any]) -> None:
    model, tokenizer = pair
    layout = layouts(tokenizer)[0]
    first, last = translation_ids("Come here!", tokenizer), translation_ids("Let's go.", tokenizer)
    lines = written_lines(model, tokenizer, [layout], [(first, None, last)], AnswerLimits(max_line_tokens=6))[0]
    assert [lines[0].text, lines[2].text] == ["Come here!", "Let's go."]
    words = likeliest(model, [*layout.trunk([first]), *layout.openings[1]], lines[1].ids, layout.ending_ids)
    assert tuple(words[:-1]) == lines[1].ids
    assert line_by_line(model, tokenizer, layout, known=(first, last, first)) == ["Come here!", "Let's go.", "Come here!"]
    with pytest.raises(ValueError, match="3 lines and 2 translations"):
        line_by_line(model, tokenizer, layout, known=(first, None))


def test_a_free_answer_is_the_greedy_continuation_of_the_prompt(pair: tuple[Any, Any]) -> None:
    model, tokenizer = pair
    limits = AnswerLimits(tokens_per_source_token=0, spare_tokens=3)
    together = free_answers(model, tokenizer, layouts(tokenizer), limits=limits)
    layout, text = layouts(tokenizer)[1], together[1]
    with torch.no_grad():
        whole = model.generate(torch.tensor([layout.prompt]), max_new_tokens=24, do_sample=False, pad_token_id=0)
    said = tokenizer.decode(whole[0, len(layout.prompt) :])
    assert text
    assert said.startswith(text) or text.startswith(said)


def test_lines_given_at_the_start_of_an_answer_are_not_said_again(pair: tuple[Any, Any]) -> None:
    tokenizer = pair[1]
    layout = layouts(tokenizer)[2]
    given = (translation_ids("Yes.", tokenizer),)
    rest = tokenizer("不是(No.)\n", add_special_tokens=False).input_ids + [tokenizer.eos_token_id]
    model = Recites(rest, len(layout.trunk(given)), len(tokenizer))
    assert free_answers(model, tokenizer, [layout], given=[given]) == ["不是(No.)\n"]


class Recites(torch.nn.Module):
    """A model that says one text whatever the prompt: after the n-th token of the text comes the next one."""

    def __init__(self, ids: list[int], n_prompt: int, n_vocabulary: int) -> None:
        super().__init__()
        from transformers import GenerationConfig, Qwen2Config

        self.ids, self.n_prompt, self.n_vocabulary = ids, n_prompt, n_vocabulary
        self.config = Qwen2Config(num_hidden_layers=1)
        self.generation_config = GenerationConfig(eos_token_id=[1, 7])
        self.device = torch.device("cpu")

    def forward(self, attention_mask: torch.Tensor, **_: Any) -> Any:
        from types import SimpleNamespace

        at = attention_mask.sum(1) - self.n_prompt
        logits = torch.zeros(len(at), 1, self.n_vocabulary)
        for row, place in enumerate(at.tolist()):
            logits[row, 0, self.ids[min(place, len(self.ids) - 1)]] = 1.0
        return SimpleNamespace(logits=logits)


def recited(pair: tuple[Any, Any], text: str, limits: AnswerLimits, ends: bool = True) -> str:
    tokenizer = pair[1]
    layout = layouts(tokenizer)[2]
    ids = tokenizer(text, add_special_tokens=False).input_ids + ([tokenizer.eos_token_id] if ends else [])
    return free_answers(Recites(ids, len(layout.prompt), len(tokenizer)), tokenizer, [layout], limits=limits)[0]


def test_a_free_answer_ends_at_the_end_of_text(pair: tuple[Any, Any]) -> None:
    assert recited(pair, "是的(Yes.)\n", AnswerLimits()) == "是的(Yes.)\n"
    assert recited(pair, "是的(Yes.)\n不是(No.)\n", AnswerLimits()) == "是的(Yes.)\n不是(No.)\n"


def test_a_free_answer_is_stopped_behind_its_extra_rows_and_empty_rows_are_none(pair: tuple[Any, Any]) -> None:
    text = "是的(Yes.)\n\n不是(No.)\n谢谢你(Thank you.)\n再见\n"
    assert recited(pair, text, AnswerLimits()) == "是的(Yes.)\n\n不是(No.)\n谢谢你(Thank you.)\n"
    assert recited(pair, text, AnswerLimits(max_extra_rows=0)) == "是的(Yes.)\n\n不是(No.)\n"


def test_a_row_that_runs_away_ends_the_answer(pair: tuple[Any, Any]) -> None:
    text = recited(pair, "是的(Yes" + " yes" * 500, AnswerLimits(), ends=False)
    assert 10 < len(pair[1](text).input_ids) < 60
    breaks = recited(pair, "\n" * 500, AnswerLimits(), ends=False)
    assert set(breaks) == {"\n"}
    assert len(breaks) < 200


def test_brackets_that_a_translation_opens_do_not_end_it(pair: tuple[Any, Any]) -> None:
    tokenizer = pair[1]
    layout = layout_of(Scene("zh", "en", ("是的",)), Form.COMPACT, tokenizer)
    for said, expected, is_finished in (("Yes (yes).)\n", "Yes (yes).", True), ("Yes :))", "Yes :", True), ("Yes (yes\n", "Yes (yes", True)):
        ids = tokenizer(said, add_special_tokens=False).input_ids
        model = Recites(ids, len(layout.prompt) + len(layout.openings[0]), len(tokenizer))
        line = written_lines(model, tokenizer, [layout])[0][0]
        assert (line.text, line.is_finished) == (expected, is_finished)


def test_the_tagged_form_has_no_free_answer(pair: tuple[Any, Any]) -> None:
    with pytest.raises(ValueError, match="line by line"):
        free_answers(*pair, layouts(pair[1], Form.TAGGED))


def test_every_mark_that_ends_an_answer_is_known(pair: tuple[Any, Any]) -> None:
    assert end_of_text_ids(Recites([1], 0, 9), pair[1]) == {1, 7}


def test_nothing_asked_is_nothing_written(pair: tuple[Any, Any]) -> None:
    empty = layout_of(Scene("zh", "en", ()), Form.COMPACT, pair[1])
    assert free_answers(*pair, [empty]) == [""]
    assert written_lines(*pair, [empty]) == [[]]
    assert free_answers(*pair, []) == written_lines(*pair, []) == []

"""Whatever a model does with the format, a scene keeps its lines, and what was wrong is said line by line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from models.checkpoint import LanguageModelPlace, open_language_model
from models.translation import generate
from models.translation.forms import Form, NoSuchTag
from models.translation.generate import AnswerLimits, AnswerSettings, SceneAnswer, Written, answer_scene, answer_scenes
from models.translation.layout import SceneLayout
from models.translation.parse import Fault
from models.translation.prompt import Scene, answer
from tests.tiny_models import CHAT_TEMPLATE, make_language_model

SHORT = AnswerSettings(limits=AnswerLimits(tokens_per_source_token=0, spare_tokens=3))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    folder = make_language_model(tmp_path_factory.mktemp("lm"), chat_template=CHAT_TEMPLATE)
    return open_language_model(LanguageModelPlace(str(folder)), "cpu")


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets a test say what the model answers freely (nothing: it is not asked); the prompts it was given are kept. Line by line, it says
    “anew” and the line's place in its window."""

    def prepare(*texts: str) -> list[SceneLayout]:
        asked: list[SceneLayout] = []

        def free_answers(model: Any, tokenizer: Any, layouts: list[SceneLayout], **_: Any) -> list[str]:
            asked.extend(layouts)
            return [texts[len(asked) - len(layouts) + number] for number in range(len(layouts))]

        def written_lines(model: Any, tokenizer: Any, layouts: list[SceneLayout], known: Any, limits: Any) -> list[list[Written]]:
            if not texts:
                asked.extend(layouts)
            return [[Written(ids or (9,), f"anew {at}", True) for at, ids in enumerate(settled)] for settled in known]

        monkeypatch.setattr(generate, "free_answers", free_answers)
        monkeypatch.setattr(generate, "written_lines", written_lines)
        return asked

    return prepare


def zh_en(*lines: str, terms: tuple[tuple[str, str], ...] = ()) -> Scene:
    return Scene("zh", "en", lines, terms)


def test_a_compliant_answer_is_taken_as_it_is(pair: tuple[Any, Any], says: Any) -> None:
    says(answer(("过来", "你好"), ("Come!", "Hi.")))
    found = answer_scene(*pair, zh_en("过来", "你好"), Form.COMPACT, SHORT)
    assert found == SceneAnswer(("Come!", "Hi."), (None, None), (False, False), ((), ()), (), 1)
    assert found.is_compliant


def test_only_the_failing_lines_are_written_anew_and_their_faults_are_told(pair: tuple[Any, Any], says: Any) -> None:
    says("过来(Come!)\n你好 是的(Hi yes)\n不是(No\n谢谢(Thanks.)\nBye!\n")
    scene = zh_en("过来", "你好", "是的", "不是", "谢谢", "再见")
    found = answer_scene(*pair, scene, Form.COMPACT, SHORT)
    assert found.faults == (None, Fault.MERGED, Fault.MERGED, Fault.UNCLOSED, None, Fault.MISSING)
    assert found.extra_rows == ("Bye!",)
    assert (found.lines[0], found.lines[4]) == ("Come!", "Thanks.")
    assert found.lines[1:4] + found.lines[5:] == ("anew 1", "anew 2", "anew 3", "anew 5")
    assert not found.is_compliant


@pytest.mark.parametrize("form", list(Form))
def test_a_model_that_knows_no_format_still_gives_every_line_its_translation(pair: tuple[Any, Any], form: Form) -> None:
    scene = zh_en("过来", "他(笑)：\n“好的”", "\U0001f600", "", "  \n", "x(y)", "x")
    found = answer_scene(*pair, scene, form, SHORT)
    assert len(found.lines) == len(found.faults) == len(found.is_cut) == len(found.missed_terms) == 7
    assert found.lines[3] == found.lines[4] == ""
    assert found.faults[3] is None
    assert (found.faults[0] is None) == (form is Form.TAGGED)


def test_an_empty_scene_is_answered_with_nothing(pair: tuple[Any, Any]) -> None:
    nothing = SceneAnswer((), (), (), (), (), 0)
    assert answer_scene(*pair, zh_en(), Form.COMPACT) == nothing
    assert answer_scenes(*pair, [], Form.COMPACT) == []
    assert answer_scene(*pair, zh_en("", " "), Form.TAGGED).lines == ("", "")


def test_a_long_scene_is_answered_window_by_window_with_its_lead_in_given(pair: tuple[Any, Any], says: Any) -> None:
    lines = ("过来", "你好", "是的", "不是", "谢谢")
    texts = ("Come!", "Hi.", "Yes.", "No.", "Thanks.")
    asked = says(answer(lines[:3], texts[:3]), answer(lines[3:], texts[3:]))
    found = answer_scene(*pair, zh_en(*lines), Form.COMPACT, replace(SHORT, max_lines=3, overlap_lines=1))
    assert found.lines == texts
    assert found.n_windows == 2
    assert [pair[1].decode(layout.prompt) for layout in asked] == ["<zh>过来\n你好\n是的\n<en>", "<zh>是的\n不是\n谢谢\n<en>"]


def test_scenes_of_different_length_are_answered_together_as_alone(pair: tuple[Any, Any]) -> None:
    scenes = [zh_en("过来", "你好", "是的"), zh_en("谢谢")]
    settings = replace(SHORT, max_lines=2, overlap_lines=1)
    assert answer_scenes(*pair, scenes, Form.TAGGED, settings) == [answer_scene(*pair, scene, Form.TAGGED, settings) for scene in scenes]


def test_a_line_of_2000_characters_is_translated_in_pieces_and_the_others_stay(pair: tuple[Any, Any], says: Any) -> None:
    asked = says()
    long = "我不知道你在哪里，" * 222 + "好"
    settings = replace(SHORT, is_free=False, max_piece_tokens=50, max_tokens=300)
    found = answer_scene(*pair, zh_en("过来", long, "你好"), Form.COMPACT, settings)
    assert (found.lines[0], found.lines[2][:4]) == ("anew 0", "anew")
    assert found.lines[1].count("anew") > 20
    assert found.n_windows == len(asked) > 5
    assert found.faults == (None, None, None)
    assert all(len(layout.trunk([(9,) * 30] * len(layout))) <= 300 for layout in asked)


def test_no_window_asks_more_than_it_may(pair: tuple[Any, Any], says: Any) -> None:
    asked = says(*[""] * 60)
    found = answer_scene(*pair, zh_en(*["我不知道你在哪里"] * 60), Form.COMPACT, replace(SHORT, max_tokens=400))
    assert found.n_windows == len(asked) > 2
    assert found.faults == (Fault.MISSING,) * 60
    assert all(len(layout.trunk([(9,) * 12] * len(layout))) <= 400 for layout in asked)


def test_terms_that_occur_stand_in_the_prompt_and_their_loss_is_told(pair: tuple[Any, Any], says: Any) -> None:
    asked = says("韩来了(He is here.)\n你好 韩(Hi Han.)\n")
    terms = (("韩", "Han"), ("约克", "York"))
    found = answer_scene(*pair, zh_en("韩来了", "你好 韩", terms=terms), Form.COMPACT, SHORT)
    assert found.missed_terms == ((("韩", "Han"),), ())
    assert pair[1].decode(asked[0].prompt) == "<zh>韩\n韩来了\n你好 韩\n<en>韩(Han)\n"
    with pytest.raises(ValueError, match="empty side"):
        answer_scene(*pair, zh_en("过来", terms=(("x", ""),)), Form.COMPACT)


def test_a_language_the_tokenizer_lacks_is_refused_by_name(pair: tuple[Any, Any]) -> None:
    with pytest.raises(NoSuchTag, match="“th”"):
        answer_scene(*pair, Scene("zh", "th", ("过来",)), Form.TAGGED)

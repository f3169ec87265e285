"""Scenes through a real, tiny language model of random weights: every line is answered, in any order of scenes, and repeats itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from studio.domain.errors import EngineUnavailable
from studio.engines.scene_asks import TOO_LONG, LineCandidates, SceneAsk, SceneDraw
from studio.engines.scene_lm import SceneLm, SceneSource, bundled_adapted_lm
from tests.tiny_models import CHAT_TEMPLATE, LINES, make_language_model

FIRST = SceneAsk("zh", "en", tuple(source for source, _ in LINES[:4]))
SECOND = SceneAsk("zh", "en", tuple(source for source, _ in LINES[4:7]))
DRAW = SceneDraw(5, 1.0, 1.0, 7)
JUDGED = SceneDraw(5, 1.0, 1.0, 7, 0.4, has_round_trip=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_language_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def model(folder: Path) -> SceneLm:
    return SceneLm(SceneSource("tiny", str(folder), languages=("zh", "en"), threads=1))


def first_always(lines: Sequence[LineCandidates]) -> list[int]:
    return [0 for _ in lines]


def test_every_line_has_a_translation_and_a_fault_or_none(model: SceneLm) -> None:
    answers = list(model.answer([FIRST, SECOND]))
    assert [len(answer.translations) for answer in answers] == [4, 3]
    assert [len(answer.faults) for answer in answers] == [4, 3]
    for answer in answers:
        assert answer.is_compliant is False  # random weights keep to no format
        assert any(answer.faults)
        assert all("\n" not in text for text in answer.translations)


def test_a_scene_is_answered_alike_alone_and_beside_others(model: SceneLm) -> None:
    together = list(model.answer([FIRST, SECOND]))
    assert list(model.answer([SECOND]))[0] == together[1]


def test_candidates_are_distinct_texts_with_their_likelihood_and_do_not_depend_on_neighbours(model: SceneLm) -> None:
    both = model.sample([FIRST, SECOND], DRAW, first_always)
    assert [len(scene) for scene in both] == [4, 3]
    for line in (line for scene in both for line in scene):
        assert len({one.text for one in line}) == len(line) <= DRAW.count
        assert all(one.score < 0 and one.text for one in line)
    alone = [one for line in model.sample([SECOND], DRAW, first_always)[0] for one in line]
    beside = [one for line in both[1] for one in line]
    assert [one.text for one in alone] == [one.text for one in beside]
    assert [one.score for one in alone] == pytest.approx([one.score for one in beside], abs=1e-5)
    other = model.sample([FIRST], SceneDraw(5, 1.0, 1.0, 8), first_always)[0]
    assert [[one.text for one in line] for line in other] != [[one.text for one in line] for line in both[0]]


def test_each_judge_sets_its_worst_aside_and_draws_stay_the_same(model: SceneLm) -> None:
    plain, filtered = model.sample([FIRST], DRAW, first_always)[0], model.sample([FIRST], JUDGED, first_always)[0]
    assert [[one.text for one in line] for line in plain] == [[one.text for one in line] for line in filtered]
    assert all(one.is_kept for line in plain for one in line)
    assert all(any(one.is_kept for one in line) for line in filtered if line)
    assert not all(one.is_kept for line in filtered for one in line)
    assert model.judges(JUDGED, "zh") == ("likelihood", "round trip")
    assert model.judges(JUDGED, "th") == ("likelihood",)


def test_the_choice_stands_in_the_context_of_the_next_line(model: SceneLm) -> None:
    taken: list[LineCandidates] = []

    def last(lines: Sequence[LineCandidates]) -> list[int]:
        taken.extend(lines)
        return [len(line.candidates) - 1 for line in lines]

    other = model.sample([FIRST], DRAW, last)[0]
    same = model.sample([FIRST], DRAW, first_always)[0]
    texts = [[[one.text for one in line] for line in scene] for scene in (other, same)]
    assert texts[0][0] == texts[1][0]
    assert texts[0][1:] != texts[1][1:]
    assert all(line.candidates for line in taken)  # a line without candidates is not put to the choice


def test_a_language_without_a_tag_is_said(model: SceneLm) -> None:
    with pytest.raises(EngineUnavailable, match="no tag for the language “th”"):
        list(model.answer([SceneAsk("zh", "th", ("过来",))]))


def test_a_line_beyond_the_models_room_is_said_and_its_neighbours_are_answered(model: SceneLm) -> None:
    answer = next(model.answer([SceneAsk("zh", "en", ("过来", "长" * 180, "谢谢你"))]))
    assert answer.faults[1] == TOO_LONG
    assert any("pieces" in note for note in answer.notes)
    assert answer.faults[0] != TOO_LONG
    assert answer.faults[2] != TOO_LONG
    assert any("parts" in note for note in answer.notes)
    drawn = model.sample([SceneAsk("zh", "en", ("过来", "长" * 180, "谢谢你"))], DRAW, first_always)[0]
    assert len(drawn) == 3
    assert drawn[1] == ()


def test_a_long_scene_is_asked_in_parts_and_keeps_its_lines_in_order(model: SceneLm) -> None:
    lines = tuple(f"{source}{number}" for number in range(6) for source, _ in LINES)
    answer = next(model.answer([SceneAsk("zh", "en", lines)]))
    assert len(answer.translations) == len(answer.faults) == 60
    seen: list[int] = []

    def note(drawn: Sequence[LineCandidates]) -> list[int]:
        seen.extend(line.line_index for line in drawn)
        return first_always(drawn)

    found = model.sample([SceneAsk("zh", "en", lines)], SceneDraw(2, 1.0, 1.0, 0), note)[0]
    assert len(found) == 60
    assert set(seen) == {place for place, candidates in enumerate(found) if candidates}


def test_brackets_line_breaks_and_emoji_in_a_source_cost_no_line(model: SceneLm) -> None:
    answer = next(model.answer([SceneAsk("zh", "en", ("过来(快)", "第一行\n第二行", "😀 hello ไทย", "<zh>谢谢<en>"))]))
    assert len(answer.translations) == 4


def test_a_chat_model_is_told_the_time_of_every_line_in_words(tmp_path: Path) -> None:
    chat = SceneLm(SceneSource("chat", str(make_chat(tmp_path)), threads=1))
    assert chat.follows_instructions
    assert chat.judges(SceneDraw(5, 1.0, 1.0, 7, 0.2, has_round_trip=True), "zh") == ("likelihood",)
    assert len(next(chat.answer([SceneAsk("zh", "en", ("过来",), (), (0.6,))])).translations) == 1


def make_chat(folder: Path) -> Path:
    """The tiny model under a tokenizer without language tags."""
    import tests.tiny_models as tiny

    patch = pytest.MonkeyPatch()
    patch.setattr(tiny, "SPECIAL", ("<pad>", "<eos>"))
    try:
        return make_language_model(folder, chat_template=CHAT_TEMPLATE)
    finally:
        patch.undo()


def test_what_is_measured_can_be_named_again(model: SceneLm, folder: Path) -> None:
    assert model.facts["model"] == str(folder)
    assert len(model.facts["weights"]) == 64
    assert (model.facts["adapter"], model.facts["adapter_weights"]) == (None, None)
    assert model.version == SceneLm(model.source).version


def test_absent_weights_and_an_absent_adapter_are_said(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(EngineUnavailable):
        SceneLm(SceneSource("gone", str(tmp_path / "nothing"))).load()
    (tmp_path / "adapter").mkdir()
    with pytest.raises(EngineUnavailable, match="adapter_model.safetensors"):
        SceneLm(SceneSource("gone", str(folder), str(tmp_path / "adapter"))).load()


def test_a_model_that_memory_cannot_hold_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from models import checkpoint

    def full(*_args: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(checkpoint, "open_language_model", full)
    with pytest.raises(EngineUnavailable, match="memory of cpu does not suffice to open it"):
        SceneLm(SceneSource("tiny", str(folder))).load()


def test_an_adapter_nobody_bundled_is_said_with_what_to_do() -> None:
    with pytest.raises(EngineUnavailable, match="no tkld adapter of translation-small is bundled; name a folder"):
        bundled_adapted_lm("tkld")

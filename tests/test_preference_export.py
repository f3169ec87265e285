"""Choices as scenes to train on: grouped with their neighbours, read by the trainer's own reader, nothing said twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from models.checkpoint import LanguageModelPlace, open_language_model
from models.recipes.translation_sspo import main as train
from models.translation.records import SceneRecord, read_records
from studio.domain.errors import BadSetting
from studio.domain.project import JobKind, Project
from studio.engines.scene_prompts import FORMS
from studio.preference_export import SCENE_LINES
from studio.service import LineEdit, Studio
from tests.studio_fixtures import fake_studio, finish
from tests.tiny_models import make_language_model


@pytest.fixture
def studio(home: Path) -> Iterator[Studio]:
    studio = fake_studio(home)
    yield studio
    studio.close()


def show(studio: Studio, n_lines: int = 60) -> Project:
    """A project of `n_lines` machine-translated lines that keeps choices; line 7 has no words."""
    cues = (f"{number}\n00:{number // 60:02d}:{number % 60:02d},000 --> 00:{number // 60:02d}:{number % 60:02d},800\nline {number}\n" for number in range(1, n_lines + 1))
    project = studio.create_project("Show", "en", "de")
    studio.import_script(project.id, "\n".join(cues).encode(), "show.srt")
    project = studio.set_learning(project.id, True)
    finish(studio, studio.submit(project.id, JobKind.TRANSLATE))
    if n_lines >= 7:
        studio.revise_line(project.id, studio.rows(project.id)[6].line.id, LineEdit(target_text=""))
    return project


def decide(studio: Studio, project: Project, number: int, text: str) -> str:
    line_id = studio._shop.lines.cast(project.id).lines[number - 1].id
    studio.revise_line(project.id, line_id, LineEdit(target_text=text))
    return line_id


def records(studio: Studio, project: Project, tmp_path: Path, form: str | None = None) -> list[SceneRecord]:
    """The export as the trainer reads it."""
    path = tmp_path / "records.jsonl"
    path.write_text(studio.lessons(project.id, form).text(), encoding="utf-8")
    return list(read_records(path))


def decided(scene: SceneRecord) -> list[tuple[str, str]]:
    return [(line.src, line.chosen) for line in scene.sampling_records if not line.same_flag]


@pytest.mark.parametrize("form", FORMS)
def test_the_trainer_reads_what_the_desk_writes_in_every_form(studio: Studio, tmp_path: Path, form: str) -> None:
    project = show(studio, 6)
    studio.set_terms(project.id, [("line 5", "Zeile fünf"), ("elsewhere", "anderswo")])
    decide(studio, project, 3, "Zeile drei")
    decide(studio, project, 5, "Zeile fünf!")
    (scene,) = records(studio, project, tmp_path, form)
    assert (scene.form, scene.num, scene.terms) == (form, 5, (("line 5", "Zeile fünf"),))
    assert [line.src for line in scene.sampling_records] == [f"line {number}" for number in range(1, 6)]
    assert decided(scene) == [("line 3", "Zeile drei"), ("line 5", "Zeile fünf!")]
    third = scene.sampling_records[2]
    assert (third.src_lang, third.tar_lang) == (("English", "German") if form == "instruction" else ("en", "de"))
    assert (third.rejected, third.who, third.src_duration) == ("line.de 3.de", "local", 0.8)
    assert third.tar_duration[third.chosen_index] == pytest.approx(9 * 0.06)
    assert third.temp_prompt.startswith(scene.src_prompt)
    assert scene.sampling_records[3].temp_prompt.startswith(third.temp_prompt + "Zeile drei")
    assert "Zeile drei" in scene.single["accept"]
    assert "Zeile drei" not in scene.single["reject"]


def test_prompts_are_those_a_sampled_record_has(studio: Studio, tmp_path: Path) -> None:
    project = show(studio, 2)
    studio.set_terms(project.id, [("line", "Zeile")])
    decide(studio, project, 2, "Zeile zwei")
    (compact,) = records(studio, project, tmp_path, "compact")
    assert compact.src_prompt == "<en>line\nline 1\nline 2\n<de>line(Zeile)\n"
    assert compact.sampling_records[1].temp_prompt == compact.src_prompt + "line 1(line.de 1.de)\nline 2("
    (tagged,) = records(studio, project, tmp_path, "tagged")
    assert tagged.sampling_records[1].temp_prompt == "<en>line<de>Zeile\n<en>line 1<de>line.de 1.de\n<en>line 2<de>"
    with pytest.raises(BadSetting, match="no form"):
        studio.lessons(project.id, "prose")


def test_neighbours_share_a_scene_and_far_lines_do_not_and_each_decision_teaches_once(studio: Studio, tmp_path: Path) -> None:
    project = show(studio)
    for number in (2, 4, 8, 30, *range(40, 61)):
        decide(studio, project, number, f"Zeile {number}")
    scenes = records(studio, project, tmp_path)
    found = [int(source.split()[1]) for scene in scenes for source, _ in decided(scene)]
    assert found == [2, 4, 8, 30, *range(40, 61)]
    assert all(scene.num <= SCENE_LINES for scene in scenes)
    assert len({scene.scene_id for scene in scenes}) == len(scenes)
    assert [line.src for line in scenes[0].sampling_records] == [f"line {number}" for number in (1, 2, 3, 4, 5, 6, 8)], "no words, no context"
    assert [line.src for line in scenes[1].sampling_records] == [f"line {number}" for number in range(26, 31)]


def test_a_long_run_of_decisions_is_cut_into_scenes_with_context(studio: Studio, tmp_path: Path) -> None:
    project = show(studio)
    for number in range(8, 60):
        decide(studio, project, number, f"Zeile {number}")
    first, second = records(studio, project, tmp_path)
    assert first.num == SCENE_LINES
    assert not set(decided(first)) & set(decided(second))
    assert [line.same_flag for line in second.sampling_records[:5]] == [True] * 4 + [False]
    assert second.sampling_records[0].chosen.startswith("Zeile"), "the editor's words are the context"
    assert len(decided(first)) + len(decided(second)) == 52


def test_a_line_decided_twice_stands_in_two_scenes_of_one_block(studio: Studio, tmp_path: Path) -> None:
    project = show(studio, 3)
    line_id = decide(studio, project, 2, "Zeile zwei")
    studio._shop.lines.edit(project.id, line_id, lambda line: replace(line, target_text="line.de"), by="the machine")
    decide(studio, project, 2, "Zwei")
    newest, older = records(studio, project, tmp_path)
    assert [decided(scene) for scene in (newest, older)] == [[("line 2", "Zwei")], [("line 2", "Zeile zwei")]]
    assert newest.scene_id.rsplit(":", 1)[0] == older.scene_id.rsplit(":", 1)[0]


def test_choices_outlive_their_line_and_their_language_with_the_lines_that_stood_before(studio: Studio, tmp_path: Path) -> None:
    project = show(studio, 3)
    gone = decide(studio, project, 2, "Zeile zwei")
    decide(studio, project, 3, "Zeile drei")
    studio.delete_lines(project.id, [gone])
    alone = records(studio, project, tmp_path)
    assert [decided(scene) for scene in alone] == [[("line 3", "Zeile drei")], [("line 2", "Zeile zwei")]]
    assert [line.src for line in alone[1].sampling_records] == ["line 1", "line 2"]
    studio.set_languages(project.id, "en", "fr")
    scenes = records(studio, project, tmp_path)
    assert sorted(decided(scene)[0] for scene in scenes) == [("line 2", "Zeile zwei"), ("line 3", "Zeile drei")]
    assert {line.tar_lang for scene in scenes for line in scene.sampling_records} == {"de"}


def test_what_teaches_nothing_is_not_exported(studio: Studio, tmp_path: Path) -> None:
    project = show(studio, 2)
    decide(studio, project, 1, "")
    assert records(studio, project, tmp_path) == []
    assert studio.preference_count(project.id) == 0


def test_brackets_and_line_breaks_in_a_line_stay_inside_it(studio: Studio, tmp_path: Path) -> None:
    project = studio.create_project("Odd", "en", "de")
    studio.set_learning(project.id, True)
    studio.import_script(project.id, "1\n00:00:01,000 --> 00:00:02,000\nwell (yes)\nno 🎬\n".encode(), "odd.srt")
    finish(studio, studio.submit(project.id, JobKind.TRANSLATE))
    decide(studio, project, 1, "nun (ja)\nnein 🎬")
    (scene,) = records(studio, project, tmp_path)
    assert decided(scene) == [("well (yes) no 🎬", "nun (ja) nein 🎬")]


def test_a_show_gets_an_adapter_of_its_own_with_one_command_that_prefers_what_its_editor_did(studio: Studio, tmp_path: Path) -> None:
    project = studio.create_project("Show", "zh", "en")
    studio.set_learning(project.id, True)
    studio.import_script(project.id, "1\n00:00:01,000 --> 00:00:02,000\n你 好\n\n2\n00:00:03,000 --> 00:00:04,000\n过 来\n".encode(), "show.srt")
    finish(studio, studio.submit(project.id, JobKind.TRANSLATE))
    decide(studio, project, 1, "Hello")
    decide(studio, project, 2, "Come here")
    (scene,) = records(studio, project, tmp_path, "tagged")
    model, out = make_language_model(tmp_path / "tiny"), tmp_path / "run"
    words = ["--records", tmp_path / "records.jsonl", "--model", model, "--out", out, "--epochs", "3", "--rate", "0.01", "--no-answers"]
    train(list(map(str, words)))
    assert margin(scene, model, str(out / "adapter")) > margin(scene, model, None) + 1


def margin(scene: SceneRecord, model_folder: Path, adapter: str | None) -> float:
    """How much likelier (nats) a model finds the editor's words than the machine's, over the scene."""
    model, tokenizer = open_language_model(LanguageModelPlace(str(model_folder), adapter), "cpu")

    def log_likelihood(prompt: str, words: str) -> float:
        before, after = (tokenizer(text, add_special_tokens=False).input_ids for text in (prompt, words))
        with torch.inference_mode():
            log_p = model(input_ids=torch.tensor([before + after])).logits[0].log_softmax(-1)
        return sum(float(log_p[len(before) - 1 + place, token]) for place, token in enumerate(after))

    return sum(log_likelihood(line.temp_prompt, line.chosen) - log_likelihood(line.temp_prompt, line.rejected) for line in scene.sampling_records)

"""What --system may say, and what it means."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.domain.errors import BadSetting
from studio.evaluation.naming import ADAPTED, BEST_OF_K, GREEDY, RACK, SCENE, NamedSystem, named_systems


def test_our_own_systems_have_names_and_all_means_every_one() -> None:
    assert named_systems(["sft"]) == [NamedSystem("sft", SCENE)]
    assert [system.name for system in named_systems(["all"])] == ["sft", "best-of-k", "prompt-only", "sspo", "sspo-best-of-k"]
    assert [system.kind for system in named_systems(["sspo", "best-of-k"])] == [ADAPTED, SCENE]


def test_any_other_word_is_a_translator_of_the_rack_with_or_without_re_ranking() -> None:
    assert named_systems(["lipline-small", "lm:best-of-k"]) == [
        NamedSystem("lipline-small", RACK, GREEDY, "lipline-small"), NamedSystem("lm:best-of-k", RACK, BEST_OF_K, "lm"),
    ]  # fmt: skip


def test_a_model_and_its_adapter_are_named_by_place() -> None:
    assert named_systems(["tkld=Qwen/Base+runs.tkld"]) == [NamedSystem("tkld", SCENE, GREEDY, "Qwen/Base", "runs.tkld")]
    assert named_systems(["dpo:best-of-k=+adapters.dpo"]) == [NamedSystem("dpo:best-of-k", SCENE, BEST_OF_K, "", "adapters.dpo")]
    assert named_systems(["full=Some/Model"]) == [NamedSystem("full", SCENE, GREEDY, "Some/Model")]


def test_a_folder_that_holds_only_an_adapter_goes_over_the_bundled_model(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{}")
    assert named_systems([f"tkld={tmp_path}"]) == [NamedSystem("tkld", SCENE, GREEDY, "", str(tmp_path))]
    (tmp_path / "config.json").write_text("{}")
    assert named_systems([f"tkld={tmp_path}"])[0].model == str(tmp_path)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["sft", "sft"], "sft more than once"),
        (["all", "sspo"], "sspo more than once"),
        (["lm:beam"], "“beam” in --system lm:beam is no way to decode"),
        (["=folder"], "no NAME"),
        (["x=./nowhere/at/all"], "no folder ./nowhere/at/all"),
    ],
)
def test_what_cannot_be_meant_is_said(words: list[str], sentence: str) -> None:
    with pytest.raises(BadSetting, match=sentence):
        named_systems(words)

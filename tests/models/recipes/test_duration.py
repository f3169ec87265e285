"""The real recipe over made-up lines: it runs, it resumes, what it writes loads, and its path to the scorer has a true gradient."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from models.checkpoint import BadWeights, read_tensors
from models.duration.weights import load_phone_durations
from models.recipes.duration import main
from models.recipes.duration_smoke import made_up_lines, made_up_scorer
from models.recipes.duration_lines import write_lines

SMALL = ["--base-steps", "4", "--steps", "4", "--batch", "3", "--evaluate-every", "2", "--save-every", "3", "--hidden", "16"]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("inputs")
    made_up_scorer(folder / "scorer", 0)
    write_lines(folder / "lines.npz", made_up_lines(folder / "features", 0))
    return ["--lines", str(folder / "lines.npz"), "--features", str(folder / "features"), "--scorer", str(folder / "scorer")]


@pytest.fixture(scope="module")
def trained(inputs: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run")
    main([*inputs, "--out", str(out), *SMALL])
    return out


def test_the_smoke_run_trains_all_stages_and_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--smoke"])
    said = capsys.readouterr().out
    assert "with lip synchrony" in said and '"stage": "with-sync"' in said


@pytest.mark.parametrize("stops", [("2",), ("6",), ("3", "10")])
def test_a_resumed_run_is_the_run_that_was_never_stopped(inputs: list[str], trained: Path, tmp_path: Path, stops: tuple[str, ...]) -> None:
    for stop in stops:
        main([*inputs, "--out", str(tmp_path), *SMALL, "--until-step", stop])
    main([*inputs, "--out", str(tmp_path), *SMALL])
    for stage in ("base", "without-sync", "with-sync"):
        whole, resumed = (read_tensors(folder / stage / "model.safetensors") for folder in (trained, tmp_path))
        assert all(torch.equal(whole[name], resumed[name]) for name in whole), stage


def test_both_predictors_go_on_from_the_same_base_and_only_one_has_lips(trained: Path) -> None:
    without, with_sync = load_phone_durations(trained / "without-sync"), load_phone_durations(trained / "with-sync")
    assert not any(name.startswith("lip.") for name in without.state_dict())
    extra = set(with_sync.state_dict()) - set(without.state_dict())
    assert extra and all(name.startswith("lip.") for name in extra)


def test_other_options_in_the_folder_of_a_run_are_refused_with_a_sentence(inputs: list[str], trained: Path) -> None:
    with pytest.raises(SystemExit, match="holds a run with another steps"):
        main([*inputs, "--out", str(trained), *SMALL, "--steps", "5"])


def test_the_evaluation_writes_the_table_it_prints(inputs: list[str], trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([*inputs, "--out", str(trained), "--evaluate", "--fold", "test", "--json", str(tmp_path / "table.json")])
    rows = json.loads((tmp_path / "table.json").read_text(encoding="utf-8"))["rows"]
    systems = {row["system"] for row in rows}
    assert {"without lip synchrony", "with lip synchrony", "optimal", "the person's timing"} <= systems
    best = {row["lines"]: row["distance"] for row in rows if row["system"] == "optimal"}
    assert len(best) == 2 and all(0 < value < 2 for value in best.values())
    assert "| LSE-D |" in capsys.readouterr().out


@pytest.mark.parametrize("flags", [["--upsampling", "straight"], ["--without-lips"], ["--target", "natural"]])
def test_every_form_of_the_lip_training_runs(inputs: list[str], tmp_path: Path, flags: list[str]) -> None:
    main([*inputs, "--out", str(tmp_path), *SMALL, *flags])
    assert load_phone_durations(tmp_path / "with-sync").config.has_lips == ("--without-lips" not in flags)


def test_weights_of_another_shape_are_refused_with_a_sentence(trained: Path, tmp_path: Path) -> None:
    config = json.loads((trained / "base" / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "config.json").write_text(json.dumps(config | {"hidden": 24}), encoding="utf-8")
    (tmp_path / "model.safetensors").write_bytes((trained / "base" / "model.safetensors").read_bytes())
    with pytest.raises(BadWeights, match="does not fit the net"):
        load_phone_durations(tmp_path)
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(BadWeights, match="holds no duration predictor"):
        load_phone_durations(tmp_path)


def test_the_path_from_durations_to_the_scorer_has_the_numeric_gradient(tmp_path: Path) -> None:
    from models.duration.losses import sync_loss
    from models.recipes.duration_batches import batch_of, rendered
    from models.recipes.duration_scenery import heard, look_at
    from models.sync.lip_scorer import load_lip_scorer

    made_up_scorer(tmp_path / "scorer", 1)
    scorer = load_lip_scorer(tmp_path / "scorer")
    lines = [line for line in made_up_lines(tmp_path / "features", 1) if line.facts.clip][:1]
    seen = look_at(lines, tmp_path / "features", scorer, tmp_path / "lips.npz")
    batch, scorer = batch_of(seen, load_config(lines)), scorer.double()
    from dataclasses import replace

    batch = replace(batch, frames=batch.frames.double(), tone=batch.tone.double(), view=replace(batch.view, lips=batch.view.lips.double()))

    def loss(durations: torch.Tensor) -> torch.Tensor:
        sound = heard(scorer, rendered(batch, durations), batch.tone)
        return sync_loss(sound, batch.view.lips, torch.ones(sound.shape[:2]))

    start = (batch.target.double() + 0.3).requires_grad_()
    assert torch.autograd.gradcheck(loss, (start,), rtol=1e-3, atol=1e-7)
    assert torch.autograd.grad(loss(start), start)[0].abs().max() > 1e-7


def load_config(lines: list) -> object:
    from models.duration.predictor import PhoneDurationConfig
    from models.recipes.duration_batches import characters_of

    return PhoneDurationConfig(*characters_of(lines))


def test_exact_rendering_at_the_voices_own_lengths_is_the_take_itself(tmp_path: Path) -> None:
    from dataclasses import replace

    from models.recipes.duration_batches import rendered_exactly
    from models.recipes.duration_scenery import look_at
    from models.sync.lip_scorer import load_lip_scorer

    made_up_scorer(tmp_path / "scorer", 1)
    line = next(line for line in made_up_lines(tmp_path / "features", 1) if line.facts.clip)
    natural = line.natural.astype(np.int64)
    natural[-1] += line.slot_units - natural.sum()
    seen = look_at([line], tmp_path / "features", load_lip_scorer(tmp_path / "scorer"), tmp_path / "lips.npz")[0]
    made = rendered_exactly(replace(seen), natural)[0]
    own = seen.frames[np.repeat(line.natural > 0, line.parts)]
    assert torch.allclose(made[: len(own)], own)


def test_a_launch_of_several_processes_is_refused_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(SystemExit, match="trains in one process"):
        main(["--smoke"])

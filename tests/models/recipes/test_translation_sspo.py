"""The real script on a tiny model: it learns preferences, resumes to the bit, splits scenes exactly, and says what is wrong in sentences."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from accelerate.state import AcceleratorState

from models.checkpoint import BadWeights, LanguageModelPlace, open_language_model, read_tensors, read_training_state
from models.recipes import sspo_step
from models.recipes.sspo_flags import parse_flags, resolved
from models.recipes.sspo_scenes import StepPlan, document_of, read_split
from models.recipes.sspo_session import keep_reference_scores, open_session
from models.recipes.sspo_step import parts_of, train_step
from models.recipes.translation_sspo import main, rate_at
from models.translation.records import LineRecord, SceneRecord, append_records
from tests.house.tree import ROOT
from tests.tiny_models import LINES, make_language_model

SMALL = ["--rank", "4", "--rate", "0.01", "--epochs", "2", "--scenes-per-step", "2", "--save-every", "2", "--held-out", "0.2", "--no-durations"]
BOLD = [*SMALL, "--compliance-floor", "0"]


def line(index: int, source: str, wordings: tuple[str, str], *, who: str | None = None, is_skipped: bool = False) -> LineRecord:
    return LineRecord(index, "", source, "zh", wordings, "en", wordings[0], 0, wordings[1], 1, 1.0, (1.0, 2.0), is_skipped, who, who and "2026-01-01")


def scene(name: str, lines: list[LineRecord], form: str = "tagged") -> SceneRecord:
    return SceneRecord(name, "", tuple(lines), len(lines), {"accept": "a", "reject": "b"}, form)


def scenes(count: int = 6, form: str = "tagged") -> list[SceneRecord]:
    """Scenes of three lines, each of a document of its own; short wordings are chosen, long ones rejected."""
    made = []
    for number in range(count):
        picked = [LINES[(number * 3 + index) % len(LINES)] for index in range(3)]
        lines = [line(i, f"{zh}{number}", (en, f"{en} {en}"), is_skipped=i == 2) for i, (zh, en) in enumerate(picked)]
        made.append(scene(f"doc{number}:0", lines, form))
    return made


def write(path: Path, records: list[SceneRecord]) -> Path:
    append_records(path, records)
    return path


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """The tiny model gains nothing from a second thread, and loses much where the machine has other work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def own_accelerator() -> Iterator[None]:
    """accelerate keeps its precision for a whole process; every test is a run of its own."""
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_language_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("data") / "pairs.jsonl", scenes())


@pytest.fixture(scope="module")
def straight(model: Path, records: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("straight")
    main(["--records", str(records), "--model", str(model), "--out", str(out), *BOLD])
    return out


def run_of(model: Path, records: Path, out: Path, *flags: str):
    return resolved(parse_flags("", ["--records", str(records), "--model", str(model), "--out", str(out), *SMALL, *flags]))


def log_of(out: Path, kind: str) -> list[dict]:
    rows = [json.loads(row) for row in (out / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if row["kind"] == kind]


def weights_of(out: Path) -> dict[str, torch.Tensor]:
    return read_tensors(out / "last" / "adapter_model.safetensors")


def assert_same_weights(first: Path, second: Path) -> None:
    one, two = weights_of(first), weights_of(second)
    assert one.keys() == two.keys()
    for name, weight in one.items():
        assert torch.equal(weight, two[name]), name


def test_training_begins_at_log_two_and_learns_what_was_chosen(straight: Path) -> None:
    steps, evaluations = log_of(straight, "step"), log_of(straight, "evaluation")
    assert evaluations[0]["loss"] == pytest.approx(math.log(2), abs=1e-5)
    assert steps[0]["loss"] == pytest.approx(2 * math.log(2), abs=1e-5)  # two lessons a scene, summed
    assert steps[-1]["loss"] < 0.5 * steps[0]["loss"]
    assert steps[-1]["accuracy"] == 1
    assert len(steps) == 6


def test_the_adapter_opens_over_its_base_and_prefers_the_chosen_wording(straight: Path, model: Path) -> None:
    adapted, _ = open_language_model(LanguageModelPlace(str(model), str(straight / "adapter")), "cpu")
    plain, _ = open_language_model(LanguageModelPlace(str(model)), "cpu")
    ids = torch.tensor([[5, 6, 7]])
    assert not torch.equal(adapted(ids).logits, plain(ids).logits)
    assert json.loads((straight / "adapter" / "lipline_base.json").read_text(encoding="utf-8"))["sha256"]


def test_a_run_stopped_and_resumed_ends_with_the_weights_of_one_never_stopped(straight: Path, model: Path, records: Path, tmp_path: Path) -> None:
    flags = ["--records", str(records), "--model", str(model), "--out", str(tmp_path), *BOLD]
    main([*flags, "--until-step", "3"])
    main(flags)
    assert_same_weights(straight, tmp_path)
    assert [row["step"] for row in log_of(tmp_path, "step")] == [1, 2, 3, 4, 5, 6]


def test_a_resumed_full_fine_tune_still_compares_with_the_untrained_weights(model: Path, records: Path, tmp_path: Path) -> None:
    flags = ["--records", str(records), "--model", str(model), *BOLD, "--tune", "full", "--rate", "0.001", "--no-answers"]
    main([*flags, "--out", str(tmp_path / "straight")])
    for until in ("1", "4", "6"):
        main([*flags, "--out", str(tmp_path / "resumed"), "--until-step", until])
    one, two = (read_tensors(tmp_path / name / "last" / "model.safetensors") for name in ("straight", "resumed"))
    assert all(torch.equal(weight, two[name]) for name, weight in one.items())


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_weights(straight: Path, model: Path, records: Path, tmp_path: Path) -> None:
    flags = ["--records", str(records), "--model", str(model), "--out", str(tmp_path), *BOLD]
    child = subprocess.Popen(
        [sys.executable, "-m", "models.recipes.translation_sspo", *flags], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    while child.poll() is None and not (tmp_path / "state.pt").exists():
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert (tmp_path / "state.pt").exists()
    main(flags)
    assert_same_weights(straight, tmp_path)


@pytest.mark.slow
def test_two_processes_make_the_weights_of_one(model: Path, records: Path, tmp_path: Path) -> None:
    flags = ["--records", str(records), "--model", str(model), *BOLD, "--scenes-per-step", "3", "--dropout", "0"]  # 3 + 2 scenes: one process waits
    main([*flags, "--out", str(tmp_path / "one")])
    launch = ["torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m", "models.recipes.translation_sspo"]
    made = subprocess.run(
        [sys.executable, "-m", *launch, *flags, "--out", str(tmp_path / "two")], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    one, two = weights_of(tmp_path / "one"), weights_of(tmp_path / "two")
    for name, weight in one.items():
        assert torch.allclose(weight, two[name], atol=1e-4), name
    assert [row["lines"] for row in log_of(tmp_path / "two", "step")] == [row["lines"] for row in log_of(tmp_path / "one", "step")]


def test_a_stop_file_ends_the_run_with_a_state(model: Path, records: Path, tmp_path: Path) -> None:
    (tmp_path / "stop").touch()
    main(["--records", str(records), "--model", str(model), "--out", str(tmp_path), *BOLD])
    assert read_training_state(tmp_path / "state.pt")["progress"]["step"] == 0
    assert not (tmp_path / "stop").exists()


def test_other_options_do_not_go_on_with_a_run(straight: Path, model: Path, records: Path) -> None:
    with pytest.raises(SystemExit, match=r"holds a run with --beta 0.5, now it is 0.7"):
        main(["--records", str(records), "--model", str(model), "--out", str(straight), *BOLD, "--beta", "0.7"])


def test_other_records_under_the_same_name_do_not_go_on_with_a_run(straight: Path, model: Path, records: Path, tmp_path: Path) -> None:
    other = write(tmp_path / records.name, scenes(5))
    with pytest.raises(SystemExit, match=r"holds a run with --records pairs\.jsonl \(\w{12}\), now it is pairs\.jsonl \(\w{12}\)"):
        main(["--records", str(other), "--model", str(model), "--out", str(straight), *BOLD])


def test_a_damaged_state_is_said_in_a_sentence(model: Path, records: Path, tmp_path: Path) -> None:
    (tmp_path / "state.pt").write_bytes(b"not a state")
    with pytest.raises(SystemExit, match=r"state\.pt is damaged"):
        main(["--records", str(records), "--model", str(model), "--out", str(tmp_path), *BOLD])


@pytest.mark.parametrize(
    "flags",
    [["--method", "dpo"], ["--kl-weight", "0.001"], ["--alpo", "--prefix-mixing"], ["--tune", "full"], ["--tune", "full", "--kl-weight", "0.001"],
     ["--include-terminator", "--per-line"], ["--gradient-checkpointing"], ["--precision", "bf16"]],
    ids=lambda flags: " ".join(flags),
)  # fmt: skip
def test_every_way_of_training_makes_steps_and_weights(flags: list[str], model: Path, records: Path, tmp_path: Path) -> None:
    main(["--records", str(records), "--model", str(model), "--out", str(tmp_path), *BOLD, "--epochs", "1", "--no-answers", *flags])
    rows = log_of(tmp_path, "step")
    assert len(rows) == 3
    assert all(math.isfinite(row["loss"]) and row["gradient_norm"] > 0 for row in rows)
    assert rows[0]["kl"] == pytest.approx(0, abs=1e-3)
    best = tmp_path / ("model/model.safetensors" if "full" in flags else "adapter/adapter_model.safetensors")
    assert best.is_file()


def test_a_merged_model_is_the_base_with_its_adapter(straight: Path, model: Path, tmp_path: Path) -> None:
    main(["--merge", str(tmp_path / "merged"), "--model", str(model), "--out", str(straight)])
    merged, _ = open_language_model(LanguageModelPlace(str(tmp_path / "merged")), "cpu")
    adapted, _ = open_language_model(LanguageModelPlace(str(model), str(straight / "adapter")), "cpu")
    ids = torch.tensor([[5, 6, 7]])
    assert torch.allclose(merged(ids).logits, adapted(ids).logits, atol=1e-5)


def test_a_show_adapter_goes_on_from_another(straight: Path, model: Path, tmp_path: Path) -> None:
    desk = [replace(one, sampling_records=tuple(replace(row, who="mia", when="2026-01-01") for row in one.sampling_records)) for one in scenes(3)]
    out = tmp_path / "show"
    main(["--records", str(write(tmp_path / "desk.jsonl", desk)), "--model", str(model), "--out", str(out), *BOLD, "--start-adapter",
          str(straight / "adapter"), "--rate", "1e-9", "--epochs", "1"])  # fmt: skip
    start = read_tensors(straight / "adapter" / "adapter_model.safetensors")
    for name, weight in weights_of(out).items():
        assert torch.allclose(weight, start[name], atol=1e-6), name


def test_a_model_below_the_floor_is_only_kept_from_getting_worse(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = write(tmp_path / "compact.jsonl", scenes(form="compact"))
    main(["--records", str(pairs), "--model", str(model), "--out", str(tmp_path), *SMALL, "--epochs", "1"])
    assert "Before any training 0.0% of the held-out lines are in the format, below the floor of 98.0%" in capsys.readouterr().out
    progress = read_training_state(tmp_path / "state.pt")["progress"]
    assert (progress["floor"], progress["step"], progress["ended"]) == (0.0, 3, "")


def test_a_run_that_loses_the_format_stops_and_keeps_the_weights_before(model: Path, records: Path, tmp_path: Path, monkeypatch) -> None:
    from models.recipes import sspo_evaluation

    shares = iter([1.0, 1.0, 0.5])
    monkeypatch.setattr(sspo_evaluation, "_fit", lambda *_: {"compliance": next(shares), "penalty": None, "over": None})
    flags = ["--records", str(records), "--model", str(model), "--out", str(tmp_path), *SMALL, "--evaluate-every", "2"]
    main(flags)
    state = read_training_state(tmp_path / "state.pt")["progress"]
    assert (state["step"], state["best_step"]) == (4, 2)
    assert state["ended"].startswith("Stopped at step 4: 50.0% of the held-out lines are in the format")
    assert not torch.equal(
        *(read_tensors(tmp_path / folder / "adapter_model.safetensors")["base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight"]
          for folder in ("adapter", "last"))
    )  # fmt: skip
    main(flags)  # an ended run stays ended
    assert read_training_state(tmp_path / "state.pt")["progress"]["step"] == 4


def test_weights_below_the_floor_are_never_the_best(model: Path, records: Path, tmp_path: Path, monkeypatch) -> None:
    from models.recipes import sspo_evaluation

    shares = iter([1.0, 0.5])
    monkeypatch.setattr(sspo_evaluation, "_fit", lambda *_: {"compliance": next(shares), "penalty": None, "over": None})
    main(["--records", str(records), "--model", str(model), "--out", str(tmp_path), *SMALL, "--evaluate-every", "2"])
    assert not (tmp_path / "adapter").exists()
    assert (tmp_path / "last" / "adapter_model.safetensors").is_file()


def test_records_without_a_preference_are_refused(model: Path, tmp_path: Path) -> None:
    same = write(tmp_path / "same.jsonl", [scene("a:0", [line(0, "过来", ("Come.", "Come.")), line(1, "走", ("Go.", "Leave."), is_skipped=True)])])
    with pytest.raises(SystemExit, match=r"None of the 1 scenes in .*same\.jsonl has a line whose chosen and rejected wordings differ"):
        main(["--records", str(same), "--model", str(model), "--out", str(tmp_path), *BOLD])


def test_records_of_a_model_with_another_form_are_refused(model: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other.jsonl", scenes(form="instruction"))
    with pytest.raises(SystemExit, match="asks in the form “instruction”, but .*tiny answers in tagged or compact"):
        main(["--records", str(other), "--model", str(model), "--out", str(tmp_path), *BOLD])


def test_a_missing_file_and_a_missing_model_are_sentences(model: Path, records: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"translation_sspo: .*nowhere\.jsonl"):
        main(["--records", str(tmp_path / "nowhere.jsonl"), "--model", str(model), "--out", str(tmp_path), *BOLD])
    with pytest.raises(SystemExit, match="There is no model in"):
        main(["--records", str(records), "--model", str(tmp_path / "nothing"), "--out", str(tmp_path), *BOLD])


def test_an_unknown_target_of_the_adapter_is_a_sentence(model: Path, records: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="translation_sspo: .*nonsense"):
        main(["--records", str(records), "--model", str(model), "--out", str(tmp_path), *BOLD, "--targets", "nonsense"])


def test_a_loss_that_is_no_number_stops_the_run(model: Path, records: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"The loss of scene .* at step \d+: the rate 1e\+30 is too high"):
        main(["--records", str(records), "--model", str(model), "--out", str(tmp_path), *BOLD, "--rate", "1e30", "--no-answers"])


def test_passes_of_a_few_lines_make_the_gradient_of_the_whole_scene(model: Path, records: Path, tmp_path: Path) -> None:
    weights = []
    for flags in ([], ["--lines-per-pass", "1"]):
        session = open_session(run_of(model, records, tmp_path, "--dropout", "0", "--kl-weight", "0.01", *flags))
        split = read_split(session.run, session.tokenizer, session.max_tokens)
        plan = StepPlan(len(split.trained), 2, 1, 0)
        reports = [train_step(session, plan, split.trained)]
        weights.append((reports, [weight.clone() for weight in session.objective.parameters() if weight.requires_grad]))
    (whole, first), (parts, second) = weights
    assert whole[0].loss == pytest.approx(parts[0].loss, rel=1e-5)
    assert whole[0].lines == parts[0].lines
    for one, two in zip(first, second, strict=True):
        assert torch.allclose(one, two, atol=1e-6)


def test_parts_teach_every_lesson_once(model: Path, records: Path, tmp_path: Path) -> None:
    session = open_session(run_of(model, records, tmp_path))
    whole = read_split(session.run, session.tokenizer, session.max_tokens).trained[0].scene
    assert parts_of(whole, 0) == [whole]
    assert [part.lessons for part in parts_of(whole, 1)] == [(0,), (1,)]


def test_running_out_of_memory_halves_the_pass_and_goes_on(model: Path, records: Path, tmp_path: Path, monkeypatch, caplog) -> None:
    session = open_session(run_of(model, records, tmp_path))
    split = read_split(session.run, session.tokenizer, session.max_tokens)
    keep_reference_scores(session, list(split.trained))
    real, failures = sspo_step._add_gradient, iter([True])

    def short_of_memory(*given, **named):
        if next(failures, False):
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(*given, **named)

    monkeypatch.setattr(sspo_step, "_add_gradient", short_of_memory)
    report = train_step(session, StepPlan(len(split.trained), 2, 1, 0), split.trained)
    assert session.progress.lines_per_pass == 1
    assert report.lines == 4
    assert "Memory ran out at step 0; a scene is now read in passes of 1 lines" in caplog.text


def test_no_memory_for_a_single_line_ends_the_run_with_advice(model: Path, records: Path, tmp_path: Path, monkeypatch) -> None:
    def short_of_memory(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(sspo_step, "_add_gradient", short_of_memory)
    with pytest.raises(SystemExit, match="a scene cannot be split further; pass --gradient-checkpointing"):
        main(["--records", str(records), "--model", str(model), "--out", str(tmp_path), *BOLD, "--no-answers"])


def test_a_step_plan_shows_every_scene_once_an_epoch_in_an_order_of_the_seed() -> None:
    plan = StepPlan(5, 2, 3, seed=1)
    assert (plan.steps_per_epoch, plan.n_steps) == (3, 9)
    epochs = [[place for step in range(first, first + 3) for place in plan.places(step)] for first in (0, 3, 6)]
    assert all(sorted(epoch) == [0, 1, 2, 3, 4] for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 1
    assert plan.places(4) == StepPlan(5, 2, 3, seed=1).places(4)


def test_the_rate_warms_up_and_falls_to_nearly_nothing(model: Path, records: Path, tmp_path: Path) -> None:
    run = run_of(model, records, tmp_path, "--warmup-share", "0.2")
    rates = [rate_at(run, step, 10) for step in range(10)]
    assert rates[:3] == pytest.approx([0.005, 0.01, 0.01])
    assert all(later < earlier for earlier, later in zip(rates[2:], rates[3:], strict=False))
    assert rates[-1] == pytest.approx(0.01 / 8)


def test_scenes_that_share_lines_with_held_out_ones_are_left_out(model: Path, tmp_path: Path) -> None:
    made = scenes(4)
    overlapping = replace(made[3], scene_id="doc3:1")
    session = open_session(run_of(model, write(tmp_path / "a.jsonl", [*made, overlapping]), tmp_path, "--held-out", "0.2"))
    for seed in range(8):
        session.run.seed = seed
        split = read_split(session.run, session.tokenizer, session.max_tokens)
        held = {document_of(one.record.scene_id) for one in split.held_out}
        assert not held & {document_of(one.record.scene_id) for one in split.trained}
        assert len(split.trained) + len(split.held_out) == (4 if held == {"doc3"} else 5)


def test_a_scene_too_long_for_the_model_loses_its_last_lines_with_a_note(model: Path, records: Path, tmp_path: Path) -> None:
    session = open_session(run_of(model, records, tmp_path))
    whole = read_split(session.run, session.tokenizer, 512)
    longest = max(len(one.scene.layout.trunk([line.chosen for line in one.scene.lines])) for one in whole.trained)
    split = read_split(session.run, session.tokenizer, longest - 1)
    assert any("longer than the model" in note for note in split.notes)
    assert sum(len(one.scene.lines) for one in split.trained) < sum(len(one.scene.lines) for one in whole.trained)


def test_the_calculated_table_knows_the_published_numbers_of_weights(capsys: pytest.CaptureFixture[str]) -> None:
    from models.recipes.sspo_memory import SHAPES

    published = {"Qwen2.5-0.5B": 494_032_768, "Qwen2.5-1.5B": 1_543_714_304, "Qwen2.5-7B": 7_615_616_512, "Qwen2.5-14B": 14_770_033_664}
    assert {name: shape.weight_count for name, shape in SHAPES.items()} == published
    main(["--estimate", "7B"])
    assert capsys.readouterr().out.count("| Qwen2.5-7B |") == 3
    with pytest.raises(SystemExit, match="There is no calculation for “70B”"):
        main(["--estimate", "70B"])


def test_the_calculation_counts_an_adapter_as_peft_does(model: Path, records: Path, tmp_path: Path) -> None:
    from models.recipes.sspo_memory import ModelShape

    session = open_session(run_of(model, records, tmp_path))
    config = session.objective.model.config
    shape = ModelShape(32, 2, 2, 1, 48, config.vocab_size, True)
    assert session.n_trained == shape.adapter_count(4, ("q_proj", "k_proj", "v_proj"))
    assert session.n_weights - session.n_trained == shape.weight_count


def test_a_bundled_adapter_is_no_model_to_train_on() -> None:
    with pytest.raises(BadWeights, match="is an adapter of translation-small"):
        resolved(parse_flags("", ["--records", "pairs.jsonl", "--out", "run", "--model", "translation-small-sspo"]))

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from models.checkpoint import LanguageModelPlace
from models.recipes import sample_work
from models.recipes.sample_scenes import SceneLimits, TableLine, clean_lines, column_names, cut_scenes, read_table, smoke_lines
from models.recipes.sample_tally import Tally
from models.recipes.sample_work import SceneWork
from models.recipes.translation_sample import main
from models.translation.sampling import SamplingOutOfMemory
from models.translation.records import LineRecord, SceneRecord, read_records
from models.translation.selection import SelectionRule, select
from studio.domain.timing import duration_penalty
from tests.tiny_models import LINES, make_language_model

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with a tiny model and a table of three documents of ten lines."""
    folder = tmp_path_factory.mktemp("sample")
    make_language_model(folder / "model")
    rows = [f"film{number}\t{line}\t{line}.5\t{line + 1}.25\t{zh}\t{en}\n" for number in range(3) for line, (zh, en) in enumerate(LINES)]
    (folder / "table.tsv").write_text("".join(rows), encoding="utf-8")
    return folder


def words(place: Path, out: Path, *more: str) -> list[str]:
    table = ["--data", str(place / "table.tsv"), "--columns", "document,line,start_s,end_s,source,target", "--model", str(place / "model")]
    return [*table, "--out", str(out), "--lines-per-scene", "4", "--k", "6", "--max-new-tokens", "8", "--temperature", "1.5", "--scenes-at-once", "2", *more]


@pytest.fixture(scope="module")
def whole(place: Path) -> Path:
    """The records of an uninterrupted run."""
    out = place / "whole.jsonl"
    assert main(words(place, out)) == 0
    return out


def test_records_follow_the_algorithm(place: Path, whole: Path) -> None:
    records = list(read_records(whole))
    assert [record.scene_id for record in records] == [f"film{film}:{line}" for film in range(3) for line in (0, 4, 8)]
    assert [record.num for record in records] == [4, 4, 2] * 3
    n_lessons = 0
    for record in records:
        assert record.form == "compact" and record.src_prompt.startswith("<zh>") and record.src_prompt.endswith("<en>")
        answer = ""
        for line in record.sampling_records:
            assert line.temp_prompt == record.src_prompt + answer + line.src + "("  # its context is the lines before with their chosen words
            answer += f"{line.src}({line.chosen})\n"
            picked = select([duration_penalty(seconds - line.src_duration) for seconds in line.tar_duration], SelectionRule())
            assert (line.chosen_index, line.rejected_index, line.same_flag) == (picked.chosen_index, picked.rejected_index, picked.is_skipped)
            assert len(set(line.tar)) == len(line.tar) <= 6
            n_lessons += not line.same_flag
        assert record.single["accept"] == answer
        assert record.single["reject"] == "".join(f"{line.src}({line.rejected})\n" for line in record.sampling_records)
    assert n_lessons > 0


def test_an_interrupted_run_ends_with_the_same_bytes(place: Path, whole: Path, tmp_path: Path) -> None:
    content = whole.read_bytes()
    rows = content.splitlines(keepends=True)
    out = tmp_path / "pairs.jsonl"
    for kept in (b"".join(rows[:3]), b"".join(rows[:3]) + rows[3][:40]):  # in the middle of a group, and of a row
        out.write_bytes(kept)
        assert main(words(place, out)) == 0
        assert out.read_bytes() == content


@pytest.mark.slow
def test_several_processes_write_what_one_writes(place: Path, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "pairs.jsonl"
    assert main(words(place, out, "--workers", "2")) == 0
    assert out.read_bytes() == whole.read_bytes()


def test_other_options_may_not_go_on_with_a_file(place: Path, whole: Path, capsys) -> None:
    before = whole.read_bytes()
    assert main(words(place, whole, "--seed", "1")) == 2
    assert "begun with other options" in capsys.readouterr().out
    assert whole.read_bytes() == before


def test_timed_durations_are_the_spans_of_the_table(place: Path, tmp_path: Path) -> None:
    out = tmp_path / "pairs.jsonl"
    assert main(words(place, out, "--durations", "timed", "--limit-scenes", "1", "--form", "tagged")) == 0
    (record,) = read_records(out)
    assert {line.src_duration for line in record.sampling_records} == {0.75}
    assert record.form == "tagged" and record.src_prompt == ""


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--columns", "document,source"), "must name document, source, target once"),
        (("--columns", "document,line,source,target", "--durations", "timed"), "needs the columns start_s and end_s"),
        (("--skip-lines", "999"), "gives no scene to sample"),
        (("--to", "xx"), "is not a language the studio knows"),
        (("--overlap", "4"), "the overlap must be shorter"),
        (("--temperature", "0"), "a temperature above 0"),
        (("--drop-share", "1"), "from 0 to below 1"),
        (("--quality", "taste"), "no judge “taste”"),
        (("--comet", "missing"), "unbabel-comet"),
        (("--model", "nowhere/at-all"), "Not sampled:"),
        (("--data", "missing.tsv"), "missing.tsv"),
        (("--adapter", "missing"), "neither a folder here nor an adapter"),
    ],
)  # fmt: skip
def test_a_wrong_wish_is_a_sentence(place: Path, tmp_path: Path, capsys, more: tuple[str, ...], sentence: str) -> None:
    assert main(words(place, tmp_path / "pairs.jsonl", *more)) == 2
    assert sentence in capsys.readouterr().out
    assert not (tmp_path / "pairs.jsonl").exists()


@pytest.mark.parametrize("row", ["only\tthree\tcells", "film\t0\tsoon\t1.0\t过来\tCome!", "film\t0\t2.0\t1.0\t过来\tCome!"])
def test_a_bad_row_is_named_by_its_number(tmp_path: Path, row: str) -> None:
    path = tmp_path / "table.tsv"
    path.write_text(f"film\t0\t1.0\t2.0\t过来\tCome!\n{row}\n", encoding="utf-8")
    lines = read_table(path, column_names("document,line,start_s,end_s,source,target"))
    assert next(lines) == TableLine("film", "0", "过来", "Come!", 1.0)
    with pytest.raises(ValueError, match="row 2"):
        next(lines)


@pytest.mark.parametrize(("name", "content"), [("table.tsv.xz", b"no archive"), ("table.tsv", b"film\t0\t\xff\xfe\tCome!\n")])
def test_a_damaged_table_is_a_sentence(place: Path, tmp_path: Path, capsys, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert main(words(place, tmp_path / "pairs.jsonl", "--data", str(tmp_path / name), "--columns", "document,line,source,target")) == 2
    assert f"Not sampled: {name} is no UTF-8 table" in capsys.readouterr().out


def test_a_judge_that_runs_out_of_memory_gets_fewer_scenes_at_once(place: Path, whole: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    real, failed = SceneWork._choose, []

    def choose(work, lines, books, timer):
        if len(books) > 1:
            failed.append(len(books))
            raise RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes.")
        return real(work, lines, books, timer)

    monkeypatch.setattr(SceneWork, "_choose", choose)
    out = tmp_path / "pairs.jsonl"
    assert main(words(place, out, "--limit-scenes", "2")) == 0
    assert failed == [2] and "Memory ran out with 2 scenes at once; going on with 1." in capsys.readouterr().out
    assert [record.scene_id for record in read_records(out)] == [record.scene_id for record in read_records(whole)][:2]


def test_columns_may_be_passed_over_and_empty_rows_are() -> None:
    assert column_names("-, document,source ,target") == ("-", "document", "source", "target")
    with pytest.raises(ValueError, match="start_s with end_s"):
        column_names("document,source,target,start_s")


def test_rows_without_words_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "table.tsv"
    path.write_text("film\t \tCome!\nfilm\t过来\t\nfilm\t过  来\tCome!\n", encoding="utf-8")
    assert list(read_table(path, column_names("document,source,target"))) == [TableLine("film", "3", "过 来", "Come!")]


def film(count: int, document: str = "film") -> list[TableLine]:
    return [TableLine(document, str(number), "过来", "Come!") for number in range(count)]


def numbers(lines: list[TableLine], limits: SceneLimits, cost: int = 1) -> list[list[int]]:
    return [[int(line.number) for line in scene.lines] for scene in cut_scenes(lines, limits, lambda _: cost)]


def test_scenes_are_cut_by_lines_tokens_and_documents() -> None:
    assert numbers(film(5), SceneLimits(2, 100)) == [[0, 1], [2, 3], [4]]
    assert numbers(film(5), SceneLimits(4, 100, overlap_lines=2)) == [[0, 1, 2, 3], [2, 3, 4]]
    assert numbers(film(4), SceneLimits(35, 20), cost=10) == [[0, 1], [2, 3]]
    assert numbers(film(2), SceneLimits(35, 5), cost=10) == [[0], [1]]
    assert numbers(film(2) + film(2, "other"), SceneLimits(35, 100)) == [[0, 1], [0, 1]]
    assert numbers([], SceneLimits(35, 100)) == []


def test_judges_drop_candidates_before_time_decides(place: Path, whole: Path, tmp_path: Path) -> None:
    counts = []
    for judges in ("none", "likelihood", "likelihood,roundtrip"):
        out = tmp_path / f"{judges}.jsonl"
        assert main(words(place, out, "--quality", judges, "--drop-share", "0.4", "--limit-scenes", "1")) == 0
        (record,) = read_records(out)
        counts.append(len(record.sampling_records[0].tar))  # the first line's draws do not depend on what was chosen before
    assert counts[0] > counts[1] >= counts[2] > 0


def test_the_built_in_lines_are_a_scene_that_training_would_read() -> None:
    assert len(list(clean_lines(smoke_lines(), ("zh", "en")))) == 20


def test_the_tally_counts_lines_and_means() -> None:
    line = LineRecord(0, "", "过来", "zh", ("Come.", "Come here!"), "en", "Come.", 0, "Come here!", 1, 1.0, (1.0, 0.5), True)
    tally = Tally(0.0)
    tally.add([SceneRecord("film:0", "", (line, line), 2, {}, "compact")])
    assert tally.bound == 0.0
    assert tally.sentence(4.0).startswith("1 scenes, 2 lines, 0.50 lines/s, 2.0 candidates per line")
    assert "100.0% without a lesson" in tally.sentence(4.0)


@pytest.mark.slow
@pytest.mark.weights
def test_smoke_needs_nothing_but_the_bundled_model(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "models.recipes.translation_sample", "--smoke", "--k", "6", "--max-new-tokens", "16"]
    run = subprocess.run(argv, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "1 scenes, 20 lines" in run.stdout


def test_the_options_stand_beside_the_pairs(whole: Path) -> None:
    kept = json.loads(whole.with_name("whole.jsonl.options.json").read_text(encoding="utf-8"))
    assert kept["order"]["settings"]["n_draws"] == 6


def test_a_model_that_memory_cannot_hold_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(sample_work, "open_language_model", full)
    order: Any = SimpleNamespace(place=LanguageModelPlace("large"), device="cuda:0")
    with pytest.raises(SamplingOutOfMemory, match="Memory of cuda:0 does not suffice to open large; name a smaller model"):
        sample_work.SceneWork(order)

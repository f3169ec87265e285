from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from models.translation.records import BadRecord, LineRecord, SceneRecord, append_records, kept_scene_ids, read_records

LINE = LineRecord(
    prompt_index=0, temp_prompt="<zh>过来<en>", src="过来", src_lang="zh", tar=("Come here!", "Come.", "Here 😀 (now)\u2028"), tar_lang="en",
    chosen="Come.", chosen_index=1, rejected="Come here!", rejected_index=0, src_duration=0.41, tar_duration=(0.8, 0.4, 0.6), same_flag=False,
)  # fmt: skip
SCENE = SceneRecord("film:0", "过来\n", (LINE, replace(LINE, prompt_index=1, who="ana", when="2026-01-02T03:04:05Z")), 2,
                    {"accept": "过来(Come.)\n", "reject": "过来(Come here!)\n"}, "compact", (("伯特", "Burt"),))  # fmt: skip


def changed(**changes) -> str:
    """The first line of SCENE with these fields changed, as a row; a value of ... takes the field out."""
    plain = json.loads(json.dumps(asdict(SCENE)))
    plain["sampling_records"][0].update(changes)
    plain["sampling_records"][0] = {name: value for name, value in plain["sampling_records"][0].items() if value is not ...}
    return json.dumps(plain)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    append_records(path, [SCENE])
    append_records(path, [replace(SCENE, scene_id="film:35"), replace(SCENE, scene_id="空", sampling_records=(), num=0)])
    assert list(read_records(path)) == [SCENE, replace(SCENE, scene_id="film:35"), replace(SCENE, scene_id="空", sampling_records=(), num=0)]
    assert path.read_bytes().count(b"\n") == 3


def test_a_half_written_last_row_is_dropped_and_its_scene_done_again(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    append_records(path, [SCENE, replace(SCENE, scene_id="film:35")])
    whole = path.read_bytes()
    for cut in (len(whole) - 1, len(whole) // 2 + 9):
        path.write_bytes(whole[:cut])
        assert kept_scene_ids(path) == ("film:0",)
        append_records(path, [replace(SCENE, scene_id="film:35")])
        assert path.read_bytes() == whole
    assert kept_scene_ids(path) == ("film:0", "film:35")


def test_without_a_file_nothing_is_kept(tmp_path: Path) -> None:
    assert kept_scene_ids(tmp_path / "none.jsonl") == ()


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ('{"scene_id": "film:0", "src', "row 2 is not a JSON object"),
        ("\\xff", "row 2 is not a JSON object"),
        ("[" * 100_000, "row 2 is not a JSON object"),
        ("[1, 2]", "row 2 is .* where an object is needed"),
        ("{}", "row 2 lacks the field “scene_id”"),
        (changed(colour="red"), "row 2, sampling_records.0. has the unknown field “colour”"),
        (changed(src=...), "row 2, sampling_records.0. lacks the field “src”"),
        (changed(src=7), "src is 7 where a text is needed"),
        (changed(same_flag=1), "same_flag is 1 where true or false is needed"),
        (changed(chosen_index=True), "chosen_index is True where a whole number is needed"),
        (changed(src_duration=float("nan")), "src_duration is nan where a finite number is needed"),
        (changed(src_duration=-1.0), "no length of time"),
        (changed(tar_duration=[1.0]), "3 candidates but 1 durations"),
        (changed(tar="text"), "tar is text where a list is needed"),
        (changed(chosen_index=9), "chosen is not candidate 9 of its 3"),
        (changed(rejected="Away!"), "rejected is not candidate 0"),
        (changed(rejected_index=-3), "rejected is not candidate -3"),
    ],
)  # fmt: skip
def test_a_hostile_row_is_refused_with_its_number(tmp_path: Path, row: str, sentence: str) -> None:
    path = tmp_path / "pairs.jsonl"
    append_records(path, [SCENE])
    with path.open("ab") as file:
        file.write(b"\xff\xfe\n" if row == "\\xff" else row.encode() + b"\n")
    rows = read_records(path)
    assert next(rows) == SCENE
    with pytest.raises(BadRecord, match=sentence):
        next(rows)


def test_a_wrong_count_of_lines_is_refused_also_when_writing(tmp_path: Path) -> None:
    with pytest.raises(BadRecord, match="num 3 but has 2"):
        append_records(tmp_path / "pairs.jsonl", [replace(SCENE, num=3)])
    assert not (tmp_path / "pairs.jsonl").exists()

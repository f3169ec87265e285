"""Which clips a voice is judged on, and where their words come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.domain.errors import BadSetting
from studio.evaluation.voice import names_in
from studio.evaluation.voice_clips import read_clips


def films(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).write_bytes(b"")
    return folder


def test_words_with_times_make_the_texts_and_silences_are_none(tmp_path: Path) -> None:
    films(tmp_path, "a.mp4", "b.mp4", "notes.pdf")
    (tmp_path / "words.tsv").write_text("clip\tstart_s\tend_s\tword\na\t0\t1\tsil\na\t1\t2\tbin\na\t2\t3\tblue\n", encoding="utf-8")
    assert [(clip.name, clip.text) for clip in read_clips(tmp_path)] == [("a", "bin blue"), ("b", "")]


def test_a_text_beside_a_film_is_its_words(tmp_path: Path) -> None:
    films(tmp_path, "a.mkv")
    (tmp_path / "a.txt").write_text("Good\n evening.\n", encoding="utf-8")
    assert read_clips(tmp_path)[0].text == "Good evening."


def test_a_table_names_films_beside_itself(tmp_path: Path) -> None:
    table = tmp_path / "mine.tsv"
    table.write_text("file\ttext\nsub/a.mp4\tHello\nb.wav\tNo picture\n", encoding="utf-8")
    assert [(clip.path, clip.text) for clip in read_clips(table)] == [(tmp_path / "sub/a.mp4", "Hello")]


def test_only_the_clips_named_are_judged_in_the_folders_order(tmp_path: Path) -> None:
    films(tmp_path, "a.mp4", "b.mp4", "c.mp4")
    (tmp_path / "names.txt").write_text("c\na\n")
    assert [clip.name for clip in read_clips(tmp_path, names=names_in(tmp_path / "names.txt"))] == ["a", "c"]


def test_a_name_that_is_no_clip_is_an_error(tmp_path: Path) -> None:
    films(tmp_path, "a.mp4")
    with pytest.raises(BadSetting, match="“zebra”"):
        read_clips(tmp_path, names=("a", "zebra"))


def test_an_empty_folder_says_what_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="holds no clips"):
        read_clips(tmp_path)


@pytest.mark.parametrize("content", ["clip,said\na.mp4,x\n", "", "\x00\xff"])
def test_a_table_without_the_columns_is_refused(tmp_path: Path, content: str) -> None:
    table = tmp_path / "t.csv"
    table.write_bytes(content.encode("latin-1"))
    with pytest.raises(BadSetting):
        read_clips(table)

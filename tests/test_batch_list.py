"""Lists of films: columns by name, sentences for what is wrong with one row, and nothing read beyond the root."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from studio.batch_list import Item, ListWish, read_list, targets_of
from studio.domain.errors import BadSetting


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "films"
    (made / "subs").mkdir(parents=True)
    for name in ("one.mp4", "two.mp4", "subs/one.srt", "subs/one.de.srt", "subs/one.en.srt"):
        (made / name).write_bytes(b"x")
    (tmp_path / "secret.mp4").write_bytes(b"x")
    return made


def listed(folder: Path, text: str | bytes, *targets: str, **wish: object) -> tuple[Item, ...]:
    path = folder / "list.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_list(ListWish(path, targets or ("de",), **{"source_language": "zh", **wish}))


def test_every_film_is_an_item_in_every_language(folder: Path) -> None:
    rows = "name,translation,path,from,lines\nPilot,subs/one.{to}.srt,one.mp4,ja,subs/one.srt\n,,two.mp4,,\n"
    one, one_en, two, _ = listed(folder, rows, "de", "en")
    assert (one.name, one.source, one.source_language, one.target_language) == ("Pilot", folder / "one.mp4", "ja", "de")
    assert (one.lines, one.translation, one_en.translation) == (folder / "subs/one.srt", folder / "subs/one.de.srt", folder / "subs/one.en.srt")
    assert (two.number, two.name, two.source_language, two.lines, two.trouble) == (2, "two", "zh", None, "")
    assert (one.file_name, one_en.file_name) == ("Pilot.de.mp4", "Pilot.en.mp4")


@pytest.mark.parametrize("text", ["\ufeffpath;name\r\none.mp4;Ä\r\n", "PATH , Name\none.mp4,Ä\n\n\n", 'path,name\n"one.mp4","Ä"\n'])
def test_lists_are_read_as_spreadsheets_write_them(folder: Path, text: str) -> None:
    (item,) = listed(folder, text)
    assert (item.source.name, item.name, item.trouble) == ("one.mp4", "Ä", "")


@pytest.mark.parametrize(
    "path",
    ["../secret.mp4", "subs/../../secret.mp4", "/etc/passwd", "{tmp}/secret.mp4", "link.mp4", "linked/secret.mp4", "~root/.profile", "a\x00b", "x" * 5000, "", ".", "subs", "fifo"],
)
def test_nothing_outside_of_the_root_is_touched_and_what_is_no_file_is_told(folder: Path, path: str) -> None:
    (folder / "link.mp4").symlink_to(folder.parent / "secret.mp4")
    (folder / "linked").symlink_to(folder.parent)
    os.mkfifo(folder / "fifo")
    (item,) = listed(folder, f'path\n"{path.replace("{tmp}", str(folder.parent))}"\n' if path else "path,name\n,nothing\n")
    assert item.trouble and item.source_language == ""


@pytest.mark.parametrize("column", ["lines", "translation"])
def test_scripts_are_held_to_the_root_too(folder: Path, column: str) -> None:
    (item,) = listed(folder, f"path,{column}\none.mp4,../secret.mp4\n")
    assert "lies outside of" in item.trouble


def test_a_wider_root_is_named_by_the_operator(folder: Path) -> None:
    (item,) = listed(folder, "path\n../secret.mp4\n", root=folder.parent)
    assert item.trouble == "" and item.source == folder.parent / "secret.mp4"


@pytest.mark.parametrize(
    ("name", "file_name"),
    [("../../etc/cron.d/x", "etc cron.d x.de.mp4"), ("a\x1b[2Jb", "a�[2Jb.de.mp4"), ("..", "film.de.mp4"), ("CON: |", "CON.de.mp4"), ("字" * 200, "字" * 80 + ".de.mp4")],
)
def test_a_name_stays_in_its_folder(folder: Path, name: str, file_name: str) -> None:
    (item,) = listed(folder, f'path,name\none.mp4,"{name}"\n')
    assert item.file_name == file_name and "/" not in item.file_name


def test_two_films_of_one_name_do_not_overwrite_each_other(folder: Path) -> None:
    first, second = listed(folder, "path,name\none.mp4,Pilot\ntwo.mp4,pilot\n")
    assert first.trouble == "" and second.trouble == "Row 1 has the same name; give each its own in the column “name”."


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("film,from\none.mp4,zh\n", "“film” is none of them"),
        ("from\nzh\n", "“path” is missing"),
        ("path,path\none.mp4,two.mp4\n", "One stands there twice"),
        ("path\n", "lists 0 films"),
        (b"path\n\xff\xfe\n", "not UTF-8"),
        (b"path\n\"" + b"x" * 200_000 + b"\n", "no CSV file"),
    ],
)
def test_a_list_that_is_none_is_a_sentence(folder: Path, text: str | bytes, part: str) -> None:
    with pytest.raises(BadSetting, match=part):
        listed(folder, text)


def test_a_list_that_cannot_be_read_is_a_sentence(folder: Path) -> None:
    with pytest.raises(BadSetting, match="cannot be read"):
        read_list(ListWish(folder / "none.csv", ("de",)))


def test_a_row_without_a_language_is_told(folder: Path) -> None:
    (item,) = listed(folder, "path\none.mp4\n", source_language=None)
    assert "does not say which language is spoken" in item.trouble
    (item,) = listed(folder, "path,from\none.mp4,xx-klingon\n")
    assert item.trouble


def test_languages_are_named_once_each_and_none_is_a_sentence() -> None:
    assert targets_of("en, de,en") == ("en", "de")
    with pytest.raises(BadSetting, match="Say which languages"):
        targets_of(" , ")

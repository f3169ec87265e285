"""What is trained on, and how pairs become rows."""

from __future__ import annotations

import lzma
from pathlib import Path

import numpy as np
import pytest

from models.translation.data import (
    Marks, Pair, PairColumns, TokenCorpus, is_clean, line_format_row, line_format_sizes, padded_row, read_pairs, scene_row,
    tagged_row, windows,
)  # fmt: skip

MARKS = Marks(tags=(90, 91), open_bracket=92, close_bracket=93, line_end=94, padding=0, end=95)
CORPUS = TokenCorpus(
    ids=(np.array([1, 2, 3, 4, 5], np.uint16), np.array([11, 12, 13, 14], np.uint16)),
    starts=(np.array([0, 2, 3, 5]), np.array([0, 1, 3, 4])),
    documents=np.array([0, 0, 1], np.int32),
)


def test_a_packed_table_reads_like_a_plain_one(tmp_path: Path) -> None:
    text = "7\t0\t过来  吧\tCome here!\n"
    (tmp_path / "plain.tsv").write_text(text, encoding="utf-8")
    with lzma.open(tmp_path / "packed.tsv.xz", "wt", encoding="utf-8") as packed:
        packed.write(text)
    read = [list(read_pairs(tmp_path / name, PairColumns(0, 2, 3))) for name in ("plain.tsv", "packed.tsv.xz")]
    assert read[0] == read[1] == [Pair("7", "过来 吧", "Come here!")]


def test_a_row_with_too_few_cells_is_named(tmp_path: Path) -> None:
    (tmp_path / "short.tsv").write_text("7\t0\t过来\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"short\.tsv, row 1: 3 cells where 4"):
        list(read_pairs(tmp_path / "short.tsv", PairColumns(0, 2, 3)))


@pytest.mark.parametrize(
    ("first", "second", "clean"),
    [
        ("我的天 真不幸的名字", "Oh, my goodness. What an unfortunate name.", True),
        ("", "Hello.", False),
        ("你好", "", False),
        ("你好", "A very long sentence that can hardly be what these two signs stand for.", False),
        ("你好(笑)", "Hello.", False),
        ("hello", "Hello.", False),
        ("你好", "你好", False),
        (",,0000,你好", "Hello.", False),
    ],
)
def test_only_clean_pairs_are_trained_on(first: str, second: str, clean: bool) -> None:
    assert is_clean(Pair("", first, second), ("zh", "en")) is clean


def test_windows_hold_whole_pairs_of_one_document() -> None:
    assert windows(CORPUS, 11).tolist() == [[0, 2], [2, 3]]
    assert windows(CORPUS, 6).tolist() == [[0, 1], [1, 2], [2, 3]]


def test_a_tagged_row_scores_the_target_and_its_line_break_only() -> None:
    pieces, scored = tagged_row(CORPUS, np.array([0, 2]), 0, MARKS)
    row = padded_row(pieces, scored, 14, MARKS.padding)
    assert row.ids.tolist() == [90, 1, 2, 91, 11, 94, 90, 3, 91, 12, 13, 94, 0, 0, 0]
    assert row.ids[1:][row.is_scored].tolist() == [11, 94, 12, 13, 94]


def test_the_other_direction_swaps_tags_and_sides() -> None:
    pieces, scored = tagged_row(CORPUS, np.array([2, 3]), 1, MARKS)
    row = padded_row(pieces, scored, 6, MARKS.padding)
    assert row.ids.tolist() == [91, 14, 90, 4, 5, 94, 0]
    assert row.ids[1:][row.is_scored].tolist() == [4, 5, 94]


def test_a_line_format_row_scores_the_whole_answer() -> None:
    pieces, scored = line_format_row(CORPUS, np.array([0, 2]), 0, MARKS)
    row = padded_row(pieces, scored, 20, MARKS.padding)
    prompt, answer = [90, 1, 2, 94, 3, 94, 91], [1, 2, 92, 11, 93, 94, 3, 92, 12, 13, 93, 94, 95]
    assert row.ids[: len(prompt + answer)].tolist() == prompt + answer
    assert row.ids[1:][row.is_scored].tolist() == answer


def test_the_size_of_a_line_format_row_is_known_before_it_is_made() -> None:
    sizes = line_format_sizes(CORPUS, np.array([0, 2]), 0)
    made = [sum(map(len, line_format_row(CORPUS, np.array([0, end]), 0, MARKS)[0])) for end in (1, 2)]
    assert sizes.tolist() == made


def test_scenes_fill_a_row_and_end_with_their_document() -> None:
    pieces, _ = scene_row(CORPUS, 0, 0, MARKS, iter([35, 35]), 40)
    whole = [*np.concatenate(line_format_row(CORPUS, np.array([0, 2]), 0, MARKS)[0]), *np.concatenate(line_format_row(CORPUS, np.array([2, 3]), 0, MARKS)[0])]
    assert np.concatenate(pieces).tolist() == whole


def test_a_scene_is_shortened_to_what_fits_and_the_first_line_always_comes() -> None:
    first_only = np.concatenate(line_format_row(CORPUS, np.array([0, 1]), 0, MARKS)[0]).tolist()
    assert np.concatenate(scene_row(CORPUS, 0, 0, MARKS, iter([2, 2]), 18)[0]).tolist() == first_only
    assert np.concatenate(scene_row(CORPUS, 0, 0, MARKS, iter([2, 2]), 3)[0]).tolist() == first_only


def test_a_corpus_reads_back_as_it_was_saved(tmp_path: Path) -> None:
    CORPUS.save(tmp_path / "corpus.npz")
    again = TokenCorpus.load(tmp_path / "corpus.npz")
    assert [again.side(side, pair).tolist() for side in (0, 1) for pair in range(3)] == [[1, 2], [3], [4, 5], [11], [12, 13], [14]]

"""Tables are read as they come: packed, with headers, with spans, with rows nobody can use; and cut into scenes."""

from __future__ import annotations

import lzma
from pathlib import Path

import pytest

from studio.domain.errors import BadSetting, NotFound
from studio.domain.timing import TimeSpan
from studio.evaluation.tables import BAD_SPAN, NO_WORDS, TOO_LONG, TableLine, load_table, read_table, scenes_of

COLUMNS = ("document", "line", "source", "target")
TIMED = ("document", "line", "start_s", "end_s", "source", "target")
ROWS = "a\t0\t过来\tCome here!\na\t1\t你好 朋友\tHello, my dear friend.\nb\t0\t再见\tGoodbye for now.\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.tsv"
    path.write_text(ROWS, encoding="utf-8")
    return path


def test_a_packed_table_and_a_header_row_change_nothing(table: Path, tmp_path: Path) -> None:
    packed, titled, other = tmp_path / "t.tsv.xz", tmp_path / "titled.tsv", tmp_path / "other.tsv"
    with lzma.open(packed, "wt", encoding="utf-8") as file:
        file.write(ROWS)
    titled.write_text("doc_id\tline_no\tsrc\ttgt\n" + ROWS, encoding="utf-8")
    other.write_text("scene\tnumber\tchinese\tenglish\n" + ROWS, encoding="utf-8")
    lines = list(read_table(table, COLUMNS))
    assert lines[0] == TableLine("a", "过来", "Come here!")
    for path in (packed, titled, other):
        assert list(read_table(path, COLUMNS)) == lines


def test_a_first_row_whose_numbers_are_words_is_a_line_where_those_of_the_second_are_too(tmp_path: Path) -> None:
    path = tmp_path / "table.tsv"
    path.write_text("a\tL1\t过来\tCome here!\na\tL2\t再见\tGoodbye.\n", encoding="utf-8")
    assert [line.target for line in read_table(path, COLUMNS)] == ["Come here!", "Goodbye."]
    path.write_text("a\t\t过来\tCome here!\na\t1\t再见\tGoodbye.\n", encoding="utf-8")
    assert [line.target for line in read_table(path, COLUMNS)] == ["Come here!", "Goodbye."]


def test_a_header_decides_where_the_columns_are(tmp_path: Path) -> None:
    path = tmp_path / "wide.tsv"
    path.write_text("tgt\tspeaker\tsrc\nCome here!\tAnna\t过来\n", encoding="utf-8")
    assert list(read_table(path, ("source", "target"))) == [TableLine("", "过来", "Come here!")]


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (("document", "source"), "must name target"),
        (("x", "y"), "must name source and target"),
        (("start_s", "source", "target"), "both start_s and end_s"),
    ],
)
def test_columns_that_lack_what_is_needed_are_refused(table: Path, columns: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(BadSetting, match=sentence):
        list(read_table(table, columns))


def test_a_table_with_too_few_cells_is_refused_with_its_row(table: Path) -> None:
    with pytest.raises(BadSetting, match=r"table\.tsv, row 1, has 4 cells"):
        list(read_table(table, (*COLUMNS, "extra")))


def test_an_absent_table_an_empty_one_and_one_that_is_no_text_are_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        list(read_table(tmp_path / "absent.tsv", COLUMNS))
    (tmp_path / "empty.tsv").touch()
    with pytest.raises(BadSetting, match="no line to translate"):
        load_table(tmp_path / "empty.tsv", COLUMNS)
    (tmp_path / "bytes.tsv").write_bytes(b"\xff\xfe\x00\x01\t\xff\n")
    with pytest.raises(BadSetting, match="no UTF-8 table"):
        load_table(tmp_path / "bytes.tsv", COLUMNS)
    (tmp_path / "broken.tsv.xz").write_bytes(b"no such thing")
    with pytest.raises(BadSetting, match="no UTF-8 table"):
        load_table(tmp_path / "broken.tsv.xz", COLUMNS)


def test_a_header_alone_is_an_empty_table(tmp_path: Path) -> None:
    path = tmp_path / "titles.tsv"
    path.write_text("document\tline\tsource\ttarget\n", encoding="utf-8")
    with pytest.raises(BadSetting, match="no line to translate"):
        load_table(path, COLUMNS)


def test_spans_are_read_and_those_that_end_before_they_start_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "timed.tsv"
    rows = ["a\t0\t115.54\t116.41\t珊珊\tShan", "a\t1\t3\t2\t再见\tBye", "a\t2\t4\t4\t再见\tBye", "a\t3\tnan\t4\t是\tYes", "a\t4\tinf\tinf\t是\tYes", "a\t5\t-1\t1\t是\tYes"]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    table = load_table(path, TIMED)
    assert table.lines == (TableLine("a", "珊珊", "Shan", TimeSpan(115_540, 116_410)),)
    assert table.is_timed
    assert table.skipped == {BAD_SPAN: 5}
    assert table.notices() == (f"5 rows were left out: {BAD_SPAN}.",)


def test_rows_without_words_and_rows_too_long_are_counted_and_two_thousand_characters_are_read(tmp_path: Path) -> None:
    path = tmp_path / "odd.tsv"
    path.write_text(f"{'长' * 2000}\tlong\n{'长' * 2001}\ttoo long\n\tno source\n好\t \n是\tyes\n", encoding="utf-8")
    table = load_table(path, ("source", "target"))
    assert [len(line.source) for line in table.lines] == [2000, 1]
    assert table.skipped == {TOO_LONG: 1, NO_WORDS: 2}
    assert f"1 row was left out: {TOO_LONG}." in table.notices()


def test_a_limit_counts_usable_lines_only(tmp_path: Path) -> None:
    path = tmp_path / "odd.tsv"
    path.write_text("\tno source\n是\tyes\n不\tno\n", encoding="utf-8")
    assert [line.target for line in load_table(path, ("source", "target"), 1).lines] == ["yes"]


def test_scenes_end_with_their_document_and_at_the_longest_length() -> None:
    lines = [TableLine(document, "x", "y") for document in "aaaaabb"]
    assert scenes_of(lines, 3) == [range(0, 3), range(3, 5), range(5, 7)]
    assert scenes_of(lines, 35) == [range(0, 5), range(5, 7)]
    assert scenes_of(lines[:1], 35) == [range(0, 1)]


@pytest.mark.corpus
def test_a_real_table_reads_to_its_end(corpus_dir: Path) -> None:
    table = load_table(corpus_dir / "dialogue" / "tvsub.zh-en.valid.tsv.xz", COLUMNS)
    assert 7_900 < len(table.lines) <= 7_985
    assert not table.is_timed


@pytest.mark.corpus
def test_a_real_timed_table_has_a_span_for_every_line(corpus_dir: Path) -> None:
    table = load_table(corpus_dir / "dialogue" / "musc.zh-th.valid.tsv.xz", TIMED)
    assert len(table.lines) + sum(table.skipped.values()) == 1_561
    assert all(line.span is not None for line in table.lines)

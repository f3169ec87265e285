"""Evaluation reads tables as they come and scores what a translator says against what copying would score."""

from __future__ import annotations

import lzma
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from studio.domain.errors import BadSetting, NotFound
from studio.engines.protocols import Availability, TranslationRequest, Wording
from studio.evaluation import TableLine, evaluate_translation, read_table, score
from tests.fakes import FakeTranslator

COLUMNS = ("document", "line", "source", "target")
ROWS = "a\t0\t过来\tCome here!\na\t1\t你好 朋友\tHello, my dear friend.\nb\t0\t再见\tGoodbye for now.\n"


class Parrot(FakeTranslator):
    """Knows every answer by heart but one, and remembers what it was asked."""

    name = "parrot"

    def __init__(self, answers: dict[str, str]) -> None:
        super().__init__()
        self.answers, self.asked = answers, []

    def propose(self, requests: Sequence[TranslationRequest]) -> Iterator[tuple[str, tuple[Wording, ...]]]:
        for request in requests:
            self.asked.append(request)
            text = self.answers.get(request.text, "")
            yield request.line_id, (Wording(text, 0.0),) if text else ()

    def supports(self, source_language: str, target_language: str) -> Availability:
        return Availability(source_language == "zh", "it only heard Chinese")


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


def test_a_header_decides_where_the_columns_are(tmp_path: Path) -> None:
    path = tmp_path / "wide.tsv"
    path.write_text("tgt\tspeaker\tsrc\nCome here!\tAnna\t过来\n", encoding="utf-8")
    assert list(read_table(path, ("source", "target"))) == [TableLine("", "过来", "Come here!")]


@pytest.mark.parametrize(
    ("columns", "sentence"), [(("document", "source"), "must name target"), (("x", "y"), "must name source and target")]
)
def test_columns_without_source_or_target_are_refused(table: Path, columns: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(BadSetting, match=sentence):
        list(read_table(table, columns))


def test_a_table_with_too_few_cells_is_refused_with_its_row(table: Path) -> None:
    with pytest.raises(BadSetting, match=r"table\.tsv, row 1, has 4 cells"):
        list(read_table(table, (*COLUMNS, "extra")))


def test_an_absent_table_and_an_empty_one_are_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        list(read_table(tmp_path / "absent.tsv", COLUMNS))
    (tmp_path / "empty.tsv").touch()
    with pytest.raises(BadSetting, match="no line"):
        evaluate_translation(tmp_path / "empty.tsv", COLUMNS, "zh", "en", Parrot({}))


def test_a_perfect_translator_scores_a_hundred_and_a_copy_next_to_nothing(table: Path) -> None:
    answers = {"过来": "Come here!", "你好 朋友": "Hello, my dear friend.", "再见": "Goodbye for now."}
    report = evaluate_translation(table, COLUMNS, "zh", "en", Parrot(answers))
    assert (report.translator.chrf, report.translator.bleu) == (100.0, 100.0)
    assert report.copied_source.chrf < 5
    assert (report.line_count, report.empty_count) == (3, 0)
    assert report.command == "python -m studio eval translation table.tsv --columns document,line,source,target --from zh --to en --translator parrot"


def test_a_line_without_an_answer_is_counted_and_costs_score(table: Path) -> None:
    report = evaluate_translation(table, COLUMNS, "zh", "en", Parrot({"过来": "Come here!"}))
    assert report.empty_count == 2
    assert report.translator.chrf < 60


def test_a_limit_is_kept_and_written_into_the_command(table: Path) -> None:
    report = evaluate_translation(table, COLUMNS, "zh", "en", Parrot({}), limit=2)
    assert report.line_count == 2
    assert report.command.endswith("--limit 2")


def test_context_is_the_translators_own_words_and_never_the_reference(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.evaluation.BLOCK_LINES", 1)
    parrot = Parrot({"过来": "Over here"})
    evaluate_translation(table, COLUMNS, "zh", "en", parrot)
    assert [request.before for request in parrot.asked] == [(), (("过来", "Over here"),), ()]


def test_a_pair_the_translator_does_not_know_is_refused(table: Path) -> None:
    with pytest.raises(BadSetting, match="only heard Chinese"):
        evaluate_translation(table, COLUMNS, "de", "en", Parrot({}))


def test_chinese_is_scored_with_sacrebleus_chinese_splitter() -> None:
    scores = score(["我不知道该怎么办"], ["我不知道该怎么办"], "zh")
    assert (scores.bleu, scores.bleu_tokenizer) == (100.0, "zh")


@pytest.mark.corpus
def test_a_real_table_reads_to_its_end(corpus_dir: Path) -> None:
    lines = list(read_table(corpus_dir / "dialogue" / "tvsub.zh-en.valid.tsv.xz", COLUMNS))
    assert 7_900 < len(lines) <= 7_985

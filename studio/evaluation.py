"""How well a translator does on a table of line pairs: chrF and BLEU beside the same for copying the source.

Behind `python -m studio eval translation`. In: TSV or TSV.xz, streamed; out: a `TranslationReport`. Lines are translated in order, in
blocks, each with the translator's own earlier wordings of its document as context; only the first wording counts.
"""

from __future__ import annotations

import lzma
import os
import platform
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import IO

from studio.domain.errors import BadSetting, NotFound
from studio.domain.language import language_code
from studio.domain.settings import TranslationSettings
from studio.engines.protocols import TranslationRequest, Translator

BLOCK_LINES = 64
_ALIASES = {"src": "source", "tgt": "target", "doc": "document", "doc_id": "document", "line_no": "line"}
_CHARACTER_SCRIPTS = {"ja", "ko", "th"}  # BLEU counts characters where no word splitter is bundled
_NUMERIC = {"line", "start_s", "end_s", "start_ms", "end_ms", "start", "end"}


@dataclass(frozen=True, slots=True)
class TableLine:
    """One row: `document` is empty in a table without documents."""

    document: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Scores:
    """chrF and BLEU in percent, by sacrebleu; `bleu_tokenizer` is how it splits the target language."""

    chrf: float
    bleu: float
    bleu_tokenizer: str


@dataclass(frozen=True, slots=True)
class TranslationReport:
    """What was measured, on what, with what, and how to measure it again."""

    table: str
    source_language: str
    target_language: str
    engine: str
    engine_version: str
    line_count: int
    empty_count: int
    translator: Scores
    copied_source: Scores
    lines_per_second: float
    candidate_count: int
    context_lines: int
    seed: int
    hardware: str
    date: str
    command: str


def evaluate_translation(
    table: Path, columns: Sequence[str], source_language: str, target_language: str, translator: Translator, limit: int | None = None
) -> TranslationReport:
    """Translate up to `limit` lines of a table and score them. `columns` name the cells in order; `source` and `target` must be among
    them. A header row is recognised and then decides where each column is. Raises NotFound and BadSetting."""
    source_language, target_language = language_code(source_language), language_code(target_language)
    if not (verdict := translator.supports(source_language, target_language)).is_available:
        raise BadSetting(f"{translator.name} cannot translate {source_language} to {target_language}: {verdict.why}")
    settings = TranslationSettings(candidate_count=1)
    lines = list(islice(read_table(table, columns), limit))
    if not lines:
        raise BadSetting(f"{table.name} has no line to translate.")
    translator.load()
    model_request = TranslationRequest("", "", source_language, target_language, 0, settings=settings)
    started = time.perf_counter()
    outputs = list(translate_lines(lines, translator, model_request))
    seconds = time.perf_counter() - started
    targets = [line.target for line in lines]
    limited = "" if limit is None else f" --limit {limit}"
    return TranslationReport(
        table=table.name, source_language=source_language, target_language=target_language,
        engine=translator.name, engine_version=translator.version,
        line_count=len(lines), empty_count=sum(not output for output in outputs),
        translator=score(outputs, targets, target_language),
        copied_source=score([line.source for line in lines], targets, target_language),
        lines_per_second=round(len(lines) / seconds, 2), candidate_count=settings.candidate_count,
        context_lines=settings.context_lines, seed=settings.seed, hardware=hardware(),
        date=datetime.now(UTC).date().isoformat(),
        command=f"python -m studio eval translation {table.name} --columns {','.join(columns)} --from {source_language} "
        f"--to {target_language} --translator {translator.name}{limited}",
    )  # fmt: skip


def translate_lines(lines: Sequence[TableLine], translator: Translator, pattern: TranslationRequest) -> Iterator[str]:
    """The first wording of each line, "" where there is none; languages and settings are those of `pattern`."""
    done: list[tuple[str, str, str]] = []
    for start in range(0, len(lines), BLOCK_LINES):
        block = lines[start : start + BLOCK_LINES]
        requests = []
        for index, line in enumerate(block, start):
            before = _earlier(lines, done, index, pattern.settings.context_lines)
            requests.append(replace(pattern, line_id=str(index), text=line.source, before=before))
        for (_, wordings), line in zip(translator.propose(requests), block, strict=True):
            text = wordings[0].text if wordings else ""
            done.append((line.document, line.source, text))
            yield text


def _earlier(lines: Sequence[TableLine], done: Sequence[tuple[str, str, str]], index: int, count: int) -> tuple[tuple[str, str], ...]:
    """The `count` lines before `index` in its document; those of the same block have no translation yet."""
    pairs = []
    for place in range(max(0, index - count), index):
        if lines[place].document == lines[index].document:
            pairs.append((lines[place].source, done[place][2] if place < len(done) else ""))
    return tuple(pairs)


def score(outputs: Sequence[str], targets: Sequence[str], language: str) -> Scores:
    """Corpus chrF and BLEU of outputs against one reference each."""
    from sacrebleu.metrics import BLEU, CHRF

    tokenizer = "zh" if language == "zh" else "char" if language in _CHARACTER_SCRIPTS else "13a"
    chrf = CHRF().corpus_score(list(outputs), [list(targets)]).score
    bleu = BLEU(tokenize=tokenizer).corpus_score(list(outputs), [list(targets)]).score
    return Scores(round(chrf, 2), round(bleu, 2), tokenizer)


def read_table(path: Path, columns: Sequence[str]) -> Iterator[TableLine]:
    """Rows whose source and target both have words, in order, read as they are needed."""
    if not path.is_file():
        raise NotFound("table", str(path))
    names = [_ALIASES.get(name.strip().lower(), name.strip().lower()) for name in columns]
    if absent := [name for name in ("source", "target") if name not in names]:
        raise BadSetting(f"--columns must name {' and '.join(absent)}; it is {','.join(columns)}.")
    with _open(path) as rows:
        yield from _table_lines(path.name, rows, names)


def _table_lines(table: str, rows: Iterable[str], names: list[str]) -> Iterator[TableLine]:
    places = {name: place for place, name in enumerate(names)}
    for number, row in enumerate(rows, 1):
        cells = row.rstrip("\r\n").split("\t")
        if number == 1 and (header := _header(cells, names)) is not None:
            places = header
            continue
        if len(cells) <= max(places[name] for name in names):
            raise BadSetting(f"{table}, row {number}, has {len(cells)} cells, too few for the columns {','.join(names)}.")
        line = TableLine(cells[places["document"]] if "document" in places else "", cells[places["source"]].strip(), cells[places["target"]].strip())
        if line.source and line.target:
            yield line


def _header(cells: list[str], names: list[str]) -> dict[str, int] | None:
    """Where each wanted column is, when the first row is a header: it names them all, or holds words where numbers belong."""
    titles = [_ALIASES.get(cell.strip().lower(), cell.strip().lower()) for cell in cells]
    if set(names) <= set(titles):
        return {name: titles.index(name) for name in names}
    numeric = [cell for cell, name in zip(cells, names, strict=False) if name in _NUMERIC]
    is_header = bool(numeric) and not any(cell[:1].isdigit() or cell[:1] in "-." for cell in numeric)
    return {name: place for place, name in enumerate(names)} if is_header else None


def _open(path: Path) -> IO[str]:
    if path.suffix == ".xz":
        return lzma.open(path, "rt", encoding="utf-8", newline="\n")
    return path.open(encoding="utf-8", newline="\n")


def hardware() -> str:
    """The processor and how many of its cores are there, in words."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        models = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
        name = models[0] if models else name
    return f"{name}, {os.cpu_count()} cores"

"""The work of one sampling process: scenes in, preference records out (Algorithm 1 of SSPO; papers §1.6).

A `SampleOrder` opens model, tokenizer and duration estimator; `SceneWork.records` draws candidates, drops the worst by the judges,
times the rest, chooses and rejects, line by line. Another source of durations is another branch of `_seconds`' caller.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import torch

from models.checkpoint import LanguageModelPlace, open_language_model
from models.recipes.sample_scenes import TableLine, TableScene
from models.translation.forms import Form, translation_of
from models.translation.layout import SceneLayout, layout_of, translation_ids
from models.translation.prompt import Scene, one_line
from models.translation.records import LineRecord, SceneRecord
from models.translation.sampling import (
    Candidate, LineDraws, SamplingOutOfMemory, SamplingSettings, SceneAsk, SceneSampler, candidates_of,
)  # fmt: skip
from models.translation.selection import SelectionRule, select
from studio.domain.language import NAMES
from studio.domain.timing import duration_penalty
from studio.engines.duration_espeak import EspeakDuration
from studio.engines.espeak_pool import EspeakPool

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

NO_WORDS = "…"  # stands in the context of a line for which neither the model nor the table has words


@dataclass(frozen=True, slots=True)
class SampleOrder:
    """Everything that decides about the records of a scene. `languages` are codes; `is_timed`: source durations are the table's spans."""

    place: LanguageModelPlace
    form: Form
    languages: tuple[str, str]
    settings: SamplingSettings
    rule: SelectionRule
    dropped_share: float
    is_timed: bool
    device: str
    precision: str


@dataclass(frozen=True, slots=True)
class GroupResult:
    """Records in the order of the scenes; `notices`: sentences about what went otherwise than asked."""

    records: tuple[SceneRecord, ...]
    notices: tuple[str, ...]


def keep_likely(candidates: Sequence[Candidate], dropped_share: float) -> list[Candidate]:
    """All but the least likely share (rounded down), in the order given."""
    n_dropped = int(dropped_share * len(candidates) + 1e-9)
    ranked = sorted(range(len(candidates)), key=lambda place: candidates[place].mean_log_probability)
    return [candidates[place] for place in sorted(ranked[n_dropped:])]


class SceneWork:
    """Model and estimator of one process; `close` ends the estimator's workers. Raises the errors of `open_language_model`."""

    def __init__(self, order: SampleOrder) -> None:
        self._order = order
        model, self.tokenizer = open_language_model(order.place, order.device)
        self.model = model.to(getattr(torch, order.precision))
        self._pool = EspeakPool(size=1)
        self._estimator = EspeakDuration(self._pool)

    def close(self) -> None:
        self._pool.close()

    def layout(self, scene: TableScene) -> SceneLayout:
        codes = self._order.languages
        names = tuple(NAMES[code] for code in codes) if self._order.form is Form.INSTRUCTION else codes
        return layout_of(Scene(*names, tuple(line.source for line in scene.lines)), self._order.form, self.tokenizer)

    def records(self, scenes: Sequence[TableScene]) -> GroupResult:
        """Sample scenes side by side; where memory does not do for that, in halves, each by itself in the end."""
        notices: list[str] = []
        books = [_SceneBook(scene, self.layout(scene), self._source_s(scene)) for scene in scenes]
        sampler = SceneSampler(self.model, self._order.settings, notices.append)
        try:
            sampler.sample([SceneAsk(book.scene.scene_id, book.layout) for book in books], lambda lines: self._choose(lines, books))
        except SamplingOutOfMemory:
            if len(scenes) == 1:
                raise
            half = len(scenes) // 2
            notices.append(f"Memory ran out with {len(scenes)} scenes at once; going on with {half}.")
            first, second = self.records(scenes[:half]), self.records(scenes[half:])
            return GroupResult(first.records + second.records, (*notices, *first.notices, *second.notices))
        return GroupResult(tuple(self._record(book) for book in books), tuple(notices))

    def _source_s(self, scene: TableScene) -> list[float]:
        if self._order.is_timed:
            return [round(line.spoken_s, 3) for line in scene.lines]
        return self._seconds([line.source for line in scene.lines], self._order.languages[0])

    def _seconds(self, texts: Sequence[str], language: str) -> list[float]:
        return [estimate.total_ms / 1000 for estimate in self._estimator.estimate_many(texts, language)]

    def _choose(self, lines: Sequence[LineDraws], books: Sequence[_SceneBook]) -> list[tuple[int, ...]]:
        """Time the kept candidates of all lines in one request, note each line's record, and say what was chosen."""
        order = self._order
        kept = [self._texts(line, books[line.scene_index]) for line in lines]
        seconds = iter(self._seconds([text for texts in kept for text in texts], order.languages[1]))
        chosen = []
        for line, texts in zip(lines, kept, strict=True):
            book = books[line.scene_index]
            target_s = tuple(next(seconds) for _ in texts)
            source_s = book.source_s[line.line_index]
            picked = select([duration_penalty(each - source_s) for each in target_s], order.rule)
            book.lines.append(LineRecord(
                line.line_index, "", book.scene.lines[line.line_index].source, order.languages[0], texts, order.languages[1],
                texts[picked.chosen_index], picked.chosen_index, texts[picked.rejected_index], picked.rejected_index,
                source_s, target_s, picked.is_skipped,
            ))  # fmt: skip
            book.written.append(translation_ids(texts[picked.chosen_index], self.tokenizer))
            chosen.append(book.written[-1])
        return chosen

    def _texts(self, line: LineDraws, book: _SceneBook) -> tuple[str, ...]:
        """The line's candidates after the filter; without any, the table's own words, so that the context goes on."""
        found = candidates_of(line.draws, lambda draw: translation_of(self._order.form, draw.ids, draw.ending_id, self.tokenizer))
        kept = tuple(candidate.text for candidate in keep_likely(found, self._order.dropped_share))
        return kept if kept else (_words(book.scene.lines[line.line_index]),)

    def _record(self, book: _SceneBook) -> SceneRecord:
        prompt, accepted = book.layout.prompt, book.layout.trunk(book.written)
        rejected = book.layout.trunk([translation_ids(line.rejected, self.tokenizer) for line in book.lines])
        contexts = [[*book.layout.trunk(book.written[:place]), *book.layout.openings[place]] for place in range(len(book.lines))]
        lines = [replace(line, temp_prompt=self._text(context)) for line, context in zip(book.lines, contexts, strict=True)]
        single = {"accept": self._text(accepted[len(prompt) :]), "reject": self._text(rejected[len(prompt) :])}
        return SceneRecord(book.scene.scene_id, self._text(prompt), tuple(lines), len(lines), single, self._order.form.value)

    def _text(self, ids: Sequence[int]) -> str:
        return self.tokenizer.decode(ids, clean_up_tokenization_spaces=False)


@dataclass(slots=True)
class _SceneBook:
    """A scene on its way: its lines' records so far, and the ids written into its context."""

    scene: TableScene
    layout: SceneLayout
    source_s: list[float]
    lines: list[LineRecord] = field(default_factory=list)
    written: list[tuple[int, ...]] = field(default_factory=list)


def _words(line: TableLine) -> str:
    return one_line(line.target) or NO_WORDS


def line_cost(form: Form, tokenizer: PreTrainedTokenizerBase) -> Callable[[TableLine], int]:
    """About how many tokens a line takes in a scene: its source (twice in the line formats) and a translation half as long again as the table's."""
    n_sources = 1 if form is Form.TAGGED else 2

    def cost(line: TableLine) -> int:
        return n_sources * (len(translation_ids(line.source, tokenizer)) + 2) + 3 * len(translation_ids(line.target, tokenizer)) // 2 + 4

    return cost

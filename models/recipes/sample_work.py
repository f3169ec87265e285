"""The work of one sampling process: scenes in, preference records out (Algorithm 1 of SSPO; papers §1.6).

A `SampleOrder` opens model, tokenizer and duration estimator; `SceneWork.records` draws candidates, drops the worst by the judges,
times the rest, chooses and rejects, line by line. Another judge belongs into `_opened_judges`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import torch

from models.checkpoint import LanguageModelPlace, open_language_model
from models.out_of_memory import is_out_of_memory
from models.recipes.sample_scenes import TableLine, TableScene
from models.translation.forms import Form, translation_of
from models.translation.layout import SceneLayout, layout_of, translation_ids
from models.translation.prompt import Scene, one_line
from models.translation.quality import CometJudge, JudgingModel, QualityJudge, RoundTripJudge, keep_best
from models.translation.records import LineRecord, SceneRecord
from models.translation.sampling import (
    LineDraws, SamplingOutOfMemory, SamplingSettings, SceneAsk, SceneSampler, candidates_of,
)  # fmt: skip
from models.translation.selection import SelectionRule, select
from studio.domain.language import NAMES
from studio.domain.timing import duration_penalty
from studio.engines.duration_espeak import EspeakDuration
from studio.engines.espeak_pool import EspeakPool

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

LIKELIHOOD, ROUND_TRIP = "likelihood", "roundtrip"
Result = TypeVar("Result")
NO_WORDS = "…"  # stands in the context of a line for which neither the model nor the table has words


@dataclass(frozen=True, slots=True)
class SampleOrder:
    """Everything that decides about the records of a scene. `languages` are codes; `is_timed`: source durations are the table's
    spans; `judges`: LIKELIHOOD (the draws' own, at no cost) and ROUND_TRIP (the model on its way back); `comet`: folder of another judge."""

    place: LanguageModelPlace
    form: Form
    languages: tuple[str, str]
    settings: SamplingSettings
    rule: SelectionRule
    dropped_share: float
    is_timed: bool
    device: str
    precision: str
    judges: tuple[str, ...] = (LIKELIHOOD,)
    comet: str | None = None


@dataclass(frozen=True, slots=True)
class GroupResult:
    """Records in the order of the scenes; `notices`: sentences about what went otherwise than asked."""

    records: tuple[SceneRecord, ...]
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LineTimer:
    """How long texts take to say, in seconds."""

    estimator: EspeakDuration

    def seconds(self, texts: Sequence[str], language: str) -> list[float]:
        return [estimate.total_ms / 1000 for estimate in self.estimator.estimate_many(texts, language)]


class SceneWork:
    """The model and judges of one process. Raises the errors of `open_language_model`, with SamplingOutOfMemory for want of memory, and
    CannotJudge."""

    def __init__(self, order: SampleOrder) -> None:
        self._order = order
        try:
            model, self.tokenizer = open_language_model(order.place, order.device)
        except (RuntimeError, MemoryError, OSError) as error:
            if not is_out_of_memory(error):
                raise
            raise SamplingOutOfMemory(f"Memory of {order.device} does not suffice to open {order.place.model}; name a smaller model, or fewer workers.") from error
        self.model = model.to(getattr(torch, order.precision))
        self._judges = self._opened_judges()

    def _opened_judges(self) -> list[QualityJudge]:
        """The judges that must be asked; the draws' own likelihood is none of them."""
        found: list[QualityJudge] = []
        if ROUND_TRIP in self._order.judges:
            found.append(RoundTripJudge(JudgingModel(self.model, self.tokenizer, self._order.form, *self._named_languages())))
        if self._order.comet is not None:
            found.append(CometJudge(Path(self._order.comet)))
        return found

    def _named_languages(self) -> tuple[str, ...]:
        """Languages as the form wants them."""
        codes = self._order.languages
        return tuple(NAMES[code] for code in codes) if self._order.form is Form.INSTRUCTION else codes

    def layout(self, scene: TableScene) -> SceneLayout:
        return layout_of(Scene(*self._named_languages(), tuple(line.source for line in scene.lines)), self._order.form, self.tokenizer)

    def records(self, scenes: Sequence[TableScene]) -> GroupResult:
        """Sample scenes side by side; where memory does not do for that, in halves, each by itself in the end.

        The estimator is started anew: espeak-ng's times depend, by a millisecond or some, on what it spoke before, and a group's records
        must not depend on which groups this process did before.
        """
        notices: list[str] = []
        sampler = SceneSampler(self.model, self._order.settings, notices.append)
        try:
            with closing(EspeakPool(size=1)) as pool:
                timer = LineTimer(EspeakDuration(pool))
                books = [_SceneBook(scene, self.layout(scene), self._source_s(scene, timer)) for scene in scenes]
                asks = [SceneAsk(book.scene.scene_id, book.layout) for book in books]
                sampler.sample(asks, lambda lines: _within_memory(lambda: self._choose(lines, books, timer)))
        except SamplingOutOfMemory:
            if len(scenes) == 1:
                raise
            half = len(scenes) // 2
            notices.append(f"Memory ran out with {len(scenes)} scenes at once; going on with {half}.")
            first, second = self.records(scenes[:half]), self.records(scenes[half:])
            return GroupResult(first.records + second.records, (*notices, *first.notices, *second.notices))
        return GroupResult(tuple(self._record(book) for book in books), tuple(notices))

    def _source_s(self, scene: TableScene, timer: LineTimer) -> list[float]:
        if self._order.is_timed:
            return [round(line.spoken_s, 3) for line in scene.lines]
        return timer.seconds([line.source for line in scene.lines], self._order.languages[0])

    def _choose(self, lines: Sequence[LineDraws], books: Sequence[_SceneBook], timer: LineTimer) -> list[tuple[int, ...]]:
        """Time the kept candidates of all lines in one request, note each line's record, and say what was chosen."""
        order = self._order
        kept = [self._texts(line, books[line.scene_index]) for line in lines]
        seconds = iter(timer.seconds([text for texts in kept for text in texts], order.languages[1]))
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
        if not found:
            return (_words(book.scene.lines[line.line_index]),)
        texts = [candidate.text for candidate in found]
        before = [(record.src, record.chosen) for record in book.lines]
        scores = [judge.scores(book.scene.lines[line.line_index].source, texts, before) for judge in self._judges]
        if LIKELIHOOD in self._order.judges:
            scores.append([candidate.mean_log_probability for candidate in found])
        return tuple(texts[place] for place in keep_best(scores, self._order.dropped_share)) if scores else tuple(texts)

    def _record(self, book: _SceneBook) -> SceneRecord:
        prompt, accepted = book.layout.prompt, book.layout.trunk(book.written)
        rejected = book.layout.trunk([translation_ids(line.rejected, self.tokenizer) for line in book.lines])
        contexts = [[*book.layout.trunk(book.written[:place]), *book.layout.openings[place]] for place in range(len(book.lines))]
        lines = [replace(line, temp_prompt=self._text(context)) for line, context in zip(book.lines, contexts, strict=True)]
        single = {"accept": self._text(accepted[len(prompt) :]), "reject": self._text(rejected[len(prompt) :])}
        return SceneRecord(book.scene.scene_id, self._text(prompt), tuple(lines), len(lines), single, self._order.form.value)

    def _text(self, ids: Sequence[int]) -> str:
        return self.tokenizer.decode(ids, clean_up_tokenization_spaces=False)


def _within_memory(work: Callable[[], Result]) -> Result:
    """A judge whose passes run out of memory fails like the sampler: its scenes are then taken in halves."""
    try:
        return work()
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise SamplingOutOfMemory("Memory ran out while candidates were judged; take fewer scenes at once, or fewer lines per scene.") from error


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

"""The translation of whole scenes: a free answer, read strictly, and the failing lines once more, one by one.

`Scene`s of any length in, a `SceneAnswer` each out: one translation per line, whatever the model did with the format, and beside it
what was wrong with the free answer. Scenes are cut into windows; a line too long for any is translated in pieces. A blank line stays
blank. To change how the model is run, see `writing.py`; how answers are read, `parse.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from models.translation.forms import Form, ending_ids, text_ids
from models.translation.glossary import Term, checked_terms, missed_terms, scene_terms
from models.translation.layout import SceneLayout, layout_of, translation_ids
from models.translation.parse import Fault, parse_answer
from models.translation.prompt import Scene, one_line
from models.translation.windows import MAX_LINES, OVERLAP_LINES, Window, budgeted_windows, pieces
from models.translation.writing import AnswerLimits, Known, Written, end_of_text_ids, free_answers, line_by_line, written_lines

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = [
    "AnswerLimits", "AnswerSettings", "SceneAnswer", "Written", "answer_scene", "answer_scenes", "end_of_text_ids", "free_answers",
    "line_by_line", "written_lines",
]  # fmt: skip
_UNSPACED_LANGUAGES = {"zh", "ja", "th", "Chinese", "Japanese", "Thai"}
_TOKENS_PER_SOURCE_TOKEN, _TOKENS_PER_LINE = 3.5, 6  # source twice and its translation; brackets and line breaks


@dataclass(frozen=True, slots=True)
class AnswerSettings:
    """`is_free`: let the model write the format itself first; without it, and in the tagged form, every line is given its opening.
    `max_tokens`: prompt and answer of a window together; None for what the model was made for. `max_piece_tokens`: a source line longer
    than this is translated in pieces."""

    is_free: bool = True
    max_lines: int = MAX_LINES
    overlap_lines: int = OVERLAP_LINES
    max_tokens: int | None = None
    max_piece_tokens: int = 128
    limits: AnswerLimits = field(default_factory=AnswerLimits)


@dataclass(frozen=True, slots=True)
class SceneAnswer:
    """One item per source line. `faults`: why the free answer had none for it (of a line in pieces, the first reason), so that it was written
    anew, or None. `is_cut`: its translation found no end and is cut off. `missed_terms`: those whose target it lacks.
    `extra_rows`: rows of the free answers that answer nothing. `n_windows`: how many answers the scene took."""

    lines: tuple[str, ...]
    faults: tuple[Fault | None, ...]
    is_cut: tuple[bool, ...]
    missed_terms: tuple[tuple[Term, ...], ...]
    extra_rows: tuple[str, ...]
    n_windows: int

    @property
    def is_compliant(self) -> bool:
        """Whether every free answer was exactly its lines."""
        return not self.extra_rows and not any(self.faults)


def answer_scene(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, scene: Scene, form: Form, settings: AnswerSettings | None = None
) -> SceneAnswer:
    """`answer_scenes` for one scene."""
    return answer_scenes(model, tokenizer, [scene], form, settings)[0]


def answer_scenes(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, scenes: Sequence[Scene], form: Form, settings: AnswerSettings | None = None
) -> list[SceneAnswer]:
    """Translate scenes, the n-th windows of all of them together. Only terms that occur in a window stand in its prompt.

    Raises `NoSuchTag` when a tagged model lacks a language, ValueError for a term with an empty side.
    """
    settings = AnswerSettings() if settings is None else settings
    endings = ending_ids(form, tokenizer)
    works = [_SceneWork(model, tokenizer, scene, form, settings) for scene in scenes]
    for turn in range(max((len(work.windows) for work in works), default=0)):
        live = [work for work in works if turn < len(work.windows)]
        layouts = [work.layout(turn, endings) for work in live]
        if settings.is_free and form is not Form.TAGGED:
            given = [work.lead_in(turn) for work in live]
            texts = free_answers(model, tokenizer, layouts, given=given, limits=settings.limits)
            for work, text in zip(live, texts, strict=True):
                work.read(turn, text)
        written = written_lines(model, tokenizer, layouts, [work.known(turn) for work in live], settings.limits)
        for work, lines in zip(live, written, strict=True):
            work.settle(turn, lines)
    return [work.answer() for work in works]


class _SceneWork:
    """A scene on its way: its lines in pieces, the windows over these, and what each piece has by now."""

    def __init__(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, scene: Scene, form: Form, settings: AnswerSettings
    ) -> None:
        self._scene, self._form, self._tokenizer = replace(scene, terms=scene_terms(scene.lines, checked_terms(scene.terms))), form, tokenizer
        self._cuts = [_pieces(line, tokenizer, settings.max_piece_tokens) for line in scene.lines]
        self.sources = [piece for cut in self._cuts for piece in cut]
        longest = settings.max_tokens if settings.max_tokens is not None else getattr(model.config, "max_position_embeddings", 2048)
        budget = longest - len(layout_of(replace(self._scene, lines=("",)), form, tokenizer, frozenset()).prompt)
        costs = [int(_TOKENS_PER_SOURCE_TOKEN * len(text_ids(source, tokenizer))) + _TOKENS_PER_LINE for source in self.sources]
        self.windows = budgeted_windows(costs, budget, max_lines=settings.max_lines, overlap_lines=settings.overlap_lines)
        self._words: list[tuple[int, ...] | None] = [None] * len(self.sources)
        self._texts: list[str] = [""] * len(self.sources)
        self._faults: list[Fault | None] = [None] * len(self.sources)
        self._is_cut = [False] * len(self.sources)
        self._extra_rows: list[str] = []

    def layout(self, turn: int, endings: frozenset[int]) -> SceneLayout:
        window = self.windows[turn]
        lines = tuple(self.sources[window.first : window.end])
        part = replace(self._scene, lines=lines, terms=scene_terms(lines, self._scene.terms))
        return layout_of(part, self._form, self._tokenizer, endings)

    def lead_in(self, turn: int) -> Known:
        window = self.windows[turn]
        return self._words[window.first : window.keep_from]

    def known(self, turn: int) -> Known:
        window = self.windows[turn]
        return self._words[window.first : window.end]

    def read(self, turn: int, text: str) -> None:
        """Take what is in order of a free answer, and the reason for what is not."""
        window = self.windows[turn]
        parsed = parse_answer(text, self.sources[window.keep_from : window.end])
        self._extra_rows += parsed.extra_rows
        for line, found in enumerate(parsed.lines, start=window.keep_from):
            self._faults[line] = found.fault
            if found.translation is not None:
                self._texts[line], self._words[line] = found.translation, translation_ids(found.translation, self._tokenizer)

    def settle(self, turn: int, written: Sequence[Written]) -> None:
        window: Window = self.windows[turn]
        for line in range(window.keep_from, window.end):
            if self._words[line] is None:
                one = written[line - window.first]
                self._words[line], self._texts[line], self._is_cut[line] = one.ids, one.text, not one.is_finished

    def answer(self) -> SceneAnswer:
        """The pieces joined again."""
        joint = "" if self._scene.target_language in _UNSPACED_LANGUAGES else " "
        spans, at = [], 0
        for cut in self._cuts:
            spans.append(slice(at, at + len(cut)))
            at += len(cut)
        lines = tuple(joint.join(filter(None, self._texts[span])) for span in spans)
        missed = (missed_terms(source, line, self._scene.terms) for source, line in zip(self._scene.lines, lines, strict=True))
        return SceneAnswer(
            lines,
            tuple(next((fault for fault in self._faults[span] if fault is not None), None) for span in spans),
            tuple(any(self._is_cut[span]) for span in spans),
            tuple(missed),
            tuple(self._extra_rows),
            len(self.windows),
        )


def _pieces(line: str, tokenizer: PreTrainedTokenizerBase, max_tokens: int) -> tuple[str, ...]:
    """None for a blank line, one as a rule, more for a long one."""
    text = one_line(line)
    if not text:
        return ()
    return pieces(text, lambda piece: len(text_ids(piece, tokenizer)) <= max_tokens)

"""Scenes cut to what a model has room for, in the words and ids that it is asked with. Scenes in, `ScenePart`s out.

A line that no part has room for stands alone, without a layout. How much room a translation is given is `_SPARE_TOKENS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from studio.domain.language import NAMES
from studio.engines.scene_asks import SceneAnswer, SceneAsk

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from models.translation.forms import Form
    from models.translation.layout import SceneLayout
    from models.translation.prompt import Scene

_SYLLABLES_PER_S = 5.0  # what a budget means to a model that can count syllables and not seconds
_SPARE_TOKENS = 8  # beside twice its source, what a line and its translation are given room for


@dataclass(frozen=True, slots=True)
class ScenePart:
    """A stretch of a scene. `layout` None: one line that the model has no room for. `first_line`: its place in the whole scene."""

    ask: SceneAsk
    layout: SceneLayout | None
    first_line: int
    scene_index: int = 0


class SceneCutter:
    """Cuts for one model. `room_tokens`: prompt and answer together."""

    def __init__(self, form: Form, tokenizer: PreTrainedTokenizerBase, room_tokens: int) -> None:
        from models.translation.forms import ending_ids

        self.form, self._tokenizer, self._room_tokens = form, tokenizer, room_tokens
        self._endings = ending_ids(form, tokenizer)

    def parts(self, ask: SceneAsk, first_line: int = 0) -> list[ScenePart]:
        """The scene, cut in halves until each part fits with its answer. Raises NoSuchTag where a tagged model lacks a language."""
        from models.translation.layout import layout_of

        layout = layout_of(self.scene(ask), self.form, self._tokenizer, self._endings)
        needed = len(layout.prompt) + sum(3 * len(opening) + _SPARE_TOKENS for opening in layout.openings)
        if needed <= self._room_tokens:
            return [ScenePart(ask, layout, first_line)]
        if len(ask.lines) == 1:
            is_hopeless = len(layout.prompt) + len(layout.openings[0]) + _SPARE_TOKENS >= self._room_tokens
            return [ScenePart(ask, None if is_hopeless else layout, first_line)]
        half = len(ask.lines) // 2
        found: list[ScenePart] = []
        for start, end in ((0, half), (half, len(ask.lines))):
            budgets = None if ask.budgets_s is None else ask.budgets_s[start:end]
            found += self.parts(replace(ask, lines=ask.lines[start:end], budgets_s=budgets), first_line + start)
        return found

    def scene(self, ask: SceneAsk) -> Scene:
        """In codes and with the given pairs for a tagged model, in names and with the budgets in words for any other."""
        from models.translation.forms import Form
        from models.translation.prompt import Scene

        languages = (ask.source_language, ask.target_language)
        if self.form is not Form.INSTRUCTION:
            return Scene(*languages, ask.lines, ask.given)
        wishes = () if ask.budgets_s is None else (budget_wish(ask.budgets_s),)
        return Scene(*(NAMES.get(code, code) for code in languages), ask.lines, (), wishes)


def budget_wish(budgets_s: Sequence[float]) -> str:
    """The time of every line in words.

    >>> budget_wish([0.6])
    'Keep each translation within the time of its line: 1: 0.6 s, about 3 syllables.'
    """
    budgets = "; ".join(f"{number}: {seconds:.1f} s, about {max(1, round(_SYLLABLES_PER_S * seconds))} syllables" for number, seconds in enumerate(budgets_s, 1))
    return f"Keep each translation within the time of its line: {budgets}."


def joined(answers: Sequence[SceneAnswer]) -> SceneAnswer:
    """The answers to the parts of a scene as one."""
    translations = tuple(text for answer in answers for text in answer.translations)
    faults = tuple(fault for answer in answers for fault in answer.faults)
    notes = tuple(note for answer in answers for note in answer.notes)
    if len(answers) > 1:
        notes = (*notes, "Scenes that the model has no room for were asked in parts.")
    return SceneAnswer(translations, faults, all(answer.is_compliant for answer in answers), notes)

"""The words a translation model is asked a scene with, as preference records keep them. A form and a scene in, texts out; no model is loaded.

The forms and their wording are `models.translation`'s own, so records from the desk read like records that were sampled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.translation.forms import Form
from models.translation.prompt import (
    Scene, answer, answer_line, answer_opening, compact_prompt, instruction, tagged_pair, tagged_prompt,
)  # fmt: skip
from studio.domain.language import NAMES
from studio.engines.translate_lm import BUNDLED

FORMS = tuple(form.value for form in Form)


def usual_form(*, is_chat: bool) -> str:
    """The form that a chat model is asked in, or else the bundled one: what is learnt in one form helps little in another."""
    if is_chat:
        return Form.INSTRUCTION.value
    from models.checkpoint import read_manifest

    named = read_manifest().find_bundled(BUNDLED).form
    return named if named in FORMS else Form.COMPACT.value


@dataclass(frozen=True, slots=True)
class ScenePrompt:
    """How one scene is asked: `source_language` and `target_language` as the form writes them, and `words` before the answer."""

    form: Form
    source_language: str
    target_language: str
    words: str

    def opening(self, source: str) -> str:
        """What stands before the translation of `source`."""
        return tagged_prompt((self.source_language, self.target_language), source) if self.form is Form.TAGGED else answer_opening(source)

    def line(self, source: str, translation: str) -> str:
        """A line with its translation, closed."""
        if self.form is Form.TAGGED:
            return tagged_pair((self.source_language, self.target_language), source, translation)
        return answer_line(source, translation)


def scene_prompt(form: str, pair: tuple[str, str], sources: Sequence[str], terms: Sequence[tuple[str, str]]) -> ScenePrompt:
    """`form` is one of FORMS; `pair` two language codes. Terms stand where the form has a place for them, else as lines translated before."""
    kind = Form(form)
    source_language, target_language = (NAMES[code] for code in pair) if kind is Form.INSTRUCTION else pair
    if kind is Form.TAGGED:
        words = "".join(tagged_pair((source_language, target_language), *term) for term in terms)
    elif kind is Form.COMPACT:
        given, fixed = [source for source, _ in terms], [target for _, target in terms]
        words = compact_prompt(Scene(source_language, target_language, (*given, *sources))) + answer(given, fixed)
    else:
        words = instruction(Scene(source_language, target_language, tuple(sources), tuple(terms)))
    return ScenePrompt(kind, source_language, target_language, words)

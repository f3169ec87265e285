"""A scene as token ids: what the prompt and the answer are made of, apart from the translations themselves.

A `Scene`, a form and a tokenizer in, a `SceneLayout` out. Sampling, losses and decoding all build on it, so that the ids they see agree:
every piece (an opening, a translation, a terminator) is tokenised on its own and the ids are joined. A new form needs one
function here that fills a `SceneLayout`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.translation.forms import Form, ending_ids, instruction_ids, tag_id, text_ids
from models.translation.prompt import CLOSE, LINE_END, Scene, answer, answer_opening, one_line

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class SceneLayout:
    """An answer is, line after line, `openings[i]`, the ids of the translation, `terminator`, `separator`; `prompt` stands before it.

    `ending_ids`: tokens after which a sampled translation is over (some tokenizers glue the bracket to what precedes it).
    In the line format an opening is `source(`, the terminator `)` and the separator a line break; in the tagged form an opening
    is `<zh>source<en>`, the terminator a line break, and prompt and separator are empty.
    """

    prompt: tuple[int, ...]
    openings: tuple[tuple[int, ...], ...]
    terminator: tuple[int, ...]
    separator: tuple[int, ...]
    ending_ids: frozenset[int]

    def __len__(self) -> int:
        """Number of lines."""
        return len(self.openings)

    def trunk(self, translations: Sequence[Sequence[int]]) -> list[int]:
        """The prompt and the first lines of an answer, one per translation, each closed."""
        ids = list(self.prompt)
        for opening, words in zip(self.openings, translations, strict=False):
            ids += [*opening, *words, *self.terminator, *self.separator]
        return ids


def layout_of(scene: Scene, form: Form, tokenizer: PreTrainedTokenizerBase, endings: frozenset[int] | None = None) -> SceneLayout:
    """`endings`: `ending_ids` of the form where the caller has them: to find them anew reads the whole vocabulary.

    Raises `NoSuchTag` (a sentence) when a tagged model lacks one of the languages.
    """
    return _LAYOUTS[form](scene, tokenizer, ending_ids(form, tokenizer) if endings is None else endings)


def translation_ids(text: str, tokenizer: PreTrainedTokenizerBase) -> tuple[int, ...]:
    """A translation as the piece it is in any layout. Text from people is never read as a special token."""
    return tuple(text_ids(one_line(text), tokenizer))


def _tagged(scene: Scene, tokenizer: PreTrainedTokenizerBase, endings: frozenset[int]) -> SceneLayout:
    source_tag, target_tag = tag_id(scene.source_language, tokenizer), tag_id(scene.target_language, tokenizer)
    line_end = text_ids(LINE_END, tokenizer)
    terms: list[int] = []
    for source, target in scene.terms:
        terms += [source_tag, *text_ids(one_line(source), tokenizer), target_tag, *text_ids(one_line(target), tokenizer), *line_end]
    openings = tuple((source_tag, *text_ids(one_line(line), tokenizer), target_tag) for line in scene.lines)
    return SceneLayout(tuple(terms), openings, tuple(line_end), (), endings)


def _compact(scene: Scene, tokenizer: PreTrainedTokenizerBase, endings: frozenset[int]) -> SceneLayout:
    """Terms stand first, as lines that have been answered already: the small model knows no other way to be told."""
    given = [source for source, _ in scene.terms]
    sources = [*given, *scene.lines]
    listed = [token for line in sources for token in text_ids(one_line(line) + LINE_END, tokenizer)]
    answered = text_ids(answer(given, [target for _, target in scene.terms]), tokenizer) if given else []
    prompt = [tag_id(scene.source_language, tokenizer), *listed, tag_id(scene.target_language, tokenizer), *answered]
    return _line_format(prompt, scene, tokenizer, endings)


def _instruction(scene: Scene, tokenizer: PreTrainedTokenizerBase, endings: frozenset[int]) -> SceneLayout:
    return _line_format(instruction_ids(scene, tokenizer), scene, tokenizer, endings)


def _line_format(prompt: Sequence[int], scene: Scene, tokenizer: PreTrainedTokenizerBase, endings: frozenset[int]) -> SceneLayout:
    openings = tuple(tuple(text_ids(answer_opening(line), tokenizer)) for line in scene.lines)
    return SceneLayout(tuple(prompt), openings, tuple(text_ids(CLOSE, tokenizer)), tuple(text_ids(LINE_END, tokenizer)), endings)


_LAYOUTS: dict[Form, Callable[[Scene, PreTrainedTokenizerBase, frozenset[int]], SceneLayout]] = {
    Form.TAGGED: _tagged,
    Form.COMPACT: _compact,
    Form.INSTRUCTION: _instruction,
}

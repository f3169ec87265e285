"""The three ways a model is asked for one line, and where its answer ends. In: an `Ask` and a tokenizer; out: prefix ids.

TAGGED is the bundled model's short form, COMPACT its line format, INSTRUCTION the line format in words for every other
model (inside its chat template when it has one). Earlier lines stand in the prefix with the translations they were given, and the line
format's source is written for the model, so no answer can merge, skip or alter a line. Add a form as a member of `Form`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from models.translation.prompt import (
    CLOSE, LINE_END, Scene, answer_line, answer_opening, instruction, one_line, tag,
)  # fmt: skip

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_PLACE_OF_WORDS = "[the words of the request]"
_ENDS_LINE_FORMAT = (CLOSE, "）", LINE_END)


class Form(StrEnum):
    TAGGED = "tagged"
    COMPACT = "compact"
    INSTRUCTION = "instruction"


class NoSuchTag(LookupError):
    """A tagged model was asked for a language it has no tag for. The sentence names it."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One line to translate, after earlier (source, translation) pairs. Languages as `Scene` wants them for the form.
    `terms`: fixed translations; the small forms have them as lines that are answered already. `wishes`: further rules, in words."""

    source_language: str
    target_language: str
    source: str
    before: tuple[tuple[str, str], ...] = ()
    terms: tuple[tuple[str, str], ...] = ()
    wishes: tuple[str, ...] = ()


def natural_form(tokenizer: PreTrainedTokenizerBase) -> Form:
    """The form a model was made for, told by its tokenizer: language tags are tokens of their own, or are not."""
    return Form.TAGGED if tag("en") in tokenizer.get_vocab() else Form.INSTRUCTION


def prefix_ids(form: Form, ask: Ask, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Everything that stands before the translation. Text from people is never read as a special token."""
    if form is Form.TAGGED:
        return _tagged_ids(ask, tokenizer)
    given = (*ask.terms, *ask.before) if form is Form.COMPACT else ask.before
    sources = (*(source for source, _ in given), ask.source)
    scene = Scene(ask.source_language, ask.target_language, sources, ask.terms, ask.wishes)
    answered = "".join(answer_line(source, text) for source, text in given) + answer_opening(ask.source)
    if form is Form.COMPACT:
        lines = text_ids(LINE_END.join(map(one_line, sources)) + LINE_END, tokenizer)
        return [tag_id(ask.source_language, tokenizer), *lines, tag_id(ask.target_language, tokenizer), *text_ids(answered, tokenizer)]
    return instruction_ids(scene, tokenizer) + text_ids(answered, tokenizer)


def instruction_ids(scene: Scene, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """The request in words, inside the chat template where there is one. The template's marks are special tokens; the words are none, even
    where a line holds such a mark as text."""
    words = text_ids(instruction(scene), tokenizer)
    if not tokenizer.chat_template:
        return words
    chat = [{"role": "user", "content": _PLACE_OF_WORDS}]
    head, tail = tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False).split(_PLACE_OF_WORDS)
    return [*tokenizer(head, add_special_tokens=False).input_ids, *words, *tokenizer(tail, add_special_tokens=False).input_ids]


def fitting_ask(form: Form, ask: Ask, tokenizer: PreTrainedTokenizerBase, max_tokens: int) -> tuple[Ask, list[int]]:
    """The ask with as many of its latest earlier lines as `max_tokens` allow, and its prefix ids; the line itself always stays."""
    for first in range(len(ask.before) + 1):
        shorter = replace(ask, before=ask.before[first:])
        ids = prefix_ids(form, shorter, tokenizer)
        if len(ids) <= max_tokens:
            break
    return shorter, ids


def ending_ids(form: Form, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Tokens after which a translation is over: a line break, in the line format a closing bracket, or the end of text."""
    ends = (LINE_END,) if form is Form.TAGGED else _ENDS_LINE_FORMAT
    vocabulary = range(len(tokenizer))
    texts = tokenizer.batch_decode([[token] for token in vocabulary], clean_up_tokenization_spaces=False)
    found = {token for token, text in zip(vocabulary, texts, strict=True) if any(end in text for end in ends)}
    return frozenset(found | {token for token in (tokenizer.eos_token_id,) if token is not None})


def ending_of(form: Form, tokenizer: PreTrainedTokenizerBase) -> int:
    """The token that ends a translation in this form when the words are given."""
    return text_ids(LINE_END if form is Form.TAGGED else CLOSE, tokenizer)[0]


def translation_of(form: Form, ids: tuple[int, ...], ending_id: int, tokenizer: PreTrainedTokenizerBase) -> str:
    """The words of a finished draw: its text up to the first ending (an ending token may carry words before the bracket)."""
    text = tokenizer.decode([*ids, ending_id], skip_special_tokens=True, clean_up_tokenization_spaces=False)
    for end in (LINE_END,) if form is Form.TAGGED else _ENDS_LINE_FORMAT:
        text = text.split(end)[0]
    return one_line(text.replace("\ufffd", ""))


def _tagged_ids(ask: Ask, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    source_tag, target_tag = tag_id(ask.source_language, tokenizer), tag_id(ask.target_language, tokenizer)
    ids: list[int] = []
    for source, translation in (*ask.terms, *ask.before):
        ids += [source_tag, *text_ids(one_line(source), tokenizer), target_tag, *text_ids(one_line(translation) + LINE_END, tokenizer)]
    return [*ids, source_tag, *text_ids(one_line(ask.source), tokenizer), target_tag]


def tag_id(language: str, tokenizer: PreTrainedTokenizerBase) -> int:
    token = tokenizer.convert_tokens_to_ids(tag(language))
    if token is None or token == tokenizer.unk_token_id:
        raise NoSuchTag(f"the model has no tag for the language “{language}”; name another model.")
    return token


def text_ids(text: str, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    return tokenizer(text, add_special_tokens=False, split_special_tokens=True).input_ids

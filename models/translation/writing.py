"""Whole answers by greedy decoding: written freely, or line by line after openings that are given. Both batched over scenes.

`SceneLayout`s in, texts out. `free_answers` gives the prompt alone, so that what the model does with the format can be judged;
`written_lines` writes every opening for the model, so that no line can be lost. `generate.py` joins the two for whole scenes.
Free generation ends at the end of text. A model that never learnt that mark ends nowhere: it is stopped behind the row after the last
one asked for, and that row counts as extra; with `max_extra_rows=0` it is stopped after the last row, and nothing extra can be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from models.translation.layout import SceneLayout
from models.translation.parse import is_closed
from models.translation.prompt import CLOSE, LINE_END, OPEN, one_line

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_CLOSES = (CLOSE, "）")
_LIKE = str.maketrans("（）", OPEN + CLOSE)
Known = Sequence[tuple[int, ...] | None]


@dataclass(frozen=True, slots=True)
class AnswerLimits:
    """How much may be written. A translation may have `tokens_per_source_token` for each token of its opening and `spare_tokens` more, and
    no more than `max_line_tokens`. `max_extra_rows`: rows beyond the last source before a free answer is stopped.
    `batch_scenes`: scenes decoded together."""

    tokens_per_source_token: int = 4
    spare_tokens: int = 24
    max_line_tokens: int = 256
    max_extra_rows: int = 1
    batch_scenes: int = 8

    def line_tokens(self, opening: Sequence[int]) -> int:
        """The most tokens of the translation after `opening`."""
        return min(self.max_line_tokens, self.tokens_per_source_token * len(opening) + self.spare_tokens)


@dataclass(frozen=True, slots=True)
class Written:
    """One translation. `is_finished`: it came to its ending within its limit; the text of one that did not is cut off."""

    ids: tuple[int, ...]
    text: str
    is_finished: bool


class _Rows:
    """Scenes being written: their common cache, which of its places are real, and which scenes they are."""

    def __init__(self, model: PreTrainedModel, n_rows: int, padding_id: int) -> None:
        from transformers import DynamicCache

        self.model, self.padding_id = model, padding_id
        self.cache = DynamicCache(config=model.config)
        self.keep_mask = torch.zeros(n_rows, 0, dtype=torch.long, device=model.device)
        self.index = list(range(n_rows))

    def feed(self, chunks: Sequence[Sequence[int]]) -> Tensor:
        """Read a chunk for each row, which may be empty, and return what follows: (rows, vocabulary), of no meaning after an empty chunk."""
        width = max(map(len, chunks))
        ids = torch.tensor([[self.padding_id] * (width - len(chunk)) + list(chunk) for chunk in chunks], device=self.model.device)
        keep = torch.tensor([[0] * (width - len(chunk)) + [1] * len(chunk) for chunk in chunks], device=self.model.device)
        seen = self.keep_mask.sum(1, keepdim=True)
        self.keep_mask = torch.cat([self.keep_mask, keep], 1)
        positions = (seen + keep.cumsum(-1) - 1).clamp(min=0)
        out = self.model(
            input_ids=ids, attention_mask=self.keep_mask, position_ids=positions, past_key_values=self.cache, use_cache=True, logits_to_keep=1
        )
        return out.logits[:, -1].float()

    def retain(self, rows: Sequence[int]) -> None:
        """Keep these rows only, by their places."""
        places = torch.tensor(rows, dtype=torch.long, device=self.model.device)
        self.cache.batch_select_indices(places)
        self.keep_mask = self.keep_mask[places]
        self.index = [self.index[row] for row in rows]


@torch.inference_mode()
def free_answers(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, layouts: Sequence[SceneLayout], *,
    given: Sequence[Known] | None = None, limits: AnswerLimits | None = None,
) -> list[str]:  # fmt: skip
    """The likeliest answer to each prompt, as the model writes it. `given`: translations of the first lines of each scene, which
    stand in the answer already and are not part of what is returned.

    Raises ValueError for the tagged form, in which the model is given every opening and a free answer means nothing.
    """
    if any(not layout.separator for layout in layouts):
        raise ValueError("A free answer exists in the line formats only (compact, instruction); translate the tagged form line by line.")
    limits = AnswerLimits() if limits is None else limits
    given = [()] * len(layouts) if given is None else given
    breaks = _line_breaks(tokenizer)
    answers: list[str] = []
    for start in range(0, len(layouts), limits.batch_scenes):
        batch = slice(start, start + limits.batch_scenes)
        scenes = [_FreeScene(layout, first, breaks, limits) for layout, first in zip(layouts[batch], given[batch], strict=True)]
        _write_freely(model, tokenizer, scenes)
        answers += [tokenizer.decode(scene.ids, clean_up_tokenization_spaces=False) for scene in scenes]
    return answers


class _FreeScene:
    """One free answer as it grows, and when it is over: at the end of text, after the last row that may be written, or when a row, or all
    rows together, are longer than any answer would be."""

    def __init__(self, layout: SceneLayout, given: Known, breaks: dict[int, bool], limits: AnswerLimits) -> None:
        self.prefix = layout.trunk(given)
        self.ids: list[int] = []
        self._breaks = breaks
        sizes = [len(opening) + limits.line_tokens(opening) + 2 for opening in layout.openings[len(given) :]]
        self._rows_left = len(sizes) + limits.max_extra_rows
        self._row_room = max(sizes, default=0)
        self._room = sum(sizes) + limits.max_extra_rows * self._row_room
        self._in_row = 0
        self.is_over = not sizes

    def write(self, token: int, end_ids: frozenset[int]) -> None:
        if token in end_ids:
            self.is_over = True
            return
        self.ids.append(token)
        if token not in self._breaks:
            self._in_row += 1
        elif self._in_row or self._breaks[token]:  # an empty row is none
            self._rows_left, self._in_row = self._rows_left - 1, 0
        self.is_over = self._rows_left <= 0 or self._in_row > self._row_room or len(self.ids) >= self._room


def _write_freely(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, scenes: Sequence[_FreeScene]) -> None:
    live = [scene for scene in scenes if not scene.is_over]
    if not live:
        return
    end_ids = end_of_text_ids(model, tokenizer)
    rows = _Rows(model, len(live), _padding_id(tokenizer))
    logits = rows.feed([scene.prefix for scene in live])
    while True:
        tokens = logits.argmax(-1).tolist()
        for scene, token in zip(live, tokens, strict=True):
            scene.write(token, end_ids)
        places = [place for place, scene in enumerate(live) if not scene.is_over]
        if not places:
            return
        if len(places) < len(live):
            rows.retain(places)
            live, tokens = [live[place] for place in places], [tokens[place] for place in places]
        logits = rows.feed([[token] for token in tokens])


def line_by_line(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, layout: SceneLayout, known: Known | None = None, limits: AnswerLimits | None = None
) -> list[str]:
    """One translation for every line of a scene, each after its opening and all lines before it. `known`: ids of those that are
    settled, None for the others. A translation that found no end is cut; `written_lines` says which."""
    return [line.text for line in written_lines(model, tokenizer, [layout], None if known is None else [known], limits)[0]]


@torch.inference_mode()
def written_lines(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, layouts: Sequence[SceneLayout],
    known: Sequence[Known] | None = None, limits: AnswerLimits | None = None,
) -> list[list[Written]]:  # fmt: skip
    """`line_by_line` for several scenes: the i-th open line of each is written beside that of the others, over one cache."""
    limits = AnswerLimits() if limits is None else limits
    known = [(None,) * len(layout) for layout in layouts] if known is None else known
    answers: list[list[Written]] = []
    for start in range(0, len(layouts), limits.batch_scenes):
        batch = slice(start, start + limits.batch_scenes)
        scenes = [_ForcedScene(layout, settled, tokenizer) for layout, settled in zip(layouts[batch], known[batch], strict=True)]
        _write_lines(model, tokenizer, scenes, limits)
        answers += [scene.lines() for scene in scenes]
    return answers


class _ForcedScene:
    """One scene written line by line: the lines still open, and what must be read before each."""

    def __init__(self, layout: SceneLayout, known: Known, tokenizer: PreTrainedTokenizerBase) -> None:
        if len(known) != len(layout):
            raise ValueError(f"The scene has {len(layout)} lines and {len(known)} translations, known or open; give one for each line.")
        self.layout, self._tokenizer = layout, tokenizer
        self._words: list[tuple[int, ...] | None] = list(known)
        self._is_finished = [True] * len(known)
        self.open_lines = [line for line, words in enumerate(known) if words is None]
        self._unread = list(layout.prompt)  # by the cache
        self._next_line = 0

    def chunk_before(self, line: int) -> list[int]:
        """Everything between what has been read and the translation of `line`."""
        chunk = self._unread
        for earlier in range(self._next_line, line):
            chunk += [*self.layout.openings[earlier], *self._words[earlier], *self.layout.terminator, *self.layout.separator]
        self._unread, self._next_line = [], line + 1
        return [*chunk, *self.layout.openings[line]]

    def settle(self, line: int, text: _Line) -> None:
        """Keep a translation; what the cache has not read of it is read before the next line."""
        self._words[line], self._is_finished[line] = tuple(text.ids), text.is_finished
        self._unread = [*text.ids[text.n_read :], *self.layout.terminator, *self.layout.separator]

    def lines(self) -> list[Written]:
        return [Written(words, self._text(words), is_finished) for words, is_finished in zip(self._words, self._is_finished, strict=True)]

    def _text(self, words: Sequence[int]) -> str:
        text = self._tokenizer.decode(list(words), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return one_line(text.replace("\ufffd", ""))


def _write_lines(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, scenes: Sequence[_ForcedScene], limits: AnswerLimits) -> None:
    live = [scene for scene in scenes if scene.open_lines]
    if not live:
        return
    rows, ends = _Rows(model, len(live), _padding_id(tokenizer)), _Ends(model, tokenizer)
    for turn in range(max(len(scene.open_lines) for scene in live)):
        places = [place for place, scene in enumerate(live) if turn < len(scene.open_lines)]
        if len(places) < len(live):
            rows.retain(places)
            live = [live[place] for place in places]
        _write_turn(rows, live, turn, limits, ends)


class _Line:
    """A translation as it grows after its opening. `n_read`: ids that the cache has read."""

    def __init__(self, layout: SceneLayout, line: int, room_tokens: int, ends: _Ends) -> None:
        self._ending_ids, self._has_brackets = layout.ending_ids | ends.end_ids, bool(layout.separator)
        self._room_tokens, self._ends = room_tokens, ends
        self.ids: list[int] = []
        self.n_read = 0
        self.is_over = self.is_finished = False

    def chunk(self) -> list[int]:
        """The ids that are to be read before the next token."""
        unread = [] if self.is_over else self.ids[self.n_read :]
        self.n_read += len(unread)
        return unread

    def write(self, token: int) -> None:
        last_words = self._ends.words_before_end(self.ids, token, self._has_brackets) if token in self._ending_ids else None
        if last_words is None:
            self.ids.append(token)
        else:
            self.ids += last_words
            self.is_over = self.is_finished = True
        self.is_over = self.is_over or len(self.ids) >= self._room_tokens


class _Ends:
    """Where, in a token after which a translation may be over, it is over."""

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
        self.end_ids = end_of_text_ids(model, tokenizer)
        self._tokenizer = tokenizer

    def words_before_end(self, ids: Sequence[int], token: int, has_brackets: bool) -> list[int] | None:
        """The ids that `token` still adds to a translation that it ends; None when it ends none, closing a bracket of the translation's own."""
        if token in self.end_ids:
            return []
        piece = self._tokenizer.decode([token], clean_up_tokenization_spaces=False)
        words = self._tokenizer.decode(list(ids), clean_up_tokenization_spaces=False)
        for at, sign in enumerate(piece):
            before = (words + piece[:at]).translate(_LIKE)
            if sign == LINE_END or (has_brackets and sign in _CLOSES and is_closed(before)):
                return self._tokenizer(piece[:at], add_special_tokens=False, split_special_tokens=True).input_ids
        return None


def _write_turn(rows: _Rows, live: Sequence[_ForcedScene], turn: int, limits: AnswerLimits, ends: _Ends) -> None:
    """Write one line of every scene. A scene whose line is over waits for the others with empty chunks."""
    lines = [scene.open_lines[turn] for scene in live]
    texts = [
        _Line(scene.layout, line, limits.line_tokens(scene.layout.openings[line]), ends) for scene, line in zip(live, lines, strict=True)
    ]
    logits = rows.feed([scene.chunk_before(line) for scene, line in zip(live, lines, strict=True)])
    for row, scene in enumerate(live):  # no words are no translation; a tokenizer may know more tokens than its model
        logits[row, [token for token in scene.layout.ending_ids | ends.end_ids if token < logits.shape[-1]]] = -torch.inf
    while True:
        for text, token in zip(texts, logits.argmax(-1).tolist(), strict=True):
            if not text.is_over:
                text.write(token)
        if all(text.is_over for text in texts):
            break
        logits = rows.feed([text.chunk() for text in texts])
    for scene, line, text in zip(live, lines, texts, strict=True):
        scene.settle(line, text)


def end_of_text_ids(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """The tokens that end an answer: the tokenizer's, and those of the model's generation settings (chat models end a turn by another)."""
    configured = model.generation_config.eos_token_id if model.generation_config is not None else None
    listed = configured if isinstance(configured, list) else [configured]
    return frozenset(token for token in (tokenizer.eos_token_id, *listed) if token is not None)


def _line_breaks(tokenizer: PreTrainedTokenizerBase) -> dict[int, bool]:
    """The tokens that hold a line break, and whether words or signs stand before it in the same token."""
    texts = tokenizer.batch_decode([[token] for token in range(len(tokenizer))], clean_up_tokenization_spaces=False)
    return {token: bool(text.split(LINE_END)[0].strip()) for token, text in enumerate(texts) if LINE_END in text}


def _padding_id(tokenizer: PreTrainedTokenizerBase) -> int:
    return next((token for token in (tokenizer.pad_token_id, tokenizer.eos_token_id) if token is not None), 0)

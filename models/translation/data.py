"""Line pairs on disk, and windows of whole pairs packed into rows of token ids for training.

In: TSV or TSV.xz with one pair per row, in document order. Out: a `TokenCorpus` (both sides as ids), and `Row`s in one of
the two forms of `prompt.py`. A row never crosses a document, so earlier lines are true context.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

MAX_CHARACTERS = 120
MAX_WIDTH_RATIO = 2.5
_WIDTH_SLACK = 8
_IDEOGRAPH_WIDTH = 3
_MARKUP = ("(", ")", "（", "）", "{", "<", "\\", ",,0000", "http", "www.")


@dataclass(frozen=True, slots=True)
class Pair:
    """One line in two languages, in the order of the corpus's languages."""

    document: str
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class PairColumns:
    """Where a headerless table keeps its document and its two languages, counted from 0."""

    document: int
    first: int
    second: int


def open_text(path: Path) -> IO[str]:
    """A table opened for reading, unpacked on the way when its name ends in .xz."""
    if path.suffix == ".xz":
        return lzma.open(path, "rt", encoding="utf-8", newline="\n")
    return path.open(encoding="utf-8", newline="\n")


def read_pairs(path: Path, columns: PairColumns) -> Iterator[Pair]:
    """Every row of a headerless table as a pair, white space made single; rows with too few cells are a ValueError."""
    needed = max(columns.document, columns.first, columns.second) + 1
    with open_text(path) as table:
        for number, line in enumerate(table, start=1):
            cells = line.rstrip("\n").split("\t")
            if len(cells) < needed:
                raise ValueError(f"{path.name}, row {number}: {len(cells)} cells where {needed} are needed")
            yield Pair(cells[columns.document], *(" ".join(cells[i].split()) for i in (columns.first, columns.second)))


def _width(text: str) -> int:
    """Letters, an ideograph counting as three: about the letters of its English translation."""
    return sum(_IDEOGRAPH_WIDTH if "\u3400" <= character <= "\u9fff" else 1 for character in text)


def is_ideographic(text: str) -> bool:
    return any("\u3400" <= character <= "\u9fff" for character in text)


def is_clean(pair: Pair, languages: tuple[str, str]) -> bool:
    """The rule for what is trained on: both sides there, at most 120 characters, widths within a factor of 2.5 (after a
    slack of 8 letters), no markup or brackets, and ideographs on the Chinese or Japanese side only."""
    sides = (pair.first, pair.second)
    if not all(0 < len(side) <= MAX_CHARACTERS for side in sides):
        return False
    if any(mark in side for side in sides for mark in _MARKUP):
        return False
    if any(is_ideographic(side) != (code in ("zh", "ja")) for side, code in zip(sides, languages, strict=True)):
        return False
    short, long = sorted(_width(side) + _WIDTH_SLACK for side in sides)
    return long <= MAX_WIDTH_RATIO * short


@dataclass(frozen=True, slots=True)
class TokenCorpus:
    """Both sides of n pairs as ids. `ids[s]`: all tokens of side s; pair i is `ids[s][starts[s][i]:starts[s][i + 1]]`.
    `documents`: shape (n,), which document each pair is of."""

    ids: tuple[np.ndarray, np.ndarray]
    starts: tuple[np.ndarray, np.ndarray]
    documents: np.ndarray

    def __len__(self) -> int:
        return len(self.documents)

    def side(self, side: int, pair: int) -> np.ndarray:
        return self.ids[side][self.starts[side][pair] : self.starts[side][pair + 1]]

    def save(self, path: Path) -> None:
        np.savez(path, ids_0=self.ids[0], ids_1=self.ids[1], starts_0=self.starts[0], starts_1=self.starts[1], documents=self.documents)

    @classmethod
    def load(cls, path: Path) -> TokenCorpus:
        with np.load(path, allow_pickle=False) as kept:
            return cls((kept["ids_0"], kept["ids_1"]), (kept["starts_0"], kept["starts_1"]), kept["documents"])


@dataclass(frozen=True, slots=True)
class Marks:
    """The ids that separate things: one tag per language of the corpus, brackets, line break, padding, end of text."""

    tags: tuple[int, int]
    open_bracket: int
    close_bracket: int
    line_end: int
    padding: int
    end: int


@dataclass(frozen=True, slots=True)
class Row:
    """`ids`: shape (n_tokens + 1,). `is_scored`: shape (n_tokens,), True where the next token counts for the loss."""

    ids: np.ndarray
    is_scored: np.ndarray


def windows(corpus: TokenCorpus, n_tokens: int) -> np.ndarray:
    """Cut the corpus into runs of whole pairs that fit a row of the tagged form. Shape (n_windows, 2): first, end."""
    sizes = np.diff(corpus.starts[0]) + np.diff(corpus.starts[1]) + 3
    cuts, first, used = [], 0, 0
    for pair in range(len(corpus)):
        is_new_document = pair > first and corpus.documents[pair] != corpus.documents[pair - 1]
        if pair > first and (is_new_document or used + sizes[pair] > n_tokens + 1):
            cuts.append((first, pair))
            first, used = pair, 0
        used += sizes[pair]
    if first < len(corpus):
        cuts.append((first, len(corpus)))
    return np.array(cuts, dtype=np.int64).reshape(-1, 2)


def tagged_row(corpus: TokenCorpus, window: np.ndarray, source_side: int, marks: Marks) -> tuple[list[np.ndarray], list[bool]]:
    """Pieces of `<a>source<b>target\\n` for each pair of a window, and whether each piece is scored."""
    pieces: list[np.ndarray] = []
    scored: list[bool] = []
    for pair in range(*window):
        pieces += [
            np.array([marks.tags[source_side], *corpus.side(source_side, pair), marks.tags[1 - source_side]]),
            np.array([*corpus.side(1 - source_side, pair), marks.line_end]),
        ]
        scored += [False, True]
    return pieces, scored


def line_format_row(corpus: TokenCorpus, window: np.ndarray, source_side: int, marks: Marks) -> tuple[list[np.ndarray], list[bool]]:
    """Pieces of the compact prompt and its answer for a window, and whether each piece is scored (the answer is). The answer ends
    with the end of text, by which a reader knows that no line follows."""
    sources = [corpus.side(source_side, pair) for pair in range(*window)]
    targets = [corpus.side(1 - source_side, pair) for pair in range(*window)]
    prompt = [marks.tags[source_side]]
    for source in sources:
        prompt += [*source, marks.line_end]
    answer = [[*s, marks.open_bracket, *t, marks.close_bracket, marks.line_end] for s, t in zip(sources, targets, strict=True)]
    pieces = [[*prompt, marks.tags[1 - source_side]], *answer, [marks.end]]
    return [np.array(piece) for piece in pieces], [False] + [True] * (len(answer) + 1)


def line_format_sizes(corpus: TokenCorpus, window: np.ndarray, source_side: int) -> np.ndarray:
    """Tokens of the line-format row of the first 1, 2, … pairs of a window, shape (n_pairs,)."""
    first, end = window
    source, target = (np.diff(corpus.starts[side][first : end + 1]) for side in (source_side, 1 - source_side))
    return np.cumsum(2 * source + target + 4) + 3


def scene_row(
    corpus: TokenCorpus, first: int, source_side: int, marks: Marks, lengths: Iterator[int], n_tokens: int
) -> tuple[list[np.ndarray], list[bool]]:
    """Pieces of scenes in the line format, one behind the other from pair `first` on, while they fit `n_tokens` + 1; each has as many
    lines as `lengths` says, fewer at the end of a document or of the row. At least one scene, which may be cut."""
    pieces: list[np.ndarray] = []
    scored: list[bool] = []
    left = n_tokens + 1
    while first < len(corpus):
        wanted = min(first + next(lengths), len(corpus))
        others = np.flatnonzero(corpus.documents[first:wanted] != corpus.documents[first])
        end = first + int(others[0]) if len(others) else wanted
        fitting = int(np.searchsorted(line_format_sizes(corpus, np.array([first, end]), source_side), left, side="right"))
        if fitting == 0 and pieces:
            break
        window = np.array([first, first + max(1, fitting)])
        more = line_format_row(corpus, window, source_side, marks)
        pieces, scored, first = pieces + more[0], scored + more[1], int(window[1])
        left -= sum(map(len, more[0]))
        if left <= 0:
            break
    return pieces, scored


def padded_row(pieces: list[np.ndarray], scored: list[bool], n_tokens: int, padding: int) -> Row:
    """Join pieces into a row of `n_tokens` + 1 ids, padded or cut at the end; padding is never scored."""
    ids = np.concatenate(pieces)[: n_tokens + 1]
    flags = np.concatenate([np.full(len(piece), flag) for piece, flag in zip(pieces, scored, strict=True)])[: n_tokens + 1]
    row = np.full(n_tokens + 1, padding, dtype=np.int64)
    row[: len(ids)] = ids
    is_scored = np.zeros(n_tokens, dtype=bool)
    is_scored[: len(ids) - 1] = flags[1:]
    return Row(row, is_scored)

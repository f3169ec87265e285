"""Which rows of token ids a training step sees: a mixture of corpora, each in the tagged form and in whole scenes of the line format.

A seed, a step and corpora in, `Row`s out. Batch s is a function of (seed, s) alone, so a resumed run is the run that was never
stopped. Another kind of row is another method beside `_tagged` and `_scenes`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from models.translation.data import Marks, Row, TokenCorpus, padded_row, scene_row, tagged_row

MAX_SCENE_LINES = 35  # papers §1.5


@dataclass(frozen=True, slots=True)
class Ingredient:
    """One corpus of a mixture. `share`: of the steps, any scale. `cuts`: its windows for the tagged form, shape (n, 2)."""

    corpus: TokenCorpus
    cuts: np.ndarray
    marks: Marks
    share: float


@dataclass(frozen=True, slots=True)
class BatchShape:
    """`rows` of `tokens` in the tagged form; about as many tokens in rows of `scene_tokens` for `scene_share` of the steps."""

    rows: int
    tokens: int
    scene_tokens: int
    scene_share: float


class Batches:
    """The rows of any step. A step is of one corpus and one form; a corpus's windows come once per pass, in both directions, in an
    order drawn anew for each pass."""

    def __init__(self, seed: int, shape: BatchShape, ingredients: Sequence[Ingredient]) -> None:
        self._seed, self._shape, self.ingredients = seed, shape, tuple(ingredients)
        self._orders: dict[int, tuple[int, torch.Tensor]] = {}

    def rows(self, step: int) -> list[Row]:
        draw = torch.Generator().manual_seed(self._seed * 1_000_003 + step)
        shares = torch.tensor([one.share for one in self.ingredients])
        number = int(torch.multinomial(shares, 1, generator=draw))
        if float(torch.rand((), generator=draw)) < self._shape.scene_share:
            return self._scenes(self.ingredients[number], draw)
        return self._tagged(number, step)

    def _tagged(self, number: int, step: int) -> list[Row]:
        one, shape, rows = self.ingredients[number], self._shape, []
        for position in range(step * shape.rows, (step + 1) * shape.rows):
            item = self._item(number, position)
            pieces, scored = tagged_row(one.corpus, one.cuts[item // 2], item % 2, one.marks)
            rows.append(padded_row(pieces, scored, shape.tokens, one.marks.padding))
        return rows

    def _scenes(self, one: Ingredient, draw: torch.Generator) -> list[Row]:
        """Rows that begin anywhere, with scenes of 1 to 35 lines."""
        shape, rows = self._shape, []
        for _ in range(max(1, shape.rows * shape.tokens // shape.scene_tokens)):
            first, side = _below(len(one.corpus), draw), _below(2, draw)
            pieces, scored = scene_row(one.corpus, first, side, one.marks, _lengths(draw), shape.scene_tokens)
            rows.append(padded_row(pieces, scored, shape.scene_tokens, one.marks.padding))
        return rows

    def _item(self, number: int, position: int) -> int:
        n_items = 2 * len(self.ingredients[number].cuts)
        turn = position // n_items
        if number not in self._orders or self._orders[number][0] != turn:
            generator = torch.Generator().manual_seed(self._seed + turn)
            self._orders[number] = (turn, torch.randperm(n_items, generator=generator))
        return int(self._orders[number][1][position % n_items])


def _lengths(draw: torch.Generator) -> Iterator[int]:
    while True:
        yield 1 + _below(MAX_SCENE_LINES, draw)


def _below(end: int, draw: torch.Generator) -> int:
    return int(torch.randint(end, (), generator=draw))

"""Trees of texts in one row of tokens: every trunk once, every branch behind it, and a mask under which each text reads as if alone.

Trees in, a `PackedRow` out (papers §1.7, "exact speed-up"). A branch sees its trunk up to where it leaves it, and itself; its positions go
on from there. A span that the trunk happens to continue with needs no branch. Trees do not see each other.
Letters: T tokens of the row, M places whose next token is asked for, Q questions (a place and a next token), K places of the KL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from models.translation.preference_scene import Ids, Span, Tree


@dataclass(frozen=True, slots=True)
class PackedRow:
    """`ids`, `positions`: (T,). `keep_mask`: (T, T), True where the query (first index) sees the key.

    `places`: (M,), rising. Question q asks for `targets[q]` behind `places[question_rows[q]]`, and belongs to span `question_spans[q]`,
    counted over all trees; `question_rows` rise. `kl_rows` (K,) are rows of `places` that count for the KL of tree `kl_trees`.
    """

    ids: Tensor
    positions: Tensor
    keep_mask: Tensor
    places: Tensor
    question_rows: Tensor
    targets: Tensor
    question_spans: Tensor
    kl_rows: Tensor
    kl_trees: Tensor
    n_spans: int
    n_trees: int


@dataclass(slots=True)
class _Row:
    """A row while it is being laid. Per token: id, position, tree, branch (0 is the trunk), and the last trunk position it sees."""

    tokens: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    questions: list[tuple[int, int, int]] = field(default_factory=list)  # place, target, span
    kl_places: list[tuple[int, int]] = field(default_factory=list)  # place, tree
    n_branches: int = 0
    n_spans: int = 0

    def lay_tree(self, number: int, tree: Tree, *, with_kl: bool) -> None:
        base = len(self.tokens)
        for position, token in enumerate(tree.trunk[: _trunk_need(tree, with_kl)]):
            self.tokens.append((token, position, number, 0, position))
        if with_kl:
            self.kl_places += [(base + position - 1, number) for position in range(tree.answer_start, len(tree.trunk))]
        laid: dict[Span, list[int]] = {}
        for span in tree.spans:
            if span not in laid:
                laid[span] = self._places(base, number, tree, span)
            self.questions += [(place, token, self.n_spans) for place, token in zip(laid[span], span.ids, strict=True)]
            self.n_spans += 1

    def _places(self, base: int, number: int, tree: Tree, span: Span) -> list[int]:
        """Where each token of the span is predicted. The last one predicts nothing, so a branch is one token shorter than its span."""
        leaves_at = base + span.start - 1
        if _is_in_trunk(tree.trunk, span):
            return [leaves_at + number for number in range(len(span.ids))]
        first = len(self.tokens)
        self.n_branches += 1
        for offset, token in enumerate(span.ids[:-1]):
            self.tokens.append((token, span.start + offset, number, self.n_branches, span.start - 1))
        return [leaves_at, *range(first, len(self.tokens))]


def pack(trees: Sequence[Tree], *, with_kl: bool, device: torch.device | str = "cpu") -> PackedRow | None:
    """None when nothing is asked of any tree. Raises ValueError for a span or an answer that starts where nothing precedes it."""
    row = _Row()
    for number, tree in enumerate(trees):
        starts = [span.start for span in tree.spans] + [tree.answer_start]
        if min(starts) < 1:
            raise ValueError("a span needs at least one token before it: the prompt and the line's opening cannot both be empty.")
        row.lay_tree(number, tree, with_kl=with_kl)
    if not row.questions and not row.kl_places:
        return None
    return _as_tensors(row, len(trees), torch.device(device))


def packed_tokens(trees: Sequence[Tree], *, with_kl: bool) -> int:
    """Length T of the row that `pack` would make."""
    row = _Row()
    for number, tree in enumerate(trees):
        row.lay_tree(number, tree, with_kl=with_kl)
    return len(row.tokens)


def _is_in_trunk(trunk: Ids, span: Span) -> bool:
    return trunk[span.start : span.start + len(span.ids)] == span.ids


def _trunk_need(tree: Tree, with_kl: bool) -> int:
    """How much of the trunk has to be read: nothing behind the last place that predicts something."""
    if with_kl:
        return len(tree.trunk) - 1
    return max((span.start + (max(0, len(span.ids) - 1) if _is_in_trunk(tree.trunk, span) else 0) for span in tree.spans), default=0)


def _as_tensors(row: _Row, n_trees: int, device: torch.device) -> PackedRow:
    columns = torch.tensor(row.tokens, device=device).unbind(-1)
    questions = sorted(row.questions)
    places = sorted({place for place, _, _ in questions} | {place for place, _ in row.kl_places})
    row_of = {place: number for number, place in enumerate(places)}

    def numbers(values: list[int]) -> Tensor:
        return torch.tensor(values, dtype=torch.long, device=device)

    return PackedRow(
        ids=columns[0],
        positions=columns[1],
        keep_mask=tree_mask(*columns[1:]),
        places=numbers(places),
        question_rows=numbers([row_of[place] for place, _, _ in questions]),
        targets=numbers([token for _, token, _ in questions]),
        question_spans=numbers([span for _, _, span in questions]),
        kl_rows=numbers([row_of[place] for place, _ in row.kl_places]),
        kl_trees=numbers([tree for _, tree in row.kl_places]),
        n_spans=row.n_spans,
        n_trees=n_trees,
    )


def tree_mask(positions: Tensor, trees: Tensor, branches: Tensor, trunk_ends: Tensor) -> Tensor:
    """(T, T), True where the query sees the key; all arguments (T,): see `_Row`. One boolean per pair, 9 MB at T = 3000."""
    of_trunk = (branches == 0) & (positions <= trunk_ends[:, None])
    of_branch = (branches > 0) & (branches == branches[:, None]) & (positions <= positions[:, None])
    return (trees == trees[:, None]) & (of_trunk | of_branch)

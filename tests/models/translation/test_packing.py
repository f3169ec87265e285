"""A packed row holds every trunk once, each branch where it leaves it, and lets nothing see what it would not see alone."""

from __future__ import annotations

import pytest

from models.translation.packing import PackedRow, pack, packed_tokens
from models.translation.preference_scene import Span, Tree, plain_tokens

#           prompt  opening words end  opening words end
TRUNK = (1, 2, 3, 10, 11, 4, 3, 12, 13, 4)
TREE = Tree(TRUNK, (Span(3, (10, 11)), Span(7, (12, 13))), (Span(3, (20, 21, 22)), Span(7, (12, 30))), answer_start=2)


def packed(*trees: Tree, with_kl: bool = False) -> PackedRow:
    row = pack(trees, with_kl=with_kl)
    assert row is not None
    return row


def context(row: PackedRow, place: int) -> list[tuple[int, int]]:
    """What the token at a place sees: (position, id), by position."""
    seen = row.keep_mask[place].nonzero().flatten().tolist()
    return sorted((int(row.positions[key]), int(row.ids[key])) for key in seen)


def test_a_row_is_the_trunk_up_to_its_last_question_and_the_branches_without_their_last_tokens() -> None:
    row = packed(TREE)
    assert row.ids.tolist() == [*TRUNK[:8], 20, 21, 12]
    assert row.positions.tolist() == [*range(8), 3, 4, 7]
    assert packed_tokens([TREE], with_kl=False) == 11
    assert plain_tokens([TREE]) == 5 + 9 + 6 + 9


def test_every_question_is_asked_behind_exactly_its_own_text() -> None:
    for with_kl in (False, True):
        row = packed(TREE, TREE, with_kl=with_kl)
        asked: dict[int, list[tuple[list[int], int]]] = {}
        for question, target in enumerate(row.targets.tolist()):
            place = int(row.places[row.question_rows[question]])
            seen = context(row, place)
            assert [position for position, _ in seen] == list(range(len(seen)))
            asked.setdefault(int(row.question_spans[question]), []).append(([token for _, token in seen], target))
        for number, span in enumerate(TREE.spans * 2):
            text = [*TRUNK[: span.start], *span.ids]
            wanted = [(text[:end], text[end]) for end in range(span.start, len(text))]
            assert sorted(asked[number]) == wanted


def test_rows_of_places_and_questions_rise() -> None:
    row = packed(TREE, with_kl=True)
    assert row.places.tolist() == sorted(set(row.places.tolist()))
    assert row.question_rows.tolist() == sorted(row.question_rows.tolist())


def test_the_kl_is_asked_for_the_whole_answer_of_its_tree() -> None:
    row = packed(TREE, TREE, with_kl=True)
    second = row.ids.tolist().index(1, 1)
    assert row.places[row.kl_rows].tolist() == [*range(1, 9), *range(second + 1, second + 9)]
    assert row.kl_trees.tolist() == [0] * 8 + [1] * 8


def test_a_span_that_the_trunk_continues_with_needs_no_branch_even_in_part() -> None:
    inside = Tree(TRUNK, (Span(3, (10, 11)),), (Span(3, (10,)),), 2)
    assert packed(inside).ids.tolist() == list(TRUNK[:4])


def test_equal_branches_are_read_once() -> None:
    twice = Tree(TRUNK, (Span(3, (20, 21)),), (Span(3, (20, 21)),), 2)
    row = packed(twice)
    assert row.ids.tolist() == [*TRUNK[:3], 20]
    assert row.question_spans.tolist() == [0, 1, 0, 1]


def test_an_empty_span_asks_nothing() -> None:
    row = packed(Tree(TRUNK, (Span(3, (10, 11)),), (Span(3, ()),), 2))
    assert row.n_spans == 2 and set(row.question_spans.tolist()) == {0}


def test_nothing_asked_is_no_row() -> None:
    assert pack([Tree(TRUNK, (), (), 2)], with_kl=False) is None
    assert pack([Tree(TRUNK, (Span(3, ()),), (Span(3, ()),), 2)], with_kl=False) is None


def test_a_span_without_anything_before_it_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="at least one token before it"):
        pack([Tree(TRUNK, (Span(0, (1,)),), (), 1)], with_kl=False)


def test_the_masks_cost_one_boolean_per_pair() -> None:
    row = packed(TREE)
    assert row.keep_mask.element_size() * row.keep_mask.numel() == len(row.ids) ** 2

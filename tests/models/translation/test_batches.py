"""A step's rows depend on the seed and the step, and on nothing else."""

from __future__ import annotations

import numpy as np

from models.translation.batches import Batches, BatchShape, Ingredient
from models.translation.data import Marks, TokenCorpus, windows

MARKS = Marks(tags=(90, 91), open_bracket=92, close_bracket=93, line_end=94, padding=0, end=95)


def corpus(first_id: int) -> TokenCorpus:
    ids = (np.arange(first_id, first_id + 20, dtype=np.uint16), np.arange(first_id + 20, first_id + 40, dtype=np.uint16))
    return TokenCorpus(ids, (np.arange(21), np.arange(21)), np.repeat(np.arange(4, dtype=np.int32), 5))


def batches(scene_share: float, shares: tuple[float, float] = (1.0, 1.0)) -> Batches:
    made = [corpus(100), corpus(200)]
    return Batches(3, BatchShape(4, 20, 40, scene_share), [Ingredient(one, windows(one, 20), MARKS, share) for one, share in zip(made, shares, strict=True)])


def test_a_step_gives_the_same_rows_whatever_was_asked_before() -> None:
    walked, asked = batches(0.5), batches(0.5)
    for step in range(7):
        walked.rows(step)
    for row, other in zip(walked.rows(7), asked.rows(7), strict=True):
        assert row.ids.tolist() == other.ids.tolist()
        assert row.is_scored.tolist() == other.is_scored.tolist()


def test_a_step_is_of_one_corpus_and_shares_decide_which() -> None:
    seen = [{int(i) // 100 for row in batches(0.0, (1.0, 3.0)).rows(step) for i in row.ids if i >= 100} for step in range(60)]
    assert all(len(step) == 1 for step in seen)
    assert sum(step == {2} for step in seen) > sum(step == {1} for step in seen) > 0


def test_scene_steps_hold_as_many_tokens_in_longer_rows() -> None:
    rows = batches(1.0).rows(0)
    assert [len(row.is_scored) for row in rows] == [40, 40]
    assert all(92 in row.ids for row in rows)

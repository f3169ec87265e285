from __future__ import annotations

import pytest

from models.translation.selection import Selection, SelectionRule, select
from studio.domain.timing import duration_penalty

# source seconds, candidate seconds, chosen, rejected, skipped: records published with SSPO (papers §1.2)
PUBLISHED = (
    (0.74, (1.11, 0.64, 1.35, 1.34, 1.26, 0.94, 0.81), 6, 2, False),
    (1.87, (1.98, 2.21, 1.34, 1.64), 0, 2, False),
    (2.59, (1.06, 0.44, 1.52, 1.03, 0.92, 1.03), 2, 1, False),
    (0.91, (1.49, 1.41, 1.35, 1.53), 2, 3, False),
    (2.39, (2.3, 2.57, 1.88, 2.43, 2.39, 2.57, 2.13, 1.87), 4, 7, False),
    (2.54, (2.03, 2.12, 2.44, 1.88, 2.01, 1.93, 2.12, 1.79, 1.82, 2.34), 2, 7, False),
    (0.94, (0.58, 0.92, 0.93, 1.18), 2, 0, False),
    (1.46, (1.37, 1.22), 0, 1, True),
    (0.49, (0.98, 0.83, 0.44), 2, 0, True),
)


@pytest.mark.parametrize(("source_s", "candidates_s", "chosen", "rejected", "is_skipped"), PUBLISHED)
def test_the_published_records_are_selected_as_published(source_s, candidates_s, chosen, rejected, is_skipped) -> None:
    penalties = [duration_penalty(candidate_s - source_s) for candidate_s in candidates_s]
    assert select(penalties, SelectionRule()) == Selection(chosen, rejected, is_skipped)


def test_both_limits_are_strict() -> None:
    rule = SelectionRule(min_candidates=4, min_gap=0.25)
    assert not select([0.0, 0.1, 0.2, 0.25], rule).is_skipped
    assert select([0.0, 0.1, 0.2, 0.2499], rule).is_skipped
    assert select([0.0, 0.1, 0.25], rule).is_skipped


def test_a_skipped_line_still_has_its_choice() -> None:
    assert select([0.3, 0.2], SelectionRule()) == Selection(1, 0, True)
    assert select([0.3], SelectionRule()) == Selection(0, 0, True)


def test_of_equal_candidates_the_first_is_taken() -> None:
    assert select([0.5, 0.1, 0.1, 0.5], SelectionRule()) == Selection(1, 0, False)


def test_no_candidates_are_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="without candidates"):
        select([], SelectionRule())

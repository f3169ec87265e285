"""Which wording comes first, and what a translator is asked."""

from __future__ import annotations

from studio.domain.line import Candidate, Estimate, Line, Prediction, Slot, predict
from studio.domain.settings import TranslationSettings
from studio.domain.timing import TimeSpan
from studio.engines.protocols import TranslationRequest, Wording
from studio.stages.translate import Direction, combined, rank, requests_for

LINE = Line("a", TimeSpan(1000, 2000), "s", "source")
SLOT = Slot(1000, 1000, 0)
ASKED = TranslationRequest("a", "source", "en", "zh", SLOT.length_ms)


def timed(_line: Line, text: str) -> Prediction:
    """Every letter takes 100 ms."""
    return predict(Estimate(100 * len(text), 0, "test"), SLOT, max_ratio=1.25)


def texts(candidates: tuple[Candidate, ...]) -> list[str]:
    return [one.text for one in candidates]


def test_likely_wordings_are_ordered_by_how_well_they_fit() -> None:
    wordings = [Wording("x" * 14, -0.1), Wording("y" * 10, -0.15)]
    assert texts(rank(LINE, ASKED, wordings, "test", timed)) == ["y" * 10, "x" * 14]


def test_an_unlikely_wording_comes_last_however_well_it_fits() -> None:
    wordings = [Wording("x" * 14, -0.1), Wording("z" * 8, -0.2), Wording("w" * 9, -0.3), Wording("perfect fi", -4.0), Wording("odd" * 3, -3.0)]
    ranked = texts(rank(LINE, ASKED, wordings, "test", timed))
    assert ranked[:3] == ["w" * 9, "z" * 8, "x" * 14]
    assert set(ranked[3:]) == {"perfect fi", "odd" * 3}


def test_the_same_words_are_proposed_once_and_empty_ones_never() -> None:
    assert texts(rank(LINE, ASKED, [Wording(" yes ", -0.1), Wording("yes", -0.5), Wording("  ", 0.0)], "test", timed)) == ["yes"]


def test_without_a_duration_engine_the_translators_order_stays() -> None:
    wordings = [Wording("best", -0.1), Wording("good", -0.2), Wording("fair", -0.3)]
    ranked = rank(LINE, ASKED, wordings, "test", lambda line, text: None)
    assert texts(ranked) == ["best", "good", "fair"]
    assert all(one.prediction is None for one in ranked)


def test_new_wordings_stand_before_known_ones_and_none_stands_twice() -> None:
    known = rank(LINE, ASKED, [Wording("old", -0.1), Wording("both", -0.2)], "test", lambda line, text: None)
    fresh = rank(LINE, ASKED, [Wording("both", -0.1), Wording("new", -0.2)], "test", lambda line, text: None)
    merged = combined(fresh, known)
    assert texts(merged) == ["both", "new", "old"]
    assert [one.rank for one in merged] == [0, 1, 2]


def test_a_request_carries_the_lines_before_it_as_far_as_the_settings_say() -> None:
    lines = [Line(str(n), TimeSpan(n * 1000, n * 1000 + 900), "s", f"source {n}", f"target {n}") for n in range(5)]
    lines[2] = Line("2", TimeSpan(2000, 2900), "s", "")
    slots = {line.id: Slot(line.span.start_ms, 900, 50) for line in lines}
    (request,) = requests_for(lines, [lines[4]], slots, Direction("en", "zh"), TranslationSettings(context_lines=3))
    assert request.before == (("source 1", "target 1"), ("source 3", "target 3"))
    assert (request.text, request.budget_ms) == ("source 4", 950)

"""Which wording comes first, and what a translator is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.domain.line import Candidate, Estimate, Line, Prediction, Slot, predict
from studio.domain.settings import TranslationSettings
from studio.domain.timing import TimeSpan
from studio.engines.protocols import TranslationRequest, Wording
from studio.stages.translate import UNLIKELY_NATS, Direction, combined, propose, rank, requests_for
from tests.fakes import FakeTranslator

LINE = Line("a", TimeSpan(1000, 2000), "s", "source")
SLOT = Slot(1000, 1000, 0)
ASKED = TranslationRequest("a", "source", "en", "de", SLOT.length_ms)


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


def asked(count: int = 8, terms: tuple[tuple[str, str], ...] = (), text: str = "source") -> TranslationRequest:
    return TranslationRequest("a", text, "en", "es", 1400, settings=TranslationSettings(candidate_count=count), terms=terms)


def test_inside_the_slot_every_length_is_as_good_and_meaning_decides() -> None:
    wordings = [Wording("x" * 10, -0.3), Wording("y" * 14, -0.1), Wording("z" * 12, -0.2)]
    ranked = rank(LINE, asked(), wordings, "test", timed)
    assert texts(ranked)[:2] == ["y" * 14, "z" * 12]
    assert [one.slot_penalty for one in ranked] == [0.0, 0.0, 0.0]


def test_outside_the_slot_the_smaller_penalty_comes_first() -> None:
    wordings = [Wording("x" * 16, -0.1), Wording("y" * 9, -0.1)]
    ranked = rank(LINE, asked(), wordings, "test", timed)
    assert texts(ranked) == ["y" * 9, "x" * 16]
    assert [round(one.slot_penalty or 0, 4) for one in ranked] == [0.1, 0.2214]


def test_a_wording_that_loses_a_term_goes_behind_those_that_keep_it() -> None:
    wordings = [Wording("Council is here", -0.1), Wording("el Consejo ok", -0.4)]
    ranked = rank(LINE, asked(terms=(("Council", "el Consejo"),), text="Council ok"), wordings, "test", timed)
    assert texts(ranked) == ["el Consejo ok", "Council is here"]
    assert [one.missed_terms for one in ranked] == [(), ("el Consejo",)]


def test_keeping_a_term_does_not_save_nonsense() -> None:
    wordings = [Wording("Council is here", -0.1), Wording("el Consejo", -4.0)]
    ranked = rank(LINE, asked(terms=(("Council", "el Consejo"),), text="Council ok"), wordings, "test", timed)
    assert texts(ranked) == ["Council is here", "el Consejo"]


def test_a_wording_in_another_script_goes_last_however_likely_it_is() -> None:
    wordings = [Wording("我们去龙门门了我们去", -0.1), Wording("we go there", -3.0)]
    ranked = rank(LINE, asked(), wordings, "test", timed)
    assert texts(ranked) == ["we go there", "我们去龙门门了我们去"]


def test_a_translator_that_answers_one_wording_is_ranked_like_any_other() -> None:
    (only,) = rank(LINE, asked(), [Wording("one", 0.0)], "test", timed)
    assert (only.rank, only.likelihood, only.back_translation) == (0, None, None)
    assert only.slot_penalty == pytest.approx(0.7)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.builds(Wording, st.text("abc ", max_size=30), st.floats(-5, 0), st.none() | st.floats(-9, 0)), max_size=24),
    st.integers(1, 32),
)
def test_ranking_keeps_the_promises_of_a_list(wordings: list[Wording], count: int) -> None:
    ranked = rank(LINE, asked(count), wordings, "test", timed)
    distinct = {wording.text.strip() for wording in wordings if wording.text.strip()}
    assert len(ranked) == min(count, len(distinct))
    assert len({one.text for one in ranked} | distinct) == len(distinct)
    assert [one.rank for one in ranked] == list(range(len(ranked)))
    first = {wording.text.strip(): wording for wording in reversed(wordings)}
    assert all((one.score, one.likelihood) == (first[one.text].score, first[one.text].likelihood) for one in ranked)
    assert ranked == () or ranked[0].score >= max(wording.score for text, wording in first.items() if text) - UNLIKELY_NATS
    again = rank(LINE, asked(count), wordings[:], "test", timed)
    assert texts(again) == texts(ranked)


class Mute(FakeTranslator):
    """Has nothing to say to lines that hold “?”."""

    def propose(self, requests: Sequence[TranslationRequest]) -> Iterator[tuple[str, tuple[Wording, ...]]]:
        for line_id, wordings in super().propose(requests):
            yield line_id, () if "?" in line_id else wordings


def test_what_is_listed_is_translated_back_and_a_line_without_an_answer_costs_no_other() -> None:
    lines = {key: replace(LINE, id=key, source_text=f"go home {key}") for key in ("a", "b?", "c")}
    requests = [TranslationRequest(key, line.source_text, "en", "de", 900) for key, line in lines.items()]
    answers = dict(propose(requests, lines, Mute(), timed))
    assert list(answers) == ["a", "b?", "c"]
    assert answers["b?"] == ()
    assert "go home c" in {one.back_translation for one in answers["c"]}
    assert all(one.text.replace(".de", "") == one.back_translation for key in "ac" for one in answers[key])


def test_an_answer_is_passed_on_before_the_next_batch_is_asked_for() -> None:
    translator = FakeTranslator()
    lines = {str(n): replace(LINE, id=str(n)) for n in range(10)}
    requests = [TranslationRequest(key, "go home", "en", "de", 900) for key in lines]
    next(propose(requests, lines, translator, timed))
    assert len(translator.asked) == translator.lines_at_once


def test_a_request_carries_the_terms_its_line_holds() -> None:
    glossary = TranslationSettings(terms=(("Ann", "安"), ("Bo", "波")))
    line = replace(LINE, source_text="Ann is here")
    (request,) = requests_for([line], [line], {"a": SLOT}, Direction("en", "zh"), glossary)
    assert request.terms == (("Ann", "安"),)


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

"""Systems that answer by rule, so that every number of the report is known beforehand. A letter takes 60 ms to say."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from studio.domain.errors import BadSetting, EngineUnavailable
from studio.engines.protocols import Availability, TranslationRequest, Wording
from studio.engines.scene_asks import Comet, Drawn, SceneAnswer, SceneAsk
from studio.evaluation.evaluate import Evaluation, Plan, evaluate
from studio.evaluation.naming import BEST_OF_K, GREEDY
from studio.evaluation.options import EvaluationSettings
from studio.evaluation.systems import RackSystem, SceneSystem, System
from tests.evaluation.stand_ins import COLUMNS, RuleScenes, SilentScenes, write_table
from tests.fakes import FakeEstimator, FakeTranslator

NO_COMET = Comet(None, "not here")
SMALL = EvaluationSettings(candidate_count=5, resamples=100)
TIMED_ROWS = "a\t0\t0\t0.5\tabcde\tABCDE\na\t1\t1\t1.5\tabcde\tABCDE\n"
TIMED = ("document", "line", "start_s", "end_s", "source", "target")


def run(path: Path, *systems: System, settings: EvaluationSettings = SMALL, columns: Sequence[str] = COLUMNS, **named: object) -> Evaluation:
    plan = Plan(path, tuple(columns), "zh", "en", settings=settings, **named)
    return evaluate(plan, systems, FakeEstimator(), NO_COMET, lambda step, done, total: None)


def test_a_greedy_system_is_measured_line_by_line(tmp_path: Path) -> None:
    report = run(write_table(tmp_path), SceneSystem("sft", RuleScenes(broken=("abc",)))).reports[0]
    assert report.times.p == pytest.approx(math.exp(0.18) - 1)  # three letters too many, every line
    assert report.times.over_budget == 1.0
    assert (report.format_compliance, report.scene_compliance, report.faults) == (0.75, 0.5, {"unclosed": 1})
    assert (report.bound, report.gap_closed, report.empty_count) == (None, None, 0)
    assert [line.translation for line in report.lines] == ["ABCDEXXX", "ABCDEFGHIJXXX", "ABCXXX", "ABCDXXX"]
    assert report.lines[2].fault == "unclosed"
    assert report.lines[0].delta_s == pytest.approx(0.18)


def test_scenes_keep_to_documents_and_to_their_longest_length(tmp_path: Path) -> None:
    translator = RuleScenes()
    run(write_table(tmp_path), SceneSystem("sft", translator), settings=EvaluationSettings(lines_per_scene=1, resamples=100))
    assert [ask.lines for ask in translator.asked] == [("abcde",), ("abcdefghij",), ("abc",), ("abcd",)]
    translator.asked.clear()
    run(write_table(tmp_path), SceneSystem("sft", translator))
    assert [ask.lines for ask in translator.asked] == [("abcde", "abcdefghij"), ("abc", "abcd")]
    assert all(ask.given == () and ask.budgets_s is None for ask in translator.asked)


def test_best_of_k_takes_the_least_p_that_the_quality_filter_leaves(tmp_path: Path) -> None:
    """Of the five candidates the unlikeliest, one letter too short, is dropped; the exact one is next best and is taken."""
    report = run(write_table(tmp_path), SceneSystem("best-of-k", RuleScenes(), BEST_OF_K)).reports[0]
    assert report.times.p == 0.0
    assert report.times.cr == 100.0
    assert report.bound == 0.0
    assert report.lines[0].candidate_count == 5
    assert report.words.chrf == 100.0


def test_the_bound_looks_at_candidates_that_the_filter_drops(tmp_path: Path) -> None:
    settings = EvaluationSettings(candidate_count=5, resamples=100, dropped_share=0.8)
    report = run(write_table(tmp_path), SceneSystem("best-of-k", RuleScenes(), BEST_OF_K), settings=settings).reports[0]
    assert report.times.p == pytest.approx(math.exp(0.18) - 1)  # only the likeliest is left, three letters too long
    assert report.bound == 0.0


def test_a_greedy_system_gets_a_bound_when_candidates_are_asked_for(tmp_path: Path) -> None:
    translator = RuleScenes()
    report = run(write_table(tmp_path), SceneSystem("sft", translator), with_candidates=True).reports[0]
    assert report.bound == 0.0
    assert report.times.p == pytest.approx(math.exp(0.18) - 1)
    assert report.gap_closed == 0.0
    assert [(draw.count, draw.seed) for draw in translator.drawn] == [(5, 0)]


def test_systems_of_one_model_share_their_candidates_and_are_held_against_sft(tmp_path: Path) -> None:
    translator = RuleScenes()
    systems = (SceneSystem("sft", translator), SceneSystem("best-of-k", translator, BEST_OF_K), SceneSystem("other", RuleScenes("other", 1)))
    base, best, other = run(write_table(tmp_path), *systems, with_candidates=True).reports
    assert len(translator.drawn) == 1
    assert (base.p_ratio.ratio, best.p_ratio.ratio) == (1.0, 0.0)
    assert other.p_ratio.ratio == pytest.approx((math.exp(0.06) - 1) / (math.exp(0.18) - 1))
    assert best.gap_closed == 1.0
    assert 0 < other.gap_closed < 1


class Adapted(RuleScenes):
    """Over the weights of "rule"."""

    @property
    def facts(self) -> dict[str, Any]:
        return {"model": "rule", "weights": "rule", "adapter_weights": self.name}

    @staticmethod
    def _candidates(text: str, count: int) -> tuple[Drawn, ...]:
        return tuple(Drawn(text.upper() + "X" * (1 + more), -1.0 - more) for more in range(count))


def test_the_gap_is_held_against_the_bases_own_candidates_and_not_against_those_of_an_adapter_over_it(tmp_path: Path) -> None:
    base, adapted = RuleScenes(), Adapted("sspo", 1)
    systems = (SceneSystem("sft", base), SceneSystem("sspo", adapted, BEST_OF_K), SceneSystem("best-of-k", base, BEST_OF_K))
    reports = {report.name: report for report in run(write_table(tmp_path), *systems).reports}
    assert reports["best-of-k"].bound == 0.0 < reports["sspo"].bound
    assert reports["best-of-k"].gap_closed == 1.0
    assert 0 < reports["sspo"].gap_closed < 1


def test_a_line_whose_candidates_never_end_keeps_its_greedy_answer(tmp_path: Path) -> None:
    report = run(write_table(tmp_path), SceneSystem("best-of-k", SilentScenes(broken=("abc",)), BEST_OF_K)).reports[0]
    assert [line.translation for line in report.lines] == ["ABCDE", "ABCDEFGHIJ", "ABCXXX", "ABCD"]
    assert report.bound == pytest.approx((math.exp(0.18) - 1) / 4)
    assert any("1 lines had no candidate" in note for note in report.notes)


def test_prompt_only_tells_a_chat_model_the_time_and_shows_a_plain_one_pairs_that_fit(tmp_path: Path) -> None:
    chat, plain = RuleScenes(follows_instructions=True), RuleScenes()
    run(write_table(tmp_path), SceneSystem("prompt-only", chat, is_prompted=True))
    assert chat.asked[0].budgets_s == pytest.approx((0.3, 0.6))
    other = tmp_path / "other"
    other.mkdir()
    shown = write_table(other, "d\t0\tfifteen letters\tFIFTEEN LETTERS\nd\t1\tfifteen letters\tsix\n")
    run(write_table(tmp_path), SceneSystem("prompt-only", plain, is_prompted=True), demonstrations=shown)
    assert plain.asked[0].given[0] == ("fifteen letters", "FIFTEEN LETTERS")
    assert plain.asked[0].budgets_s is None


def test_prompt_only_takes_its_pairs_from_later_documents_of_the_table_and_says_when_there_are_none(tmp_path: Path) -> None:
    rows = "a\t0\tabc\tABC\na\t1\tnever shown, same film\tNEVER SHOWN, SAME FILM\nb\t0\tfifteen letters\tFIFTEEN LETTERS\n"
    plain = RuleScenes()
    run(write_table(tmp_path, rows), SceneSystem("prompt-only", plain, is_prompted=True), limit=1)
    assert plain.asked[0].given == (("fifteen letters", "FIFTEEN LETTERS"),)
    with pytest.raises(EngineUnavailable, match="--demonstrations"):
        run(write_table(tmp_path, rows), SceneSystem("prompt-only", plain, is_prompted=True))


def test_real_spans_are_what_p_is_against_and_the_estimate_stands_beside_it(tmp_path: Path) -> None:
    path = write_table(tmp_path, TIMED_ROWS)
    found = run(path, SceneSystem("sft", RuleScenes(greedy_letters=0)), columns=TIMED)
    report = found.reports[0]
    assert found.duration_kind == "timed"
    assert report.times.p == report.timed.p == pytest.approx(0.2)  # 0.3 s said in 0.5 s
    assert report.estimated.p == 0.0
    assert (report.lines[0].source_s, report.lines[0].source_estimated_s) == (0.5, 0.3)
    asked = EvaluationSettings(resamples=100, durations="estimated")
    assert run(path, SceneSystem("sft", RuleScenes(greedy_letters=0)), columns=TIMED, settings=asked).reports[0].times.p == 0.0


def test_timed_durations_need_spans(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="no spans"):
        run(write_table(tmp_path), SceneSystem("sft", RuleScenes()), settings=EvaluationSettings(durations="timed"))


class Unavailable(RuleScenes):
    def answer(self, asks: Sequence[SceneAsk]) -> Iterator[SceneAnswer]:
        raise EngineUnavailable("gone", "no weights")


def test_a_system_that_cannot_run_is_left_out_unless_it_is_the_only_one(tmp_path: Path) -> None:
    found = run(write_table(tmp_path), SceneSystem("gone", Unavailable()), SceneSystem("sft", RuleScenes()))
    assert [report.name for report in found.reports] == ["sft"]
    assert "no weights" in found.left_out["gone"]
    with pytest.raises(EngineUnavailable, match="no weights"):
        run(write_table(tmp_path), SceneSystem("gone", Unavailable()))


class Parrot(FakeTranslator):
    """Says the source in capitals, then with more and more letters; remembers what it was asked. Knows no word of "abc"."""

    name = "parrot"

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[TranslationRequest] = []

    def propose(self, requests: Sequence[TranslationRequest]) -> Iterator[tuple[str, tuple[Wording, ...]]]:
        for request in requests:
            self.asked.append(request)
            count = request.settings.draw_count if request.text != "abc" else 0
            yield request.line_id, tuple(Wording(request.text.upper() + "X" * (count - more), -0.1 * more) for more in range(1, count + 1))

    def supports(self, source_language: str, target_language: str) -> Availability:
        return Availability(source_language == "zh", "it only heard Chinese")


def test_a_translator_of_the_rack_is_measured_by_its_first_wording(tmp_path: Path) -> None:
    report = run(write_table(tmp_path), RackSystem(Parrot())).reports[0]
    assert [line.translation for line in report.lines] == ["ABCDE", "ABCDEFGHIJ", "", "ABCD"]
    assert (report.format_compliance, report.empty_count, report.bound) == (None, 1, None)
    assert report.times.p == pytest.approx(0.18 / 4)  # nothing is said for a line of three letters


def test_any_translator_is_re_ranked_by_time(tmp_path: Path) -> None:
    parrot = Parrot()
    system = RackSystem(parrot, BEST_OF_K)
    report = run(write_table(tmp_path), system).reports[0]
    assert system.name == "parrot:best-of-k"
    # five wordings with 4, 3, 2, 1 and 0 letters too many; the unlikeliest, which would fit, is dropped
    assert [line.translation for line in report.lines] == ["ABCDEX", "ABCDEFGHIJX", "", "ABCDX"]
    assert report.bound == pytest.approx(0.18 / 4)
    assert {request.settings.draw_count for request in parrot.asked} == {5}


def test_context_is_the_translators_own_words_and_never_the_reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.evaluation.systems.BLOCK_LINES", 1)
    parrot = Parrot()
    run(write_table(tmp_path), RackSystem(parrot, GREEDY))
    assert [request.before for request in parrot.asked] == [(), (("abcde", "ABCDE"),), (), (("abc", ""),)]
    assert [request.budget_ms for request in parrot.asked] == [300, 600, 180, 240]


def test_the_same_seed_gives_the_same_report(tmp_path: Path) -> None:
    path = write_table(tmp_path)
    systems = [(SceneSystem("sft", RuleScenes()), SceneSystem("best", RuleScenes("o", 1), BEST_OF_K)) for _ in range(2)]
    first, second = (run(path, *pair).reports[1] for pair in systems)
    assert (first.p_ratio, first.lines) == (second.p_ratio, second.lines)


def test_progress_is_told(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    plan = Plan(write_table(tmp_path), COLUMNS, "zh", "en", settings=SMALL)
    evaluate(plan, (SceneSystem("best", RuleScenes(), BEST_OF_K),), FakeEstimator(), NO_COMET, lambda *told: seen.append(told))
    assert ("best: answers", 2, 2) in seen
    assert seen[-1] == ("best: candidates", 4, 4)

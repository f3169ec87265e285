from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from studio.domain.line import Estimate, FitReport, Line, Prediction, Slot, Take, VoiceRef, predict
from studio.domain.settings import TimingSettings
from studio.domain.timing import TimeSpan
from studio.stages import timing
from studio.stages.timing import neighbours, predictions, slots

SETTINGS = TimingSettings(guard_ms=80, max_borrow_ms=1000)


def line(key: str, start_ms: int, end_ms: int, speaker: str = "anna", text: str = "words", take: str | None = None) -> Line:
    return Line(key, TimeSpan(start_ms, end_ms), speaker, "quelle", text, take_id=take)


def take(key: str, line_id: str, fitted_ms: int, remainder_ms: int = 0, text: str = "words") -> Take:
    report = FitReport(fitted_ms, 0, 0, 1.25, fitted_ms, remainder_ms)
    return Take(key, line_id, text, VoiceRef("e", "v"), "1", "raw", "fitted", report, "print")


def flags_of(
    lines: list[Line], takes: list[Take], *, programme_ms: int = 60_000, estimates: dict[str, int] | None = None
) -> dict[str, tuple[str, ...]]:
    found = slots(lines, SETTINGS, programme_ms)
    foreseen = {key: predict(Estimate(ms, 0, "e"), found[key], max_ratio=1.25) for key, ms in (estimates or {}).items()}
    by_id = {item.id: item for item in takes}
    own = {one.id: by_id[one.take_id] for one in lines if one.take_id in by_id}
    around = neighbours(lines, own, programme_ms, max_ratio=1.25)
    return {one.id: timing.flags_of(one, found[one.id], foreseen.get(one.id), own.get(one.id), around) for one in lines}


def test_a_line_borrows_the_gap_less_a_guard() -> None:
    found = slots([line("a", 0, 1000), line("b", 1500, 2000, "bob")], SETTINGS, 60_000)
    assert found["a"] == Slot(0, 1000, 420)


def test_a_line_borrows_no_more_than_the_limit() -> None:
    found = slots([line("a", 0, 1000), line("b", 9000, 9500)], SETTINGS, 60_000)
    assert found["a"].gap_ms == found["b"].gap_ms == 1000


def test_a_gap_smaller_than_the_guard_is_no_gap() -> None:
    assert slots([line("a", 0, 1000), line("b", 1050, 2000)], SETTINGS, 60_000)["a"] == Slot(0, 1000, 0)


def test_the_last_line_borrows_up_to_the_end_of_the_picture() -> None:
    assert slots([line("a", 0, 1000)], SETTINGS, 1300)["a"] == Slot(0, 1000, 300)
    assert slots([line("a", 0, 1000)], SETTINGS, 800)["a"] == Slot(0, 800, 0)


def test_while_another_speaks_across_its_end_a_line_borrows_nothing_but_keeps_its_span() -> None:
    found = slots([line("a", 0, 1000), line("b", 600, 2000, "bob")], SETTINGS, 60_000)
    assert found["a"] == Slot(0, 1000, 0)
    around = slots([line("long", 0, 5000, "bob"), line("a", 1000, 2000)], SETTINGS, 60_000)
    assert around["a"] == Slot(1000, 1000, 0) and around["long"].gap_ms == 1000


def test_an_interjection_that_ended_before_does_not_block_the_gap() -> None:
    found = slots([line("a", 0, 3000), line("hm", 1000, 1300, "bob"), line("b", 3500, 4000)], SETTINGS, 60_000)
    assert found["a"] == Slot(0, 3000, 420)


def test_a_line_that_runs_into_the_next_of_the_same_speaker_ends_there() -> None:
    found = slots([line("a", 0, 2000), line("b", 1500, 2500)], SETTINGS, 60_000)
    assert found["a"] == Slot(0, 1500, 0)


def test_two_lines_at_the_same_moment_have_slots_all_the_same() -> None:
    found = slots([line("a", 500, 1000), line("b", 500, 1000)], SETTINGS, 60_000)
    assert found["a"] == Slot(500, 1, 0) and found["b"].span_ms == 500


def test_a_line_past_the_end_of_the_picture_has_the_smallest_slot() -> None:
    assert slots([line("a", 5000, 6000)], SETTINGS, 4000)["a"] == Slot(5000, 1, 0)


spans = st.tuples(st.integers(0, 20_000), st.integers(1, 5000), st.sampled_from(["anna", "bob", "eve"]))


@settings(max_examples=200, deadline=None)
@given(st.lists(spans, max_size=12), st.integers(1, 30_000), st.integers(0, 500), st.integers(0, 3000))
def test_slots_stay_inside_the_programme_and_never_enter_the_next_line_of_the_same_speaker(
    rows: list[tuple[int, int, str]], programme_ms: int, guard_ms: int, max_borrow_ms: int
) -> None:
    lines = [line(str(index), start, start + length, who) for index, (start, length, who) in enumerate(rows)]
    found = slots(lines, TimingSettings(guard_ms=guard_ms, max_borrow_ms=max_borrow_ms), programme_ms)
    assert set(found) == {one.id for one in lines}
    for one in lines:
        slot = found[one.id]
        end_ms = slot.start_ms + slot.length_ms
        assert slot.start_ms == one.span.start_ms and slot.span_ms >= 1 and 0 <= slot.gap_ms <= max_borrow_ms
        assert end_ms <= max(programme_ms, slot.start_ms + 1)
        for other in lines:
            if other.span.start_ms >= one.span.end_ms and slot.gap_ms:
                assert end_ms + guard_ms <= other.span.start_ms
            if other.speaker_id == one.speaker_id and other.span.start_ms > one.span.start_ms:
                assert end_ms <= other.span.start_ms
            if slot.gap_ms and other.id != one.id:
                assert not other.span.overlaps(TimeSpan(one.span.end_ms, end_ms))
    assert found == slots(lines[::-1], TimingSettings(guard_ms=guard_ms, max_borrow_ms=max_borrow_ms), programme_ms)


def test_twenty_thousand_lines_have_slots_at_once() -> None:
    lines = [line(str(index), 1000 * index, 1000 * index + 900, f"s{index % 7}") for index in range(20_000)]
    assert len(slots(lines, SETTINGS, 30_000_000)) == 20_000


def test_predictions_leave_out_what_no_engine_can_say() -> None:
    lines = [line("a", 0, 1000), line("b", 2000, 3000)]
    found = slots(lines, SETTINGS, 60_000)
    foreseen = predictions(lines, found, lambda one: Estimate(1200, 0, "e") if one.id == "a" else None, max_ratio=1.25)
    assert list(foreseen) == ["a"] and isinstance(foreseen["a"], Prediction) and foreseen["a"].delta_ms == 200


def test_a_line_that_fits_has_no_flag() -> None:
    assert flags_of([line("a", 0, 1000)], [], estimates={"a": 1900}) == {"a": ()}


def test_a_prediction_over_the_slot_says_by_how_much_and_what_to_do() -> None:
    flags = flags_of([line("a", 0, 1000), line("b", 1080, 2000)], [], estimates={"a": 2125})
    assert flags["a"] == ("0.7 s too long even at 1.25×: shorten the text.",)


def test_a_fresh_take_speaks_for_itself_and_a_stale_one_does_not() -> None:
    lines = [line("a", 0, 1000, take="t"), line("b", 4000, 5000)]
    spilling = take("t", "a", 2400, 400)
    assert flags_of(lines, [spilling], estimates={"a": 900})["a"] == ("The take is 0.4 s too long even at 1.25×: shorten the text.",)
    stale = take("t", "a", 1500, 0, text="other words")
    assert "too long" in flags_of(lines, [stale], estimates={"a": 9000})["a"][0]


def test_lines_past_the_end_and_overlaps_are_said() -> None:
    flags = flags_of(
        [line("a", 0, 2000), line("b", 1500, 2500), line("c", 3000, 4500, "bob"), line("d", 5000, 6000)], [], programme_ms=4000
    )
    assert flags["a"] == ("Overlaps the next line of the same speaker by 0.5 s.",)
    assert flags["b"] == ()
    assert flags["c"] == ("Past the end of the picture by 0.5 s.",)
    assert flags["d"] == ("Past the end of the picture: it will not be heard.",)


def test_a_line_that_must_wait_for_its_own_speaker_says_so() -> None:
    lines = [line("a", 0, 1000, take="t"), line("b", 1100, 2000, take="u"), line("c", 1100, 2000, "bob", take="v")]
    flags = flags_of(lines, [take("t", "a", 1600, 600), take("u", "b", 900), take("v", "c", 900)])
    assert flags["b"] == ("Starts 0.5 s late: the same speaker's line before it is too long.",)
    assert flags["c"] == ()


def test_a_take_that_would_outlast_the_picture_says_where_it_went() -> None:
    early = flags_of([line("a", 1000, 2000, take="t")], [take("t", "a", 1300, 300)], programme_ms=2000)["a"]
    assert early[-1] == "Starts 0.3 s early to end with the picture."
    gone = flags_of([line("a", 1000, 2000, take="t")], [take("t", "a", 2500, 1500)], programme_ms=2000)["a"]
    assert gone[-1] == "The take runs 0.5 s past the end of the picture."

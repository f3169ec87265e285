from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.domain.line import FitReport, Line, Slot
from studio.domain.settings import FitSettings
from studio.domain.timing import TimeSpan
from studio.engines.protocols import Audio
from studio.engines.voice_protocols import Mark
from studio.stages.fit import fit_take, place, shortest_ms, trim, wanted_ratio

RATE_HZ = 16_000
DEFAULT = FitSettings()


def take(*parts: int, noise: float = 1e-5) -> Audio:
    """Alternating silence and tone in ms, silence first; each tone of its own pitch, so that a lost one is missed."""
    rng, pieces = np.random.default_rng(3), []
    for index, ms in enumerate(parts):
        time_s = np.arange(ms * RATE_HZ // 1000) / RATE_HZ
        tone = 0.3 * np.sin(2 * np.pi * (150 + 90 * index) * time_s) if index % 2 else 0.0 * time_s
        pieces.append(tone + noise * rng.standard_normal(len(time_s)))
    return Audio(np.concatenate(pieces).astype(np.float32), RATE_HZ)


def slot(span_ms: int, gap_ms: int = 0) -> Slot:
    return Slot(1000, span_ms, gap_ms)


def tones_heard(audio: Audio, count: int) -> list[bool]:
    """Whether each tone of `take` is there, by the power at its pitch."""
    spectrum = np.abs(np.fft.rfft(audio.samples, 1 << 18)) ** 2
    place_of = [round((150 + 90 * (2 * index + 1)) * (1 << 18) / RATE_HZ) for index in range(count)]
    return [spectrum[place - 40 : place + 40].max() > 1e3 for place in place_of]


def test_a_take_that_fits_only_loses_its_silent_ends() -> None:
    audio = take(300, 900, 400)
    fitted = fit_take(audio, (), slot(1000), DEFAULT)
    assert fitted.report.rate_ratio == 1.0 and fitted.report.pauses_cut_ms == fitted.report.remainder_ms == 0
    assert fitted.report.natural_ms == 1600 and fitted.report.trimmed_ms == pytest.approx(700, abs=25)
    first = trim(audio, (), DEFAULT.trim_db).start_ms * RATE_HZ // 1000
    assert np.array_equal(fitted.audio.samples, audio.samples[first : first + len(fitted.audio.samples)])


def test_inner_pauses_are_shortened_before_anything_is_stretched() -> None:
    report = fit_take(take(50, 600, 500, 600, 50), (), slot(1500), DEFAULT).report
    assert report.rate_ratio == 1.0 and report.fitted_ms == 1500 and report.remainder_ms == 0
    assert report.pauses_cut_ms == pytest.approx(220, abs=45)


def test_what_pauses_cannot_give_is_stretched_to_the_slot_exactly() -> None:
    report = fit_take(take(50, 600, 500, 600, 50), (), slot(1000, 200), DEFAULT).report
    assert 1.0 < report.rate_ratio <= DEFAULT.max_ratio
    assert report.fitted_ms == 1200 and report.remainder_ms == 0


def test_what_no_limit_allows_is_the_remainder_and_no_word_is_lost() -> None:
    audio = take(50, 600, 300, 600, 300, 600, 50)
    fitted = fit_take(audio, (), slot(700), DEFAULT)
    assert fitted.report.rate_ratio == pytest.approx(DEFAULT.max_ratio)
    assert fitted.report.remainder_ms == fitted.report.fitted_ms - 700 > 500
    assert tones_heard(fitted.audio, 3) == [True, True, True]


def test_a_pause_never_falls_below_the_least_pause() -> None:
    audio, phones = take(0, 600, 500, 600, 0), [Mark(0, 600, "a"), Mark(600, 1100, ""), Mark(1100, 1700, "o")]
    fitted = fit_take(audio, phones, slot(400), FitSettings(min_pause_ms=200))
    assert fitted.report.pauses_cut_ms == 300
    (pause,) = [phone for phone in fitted.phones if not phone.symbol]
    assert pause.end_ms - pause.start_ms == pytest.approx(200 / 1.25, abs=2)


def test_a_take_a_little_short_is_left_and_a_very_short_one_is_slowed_within_the_limit() -> None:
    audio = take(0, 950, 0)
    assert fit_take(audio, (), slot(1000), DEFAULT).report.rate_ratio == 1.0
    slowed = fit_take(audio, (), slot(1150), DEFAULT).report
    assert DEFAULT.min_ratio < slowed.rate_ratio < 1.0 and slowed.fitted_ms <= 1150
    assert fit_take(audio, (), slot(9000), DEFAULT).report.rate_ratio == pytest.approx(DEFAULT.min_ratio)


def test_slowing_looks_at_the_span_and_not_at_the_borrowed_gap() -> None:
    assert fit_take(take(0, 950, 0), (), slot(1000, 5000), DEFAULT).report.rate_ratio == 1.0


def test_the_engines_own_rate_counts_toward_the_limit() -> None:
    report = fit_take(take(0, 1000, 0), (), slot(700), DEFAULT, engine_ratio=1.2).report
    assert report.rate_ratio == pytest.approx(1.25)
    assert report.fitted_ms == pytest.approx(1000 * 1.2 / 1.25, abs=2)


def test_phones_move_with_the_speech() -> None:
    phones = [Mark(0, 50, ""), Mark(50, 650, "a"), Mark(650, 1150, ""), Mark(1150, 1750, "o"), Mark(1750, 1800, "")]
    fitted = fit_take(take(50, 600, 500, 600, 50), phones, slot(1100), DEFAULT)
    assert [phone.symbol for phone in fitted.phones if phone.symbol] == ["a", "o"]
    assert all(before.end_ms <= after.start_ms for before, after in zip(fitted.phones, fitted.phones[1:], strict=False))
    assert fitted.phones[-1].end_ms <= fitted.audio.length_ms == 1100
    onset = next(phone.start_ms for phone in fitted.phones if phone.symbol == "o")
    loud = np.flatnonzero(np.abs(fitted.audio.samples[: (onset + 60) * 16]) > 0.05)
    quiet_before = fitted.audio.samples[(onset - 60) * 16 : (onset - 15) * 16]
    assert loud.max() > (onset + 10) * 16 and np.abs(quiet_before).max() < 0.02


def test_silence_stays_nothing_and_is_no_error() -> None:
    fitted = fit_take(Audio(np.zeros(8000, np.float32), RATE_HZ), (), slot(1000), DEFAULT)
    assert fitted.audio.length_ms == fitted.report.fitted_ms == fitted.report.remainder_ms == 0


def test_trimming_moves_the_phones_to_the_new_start() -> None:
    whole = trim(take(300, 500, 300), [Mark(0, 300, ""), Mark(300, 800, "a"), Mark(800, 1100, "")], -45.0)
    assert whole.start_ms == pytest.approx(290, abs=11)
    assert [(phone.symbol, phone.start_ms + whole.start_ms) for phone in whole.phones if phone.symbol] == [("a", 300)]


def test_the_shortest_length_counts_every_pause_down_to_the_least() -> None:
    whole = trim(take(0, 600, 500, 600, 0), [Mark(0, 600, "a"), Mark(600, 1100, ""), Mark(1100, 1700, "o")], -45.0)
    assert shortest_ms(whole, DEFAULT) == 1700 - 500 + 120


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 9000), st.integers(1, 9000), st.integers(0, 3000))
def test_the_wanted_rate_is_continuous_and_never_slows_past_the_span(length_ms: int, span_ms: int, gap_ms: int) -> None:
    ratio = wanted_ratio(length_ms, slot(span_ms, gap_ms))
    assert (ratio > 1) == (length_ms > span_ms + gap_ms)
    if ratio < 1:
        assert length_ms / ratio <= span_ms
    assert wanted_ratio(length_ms + 1, slot(span_ms, gap_ms)) >= ratio


parts = st.lists(st.integers(60, 700), min_size=3, max_size=7).filter(lambda found: len(found) % 2 == 1)


@settings(max_examples=40, deadline=None)
@given(parts, st.integers(100, 3000), st.integers(0, 800), st.floats(0.5, 1.0), st.floats(1.0, 2.0), st.integers(40, 400))
def test_every_fit_keeps_the_limits_and_every_word(
    lengths: list[int], span_ms: int, gap_ms: int, min_ratio: float, max_ratio: float, min_pause_ms: int
) -> None:
    audio, limits = take(*lengths), FitSettings(min_ratio=min_ratio, max_ratio=max_ratio, min_pause_ms=min_pause_ms)
    fitted = fit_take(audio, (), slot(span_ms, gap_ms), limits)
    report = fitted.report
    assert min_ratio - 1e-9 <= report.rate_ratio <= max_ratio + 1e-9
    assert report.fitted_ms == fitted.audio.length_ms
    assert report.remainder_ms == max(0, report.fitted_ms - span_ms - gap_ms)
    assert report.fitted_ms == pytest.approx((report.natural_ms - report.trimmed_ms - report.pauses_cut_ms) / report.rate_ratio, abs=3)
    if report.remainder_ms:
        assert report.rate_ratio == pytest.approx(max_ratio)
    if report.rate_ratio < 1:
        assert report.fitted_ms <= span_ms and report.pauses_cut_ms == 0
    assert all(tones_heard(fitted.audio, len(lengths) // 2))
    spoken_ms = sum(lengths[1::2])
    assert report.fitted_ms >= spoken_ms / max_ratio - 25


def line(key: str, start_ms: int, end_ms: int, speaker: str) -> Line:
    return Line(key, TimeSpan(start_ms, end_ms), speaker, "words")


def reports(lead_ms: dict[str, int] | None = None, **fitted_ms: int) -> dict[str, FitReport]:
    return {key: FitReport(ms, 0, 0, 1.0, ms, 0, lead_ms=(lead_ms or {}).get(key, 0)) for key, ms in fitted_ms.items()}


def test_takes_start_with_their_lines() -> None:
    (only,) = place([line("a", 700, 1500, "anna"), line("b", 2000, 3000, "anna")], reports(a=900), 60_000)
    assert (only.line_id, only.start_ms, only.end_ms, only.late_ms) == ("a", 700, 1600, 0)


def test_the_same_speaker_waits_for_the_word_before_and_another_speaker_does_not() -> None:
    lines = [line("a", 0, 1000, "anna"), line("b", 1100, 2000, "anna"), line("c", 1100, 2000, "bob"), line("d", 5000, 6000, "anna")]
    by_id = {item.line_id: item for item in place(lines, reports(a=1500, b=800, c=700, d=900), 60_000)}
    assert (by_id["b"].start_ms, by_id["b"].late_ms) == (1500, 400)
    assert by_id["c"].late_ms == by_id["d"].late_ms == 0


def test_the_silence_a_take_begins_with_takes_up_what_the_one_before_spills() -> None:
    lines = [line("a", 0, 1000, "anna"), line("b", 1100, 2000, "anna")]
    for lead_ms, late_ms in ((0, 400), (250, 150), (400, 0), (700, 0)):
        assert place(lines, reports({"b": lead_ms}, a=1500, b=900), 60_000)[1].late_ms == late_ms


def test_a_take_that_would_outlast_the_picture_starts_earlier_where_its_speaker_is_silent() -> None:
    lines = [line("a", 0, 1000, "anna"), line("b", 2000, 3000, "anna")]
    _, last = place(lines, reports(a=900, b=1400), 3000)
    assert (last.start_ms, last.end_ms, last.late_ms) == (1600, 3000, -400)
    _, blocked = place(lines, reports(a=1900, b=1400), 3000)
    assert (blocked.start_ms, blocked.end_ms) == (1900, 3300)


rows = st.tuples(st.integers(0, 20_000), st.integers(1, 4000), st.sampled_from(["anna", "bob"]), st.integers(0, 6000), st.integers(0, 900))


@settings(max_examples=200, deadline=None)
@given(st.lists(rows, max_size=14), st.integers(1, 25_000))
def test_placing_keeps_order_and_length_and_one_speaker_never_talks_over_themselves(
    found: list[tuple[int, int, str, int, int]], programme_ms: int
) -> None:
    lines = [line(f"{index:02d}", start, start + length, who) for index, (start, length, who, _, _) in enumerate(found)]
    lengths = {one.id: row[3] for one, row in zip(lines, found, strict=True)}
    leads = {one.id: min(row[3:]) for one, row in zip(lines, found, strict=True)}
    placements = place(lines, reports(leads, **lengths), programme_ms)
    by_id = {one.id: one for one in lines}
    assert {item.line_id for item in placements} == {key for key, ms in lengths.items() if ms}
    for speaker in ("anna", "bob"):
        own = [item for item in placements if by_id[item.line_id].speaker_id == speaker]
        assert all(before.end_ms <= after.start_ms + leads[after.line_id] for before, after in zip(own, own[1:], strict=False))
        starts = [by_id[item.line_id].span.start_ms for item in own]
        assert starts == sorted(starts)
    for item in placements:
        assert item.start_ms >= 0 and item.end_ms - item.start_ms == lengths[item.line_id]
        assert item.late_ms == item.start_ms - by_id[item.line_id].span.start_ms
        assert item.late_ms >= 0 or item.end_ms >= programme_ms, "started earlier than the end of the picture asks for"

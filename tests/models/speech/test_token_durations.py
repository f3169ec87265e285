"""Frames per token: exact totals, order kept, words where they are asked for."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.speech.token_durations import (
    Pause,
    SlotTooShort,
    TimedTokens,
    WordTime,
    average_durations,
    predicted_frames,
    require_room,
    slot_frames,
    time_frames,
    timed_by_pauses,
    timed_by_words,
)
from models.speech.tokens import PAD, TokenSpan, word_spans

TEXT = list("bˈɪn blˈuː, nˈaʊ.")
SPANS = [span for span in word_spans(TEXT) if span.is_word]
TIMES = [WordTime(0.2, 0.5), WordTime(0.5, 0.9), WordTime(1.2, 1.6)]


def frames_of_word(timed: TimedTokens, word: str) -> tuple[int, int]:
    """First and last frame of a word in the row."""
    first = "".join(timed.tokens).index(word)
    start = sum(timed.frames[:first])
    return start, start + sum(timed.frames[first : first + len(word)])


def test_the_published_rule_leaves_the_remainder_to_the_pad() -> None:
    frames = average_durations(100, 563)
    assert frames == [5] * 100
    assert 563 - sum(frames) == 63


@pytest.mark.parametrize(
    ("prompt_frames", "prompt_tokens", "tokens", "speed_ratio", "total"), [(40, 9, 23, 1.1, 133), (33, 12, 17, 1.1, 76), (300, 100, 50, 1.0, 450)]
)
def test_predicted_totals_are_those_of_the_public_code(prompt_frames: int, prompt_tokens: int, tokens: int, speed_ratio: float, total: int) -> None:
    assert predicted_frames(prompt_frames, prompt_tokens, tokens, speed_ratio) == total


@given(st.integers(1, 3000), st.integers(1, 600), st.integers(0, 600), st.sampled_from([0.5, 0.8, 1.0, 1.1, 1.3, 2.0]))
def test_predicted_totals_are_within_a_frame_of_the_exact_ratio(prompt_frames: int, prompt_tokens: int, tokens: int, speed_ratio: float) -> None:
    exact = Fraction(prompt_frames, prompt_tokens) * tokens / Fraction(str(speed_ratio))
    assert -1 <= predicted_frames(prompt_frames, prompt_tokens, tokens, speed_ratio) - prompt_frames - exact <= 1 + exact / 10**6


def test_predicted_totals_round_as_torch_does() -> None:
    import torch

    generator = torch.Generator().manual_seed(0)
    frames, prompt_tokens, tokens = (torch.randint(1, 900, (2000,), generator=generator) for _ in range(3))
    public = frames + torch.ceil(frames / prompt_tokens * tokens / 1.1).to(torch.int64)
    ours = [predicted_frames(*row, 1.1) for row in zip(frames.tolist(), prompt_tokens.tolist(), tokens.tolist(), strict=True)]
    assert ours == public.tolist()


@pytest.mark.parametrize(("slot_ms", "frames"), [(0, 0), (5, 0), (6, 1), (16, 2), (1000, 94), (2500, 234), (32, 3)])
def test_a_slot_is_rounded_half_up_to_frames(slot_ms: int, frames: int) -> None:
    assert slot_frames(slot_ms) == frames


@given(st.integers(0, 600_000))
def test_slots_are_never_more_than_half_a_frame_off(slot_ms: int) -> None:
    assert abs(Fraction(slot_frames(slot_ms) * 32, 3) - slot_ms) <= Fraction(16, 3)


def test_sixty_seconds_of_text_in_one_second_are_refused_with_what_would_do() -> None:
    with pytest.raises(SlotTooShort, match="needs at least 21.3 s and the slot has 1.0 s") as caught:
        require_room(1000, 1000)
    assert caught.value.least_s == pytest.approx(21.333, abs=1e-3)
    require_room(1000, 21_334)


def test_words_stand_where_they_are_asked_for_to_the_frame() -> None:
    timed = timed_by_words(TEXT, SPANS, TIMES, 188)
    assert timed.total_frames == 188
    assert frames_of_word(timed, "bˈɪn") == (time_frames(0.2), time_frames(0.5))
    assert frames_of_word(timed, "blˈuː") == (time_frames(0.5), time_frames(0.9))
    assert frames_of_word(timed, "nˈaʊ") == (time_frames(1.2), time_frames(1.6))
    assert timed.pad_frames == 188 - time_frames(1.6)


def test_silence_before_the_first_word_is_a_pad_and_between_words_the_space() -> None:
    timed = timed_by_words(TEXT, SPANS, TIMES, 188)
    assert timed.tokens[0] == PAD and timed.frames[0] == time_frames(0.2)
    assert "".join(timed.tokens[1:]) == "".join(TEXT)
    comma = timed.tokens.index(",")
    assert timed.frames[comma : comma + 2] == (1, time_frames(1.2) - time_frames(0.9) - 1)


def test_a_silence_between_joined_words_gets_a_pad_of_its_own() -> None:
    tokens, spans = list("ɪnðə"), [TokenSpan(0, 2, True), TokenSpan(2, 4, True)]
    timed = timed_by_words(tokens, spans, [WordTime(0.0, 0.1), WordTime(0.2, 0.3)], 40)
    assert "".join(timed.tokens) == "ɪn_ðə"
    assert timed.frames[2] == time_frames(0.2) - time_frames(0.1)


def test_weights_share_the_frames_of_a_word() -> None:
    tokens = list("abc")
    spans = word_spans(tokens)
    timed = timed_by_words(tokens, spans, [WordTime(0.0, 0.32)], 30, weights=[1, 4, 1])
    assert timed.frames == (5, 20, 5)


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ([WordTime(0.0, 0.3), WordTime(0.2, 0.4), WordTime(0.5, 0.6)], "does not follow"),
        ([WordTime(0.0, 0.3), WordTime(0.3, 0.4), WordTime(0.5, 9.0)], "after the slot"),
        ([WordTime(0.4, 0.3), WordTime(0.5, 0.6), WordTime(0.7, 0.8)], "does not follow"),
        ([WordTime(0.0, 0.3)], "do not fit 3 words"),
    ],
)
def test_times_that_cannot_be_are_refused(times: list[WordTime], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        timed_by_words(TEXT, SPANS, times, 188)


@given(st.lists(st.integers(0, 400), min_size=6, max_size=6), st.integers(0, 200), st.lists(st.integers(1, 9), min_size=len(TEXT), max_size=len(TEXT)))
def test_any_word_times_fill_the_slot_exactly_and_in_order(steps_ms: list[int], rest_frames: int, weights: list[int]) -> None:
    edges = [sum(steps_ms[: number + 1]) / 1000 for number in range(6)]
    times = [WordTime(edges[number], edges[number + 1]) for number in (0, 2, 4)]
    total_frames = time_frames(edges[-1]) + rest_frames
    timed = timed_by_words(TEXT, SPANS, times, total_frames, weights)
    assert sum(timed.frames) + timed.pad_frames == total_frames
    assert min(timed.frames) >= 0 and timed.pad_frames == rest_frames
    assert "".join(token for token in timed.tokens if token != PAD) == "".join(TEXT)
    for span, time in zip(SPANS, times, strict=True):
        word = "".join(TEXT[span.first : span.last])
        assert frames_of_word(timed, word) == (time_frames(time.start_s), time_frames(time.end_s))
        if time_frames(time.end_s) - time_frames(time.start_s) >= len(span):
            first = "".join(timed.tokens).index(word)
            assert min(timed.frames[first : first + len(span)]) >= 1


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30), st.integers(13, 300))
def test_pauses_are_as_long_as_asked_and_speech_fills_the_rest(lead: int, inner: int, tail: int, room: int) -> None:
    total_frames = lead + inner + tail + room
    timed = timed_by_pauses(TEXT, SPANS, [Pause(-1, lead), Pause(1, inner), Pause(2, tail)], total_frames)
    assert sum(timed.frames) + timed.pad_frames == total_frames
    assert timed.pad_frames == tail
    assert frames_of_word(timed, "bˈɪn")[0] == lead
    assert frames_of_word(timed, "nˈaʊ")[0] - frames_of_word(timed, "blˈuː")[1] == inner
    assert frames_of_word(timed, "nˈaʊ")[1] == total_frames - tail


def test_pauses_that_leave_no_room_for_the_words_are_refused() -> None:
    with pytest.raises(SlotTooShort) as caught:
        timed_by_pauses(TEXT, SPANS, [Pause(0, 90)], 94)
    assert caught.value.least_s == pytest.approx((90 + 13) * 256 / 24_000)
    with pytest.raises(ValueError, match="after word 7 of 3"):
        timed_by_pauses(TEXT, SPANS, [Pause(6, 3)], 94)


def test_no_tokens_and_a_prompt_without_words_are_refused() -> None:
    with pytest.raises(ValueError, match="no tokens"):
        average_durations(0, 90)
    with pytest.raises(ValueError, match="transcript"):
        predicted_frames(90, 0, 20)
    with pytest.raises(ValueError, match="speed"):
        predicted_frames(90, 10, 20, 0.0)

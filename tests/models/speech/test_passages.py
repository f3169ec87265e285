"""Long texts in passages and their sounds joined; the public program's own cuts were recorded."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.speech.passages import batches_of, closed, joined, levelled, most_tokens, passages_of, prompt_sound, trimmed
from models.speech.tokens import word_spans

RATE_HZ = 24_000
TOKENS = st.lists(st.sampled_from([*"abcˈː", " ", " ", ",", ".", "!"]), min_size=1, max_size=120)


def noise(seconds: float, *, seed: int = 0, rms: float = 0.1) -> np.ndarray:
    return (rms * np.random.default_rng(seed).standard_normal(round(seconds * RATE_HZ))).astype(np.float32)


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE_HZ), np.float32)


def test_clauses_are_merged_up_to_the_limit_and_spaces_stay_with_the_clause_before() -> None:
    passages = passages_of(list("one, two. three four! five"), 12)
    assert ["".join(passage) for passage in passages] == ["one, two. ", "three four! ", "five"]


def test_marks_in_a_row_belong_to_one_clause() -> None:
    assert ["".join(passage) for passage in passages_of(list("a?! b"), 3)] == ["a?! ", "b"]


@given(TOKENS, st.integers(1, 60))
def test_passages_joined_are_the_tokens_and_none_is_too_long_but_for_one_word(tokens: list[str], most: int) -> None:
    passages = passages_of(tokens, most)
    assert [token for passage in passages for token in passage] == tokens
    for passage in passages:
        words = sum(span.is_word for span in word_spans(passage))
        assert passage and (len(passage) <= most or words <= 1)


def test_a_long_clause_without_marks_is_cut_evenly_between_words() -> None:
    passages = passages_of(list(" ".join(["word"] * 30)), 60)
    assert len(passages) == 3
    assert max(map(len, passages)) - min(map(len, passages)) <= 5
    assert all("".join(passage).startswith("word") for passage in passages)


def test_room_for_tokens_follows_the_pace_of_the_prompt() -> None:
    assert most_tokens(5.0, 80) == int(20 / (5 / 80))
    assert most_tokens(5.0, 80, speed_ratio=2.0) == int(20 / (5 / 160))
    with pytest.raises(ValueError, match="lasts 30.0 s"):
        most_tokens(30.0, 80)
    with pytest.raises(ValueError, match="no words"):
        most_tokens(5.0, 0)


@given(st.lists(st.integers(1, 900), max_size=30))
def test_every_passage_is_in_one_batch_and_no_batch_is_too_long(counts: list[int]) -> None:
    batches = batches_of(counts, prompt_s=3.0, token_s=0.06)
    assert sorted(number for batch in batches for number in batch) == list(range(len(counts)))
    for batch in batches:
        assert len(batch) == 1 or sum(3.0 + 0.06 * counts[number] for number in batch) <= 100.0 + 1e-9


def test_sounds_fade_into_each_other() -> None:
    first, second = np.ones(1000, np.float32), np.full(1000, 3.0, np.float32)
    whole = joined([first, second], rate_hz=1000, fade_s=0.1)
    assert whole.shape == (1900,)
    assert whole[899] == 1.0 and whole[1000] == 3.0
    assert np.all(np.diff(whole[900:1000]) > 0)
    assert whole.dtype == np.float32


@pytest.mark.parametrize(("lengths", "length"), [([], 0), ([50], 50), ([50, 0, 60], 60), ([30, 500], 500), ([30, 40, 500], 500)])
def test_short_sounds_fade_over_what_they_have(lengths: list[int], length: int) -> None:
    assert joined([np.ones(size, np.float32) for size in lengths], rate_hz=1000).shape == (length,)


def test_without_a_fade_sounds_are_only_put_together() -> None:
    assert joined([np.ones((2, 5), np.float32), np.zeros((2, 3), np.float32)], rate_hz=1000, fade_s=0.0).shape == (2, 8)


def test_edges_keep_a_tenth_of_a_second_and_long_silences_two_seconds() -> None:
    sound = np.concatenate([silence(1.5), noise(1.3), silence(3.5), noise(1.3, seed=1), silence(1.2), noise(1.3, seed=2), silence(0.05)])
    assert len(trimmed(sound, RATE_HZ)) == pytest.approx(8.75 * RATE_HZ, abs=240)  # the public program: 8.75 s
    assert len(trimmed(sound, RATE_HZ, inner_s=2.0)) == pytest.approx(7.25 * RATE_HZ, abs=240)  # the public program: 7.25 s


def test_what_is_kept_is_untouched() -> None:
    sound = np.concatenate([silence(0.05), noise(1.0), silence(0.5), noise(1.0, seed=1)])
    assert np.array_equal(trimmed(sound, RATE_HZ, inner_s=2.0), sound)
    assert trimmed(silence(1.0), RATE_HZ).size == 0
    assert trimmed(silence(0.0), RATE_HZ).size == 0


def test_a_prompt_ends_in_silence_and_a_silent_one_is_refused() -> None:
    prompt = prompt_sound(np.concatenate([silence(1.0), noise(2.0)]), RATE_HZ)
    assert len(prompt) == pytest.approx(2.3 * RATE_HZ, abs=240)
    assert not prompt[-int(0.2 * RATE_HZ) :].any()
    with pytest.raises(ValueError, match="louder than -50 dB"):
        prompt_sound(noise(1.0, rms=1e-4), RATE_HZ)


def test_a_quiet_reference_is_raised_and_a_loud_one_left() -> None:
    quiet = levelled(noise(1.0, rms=0.02))
    assert np.sqrt(np.mean(quiet.samples**2)) == pytest.approx(0.1, rel=1e-3)
    assert quiet.gain_ratio == pytest.approx(5.0, rel=0.05)
    assert levelled(noise(1.0, rms=0.3)).gain_ratio == 1.0
    with pytest.raises(ValueError, match="silent"):
        levelled(silence(1.0))


@pytest.mark.parametrize(("text", "ended"), [("Hello", "Hello."), (" Hello! ", "Hello!"), ("你好。", "你好。"), ("", ""), ("so…", "so….")])
def test_a_text_without_a_mark_gets_a_full_stop(text: str, ended: str) -> None:
    assert closed(text) == ended

import numpy as np
import pytest

from models.recipes.voice_alignment import TimedTokens, WordTime, fitted_to_words, shifted, stretched, token_times, word_groups
from studio.engines.voice_protocols import Mark

BIN_BLUE = list("bˈɪn, blˈuː.")
PHONES = [Mark(*row) for row in ((10, 50, "b"), (50, 150, "ˈɪ"), (150, 200, "n"), (200, 300, ""), (300, 320, "b"), (320, 400, "l"), (400, 525, "ˈuː"))]


def timed() -> TimedTokens:
    return token_times(BIN_BLUE, PHONES)


def at(found: TimedTokens, place: int) -> tuple[float, float]:
    return round(float(found.start_s[place]), 4), round(float(found.end_s[place]), 4)


def test_a_phones_time_is_shared_by_its_code_points_and_a_stress_mark_takes_half_a_share():
    found = timed()
    assert at(found, 0) == (0.01, 0.05)
    assert at(found, 1) == (0.05, round(0.05 + 0.1 / 3, 4)) and at(found, 2)[1] == 0.15
    assert [at(found, place) for place in (8, 9, 10)] == [(0.4, 0.425), (0.425, 0.475), (0.475, 0.525)]


def test_a_pause_goes_to_the_first_mark_of_it_and_the_ends_take_none():
    found = timed()
    assert at(found, 4) == (0.2, 0.3) and at(found, 5) == (0.3, 0.3)
    assert at(found, 11) == (0.525, 0.525)


def test_times_never_fall_and_tokens_do_not_overlap():
    found = timed()
    assert (found.end_s >= found.start_s).all() and (found.start_s[1:] >= found.end_s[:-1] - 1e-12).all()


def test_a_token_that_was_not_spoken_as_written_shares_the_phone_before_it():
    found = token_times(list("bˈɪxn, blˈuː"), PHONES)
    assert at(found, 3)[0] == at(found, 2)[1] and at(found, 3)[1] == 0.15 and at(found, 4) == (0.15, 0.2)


def test_other_stress_is_the_same_text_and_another_text_is_refused():
    assert at(token_times(list("wˌʌn"), [Mark(0, 80, "w"), Mark(80, 200, "ˈʌ"), Mark(200, 260, "n")]), 3) == (0.2, 0.26)
    with pytest.raises(ValueError, match="not what was spoken"):
        token_times(list("ɡɹˈiːn"), PHONES)


def test_words_are_what_stands_between_spaces():
    assert word_groups(BIN_BLUE) == [[0, 1, 2, 3], [6, 7, 8, 9, 10]]


def test_fitted_words_keep_the_proportion_of_their_phones_and_leave_the_rest_to_the_pause():
    found = fitted_to_words(timed(), [WordTime(1.0, 1.38, "bin"), WordTime(2.0, 2.45, "blue")])
    assert at(found, 0) == (1.0, 1.08) and at(found, 3)[1] == 1.38
    assert at(found, 4) == (1.38, 2.0) and at(found, 6) == (2.0, 2.04) and at(found, 10)[1] == 2.45


def test_another_count_of_words_is_said_in_a_sentence():
    with pytest.raises(ValueError, match="2 words, the recording has 1"):
        fitted_to_words(timed(), [WordTime(0.0, 1.0, "bin")])


def test_stretched_and_shifted_times_keep_their_proportions():
    found = stretched(timed(), 1.0, 2.0)
    assert found.start_s[0] == 1.0 and found.end_s[-1] == 2.0
    plain = timed()
    assert np.allclose((found.end_s - found.start_s) * (plain.end_s[-1] - plain.start_s[0]), plain.end_s - plain.start_s)
    assert np.allclose(shifted(plain, 0.5).start_s - plain.start_s, 0.5)

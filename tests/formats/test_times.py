"""Clock times and timecodes."""

from __future__ import annotations

from fractions import Fraction

import pytest

from studio.formats.times import fraction_ms, read_clock, read_timecode


@pytest.mark.parametrize(("digits", "ms"), [("7", 700), ("04", 40), ("0405", 41), ("999999999", 1000), ("", 0), (None, 0)])
def test_digits_after_the_point_are_a_decimal_fraction(digits: str | None, ms: int) -> None:
    assert fraction_ms(digits) == ms


@pytest.mark.parametrize("text", ["", "x", "1", "1:2:3:4", "1:2:3,", "１:02:03", "1:2:3.1234567890", "12345:00:00"])
def test_what_is_no_clock_time_is_none(text: str) -> None:
    assert read_clock(text) is None


def test_a_minus_sign_makes_a_time_negative_and_odd() -> None:
    found = read_clock("-00:00:12.000")
    assert found is not None and (found.ms, found.is_odd) == (-12_000, True)


def test_drop_frame_skips_two_numbers_a_minute_but_not_every_tenth() -> None:
    fps = Fraction(30_000, 1001)
    assert read_timecode("00:01:00;02", fps) == read_timecode("00:00:59;29", fps) + 33
    assert read_timecode("01:00:00;00", fps) == 3_599_997  # its first whole millisecond: 3,599,996.4 is a frame earlier on screen

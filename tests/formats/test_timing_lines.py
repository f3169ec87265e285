"""The timing line that SRT and WebVTT share."""

from __future__ import annotations

import pytest

from studio.formats.timing_lines import is_failed_timing, read_timing, text_lines


def test_settings_after_the_times_are_kept_apart() -> None:
    timing = read_timing("00:01.000 --> 00:02.000 align:start line:0")
    assert timing is not None and timing.settings == "align:start line:0" and not timing.is_odd


@pytest.mark.parametrize(
    "line", ["", "-->", "a --> b", "go 00:01 --> 00:02", "00:01.000 -->", "00:01.000 --> 00:02.000x", "1" * 3000 + "-->"]
)
def test_other_lines_are_no_timing(line: str) -> None:
    assert read_timing(line) is None


@pytest.mark.parametrize(
    ("line", "is_failed"),
    [
        ("00:00:01,000 --> 00:00:0x", True),
        ("00:0:1: --> 5", True),
        ("5 apples --> pie", False),
        ("00:01 --> 00:02", False),
        ("words", False),
    ],
)
def test_a_failed_attempt_is_told_from_text(line: str, is_failed: bool) -> None:
    assert is_failed_timing(line) == is_failed


def test_lines_part_at_any_ending() -> None:
    assert text_lines("a\r\nb\rc\nd\r\r\ne") == ["a", "b", "c", "d", "e"]

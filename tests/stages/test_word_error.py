"""Words counted as a listener would: case and marks are nothing, Chinese is counted by characters."""

from __future__ import annotations

import pytest

from studio.stages.word_error import word_error


@pytest.mark.parametrize(
    ("text", "heard", "language", "error"),
    [
        ("Lay white at G two.", "lay white at g two", "en", 0.0),
        ("Lay white at G two.", "", "en", 1.0),
        ("Don’t go", "don't go", "en", 0.0),
        ("one two", "one three two", "en", 0.5),
        ("one two three", "two three four", "en", 2 / 3),
        ("one", "a b c", "en", 3.0),
        ("你好，世界。", "你好世间", "zh-cn", 0.25),
    ],
)
def test_changes_additions_and_losses_are_counted_over_the_words_said(text: str, heard: str, language: str, error: float) -> None:
    assert word_error(text, heard, language) == pytest.approx(error)


def test_a_text_without_words_has_no_error() -> None:
    assert word_error("… ♪", "hello", "en") is None

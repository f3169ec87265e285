"""Presets suit the languages, and a warning is given exactly where lips or strength cost words."""

from __future__ import annotations

import pytest

from studio.domain.guidance_presets import LIPS_COST_WORDS, guidance_warning, presets
from studio.domain.settings import Guidance


def test_a_line_said_again_is_locked_to_the_mouth_and_a_translation_is_not() -> None:
    assert [(one.key, one.face_scale, one.lip_scale) for one in presets("en", "en")] == [
        ("same_language", 1.0, 1.0), ("translation", 1.0, 0.0), ("words", 0.0, 0.0),
    ]  # fmt: skip
    assert [one.key for one in presets("en", "zh")] == ["translation", "words", "same_language"]
    assert not any(one.warning for one in presets("en", "en"))
    assert presets("en", "zh")[-1].warning == LIPS_COST_WORDS


@pytest.mark.parametrize(
    ("scales", "target", "warning"),
    [
        (Guidance(1.0, 1.0), "en", ""),
        (Guidance(1.0, 0.0), "zh", ""),
        (Guidance(1.0, 0.5), "zh", LIPS_COST_WORDS),
        (Guidance(0.0, 0.0), "zh", ""),
        (Guidance(2.0, 2.0), "en", ""),
    ],
)
def test_lips_of_another_language_are_warned_of(scales: Guidance, target: str, warning: str) -> None:
    assert guidance_warning(scales, "en", target) == warning


def test_scales_that_overdo_it_are_warned_of_in_any_language() -> None:
    assert "overdo" in guidance_warning(Guidance(2.5, 0.0), "en", "en")
    assert "overdo" in guidance_warning(Guidance(0.0, 3.0), "en", "zh")

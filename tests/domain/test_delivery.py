"""Delivery profiles: what each must have, how findings are weighed, and loudness at the edge of its tolerance."""

from __future__ import annotations

import pickle

import pytest

from studio.domain.delivery import (
    PROFILES, Check, ExportRefused, Finding, Severity, blocked_lines, loudness_findings, profile_named, tally, weighed,
)  # fmt: skip
from studio.domain.errors import BadSetting
from studio.domain.settings import HandoverSettings

EMPTY, OPEN, OTHERS = (
    Finding(Check.EMPTY_LINE, "no words", "a", 7, 5000),
    Finding(Check.OPEN_NOTE, "louder", "b", 2, 1000),
    Finding(Check.OTHERS_OVERLAP, "overlap", "c", 1, 100, Severity.INFO),
)


def test_a_project_can_choose_every_profile_and_no_other() -> None:
    for profile in PROFILES:
        assert HandoverSettings(profile=profile.name).profile == profile.name
        assert profile.source and profile.sentence
    with pytest.raises(BadSetting):
        HandoverSettings(profile="nobody")
    with pytest.raises(BadSetting, match="There is no delivery profile “nobody”"):
        profile_named("nobody")


def test_a_draft_refuses_nothing_and_a_broadcaster_an_empty_line() -> None:
    found = (OPEN, EMPTY, OTHERS)
    assert [item.severity for item in weighed(found, profile_named("draft"))] == [Severity.SHOULD, Severity.SHOULD, Severity.INFO]
    strict = weighed(found, profile_named("ebu_r128"))
    assert [(item.check, item.severity) for item in strict] == [
        (Check.EMPTY_LINE, Severity.MUST), (Check.OPEN_NOTE, Severity.SHOULD), (Check.OTHERS_OVERLAP, Severity.INFO),
    ]  # fmt: skip
    assert blocked_lines(strict) == 1


@pytest.mark.parametrize(
    ("name", "integrated", "dialogue", "peak", "wanted"),
    [
        ("ebu_r128", -23.54, -20.0, -1.04, []),
        ("ebu_r128", -23.56, -20.0, -1.0, [Check.LOUDNESS]),
        ("ebu_r128", -22.44, None, -0.9, [Check.LOUDNESS, Check.TRUE_PEAK]),
        ("streaming", -10.0, -25.0, -2.0, []),
        ("streaming", -27.0, -24.9, -1.9, [Check.LOUDNESS, Check.TRUE_PEAK]),
        ("streaming", -27.0, None, None, [Check.LOUDNESS]),
        ("atsc_a85", -26.0, None, -2.0, []),
        ("atsc_a85", -26.1, None, -2.0, [Check.LOUDNESS]),
        ("web", -15.0, None, -1.0, []),
        ("draft", None, None, 3.0, []),
    ],
)
def test_loudness_is_held_against_its_tolerance(name: str, integrated: float | None, dialogue: float | None, peak: float | None, wanted: list[Check]) -> None:
    assert [item.check for item in loudness_findings(profile_named(name), integrated, dialogue, peak)] == wanted


def test_a_refusal_says_how_many_of_what_and_survives_a_process_border() -> None:
    error = ExportRefused("Broadcast", (EMPTY, Finding(Check.STALE_RENDER, "old")))
    assert str(error) == "The profile “Broadcast” refuses this export: 1 line: empty line; stale render. Mend these, or choose the profile Draft."
    assert pickle.loads(pickle.dumps(error)).findings == error.findings  # noqa: S301
    assert tally(()) == ""

"""Raw cues to lines: nothing is dropped or changed without a sentence."""

from __future__ import annotations

import pytest

from studio.domain.errors import BadSubtitles
from studio.domain.project import LineDraft, Script
from studio.formats import tidy as rules_of
from studio.formats.cue import Cue, Ledger
from studio.formats.markup import spoken
from studio.formats.tidy import TidyRules, tidy, within

RULES = TidyRules("a.srt", max_text_chars=50, max_cue_ms=10_000)


def cue(start_ms: int, end_ms: int, text: str = "words", number: int = 1) -> Cue:
    return Cue.of(f"cue {number}", start_ms, end_ms, spoken(text))


def tidied(*cues: Cue) -> tuple[tuple[LineDraft, ...], Ledger]:
    ledger = Ledger()
    return tidy(list(cues), ledger, RULES), ledger


def test_unsorted_cues_are_sorted_and_said() -> None:
    lines, ledger = tidied(cue(5000, 6000, "b"), cue(1000, 2000, "a"))
    assert [line.text for line in lines] == ["a", "b"]
    assert rules_of.UNSORTED in ledger.changes


@pytest.mark.parametrize(("start_ms", "end_ms", "kept"), [(-500, 900, (0, 900)), (3000, 3000, (3000, 4000)), (3000, 2000, (3000, 4000))])
def test_impossible_times_are_mended_and_said(start_ms: int, end_ms: int, kept: tuple[int, int]) -> None:
    lines, ledger = tidied(cue(start_ms, end_ms))
    assert (lines[0].start_ms, lines[0].end_ms) == kept
    assert ledger.changes


@pytest.mark.parametrize(
    ("lost", "reason"),
    [(cue(-900, -100), rules_of.BEFORE_START), (cue(1, 2, " "), rules_of.NO_TEXT), (cue(0, 1000, "x" * 51), "longer than 50 characters")],
)
def test_what_cannot_be_kept_is_dropped_with_its_reason(lost: Cue, reason: str) -> None:
    lines, ledger = tidied(lost, cue(5000, 6000, number=2))
    assert len(lines) == 1
    assert reason in ledger.drops[0].reason and ledger.drops[0].where == "cue 1"


def test_doubles_are_dropped_and_overlaps_kept_with_a_note() -> None:
    lines, ledger = tidied(cue(0, 2000, "a"), cue(0, 2000, "a", 2), cue(1000, 3000, "b", 3))
    assert [line.text for line in lines] == ["a", "b"]
    assert lines[1].notes == ("Overlaps the line before.",)
    assert ledger.drops[0].where == "cue 2" and rules_of.OVERLAPPING in ledger.changes


def test_a_very_long_cue_is_kept_with_a_note() -> None:
    lines, ledger = tidied(cue(0, 600_000))
    assert "10:00.000" in lines[0].notes[0]
    assert rules_of.TOO_LONG_CUE in ledger.changes


def test_a_capital_label_that_returns_is_the_speaker_and_a_single_one_is_text() -> None:
    lines, _ = tidied(cue(0, 1000, "ANN: One"), cue(2000, 3000, "ANN: Two"), cue(4000, 5000, "NOTE: three"), cue(6000, 7000, "BOB:\nFour"))
    assert [(line.speaker, line.text) for line in lines] == [("ANN", "One"), ("ANN", "Two"), (None, "NOTE: three"), ("BOB", "Four")]


def test_a_file_without_any_usable_cue_says_why() -> None:
    with pytest.raises(BadSubtitles, match="no line with a time"):
        tidied()
    with pytest.raises(BadSubtitles, match="cue 1: It has no text"):
        tidied(cue(0, 1000, ""))


def test_many_drops_are_listed_up_to_a_limit_and_then_counted() -> None:
    ledger = Ledger()
    for number in range(205):
        ledger.drop(f"cue {number}", "gone")
    assert len(ledger.skipped()) == 201
    assert "5 more cues" in ledger.skipped()[-1].reason


def test_within_clips_and_drops_what_lies_past_the_end() -> None:
    script = Script((LineDraft(0, 900, "a"), LineDraft(900, 1500, "b"), LineDraft(1000, 1500, "c")))
    held = within(script, 1000)
    assert [(line.text, line.end_ms) for line in held.lines] == [("a", 900), ("b", 1000)]
    assert [item.where for item in held.skipped] == ["line at 0:00.900", "line at 0:01.000"]

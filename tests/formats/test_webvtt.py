"""WebVTT: blocks that are no cues, voices, and headers that are missing."""

from __future__ import annotations

from studio.formats.cue import Cue, Ledger
from studio.formats.webvtt import NO_HEADER, parse


def cues(text: str, ledger: Ledger | None = None) -> list[Cue]:
    return parse(text, Ledger() if ledger is None else ledger)


def test_style_region_and_note_are_no_cues_and_said_so() -> None:
    ledger = Ledger()
    text = "WEBVTT\nKind: captions\n\nSTYLE\n::cue(b){}\n\nREGION\nid:a\n\nNOTE a --> b\n\n00:01.000 --> 00:02.000\nHi\n"
    assert [cue.text for cue in cues(text, ledger)] == ["Hi"]
    assert [item.where for item in ledger.drops] == ["line 4", "line 7", "line 10"]


def test_a_voice_tag_names_the_speaker_and_is_no_formatting() -> None:
    ledger = Ledger()
    cue = cues("WEBVTT\n\n00:01.000 --> 00:02.000\n<v.loud Esme &amp; Co>Hello\n", ledger)[0]
    assert (cue.speaker, cue.text) == ("Esme & Co", "Hello")
    assert not ledger.changes


def test_two_voices_in_one_cue_are_one_line_with_a_note() -> None:
    cue = cues("WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>Hi</v>\n<v Bob>Ho</v>\n")[0]
    assert (cue.speaker, cue.text) == ("Ann", "Hi Ho")
    assert any("Ann, Bob" in note for note in cue.notes)


def test_a_missing_header_is_forgiven_and_said() -> None:
    ledger = Ledger()
    assert cues("00:01.000 --> 00:02.000\nHi\n", ledger)[0].text == "Hi"
    assert NO_HEADER in ledger.changes


def test_a_cue_glued_to_the_header_or_to_another_is_kept() -> None:
    text = "WEBVTT\n00:01.000 --> 00:02.000\nOne\n00:03.000 --> 00:04.000\nTwo\n"
    assert [cue.text for cue in cues(text)] == ["One", "Two"]


def test_an_identifier_is_not_text_and_a_block_without_time_is_reported() -> None:
    ledger = Ledger()
    assert [cue.text for cue in cues("WEBVTT\n\nintro\n00:01.000 --> 00:02.000\nHi\n\nlost words\n", ledger)] == ["Hi"]
    assert ledger.drops[0].where == "cue 2 (line 7)"

"""TTML: nested times, Apple's absolute ones, agents, DAPT scripts, and XML that means harm."""

from __future__ import annotations

import pytest

from studio.domain.errors import BadSubtitles
from studio.formats.cue import Cue, Ledger
from studio.formats.ttml import ABSOLUTE, parse


def cues(body: str, root: str = "<tt>", head: str = "", ledger: Ledger | None = None) -> list[Cue]:
    return parse(f"{root}<head>{head}</head>{body}</tt>", "a.ttml", Ledger() if ledger is None else ledger)


def test_times_count_from_the_parents() -> None:
    body = '<body begin="10s"><div begin="5s" end="60s"><p begin="1s" end="2s">A</p><p begin="3s" dur="500ms">B</p><p begin="4s">C</p></div></body>'
    assert [(cue.start_ms, cue.end_ms) for cue in cues(body)] == [(16_000, 17_000), (18_000, 18_500), (19_000, 70_000)]


def test_absolute_times_inside_timed_parents_are_recognised() -> None:
    ledger = Ledger()
    body = '<body dur="60"><div begin="19.7" end="59.3"><p begin="19.7" end="21.9">A</p><p begin="55.5" end="59.3">B</p></div></body>'
    assert [(cue.start_ms, cue.end_ms) for cue in cues(body, ledger=ledger)] == [(19_700, 21_900), (55_500, 59_300)]
    assert ABSOLUTE in ledger.changes


def test_children_in_sequence_follow_one_another() -> None:
    body = '<body><div timeContainer="seq"><p dur="2s">A</p><p begin="1s" dur="2s">B</p></div></body>'
    assert [(cue.start_ms, cue.end_ms) for cue in cues(body)] == [(0, 2000), (3000, 5000)]


def test_a_paragraph_takes_its_time_from_its_spans_when_it_has_none() -> None:
    body = '<body dur="9s"><div><p><span begin="1s" end="2s">One </span><span begin="2s" end="3s">two</span></p></div></body>'
    assert [(cue.start_ms, cue.end_ms, cue.text) for cue in cues(body)] == [(1000, 3000, "One two")]


def test_white_space_breaks_metadata_and_ruby_are_understood() -> None:
    body = '<body><p begin="1s" end="2s">\n  <metadata>no</metadata>One<br/>\n two <span tts:ruby="base">漢</span><span tts:ruby="text">かん</span></p></body>'
    assert cues(body)[0].text == "One two 漢"


def test_agents_name_the_speaker() -> None:
    head = '<metadata><ttm:agent xml:id="a1"><ttm:name type="full">Ann Lee</ttm:name></ttm:agent></metadata>'
    assert cues('<body><div ttm:agent="a1"><p begin="1s" end="2s">Hi</p></div></body>', head=head)[0].speaker == "Ann Lee"


def test_a_dapt_event_is_one_line_with_source_and_target() -> None:
    body = '<body><div begin="10s" end="13s"><p xml:lang="fr">Bonjour</p><p xml:lang="en">Hello</p></div></body>'
    found = cues(body, root='<tt xml:lang="en" daptm:langSrc="fr">')
    assert [(cue.text, cue.target_text) for cue in found] == [("Bonjour", "Hello")]


def test_a_dapt_event_without_text_is_a_line_to_type_in() -> None:
    found = cues('<body><div begin="10s" end="13s"/></body>')
    assert (found[0].text, found[0].is_kept_empty) == ("", True)


def test_undeclared_prefixes_html_entities_and_lone_ampersands_are_forgiven() -> None:
    found = cues('<body><tt:p begin="1s" end="2s">A&nbsp;B &eacute; R&D &amp; &lt;</tt:p></body>')
    assert found[0].text == "A B é R&D & <"


def test_a_paragraph_without_time_is_reported() -> None:
    ledger = Ledger()
    assert cues("<body><p>never</p></body>", ledger=ledger) == []
    assert len(ledger.drops) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('<!DOCTYPE tt [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><tt><body><p begin="1s" end="2s">&b;</p></body></tt>', "document type"),
        ('<!DOCTYPE tt SYSTEM "file:///etc/passwd"><tt><body/></tt>', "document type"),
        ("<tt><body><p>", "broken at line 1"),
        ("<tt><head/></tt>", "no TTML with a body"),
        ("<tt><body>" + "<div>" * 500 + "</div>" * 500 + "</body></tt>", "nested too deeply"),
    ],
)
def test_harmful_or_broken_xml_is_refused(text: str, reason: str) -> None:
    with pytest.raises(BadSubtitles, match=reason):
        parse(text, "a.ttml", Ledger())

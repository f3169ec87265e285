"""DAPT out and in: what goes out keeps the rules of the profile, what comes in is what went out; strangers' scripts are read as they are meant."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.domain.errors import BadSubtitles
from studio.domain.line import LineStatus
from studio.domain.project import OnScreen
from studio.domain.settings import Limits
from studio.formats.cue import Ledger
from studio.formats.dapt_check import dapt_faults
from studio.formats.dapt_ids import LINE, own_id, xml_id
from studio.formats.dapt_read import BAD_SCREEN, EMBEDDED, LOOSE, MIXING, NO_ID, NO_TIME, TWICE, is_dapt, read_dapt
from studio.formats.dapt_write import write_dapt
from studio.formats.read import read_script
from studio.formats.scripted import Description, Recording, ScriptCharacter, ScriptDocument, ScriptEvent, ScriptType, TextPiece
from studio.formats.xml_tree import read_xml
from tests.formats.made_scripts import documents

HEAD = (
    '<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttm="http://www.w3.org/ns/ttml#metadata" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" '
    'xmlns:daptm="http://www.w3.org/ns/ttml/profile/dapt#metadata" ttp:contentProfiles="http://www.w3.org/ns/ttml/profile/dapt1.0/content" '
    'xml:lang="en" daptm:langSrc="fr" daptm:scriptRepresents="audio.dialogue" daptm:scriptType="preRecording">'
)
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def read(text: str, ledger: Ledger | None = None) -> ScriptDocument:
    return read_dapt(read_xml(text, "a.ttml"), "a.ttml", Ledger() if ledger is None else ledger)


def held(document: ScriptDocument) -> ScriptDocument:
    """What the format can hold: no characters that XML forbids, one kind of line break, descriptions that say something."""

    def clean(text: str) -> str:
        return ILLEGAL.sub("", text)

    def folded(text: str) -> str:
        kept = clean(text)
        return kept if re.search(r"^[ \t]|[ \t]$|[ \t]{2}|\t", text.replace("\r\n", "\n")) else kept

    def event(one: ScriptEvent) -> ScriptEvent:
        texts = tuple(replace(piece, text=clean(re.sub("\r\n|[\r\x0b\x0c\x85\u2028\u2029]", "\n", piece.text))) for piece in one.texts)
        return replace(one, texts=texts)

    return replace(document, events=tuple(event(one) for one in document.events), title=folded(document.title))


@settings(max_examples=120, deadline=None)
@given(documents())
def test_any_script_keeps_the_rules_and_comes_back(document: ScriptDocument) -> None:
    text = write_dapt(document)
    assert dapt_faults(text) == ()
    back, wanted = read(text), held(document)
    assert [(one.id, one.start_ms, one.end_ms, one.on_screen, one.status, one.character_ids, one.recordings) for one in back.events] == [
        (one.id, one.start_ms, one.end_ms, one.on_screen, one.status, one.character_ids, one.recordings) for one in wanted.events
    ]
    assert [one.texts for one in back.events] == [one.texts for one in wanted.events]
    assert (back.kind, back.language, back.from_language, back.fps) == (wanted.kind, wanted.language, wanted.from_language, wanted.fps)
    again = read(write_dapt(back))
    assert again == back, "what was read once comes back whole: notes, descriptions, names and all"


@given(st.text(max_size=20))
def test_any_id_survives_as_a_name_of_xml(own: str) -> None:
    key = xml_id(LINE, own)
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9._-]*", key) and own_id(LINE, key) == own


def test_a_strangers_id_stands_for_itself() -> None:
    assert [own_id(LINE, key) for key in ("d1", "line-_zz", "line-_110000_", "line-_0061_")] == ["d1", "line-_zz", "line-_110000_", "line-_0061_"]


def test_times_texts_roles_and_marks_of_a_strangers_script() -> None:
    text = HEAD + (
        '<head><metadata><ttm:agent type="person" xml:id="p" id="other"><ttm:name type="full">Omar Sy</ttm:name></ttm:agent>'
        '<ttm:agent type="character" xml:id="c"><ttm:name type="alias">ASSANE</ttm:name><ttm:actor agent="p"/></ttm:agent>'
        '</metadata></head><body begin="1s"><div begin="00:00:09" xml:lang="fr"><div begin="0.5s" end="3s" xml:id="d1" ttm:agent="c" daptm:onScreen="ON_OFF">'
        '<ttm:desc daptm:descType="scene">Scene 1</ttm:desc><ttm:desc>look closely</ttm:desc>'
        '<p daptm:langSrc="fr">  Et\n c\'est   grâce\n</p><p xml:lang="en"><span begin="0s">And thanks</span><br/> <span>to that</span></p></div></div></body></tt>'
    )
    document = read(text)
    assert document.characters == (ScriptCharacter("c", "ASSANE", "Omar Sy"),)
    (event,) = document.events
    assert (event.id, event.start_ms, event.end_ms, event.character_ids, event.on_screen) == ("d1", 10_500, 13_000, ("c",), OnScreen.ON_OFF)
    assert event.texts == (TextPiece("fr", "Et c'est grâce", "fr"), TextPiece("en", "And thanks\nto that", "fr"))
    assert (event.descriptions, event.notes) == ((Description("scene", "Scene 1"),), ("look closely",))
    assert (document.source_text(event), document.target_text(event)) == ("Et c'est grâce", "And thanks\nto that")


def test_what_is_left_out_is_told() -> None:
    ledger = Ledger()
    body = (
        '<div xml:id="a" begin="1s" end="2s" daptm:onScreen="HALF"><p><animate begin="0s"/><span><audio src="#x"/>one</span></p></div>'
        '<div xml:id="a" begin="2s" end="3s"><p>two</p></div><div begin="3s" end="4s"><p>three</p></div><div xml:id="open"><p>four</p></div>'
        '<div><p>five</p></div>'
    )
    document = read(f"{HEAD}<body>{body}</body></tt>", ledger)
    assert [event.id for event in document.events] == ["a", "a.2", "event-3"]
    told = {item.reason for item in ledger.skipped()}
    assert told == {BAD_SCREEN, MIXING, EMBEDDED, TWICE, NO_ID, NO_TIME, LOOSE}


def test_a_script_of_one_language_holds_the_original_and_its_adaptation() -> None:
    pieces = (TextPiece("en", "Bloody hell.", "en"), TextPiece("en", "Good grief.", "en"))
    document = ScriptDocument(ScriptType.PRE_RECORDING, "en", "en", events=(ScriptEvent("1", 0, 1000, pieces),))
    back = read(write_dapt(document))
    assert (back.source_text(back.events[0]), back.target_text(back.events[0])) == ("Bloody hell.", "Good grief.")


def test_a_script_becomes_lines_with_ids_status_and_notes() -> None:
    pieces = (TextPiece("en", "[sighs] Hello", "en"), TextPiece("zh", "你好", "en"))
    event = ScriptEvent("7", 1000, 2000, pieces, ("r",), OnScreen.OFF, LineStatus.APPROVED, ("softly",), (Description("scene", "3"),), (Recording("a.wav"),))
    data = write_dapt(ScriptDocument(ScriptType.AS_RECORDED, "zh", "en", (ScriptCharacter("r", "Ann"),), (event,), "T", "film.mov")).encode()
    script = read_script(data, "a.ttml", limits=Limits(), max_cue_ms=60_000)
    (line,) = script.lines
    assert (script.format, script.media, script.source_language, script.target_language) == ("dapt", "film.mov", "en", "zh")
    assert (line.key, line.text, line.target_text, line.speaker, line.status, line.on_screen) == ("7", "[sighs] Hello", "你好", "Ann", LineStatus.APPROVED, OnScreen.OFF)
    assert line.notes == ("softly", "scene: 3")


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE tt [<!ENTITY a "b">]>' + HEAD + "<body>&a;</body></tt>",
        HEAD + "<body>" + "<div>" * 300 + "</div>" * 300 + "</body></tt>",
        HEAD + "<body><div>",
        HEAD + "</tt>",
    ],
)
def test_hostile_or_broken_scripts_are_refused(text: str) -> None:
    with pytest.raises(BadSubtitles):
        read_script(text.encode(), "a.ttml", limits=Limits(), max_cue_ms=60_000)


def test_plain_ttml_is_no_dapt() -> None:
    assert not is_dapt(read_xml('<tt xmlns="http://www.w3.org/ns/ttml"><body/></tt>', "a"))


@pytest.mark.parametrize(
    ("broken", "by", "said"),
    [
        ('daptm:scriptType="preRecording"', "", "which kind of script"),
        ('end="00:00:02.000"', 'end="00:00:01.000"', "ends before it has begun"),
        ('begin="00:00:01.000"', 'begin="00:00:01:12"', "time that DAPT does not know"),
        ('xml:id="line-2"', 'xml:id="line-1"', "is there twice"),
        ('xml:id="line-2"', "", "has no id"),
        ('ttm:agent="character-r"', 'ttm:agent="nobody"', "spoken by nobody"),
        ('xml:lang="zh" daptm:langSrc="en"><span', 'xml:lang="" daptm:langSrc="en"><span', "has no language"),
        ('daptm:descType="x-status"', 'daptm:descType="status"', "of a kind that DAPT does not know"),
        ('daptm:represents="audio.dialogue"', 'daptm:represents=""', "does not say what it represents"),
        ('daptm:onScreen="OFF"', 'daptm:onScreen="off"', "on-screen mark"),
        ('ttp:timeBase="media"', 'ttp:timeBase="smpte" ttp:dropMode="nonDrop"', "time base"),
        ("</tt>", "", "broken"),
    ],
)
def test_the_check_says_what_is_wrong(broken: str, by: str, said: str) -> None:
    texts = (TextPiece("en", "Hello", "en"), TextPiece("zh", "你好", "en"))
    events = tuple(ScriptEvent(key, 1000, 2000, texts, ("r",), OnScreen.OFF, LineStatus.DRAFT) for key in "12")
    text = write_dapt(ScriptDocument(ScriptType.PRE_RECORDING, "zh", "en", (ScriptCharacter("r", "Ann", "Zoe"),), events))
    assert dapt_faults(text) == () and broken in text
    assert any(said in fault for fault in dapt_faults(text.replace(broken, by, 1)))

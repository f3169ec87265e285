"""Every rule of the house is held against every line, says which and why, and a second look comes to what a first one would."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from studio.domain.bible import CharacterSheet
from studio.domain.consistency import Consistency, HouseRules
from studio.domain.house import FAMILIAR, FORMAL, Address
from studio.domain.line import Line, VoiceRef
from studio.domain.timing import TimeSpan

NAMES = {"m": "Mara", "t": "Tom", "x": "Xu"}
ANNA, OTTO = VoiceRef("espeak", "anna"), VoiceRef("espeak", "otto")


def made(*parts: tuple[str, str, str], gap_ms: int = 200) -> tuple[Line, ...]:
    """Lines of (speaker, source, translation), two seconds each."""
    return tuple(Line(str(at), TimeSpan(at * (2000 + gap_ms), at * (2000 + gap_ms) + 2000), who, source, target) for at, (who, source, target) in enumerate(parts))


def found(rules: HouseRules, lines: tuple[Line, ...]) -> dict[str, tuple[str, ...]]:
    return dict(Consistency(rules, lines).sentences)


def test_a_term_and_a_phrase_that_are_left_out_are_told_and_an_earlier_rendering_is_named() -> None:
    rules = HouseRules("zh", terms=(("Mara", "玛拉"),), phrases=(("harbour master", "港务长"),))
    lines = made(("m", "Ask Mara.", "问她。"), ("m", "The harbour master?", "港务长？"), ("t", "A harbour-master!", "码头的头儿！"), ("t", "The harbourmaster", ""))
    assert found(rules, lines) == {
        "0": ("The translation leaves out “玛拉” of the glossary.",),
        "2": ("“harbour master” was “港务长” in line 2; this translation has it otherwise.",),
    }
    assert "by the house rules" in found(rules, lines[2:])["2"][0]


def test_the_same_long_words_said_otherwise_are_told_and_short_ones_may_differ() -> None:
    lines = made(("m", "The ferry is not running.", "A"), ("t", "Yes.", "Ja."), ("t", "the ferry is not running.", "B"), ("m", "Yes.", "Doch."), ("m", "The ferry is not running.", "a"))
    assert found(HouseRules("de"), lines) == {"2": ("The same words were “A” in line 1.",)}


def test_a_wrong_form_of_address_is_told_where_it_is_clear_who_is_spoken_to() -> None:
    rules = HouseRules("de", addresses=(Address("mara", "Tom", FORMAL), Address("Mara", "Xu", FAMILIAR), Address("Tom", "", FAMILIAR)), names=NAMES)
    two = made(("m", "Come?", "Kommst du?"), ("t", "Yes.", "Kommen Sie?"))
    assert found(rules, two) == {
        "0": ("Mara says “Sie” to Tom; “du” here is the other form.",),
        "1": ("Tom says “du” to Mara; “Sie” here is the other form.",),
    }
    three = (*two, replace(two[0], id="3", speaker_id="x", span=TimeSpan(5000, 6000), target_text="Hm."))
    assert "0" not in found(rules, three), "with Tom and Xu present, nobody knows whom Mara means"
    assert "0" not in found(rules, made(("m", "Come?", "Kommst du?"), ("t", "Yes.", "Ja."), gap_ms=3001)), "alone in her scene, she talks to herself"


def test_pace_words_and_voice_of_a_character_are_held_against_the_sheet() -> None:
    sheet = CharacterSheet("Mara", ANNA, 2, 4, "", ("okay",), (("Boot", "Schiff"),))
    rules = HouseRules("de", names=NAMES, sheets={"m": sheet}, speaker_voices={"m": OTTO})
    lines = made(("m", "a", "Banane Banane Banane Banane"), ("m", "b", "Okay, das Boot, ja, so."), ("t", "c", "Okay, Boot, Banane, Banane, Banane"), ("m", "d", "Ja ja ja ja."))
    own = (*lines[:3], replace(lines[3], voice=OTTO))
    told = found(rules, own)
    assert told["0"] == ("At 6.0 syllables a second this is faster than Mara speaks (2 to 4).", "Mara has the voice “otto”; the sheet of Mara says “anna”.")
    assert told["1"] == ("Mara never says “okay”.", "Mara says “Schiff”, not “Boot”.")
    assert told["3"] == ("This line has the voice “otto”; the sheet of Mara says “anna”.",) and "2" not in told
    assert found(replace(rules, speaker_voices={"m": ANNA}), lines) == {line_id: told[line_id][:2 if line_id == "1" else 1] for line_id in ("0", "1")}


def test_one_line_can_be_looked_at_as_it_is_being_typed() -> None:
    lines = made(("m", "the harbour", "der Hafen"), ("t", "the harbour", "x"))
    look = Consistency(HouseRules("de", phrases=(("harbour", "Hafen"),)), lines)
    assert look.of(replace(lines[1], target_text="am Hafen")) == () and len(look.of(lines[1])) == 1
    assert look.of(replace(lines[0], id="nobody")) == ()


WORDS = st.sampled_from(["harbour", "pier", "Hafen", "Pier", "du", "komm", "okay", "the ferry is not running", ""])
TEXTS = st.lists(WORDS, max_size=3).map(" ".join)
LINES = st.lists(st.tuples(st.sampled_from("mtx"), TEXTS, TEXTS), min_size=1, max_size=8)
RULES = HouseRules(
    "de",
    (("pier", "Pier"),),
    (("harbour", "Hafen"),),
    (Address("Mara", "", FORMAL),),
    NAMES,
    {"m": CharacterSheet("Mara", ANNA, 2, 5, "", ("okay",))},
    {"m": OTTO},
)


@settings(max_examples=150, deadline=None)
@given(LINES, st.lists(st.tuples(st.integers(0, 7), TEXTS), max_size=4), st.booleans())
def test_looking_again_comes_to_what_looking_for_the_first_time_does(parts: list, edits: list, is_moved: bool) -> None:
    lines = made(*parts)
    look = Consistency(RULES, lines)
    for at, text in edits:
        lines = tuple(replace(line, target_text=text) if place == at else line for place, line in enumerate(lines))
        look = look.again(RULES, lines)
        assert dict(look.sentences) == found(RULES, lines)
    if is_moved:
        moved = (*lines[1:], replace(lines[0], span=TimeSpan(90_000, 91_000)))
        assert dict(look.again(RULES, moved).sentences) == found(RULES, moved)
    less = replace(RULES, phrases=())
    assert dict(look.again(less, lines).sentences) == found(less, lines)

"""Lines and the lines of a script: by id, by words that are there once, by place and words together."""

from __future__ import annotations

import time

from studio.domain.line import Line
from studio.domain.project import LineDraft
from studio.domain.timing import TimeSpan
from studio.stages.script_match import likeness, match_script

LINES = tuple(Line(key, TimeSpan(start_ms, start_ms + 900), "s", source, target) for key, start_ms, source, target in (
    ("a", 0, "Where have you been?", "Wo warst du?"),
    ("b", 1000, "Yes.", "Ja."),
    ("c", 2000, "Yes.", "Doch."),
    ("d", 3000, "The ferry has left.", "Die Fähre ist weg."),
))  # fmt: skip


def draft(start_ms: int, text: str, target: str = "", key: str | None = None) -> LineDraft:
    return LineDraft(start_ms, start_ms + 900, text, target_text=target, key=key)


def paired(drafts: list[LineDraft]) -> dict[str, str]:
    return {pair.line.id: pair.draft.text or pair.draft.target_text for pair in match_script(LINES, drafts).pairs}


def test_an_id_decides_whatever_place_and_words_say() -> None:
    matching = match_script(LINES, [draft(3000, "The ferry has left.", key="b"), draft(9000, "other", key="b")])
    assert [(pair.line.id, pair.is_by_id) for pair in matching.pairs] == [("b", True)]
    assert [one.text for one in matching.new] == ["other"] and [line.id for line in matching.missing] == ["a", "c", "d"]


def test_words_that_are_there_once_find_their_line_wherever_it_was_moved() -> None:
    assert paired([draft(60_000, "the ferry, has left"), draft(1050, "Yes."), draft(1950, "Yes.")]) == {"d": "the ferry, has left", "b": "Yes.", "c": "Yes."}


def test_a_changed_text_in_its_place_is_the_line_and_another_text_there_is_not() -> None:
    assert paired([draft(100, "Where have you been all day?")]) == {"a": "Where have you been all day?"}
    assert paired([draft(500, "Completely other words that say nothing of the kind")]) == {}


def test_a_translated_script_is_matched_by_its_translation() -> None:
    assert paired([draft(2950, "", "Die Fähre ist schon weg."), draft(30, "", "Wo warst du?")]) == {"d": "Die Fähre ist schon weg.", "a": "Wo warst du?"}


def test_each_line_is_taken_once_and_the_best_pair_wins() -> None:
    matching = match_script(LINES[:1], [draft(200, "Where were you been?"), draft(0, "Where have you been")])
    assert [pair.draft.start_ms for pair in matching.pairs] == [0] and len(matching.new) == 1


def test_likeness_looks_at_letters_of_any_script() -> None:
    assert likeness("¡HOLA!", "hola") == 1.0 and likeness("", "") == 1.0 and likeness("你好", "你好。") == 1.0
    assert likeness("שלום", "goodbye") < 0.2


def test_five_thousand_lines_are_matched_in_seconds() -> None:
    lines = tuple(Line(f"{at}", TimeSpan(at * 700, at * 700 + 650), "s", f"line number {at} says {at * 7919 % 9973}") for at in range(5000))
    drafts = [LineDraft(line.span.start_ms + 20, line.span.end_ms + 20, f"{line.source_text} now") for line in lines]
    began = time.process_time()
    matching = match_script(lines, drafts)
    assert len(matching.pairs) == 5000 and all(pair.line.span.start_ms + 20 == pair.draft.start_ms for pair in matching.pairs)
    assert time.process_time() - began < 20

"""What the script dialog is told before a script takes the place of the lines there are."""

from __future__ import annotations

import pytest

from studio.domain.errors import BadSubtitles
from studio.domain.line import LineStatus
from studio.domain.project import Project
from studio.domain.script_plan import ImportMode
from studio.service import Studio
from studio.ui.script_view import MAX_KEPT_BYTES, MAX_OWN_BYTES, WaitingScript, WaitingScripts, replace_view

SCRIPT = b"1\n00:00:01,000 --> 00:00:02,000\none two\n\n2\n00:00:02,100 --> 00:00:02,900\nthree four five\n"
OTHER = b"1\n00:00:01,100 --> 00:00:02,000\none, two\n"


def test_a_script_that_becomes_the_lines_says_how_many_go_and_what_was_decided_about_them(studio: Studio, project: Project) -> None:
    studio.import_script(project.id, SCRIPT, "a.srt", anyway=True)
    rows = studio.rows(project.id)
    studio.set_status(project.id, [rows[0].line.id], LineStatus.LOCKED)
    waiting = WaitingScript("local", project.id, "b.srt", OTHER, ImportMode.LINES)
    view = replace_view(waiting, studio.rows(project.id), ("why",), "ask")
    assert (view.replaces, view.closed, view.mode, view.name, view.doubts, view.mark) == (2, 1, "lines", "b.srt", ("why",), "")


def test_doubts_are_told_without_anything_being_changed(studio: Studio, project: Project) -> None:
    studio.import_script(project.id, SCRIPT, "a.srt", anyway=True)
    before = studio.rows(project.id)
    late = b"1\n09:00:01,000 --> 09:00:02,000\nfar away\n"
    assert studio.doubts_about(project.id, SCRIPT, "a.srt") == () and studio.doubts_about(project.id, late, "late.srt")
    with pytest.raises(BadSubtitles):
        studio.doubts_about(project.id, bytes(range(256)) * 40, "broken.srt")
    assert studio.rows(project.id) == before


def test_what_a_script_replaced_comes_back_with_undo(studio: Studio, project: Project) -> None:
    studio.import_script(project.id, SCRIPT, "a.srt", anyway=True)
    before = [(row.line.source_text, row.line.span) for row in studio.rows(project.id)]
    studio.import_script(project.id, OTHER, "b.srt", anyway=True)
    assert [row.line.source_text for row in studio.rows(project.id)] == ["one, two"]
    studio.undo(project.id)
    assert [(row.line.source_text, row.line.span) for row in studio.rows(project.id)] == before


def waits(waiting: WaitingScripts, user: str, size_bytes: int) -> str:
    return waiting.keep(WaitingScript(user, "p", "a.srt", bytes(size_bytes), ImportMode.UPDATE))


def test_a_person_who_drops_many_scripts_puts_out_their_own_only() -> None:
    waiting = WaitingScripts()
    bobs = waits(waiting, "bob", 5)
    mine = [waits(waiting, "ada", MAX_OWN_BYTES // 4) for _ in range(9)]
    assert [waiting.take(ask, "ada") is not None for ask in mine] == [False] * 5 + [True] * 4
    assert waiting.take(bobs, "bob") is not None


def test_where_all_keep_too_much_whoever_keeps_most_makes_room() -> None:
    waiting = WaitingScripts()
    small = waits(waiting, "bob", 1000)
    full = {f"eve{number}": waits(waiting, f"eve{number}", MAX_OWN_BYTES) for number in range(MAX_KEPT_BYTES // MAX_OWN_BYTES + 3)}
    assert waiting.take(small, "bob") is not None
    assert sum(waiting.take(ask, user) is not None for user, ask in full.items()) == MAX_KEPT_BYTES // MAX_OWN_BYTES - 1

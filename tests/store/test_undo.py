"""Undo that lasts: actions are taken back whole and exactly, nobody else's work is overwritten, and every moment can be restored."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import event

from studio.domain.errors import NotReady
from studio.domain.history import ChangedSince, ChangeKind, Undone
from studio.domain.line import Line, LineStatus, SpeakerProfile, VoiceRef
from studio.domain.plain import to_plain
from studio.domain.project import Cast, Project
from studio.domain.timing import TimeSpan
from studio.store.changes import Action
from studio.store.database import new_id, open_database
from studio.store.lines import LineChange, LineStore
from studio.store.projects import ProjectStore
from tests.store.samples import ANNA, BO, a_candidate, a_cast, a_line, a_project, a_take


@pytest.fixture
def cast(lines: LineStore, project: Project) -> Cast:
    made = a_cast()
    lines.replace_cast(project.id, made, by="machine")
    for line in made.lines:
        lines.put_candidates(line.id, tuple(a_candidate(line.id, rank) for rank in range(3)))
    return made


def undo(lines: LineStore, project: Project, by: str = "ada") -> Undone:
    change_id = lines.next_undo(project.id, by)
    assert change_id is not None
    return lines.take_back(project.id, change_id, by=by)


def redo(lines: LineStore, project: Project, by: str = "ada") -> Undone:
    change_id = lines.next_redo(project.id, by)
    assert change_id is not None
    return lines.take_back(project.id, change_id, by=by)


def standing(lines: LineStore, project: Project) -> tuple[object, ...]:
    """All that undo answers for: the cast in its order, and the wordings of every line."""
    cast = lines.cast(project.id)
    return cast.speakers, cast.lines, tuple(lines.candidates(project.id, line.id) for line in cast.lines)


def typed(lines: LineStore, project: Project, line: Line, text: str, by: str | Action = "ada") -> Line:
    return lines.edit(project.id, line.id, lambda now: replace(now, target_text=text), by=by)


def test_an_action_has_a_title_and_bears_its_edits(lines: LineStore, project: Project, cast: Cast) -> None:
    typed(lines, project, cast.lines[1], "neu")
    (change,) = lines.changes(project.id, limit=1)
    assert (change.title, change.by, change.kind, [edit.field for edit in change.edits]) == ("Translation of line 2", "ada", ChangeKind.EDIT, ["target_text"])


STRUCTURAL: dict[str, Callable[[LineStore, Project, Cast], object]] = {
    "Deleted 2 lines": lambda lines, project, cast: lines.delete_lines(project.id, [line.id for line in cast.lines[:2]], by="ada"),
    "Deleted line 3": lambda lines, project, cast: lines.delete_lines(project.id, [cast.lines[2].id], by="ada"),
    "New line 2": lambda lines, project, cast: lines.add_lines(project.id, [a_line(1000)], by="ada"),
    "Split of line 2": lambda lines, project, cast: lines.split_line(
        project.id, replace(cast.lines[1], span=TimeSpan(2000, 2400)), a_line(2400, speaker_id=BO.id), by="ada"
    ),
    "Merge of 2 lines": lambda lines, project, cast: lines.merge_lines(
        project.id, replace(cast.lines[0], span=TimeSpan(0, 4900)), [cast.lines[2].id], by="ada"
    ),
    "Status of 2 lines: approved": lambda lines, project, cast: lines.change_lines(
        project.id, LineChange(revised=tuple(replace(line, status=LineStatus.APPROVED) for line in cast.lines)), by="ada"
    ),
    "Name of speaker “Mei”": lambda lines, project, cast: lines.update_speaker(project.id, ANNA.id, name="Mei", by="ada"),
    "Voice of speaker “Anna”": lambda lines, project, cast: lines.set_speaker_voice(project.id, ANNA.id, VoiceRef("edge", "x"), by="ada"),
    "Speakers merged": lambda lines, project, cast: lines.merge_speakers(project.id, [ANNA.id, BO.id], by="ada"),
    "New speaker “Cy” for line 1": lambda lines, project, cast: lines.split_speaker(
        project.id, ANNA.id, [cast.lines[0].id], SpeakerProfile("c" * 32, "Cy"), by="ada"
    ),
}


@pytest.mark.parametrize("title", STRUCTURAL)
def test_every_action_is_taken_back_exactly_and_redone_exactly(lines: LineStore, project: Project, cast: Cast, title: str) -> None:
    before = standing(lines, project)
    STRUCTURAL[title](lines, project, cast)
    after = standing(lines, project)
    assert after != before and lines.changes(project.id, limit=1)[0].title == title
    for _ in range(2):
        assert undo(lines, project).title == title
        assert standing(lines, project) == before
        assert redo(lines, project).title == title
        assert standing(lines, project) == after


def test_an_import_is_taken_back_with_wordings_and_takes(lines: LineStore, project: Project, cast: Cast) -> None:
    take = a_take(cast.lines[0].id)
    lines.add_take(take)
    lines.circle_take(project.id, cast.lines[0].id, take.id, by="machine")
    before = standing(lines, project)
    other = Cast((SpeakerProfile("d" * 32, "Di"),), tuple(a_line(100 * number, speaker_id="d" * 32) for number in range(4)))
    lines.replace_cast(project.id, other, by=Action("ada", "Import of “x.srt”"))
    assert lines.cast(project.id).speakers == other.speakers
    undo(lines, project)
    assert standing(lines, project) == before
    assert lines.takes(project.id, cast.lines[0].id) == (take,) and lines.circled_takes(project.id) == (take,)


def test_what_another_changed_since_is_not_overwritten_and_the_sentence_says_who(lines: LineStore, project: Project, cast: Cast) -> None:
    typed(lines, project, cast.lines[0], "mine")
    lines.set_speaker_voice(project.id, ANNA.id, None, by="ada")
    typed(lines, project, cast.lines[0], "theirs", by="bo")
    undo(lines, project)
    with pytest.raises(ChangedSince, match="bo has changed the translation of line 1 since"):
        undo(lines, project)
    assert lines.line(project.id, cast.lines[0].id).target_text == "theirs"
    assert undo(lines, project, by="bo").title == "Translation of line 1"
    assert undo(lines, project).title == "Translation of line 1"
    assert lines.line(project.id, cast.lines[0].id).target_text == ""


def test_an_action_that_is_crossed_in_one_field_is_not_half_undone(lines: LineStore, project: Project, cast: Cast) -> None:
    first, second = (replace(line, target_text="both") for line in cast.lines[::2])
    lines.change_lines(project.id, LineChange(revised=(first, second)), by="ada")
    typed(lines, project, second, "theirs", by="bo")
    with pytest.raises(ChangedSince):
        undo(lines, project)
    assert lines.line(project.id, first.id).target_text == "both"


def test_a_line_that_was_locked_since_stays_as_it_is(lines: LineStore, project: Project, cast: Cast) -> None:
    typed(lines, project, cast.lines[0], "mine")
    lines.edit(project.id, cast.lines[0].id, lambda line: replace(line, status=LineStatus.LOCKED), by="bo")
    with pytest.raises(ChangedSince, match="line 1 is locked"):
        undo(lines, project)


def test_a_speaker_who_has_lines_again_is_not_taken_away(lines: LineStore, project: Project, cast: Cast) -> None:
    lines.split_speaker(project.id, ANNA.id, [cast.lines[0].id], SpeakerProfile("c" * 32, "Cy"), by="ada")
    lines.reassign(project.id, [cast.lines[2].id], "c" * 32, by="bo")
    before = standing(lines, project)
    with pytest.raises(ChangedSince, match="bo has changed|since"):
        undo(lines, project)
    assert standing(lines, project) == before


def test_a_machine_at_work_for_long_writes_one_action_and_a_new_one_once_that_is_undone(lines: LineStore, project: Project, cast: Cast) -> None:
    job = Action("ada", "Translated {lines}", ChangeKind.JOB, new_id())
    typed(lines, project, cast.lines[0], "eins", by=job)
    typed(lines, project, cast.lines[2], "own words")
    typed(lines, project, cast.lines[1], "zwei", by=job)
    assert [one.title for one in lines.changes(project.id, limit=2)] == ["Translated 2 lines", "Translation of line 3"]
    assert undo(lines, project).title == "Translation of line 3"
    assert set(undo(lines, project).line_ids) == {cast.lines[0].id, cast.lines[1].id}
    typed(lines, project, cast.lines[0], "eins", by=job)
    assert undo(lines, project).title == "Translated line 1"


def test_a_new_action_leaves_nothing_to_redo(lines: LineStore, project: Project, cast: Cast) -> None:
    typed(lines, project, cast.lines[0], "one")
    undo(lines, project)
    typed(lines, project, cast.lines[1], "two")
    assert lines.next_redo(project.id, "ada") is None


def test_histories_of_before_actions_were_kept_are_shown_and_restored(lines: LineStore, project: Project, cast: Cast) -> None:
    typed(lines, project, cast.lines[0], "old")
    typed(lines, project, cast.lines[0], "new")
    with lines._engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM changes")
    shown = lines.changes(project.id)
    assert [(one.title, one.by, one.seq) for one in shown[:2]] == [("Translation of a line", "ada", 0)] * 2
    assert lines.next_undo(project.id, "ada") is None
    lines.restore(project.id, shown[1].id, by="bo")
    assert lines.line(project.id, cast.lines[0].id).target_text == "old"
    with pytest.raises(NotReady, match="then already"):
        lines.restore(project.id, shown[1].id, by="bo")


def test_a_line_whose_speaker_is_gone_does_not_come_back_without_them(lines: LineStore, project: Project, cast: Cast) -> None:
    line = next(line for line in cast.lines if line.speaker_id == BO.id)
    deleted = lines.delete_lines(project.id, [line.id], by="ada") or lines.changes(project.id, limit=1)[0].id
    lines.merge_speakers(project.id, [ANNA.id, BO.id], by="bo")
    before = standing(lines, project)
    with pytest.raises(NotReady, match="bring that speaker back first"):
        lines.restore(project.id, deleted, by="ada", line_id=line.id, is_before=True)
    assert standing(lines, project) == before
    undo(lines, project, "bo")
    lines.restore(project.id, deleted, by="ada", line_id=line.id, is_before=True)
    assert lines.line(project.id, line.id).speaker_id == BO.id


# random work of two people


@contextmanager
def quick_store(folder: Path, empty_file: Path) -> Iterator[tuple[LineStore, Project]]:
    """A database that does not wait for the disk: what is tested here is arithmetic."""
    path = folder / f"{new_id()}.db"
    shutil.copy(empty_file, path)
    engine = open_database(f"sqlite:///{path}")
    engine.dispose()
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    project = ProjectStore(engine).create(a_project("ada"))
    lines = LineStore(engine)
    lines.replace_cast(project.id, a_cast(), by="machine")
    for line in lines.cast(project.id).lines:
        lines.put_candidates(line.id, (a_candidate(line.id, 0), a_candidate(line.id, 1)))
    yield lines, project
    engine.dispose()
    path.unlink()


ACTS = ("type", "type", "type", "retime", "status", "give", "add", "delete", "split", "merge", "rename", "new speaker", "import")


def act(lines: LineStore, project: Project, by: str, what: str, number: int) -> None:
    """One action; `number` says which line and what with. Does nothing where it cannot be done."""
    cast = lines.cast(project.id)
    speaker = cast.speakers[number % len(cast.speakers)]
    if what == "add" or not cast.lines:
        lines.add_lines(project.id, [a_line(number * 100, speaker_id=speaker.id)], by=by)
        return
    line = cast.lines[number % len(cast.lines)]
    if what == "type":
        typed(lines, project, line, f"{by} {number}", by)
    elif what == "retime":
        lines.edit(project.id, line.id, lambda now: replace(now, span=TimeSpan(number, number + 500)), by=by)
    elif what == "status":
        statuses = [LineStatus.DRAFT, LineStatus.ADAPTED, LineStatus.APPROVED]
        lines.change_lines(project.id, LineChange(revised=tuple(replace(one, status=statuses[number % 3]) for one in cast.lines[: number % 4])), by=by)
    elif what == "give":
        lines.reassign(project.id, [line.id], speaker.id, by=by)
    elif what == "delete":
        lines.delete_lines(project.id, [line.id], by=by)
    elif what == "split" and line.span.length_ms > 1:
        middle = line.span.start_ms + line.span.length_ms // 2
        second = a_line(middle, speaker_id=line.speaker_id, target_text="rest")
        lines.split_line(project.id, replace(line, span=TimeSpan(line.span.start_ms, middle)), second, by=by)
    elif what == "merge" and len(cast.lines) > 1:
        other = cast.lines[(number + 1) % len(cast.lines)]
        lines.merge_lines(project.id, replace(line, target_text=f"{line.target_text} {other.target_text}"), [other.id], by=by)
    elif what == "rename":
        lines.update_speaker(project.id, speaker.id, name=f"{by} {number}", by=by)
    elif what == "new speaker":
        lines.split_speaker(project.id, line.speaker_id, [line.id], SpeakerProfile(new_id(), f"{by} {number}"), by=by)
    elif what == "import" and number % 5 == 0:
        who = SpeakerProfile(new_id(), "Imported")
        lines.replace_cast(project.id, Cast((who,), (a_line(number, speaker_id=who.id), a_line(number, speaker_id=who.id))), by=by)


WORK = some.lists(some.tuples(some.sampled_from(["ada", "bo"]), some.sampled_from(ACTS), some.integers(0, 40)), max_size=12)
PLAIN = settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])


def undo_all(lines: LineStore, project: Project, by: str) -> list[str]:
    """Take back all of a person's actions that can be; the ids of those that could not."""
    passing: list[str] = []
    while (change_id := lines.next_undo(project.id, by, passing)) is not None:
        try:
            lines.take_back(project.id, change_id, by=by)
        except ChangedSince as error:
            passing.append(error.change_id)
    return passing


@PLAIN
@given(work=WORK)
def test_undoing_all_of_ones_own_leaves_the_others_work_untouched(tmp_path: Path, empty_file: Path, work: list[tuple[str, str, int]]) -> None:
    with quick_store(tmp_path, empty_file) as (lines, project):
        for by, what, number in work:
            act(lines, project, by, what, number)
        last = {(edit.line_id, edit.field): edit for edit in reversed(lines.history(project.id, limit=100_000)) if edit.subject == "line"}
        undo_all(lines, project, "ada")
        now = {line.id: line for line in lines.cast(project.id).lines}
        for (line_id, name), edit in last.items():
            whole = last.get((line_id, "line"))
            if edit.by != "bo" or (whole is not None and whole.seq > edit.seq):
                continue
            if name == "line":
                assert (line_id in now) == (edit.after is not None)
            else:
                assert to_plain(getattr(now[line_id], name)) == edit.after


@PLAIN
@given(work=WORK, many=some.integers(1, 12))
def test_undo_and_redo_leave_everything_as_it_was(tmp_path: Path, empty_file: Path, work: list[tuple[str, str, int]], many: int) -> None:
    with quick_store(tmp_path, empty_file) as (lines, project):
        before = [standing(lines, project)]
        for _, what, number in work:
            act(lines, project, "ada", what, number)
            if standing(lines, project) != before[-1]:
                before.append(standing(lines, project))
        path = [standing(lines, project)]
        while lines.next_undo(project.id, "ada") is not None and len(path) <= many:
            undo(lines, project)
            path.append(standing(lines, project))
        assert path == before[::-1][: len(path)]
        while lines.next_redo(project.id, "ada") is not None:
            path.pop()
            redo(lines, project)
            assert standing(lines, project) == path[-1]
        assert len(path) == 1


@PLAIN
@given(work=WORK, at=some.integers(0, 11))
def test_a_restored_project_is_as_it_was_then(tmp_path: Path, empty_file: Path, work: list[tuple[str, str, int]], at: int) -> None:
    with quick_store(tmp_path, empty_file) as (lines, project):
        moments = {lines.changes(project.id, limit=1)[0].id: standing(lines, project)}
        for by, what, number in work:
            act(lines, project, by, what, number)
            moments[lines.changes(project.id, limit=1)[0].id] = standing(lines, project)
        change_id = sorted(moments, key=lambda key: lines.change(project.id, key).last_seq)[at % len(moments)]
        latest = standing(lines, project)
        try:
            lines.restore(project.id, change_id, by="cy")
        except NotReady:
            assert moments[change_id] == latest
            return
        assert standing(lines, project) == moments[change_id]
        undo(lines, project, by="cy")
        assert standing(lines, project) == latest

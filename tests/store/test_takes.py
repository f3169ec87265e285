"""Candidates are replaced as a whole, takes are only ever added."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update

from studio.domain.errors import BadSetting, NotFound
from studio.domain.line import FitReport
from studio.domain.plain import to_plain
from studio.domain.project import Cast, Project
from studio.store.database import writing
from studio.store.lines import LineStore
from studio.store.projects import ProjectStore
from studio.store.schema import TAKES
from tests.store.samples import a_candidate, a_cast, a_project, a_take

OLD_REPORT = {"natural_ms", "trimmed_ms", "pauses_cut_ms", "rate_ratio", "fitted_ms", "remainder_ms"}  # all a report had before lips


@pytest.fixture
def cast(lines: LineStore, project: Project) -> Cast:
    made = a_cast()
    lines.replace_cast(project.id, made)
    return made


def test_candidates_come_back_whole_by_rank(lines: LineStore, project: Project, cast: Cast) -> None:
    line_id = cast.lines[0].id
    best, second = a_candidate(line_id, 0), a_candidate(line_id, 1)
    lines.put_candidates(line_id, (second, best))
    assert lines.candidates(project.id, line_id) == (best, second)
    assert lines.candidate_counts(project.id) == {line_id: 2}


def test_new_candidates_replace_those_of_their_line_only(lines: LineStore, project: Project, cast: Cast) -> None:
    one, other = cast.lines[0].id, cast.lines[1].id
    for line_id in (one, other):
        lines.put_candidates(line_id, tuple(a_candidate(line_id, rank) for rank in range(3)))
    fresh = a_candidate(one, 0)
    lines.put_candidates(one, (fresh,))
    assert lines.candidates(project.id, one) == (fresh,)
    assert lines.candidate_counts(project.id) == {one: 1, other: 3}
    lines.put_candidates(one, ())
    assert lines.candidate_counts(project.id) == {other: 3}


def test_candidates_that_cannot_be_kept_leave_the_old_ones(lines: LineStore, project: Project, cast: Cast) -> None:
    line_id = cast.lines[0].id
    old = a_candidate(line_id, 0)
    lines.put_candidates(line_id, (old,))
    with pytest.raises(BadSetting):
        lines.put_candidates(line_id, (a_candidate(line_id, 0), replace(a_candidate(line_id, 1), text="\ud800")))
    assert lines.candidates(project.id, line_id) == (old,)


def test_results_for_a_line_deleted_meanwhile_are_told(lines: LineStore, project: Project, cast: Cast) -> None:
    line_id = cast.lines[0].id
    lines.delete_lines(project.id, [line_id], by="ada")
    with pytest.raises(NotFound):
        lines.put_candidates(line_id, (a_candidate(line_id, 0),))
    with pytest.raises(NotFound):
        lines.add_take(a_take(line_id))


def test_takes_are_kept_newest_first_and_regenerating_deletes_none(lines: LineStore, project: Project, cast: Cast) -> None:
    line_id = cast.lines[1].id
    made = [a_take(line_id, fingerprint=f"{number:064d}") for number in range(3)]
    for take in made:
        lines.add_take(take)
        lines.put_candidates(line_id, (a_candidate(line_id, 0),))
    lines.replace_cast(project.id, cast)
    assert lines.takes(project.id, line_id) == tuple(reversed(made))
    assert lines.project_takes(project.id) == tuple(made)
    assert lines.take(project.id, made[0].id) == made[0]


def test_a_take_of_another_project_is_not_there(lines: LineStore, projects: ProjectStore, project: Project, cast: Cast) -> None:
    take = a_take(cast.lines[0].id)
    lines.add_take(take)
    other = projects.create(a_project("bob"))
    with pytest.raises(NotFound):
        lines.take(other.id, take.id)
    assert lines.takes_by_fingerprint(other.id, [take.fingerprint]) == {}


def test_only_a_take_of_the_line_can_be_circled(lines: LineStore, project: Project, cast: Cast) -> None:
    mine, foreign = a_take(cast.lines[0].id), a_take(cast.lines[1].id)
    lines.add_take(mine)
    lines.add_take(foreign)
    assert lines.circle_take(project.id, cast.lines[0].id, mine.id, by="ada").take_id == mine.id
    with pytest.raises(NotFound):
        lines.circle_take(project.id, cast.lines[0].id, foreign.id, by="ada")
    assert lines.circled_takes(project.id) == (mine,)
    lines.circle_take(project.id, cast.lines[0].id, None, by="ada")
    assert lines.circled_takes(project.id) == ()


def test_takes_are_found_by_fingerprint_the_newest_of_equals(lines: LineStore, project: Project, cast: Cast) -> None:
    first, again, other = a_take(cast.lines[0].id, "a" * 64), a_take(cast.lines[0].id, "a" * 64), a_take(cast.lines[1].id, "b" * 64)
    for take in (first, again, other):
        lines.add_take(take)
    wanted = ["a" * 64, "b" * 64, *(f"{number:064d}" for number in range(1200))]
    assert lines.takes_by_fingerprint(project.id, wanted) == {"a" * 64: again, "b" * 64: other}


def test_what_the_lips_did_to_a_take_comes_back_and_takes_of_before_have_none_of_it(lines: LineStore, project: Project, cast: Cast) -> None:
    line_id = cast.lines[0].id
    guided = replace(a_take(line_id, "e" * 64), report=FitReport(1200, 80, 0, 1.1, 1400, 0, 1.5, 0.5, 320, 240, 0.92, 1.18))
    of_before = a_take(line_id)
    lines.add_take(guided)
    lines.add_take(of_before)
    report = {key: value for key, value in to_plain(of_before.report).items() if key in OLD_REPORT}
    with writing(lines._engine) as connection:
        connection.execute(update(TAKES).where(TAKES.c.id == of_before.id).values(report=report))
    assert lines.take(project.id, guided.id) == guided
    assert lines.take(project.id, of_before.id) == of_before
    assert (of_before.report.lip_scale, of_before.report.lead_ms, of_before.report.slowest_ratio) == (0.0, 0, None)

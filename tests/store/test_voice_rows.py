"""Recordings with their consent, points of sweeps, and how takes were made: kept whole, per project, and gone with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from studio.domain.errors import NotFound
from studio.domain.project import Cast, JobKind, Project
from studio.domain.reference_voice import Consent, ReferenceVoice, TakeVoice
from studio.domain.settings import Guidance
from studio.domain.sweep import SweepPoint
from studio.store.database import new_id
from studio.store.jobs import JobStore
from studio.store.lines import LineStore
from studio.store.projects import ProjectStore
from tests.store.samples import a_cast, a_job, a_project, a_take

CONSENT = Consent("Ada “the voice” 熊", "She said yes on tape.")


def a_voice(**fields: object) -> ReferenceVoice:
    return replace(ReferenceVoice(new_id(), "Ada", "a" * 64 + ".wav", 6100, CONSENT, "good morning", "s" * 32), **fields)


@pytest.fixture
def cast(lines: LineStore, project: Project) -> Cast:
    made = a_cast()
    lines.replace_cast(project.id, made)
    return made


def test_recordings_come_back_whole_in_the_order_they_came(lines: LineStore, project: Project) -> None:
    first, second = (lines.add_reference_voice(project.id, a_voice(name=name, speaker_id=None), by="ada") for name in ("one", "two"))
    assert first.created_at
    assert lines.reference_voices(project.id) == (first, second)
    assert lines.cast(project.id).references == (first, second)
    lines.remove_reference_voice(project.id, first.id)
    assert lines.reference_voices(project.id) == (second,)


def test_a_recording_is_of_one_project_and_goes_with_it(lines: LineStore, projects: ProjectStore, project: Project) -> None:
    voice, other = lines.add_reference_voice(project.id, a_voice(), by="ada"), projects.create(a_project("ada"))
    assert lines.reference_voices(other.id) == ()
    with pytest.raises(NotFound):
        lines.remove_reference_voice(other.id, voice.id)
    projects.delete(project.id, "ada")
    projects.purge("9999")
    assert lines.reference_voices(project.id) == ()


def test_importing_lines_again_leaves_the_recordings(lines: LineStore, project: Project, cast: Cast) -> None:
    voice = lines.add_reference_voice(project.id, a_voice(), by="ada")
    lines.replace_cast(project.id, a_cast())
    assert lines.reference_voices(project.id) == (voice,)


@pytest.mark.parametrize("consent", [None, CONSENT])
def test_how_a_take_was_made_is_kept_with_it(lines: LineStore, project: Project, cast: Cast, consent: Consent | None) -> None:
    made = TakeVoice(Guidance(1.0, 0.5, 1.5, 2.0), 4, 11, "preview", False, "No face.", None if consent is None else "r" * 32, consent)
    take, plain = replace(a_take(cast.lines[0].id), made=made), a_take(cast.lines[0].id, "e" * 64)
    lines.add_take(take)
    lines.add_take(plain)
    assert lines.takes(project.id, cast.lines[0].id) == (plain, take)


def test_the_quality_of_a_job_is_kept_and_makes_it_another_job(jobs: JobStore, project: Project) -> None:
    first = jobs.submit(a_job(project, JobKind.VOICE, quality="preview"))
    assert jobs.get(first.id).quality == "preview"
    assert jobs.submit(a_job(project, JobKind.VOICE, quality="preview")).id == first.id
    assert jobs.submit(a_job(project, JobKind.VOICE, quality="final")).id != first.id
    assert jobs.submit(a_job(project, JobKind.VOICE)).quality == ""


def test_points_are_wanted_then_done_and_wanted_anew_in_another_quality(lines: LineStore, project: Project, cast: Cast) -> None:
    line_id = cast.lines[0].id
    lines.ask_sweep(project.id, line_id, [(1.0, 0.0), (0.0, 0.0)], "preview")
    assert [(row.face_scale, row.point, row.quality) for row in lines.sweep_rows(project.id, line_id)] == [(0.0, None, "preview"), (1.0, None, "preview")]
    point = SweepPoint(1.0, 0.0, "t" * 32, 3.5, 7.25, -1, 0.25, None, "ears", "preview")
    lines.put_sweep_point(project.id, line_id, "f" * 64, point)
    lines.ask_sweep(project.id, line_id, [(1.0, 0.0), (2.0, 0.0)], "preview")
    rows = {row.face_scale: row for row in lines.sweep_rows(project.id, line_id)}
    assert (rows[1.0].point, rows[1.0].fingerprint) == (point, "f" * 64)
    assert list(rows) == [0.0, 1.0, 2.0]
    lines.ask_sweep(project.id, line_id, [(1.0, 0.0)], "final")
    again = next(row for row in lines.sweep_rows(project.id, line_id) if row.face_scale == 1.0)
    assert (again.point, again.fingerprint, again.quality) == (None, None, "final")
    lines.forget_sweep(project.id, line_id)
    assert lines.sweep_rows(project.id, line_id) == ()
    lines.put_sweep_point(project.id, line_id, "f" * 64, point)
    assert lines.sweep_rows(project.id, line_id) == (), "what nobody wants any more is not kept"

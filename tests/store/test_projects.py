"""Projects belong to their owner, and nobody else can tell whether they exist."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy import Engine, func, select

from studio.domain.errors import BadSetting, NotFound
from studio.domain.project import Project
from studio.domain.settings import MixSettings
from studio.store.database import reading, utc_now
from studio.store.jobs import JobStore
from studio.store.lines import LineStore
from studio.store.projects import ProjectStore
from studio.store.schema import CANDIDATES, JOBS, LINE_EDITS, LINES, PROJECTS, SPEAKERS, TAKES
from tests.store.samples import a_candidate, a_cast, a_job, a_project, a_source, a_take


def test_a_project_comes_back_whole(projects: ProjectStore) -> None:
    made = projects.create(replace(a_project("ada"), source=a_source(), bed_blob="3" * 64 + ".wav"))
    assert projects.get(made.id, "ada") == made


def test_a_project_without_a_time_gets_one(projects: ProjectStore) -> None:
    made = projects.create(replace(a_project("ada"), created_at=""))
    assert made.created_at.startswith("20") and projects.get(made.id, "ada") == made


def test_someone_elses_project_reads_like_none_at_all(projects: ProjectStore, project: Project) -> None:
    with pytest.raises(NotFound) as foreign:
        projects.get(project.id, "bob")
    with pytest.raises(NotFound) as absent:
        projects.get("0" * 32, "bob")
    assert str(foreign.value).replace(project.id, "0" * 32) == str(absent.value)


@pytest.mark.parametrize("act", ["change", "update", "delete"])
def test_someone_elses_project_cannot_be_touched(projects: ProjectStore, project: Project, act: str) -> None:
    acts = {
        "change": lambda: projects.change(project.id, "bob", lambda one: replace(one, name="mine")),
        "update": lambda: projects.update(replace(project, owner="bob")),
        "delete": lambda: projects.delete(project.id, "bob"),
    }
    with pytest.raises(NotFound):
        acts[act]()
    assert projects.get(project.id, "ada") == project


def test_a_list_holds_only_ones_own_newest_first(projects: ProjectStore) -> None:
    first, foreign, second = (projects.create(a_project(owner)) for owner in ("ada", "bob", "ada"))
    assert projects.list("ada") == (second, first)
    assert projects.list("bob") == (foreign,)
    assert projects.list("nobody") == ()


def test_what_is_looked_up_by_name_is_ones_own_newest_first(projects: ProjectStore) -> None:
    pilot, again, foreign, other = (projects.create(replace(a_project(owner), name=name)) for owner, name in (("ada", "Pilot"), ("ada", "Pilot"), ("bob", "Pilot"), ("ada", "Other")))
    projects.add_member(foreign.id, "ada", by="bob")
    assert projects.named("ada", ("Pilot", "None")) == (again, pilot)
    assert projects.named("ada", ("Pilot", "Other")) == (other, again, pilot)
    projects.delete(again.id, "ada")
    assert projects.named("ada", ["Pilot"]) == (pilot,) and projects.named("ada", ()) == ()


def test_an_update_keeps_every_field_and_never_the_owner(projects: ProjectStore, project: Project) -> None:
    settings = replace(project.settings, mix=MixSettings(duck_db=-24.0), audio_track=2)
    wanted = replace(project, name="Folge 1", target_language="de", settings=settings, source=a_source(), bed_blob="4" * 64 + ".wav")
    assert projects.update(wanted) == wanted == projects.get(project.id, "ada")
    changed = projects.change(project.id, "ada", lambda one: replace(one, owner="bob", id="x", created_at="never"))
    assert changed == wanted
    assert projects.list("bob") == ()


def test_changes_at_once_lose_nothing(projects: ProjectStore, project: Project) -> None:
    def lengthen() -> None:
        for _ in range(10):
            projects.change(project.id, "ada", lambda one: replace(one, name=one.name + "x"))

    threads = [threading.Thread(target=lengthen) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert projects.get(project.id, "ada").name == "Pilot" + 30 * "x"


def test_a_deleted_project_is_gone_at_once(projects: ProjectStore, project: Project) -> None:
    projects.delete(project.id, "ada")
    assert projects.list("ada") == ()
    for act in (lambda: projects.get(project.id, "ada"), lambda: projects.delete(project.id, "ada"), lambda: projects.update(project)):
        with pytest.raises(NotFound):
            act()


def test_a_purge_frees_every_row_of_what_was_deleted_and_nothing_else(
    projects: ProjectStore, lines: LineStore, jobs: JobStore, engine: Engine
) -> None:
    kept, gone = projects.create(a_project("ada")), projects.create(a_project("ada"))
    for project in (kept, gone):
        cast = a_cast()
        lines.replace_cast(project.id, cast)
        lines.put_candidates(cast.lines[0].id, (a_candidate(cast.lines[0].id, 0),))
        lines.add_take(a_take(cast.lines[0].id))
        jobs.submit(a_job(project))
    tables = (SPEAKERS, LINES, LINE_EDITS, CANDIDATES, TAKES, JOBS, PROJECTS)
    before = _sizes(engine, tables)
    projects.delete(gone.id, "ada")
    assert projects.purge("2000-01-01") == 0
    assert projects.purge(utc_now()) == 1
    assert _sizes(engine, tables) == [size // 2 for size in before]
    assert len(lines.cast(kept.id).lines) == 3


def test_a_name_no_database_can_keep_is_a_sentence(projects: ProjectStore, project: Project) -> None:
    with pytest.raises(BadSetting, match="The project's name holds a character"):
        projects.update(replace(project, name="half an emoji \ud83c"))


def _sizes(engine: Engine, tables: tuple) -> list[int]:
    with reading(engine) as connection:
        return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]

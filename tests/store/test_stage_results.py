"""Finished work is found again for the same inputs only, one result per unit."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, func, select

from studio.domain.project import Project, StageCost
from studio.store.database import reading
from studio.store.projects import ProjectStore
from studio.store.schema import STAGE_RESULTS
from studio.store.stage_results import StageKey, StageResults
from tests.store.samples import a_project

OLD, NEW = "0" * 64, "1" * 64


@pytest.fixture
def results(engine: Engine) -> StageResults:
    return StageResults(engine)


def put(results: StageResults, key: StageKey, result: object, seconds: float = 1.0, peak_memory_mb: int = 100) -> None:
    results.put(key, result, seconds=seconds, peak_memory_mb=peak_memory_mb)


def test_a_result_comes_back_for_the_same_inputs_only(results: StageResults, project: Project) -> None:
    result = {"peaks": "ab.peaks", "notes": ["ünï", None, 1.5], "empty": {}}
    put(results, StageKey(project.id, "ingest", "", OLD), result)
    assert results.get(project.id, "ingest", "", OLD) == result
    assert results.get(project.id, "ingest", "", NEW) is None
    assert results.get(project.id, "ingest", "other", OLD) is None
    assert results.get(project.id, "lines", "", OLD) is None


def test_a_new_result_takes_the_place_of_the_old_one(results: StageResults, project: Project, engine: Engine) -> None:
    for key, value in ((OLD, 1), (NEW, 2)):
        put(results, StageKey(project.id, "mix", "", key), value)
    assert results.get(project.id, "mix", "", OLD) is None
    assert results.get(project.id, "mix", "", NEW) == results.latest(project.id, "mix") == 2
    with reading(engine) as connection:
        assert connection.execute(select(func.count()).select_from(STAGE_RESULTS)).scalar_one() == 1


def test_the_latest_result_is_there_whatever_its_inputs_were(results: StageResults, project: Project) -> None:
    assert results.latest(project.id, "render") is None
    put(results, StageKey(project.id, "render", "", OLD), ["a"])
    assert results.latest(project.id, "render") == ["a"]
    assert results.latest(project.id, "render", "unit") is None


def test_projects_do_not_share_results(results: StageResults, projects: ProjectStore, project: Project) -> None:
    other = projects.create(a_project("bob"))
    put(results, StageKey(project.id, "mix", "", OLD), 1)
    assert results.get(other.id, "mix", "", OLD) is None and results.latest(other.id, "mix") is None


def test_fingerprints_tell_at_once_which_units_are_stale(results: StageResults, project: Project) -> None:
    for unit, key in (("a", OLD), ("b", NEW)):
        put(results, StageKey(project.id, "voice", unit, key), None)
    assert results.fingerprints(project.id, "voice") == {"a": OLD, "b": NEW}


def test_costs_add_up_by_stage_in_the_order_of_the_work(results: StageResults, project: Project) -> None:
    put(results, StageKey(project.id, "voice", "b", OLD), 1, 2.0, 300)
    put(results, StageKey(project.id, "ingest", "", OLD), 1, 0.5, 150)
    put(results, StageKey(project.id, "voice", "a", OLD), 1, 1.25, 250)
    assert results.costs(project.id) == (StageCost("voice", 3.25, 300), StageCost("ingest", 0.5, 150))


def test_all_results_of_a_stage_come_in_one_go(results: StageResults, project: Project) -> None:
    for unit in ("a", "b"):
        results.put(StageKey(project.id, "sync", unit, f"key {unit}"), {"unit": unit}, seconds=0.0, peak_memory_mb=1)
    results.put(StageKey(project.id, "other", "c", "key c"), 1, seconds=0.0, peak_memory_mb=1)
    assert results.of_stage(project.id, "sync") == {"a": ("key a", {"unit": "a"}), "b": ("key b", {"unit": "b"})}

"""The doctor's findings on machines that lack something, each with a sentence and what next."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from studio import doctor
from studio.doctor import Finding, Level, Patient, examine, is_well
from studio.domain.views import EngineStatus
from studio.domain.workers import Gpu
from studio.store.database import open_database
from tests.commands.test_backup import run

ENGINES = tuple(EngineStatus(task, "fake", "1", "MIT", True, True, "ready") for task in doctor.ESSENTIAL_TASKS)


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    return Patient(home, f"sqlite:///{home / 'studio.db'}", ENGINES, (Gpu("cuda:0", "box/1", "H200", 141 * 10**9),), 7899)


def found(patient: Patient, name: str) -> Finding:
    return next(finding for finding in examine(patient) if finding.name == name)


def test_a_machine_that_has_everything_is_well_and_nothing_is_left_behind(patient: Patient) -> None:
    findings = examine(patient)
    assert is_well(findings), [finding for finding in findings if finding.level is Level.PROBLEM]
    assert "H200, 141 GB" in found(patient, "gpu: cuda:0").sentence
    assert list(patient.home.iterdir()) == [], "the doctor leaves nothing"
    for finding in findings:
        assert finding.sentence.endswith(".") and bool(finding.next_step) == (finding.level is not Level.OK), finding


def test_a_database_is_looked_at_and_not_touched(patient: Patient) -> None:
    assert "not there yet" in found(patient, "database").sentence
    open_database(patient.database_url).dispose()
    assert "schema 0007" in found(patient, "database").sentence
    with sqlite3.connect(patient.home / "studio.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0006'")
    assert (found(patient, "database").level, "0006" in found(patient, "database").sentence) == (Level.NOTE, True)
    with sqlite3.connect(patient.home / "studio.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    assert found(patient, "database").level is Level.PROBLEM
    (patient.home / "studio.db").write_bytes(b"no database" * 1000)
    assert found(patient, "database").level is Level.PROBLEM


def test_where_files_are_shared_is_tried_and_left_as_it_was(patient: Patient, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    assert all(finding.name != "files" for finding in examine(patient)), "in the home, which is looked at already"
    assert found(replace(patient, blobs=str(shared)), "files").level is Level.NOTE and not shared.exists()
    shared.mkdir()
    assert found(replace(patient, blobs=f"file://{shared}"), "files").level is Level.OK and list(shared.iterdir()) == []
    assert found(replace(patient, blobs=f"memory://{tmp_path.name}"), "files").level is Level.OK
    refused = found(replace(patient, blobs="ftp://box/films"), "files")
    assert (refused.level, "not at ftp://" in refused.sentence) == (Level.PROBLEM, True)


def test_what_is_missing_is_told_with_what_next(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "holds", lambda: frozenset({"limits"}))
    monkeypatch.setattr(doctor, "damaged_weights", lambda: ("translation-small",))
    monkeypatch.setattr(doctor, "_pins", lambda _file: iter([("no-such-package", "1.0"), ("numpy", "0.1")]))
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _folder: SimpleNamespace(total=10, used=10, free=0))
    patient.home.chmod(0o755)
    bare = replace(patient, engines=tuple(replace(one, is_available=False, why="its model is gone") for one in ENGINES), gpus=())
    levels = {finding.name: finding.level for finding in examine(bare)}
    for name in ("packages", "weights", "disk", "engine: speaker"):
        assert levels[name] is Level.PROBLEM, name
    assert levels["fences"] is levels["home"] is Level.NOTE
    assert not is_well(examine(bare))
    assert "no-such-package is missing" in found(bare, "packages").sentence


def test_the_command_leaves_json_and_says_by_its_exit_whether_all_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "damaged_weights", lambda: ())
    done = run("doctor", "--home", tmp_path / "home", "--port", 7899, "--json", tmp_path / "out.json")
    names = (tmp_path / "out.json").read_text()
    assert '"python"' in names and '"fences"' in names
    assert (done.exit_code == 0) == ("problem " not in done.output), done.output
    monkeypatch.setattr(doctor, "damaged_weights", lambda: ("lip-scorer",))
    assert "lip-scorer" in str(run("doctor", "--home", tmp_path / "home").output)

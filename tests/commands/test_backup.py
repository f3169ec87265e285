"""The commands that put a studio away, bring it back and take it one schema back, over a real home."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from studio.cli import app
from studio.domain.errors import BadSetting, NotReady
from studio.domain.audit import AuditQuery
from studio.store.database import connect_database, utc_now, writing
from studio.store.jobs import new_worker
from studio.store.migrate import stored_version
from studio.store.schema import WORKERS
from tests.studio_fixtures import clip_project, fake_studio, render


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Path:
    """A studio with one rendered project."""
    folder = tmp_path_factory.mktemp("studio") / "home"
    studio = fake_studio(folder)
    render(studio, clip_project(studio, clip))
    studio.close()
    return folder


@pytest.mark.parametrize("name", ["backup", "backup.tar"])
def test_a_restored_studio_opens_and_has_everything(home: Path, tmp_path: Path, name: str) -> None:
    made = run("backup", tmp_path / name, "--home", home, "--json", tmp_path / "made.json")
    assert made.exit_code == 0, made.output
    told = json.loads((tmp_path / "made.json").read_text())
    assert told["manifest"]["blobs"] > 3 and told["manifest"]["missing"] == []
    back = run("restore", tmp_path / name, "--home", tmp_path / "second")
    assert back.exit_code == 0, back.output
    assert "every one verified" in back.output
    assert (tmp_path / "second").stat().st_mode & 0o777 == 0o700, "films are for the studio's own account"
    studio, first = fake_studio(tmp_path / "second"), fake_studio(home)
    try:
        [project], [original] = studio.projects(), first.projects()
        assert project.project == original.project and project.counts == original.counts and project.is_rendered
        assert [row.line for row in studio.rows(project.project.id)] == [row.line for row in first.rows(project.project.id)]
        assert studio.playable_dub(project.project.id).read_bytes() == first.playable_dub(project.project.id).read_bytes()
        assert studio._shop.audit.list(AuditQuery(action="studio.restore"))
        assert first._shop.audit.list(AuditQuery(action="studio.backup"))
    finally:
        studio.close()
        first.close()


def test_a_restore_over_a_studio_and_a_backup_of_nothing_are_refused(home: Path, tmp_path: Path) -> None:
    assert run("backup", tmp_path / "backup", "--home", home).exit_code == 0
    over = run("restore", tmp_path / "backup", "--home", home)
    assert isinstance(over.exception, BadSetting) and "studio already" in str(over.exception)
    nothing = run("backup", tmp_path / "other", "--home", tmp_path / "nowhere")
    assert isinstance(nothing.exception, BadSetting) and "no studio" in str(nothing.exception)
    assert not (tmp_path / "nowhere").exists() and not (tmp_path / "other").exists()
    listed = run("restore", tmp_path / "backup", "--list")
    assert listed.output.strip().startswith("20")


def test_a_downgrade_asks_for_a_backup_goes_one_schema_back_and_can_come_forward_again(home: Path, tmp_path: Path) -> None:
    assert run("backup", tmp_path / "one", "--home", home).exit_code == 0
    second = tmp_path / "second"
    assert run("restore", tmp_path / "one", "--home", second).exit_code == 0
    unasked = run("downgrade", "--home", second)
    assert isinstance(unasked.exception, BadSetting) and "--without-backup" in str(unasked.exception)
    done = run("downgrade", "--home", second, "--backup", tmp_path / "two")
    assert done.exit_code == 0, done.output
    engine = connect_database(f"sqlite:///{second / 'studio.db'}")
    assert f"schema {stored_version(engine)} now" in done.output
    engine.dispose()
    again = run("downgrade", "--home", second, "--without-backup")
    assert isinstance(again.exception, NotReady) and "one step back" in str(again.exception)
    assert run("restore", tmp_path / "two", "--list").output.strip()
    studio = fake_studio(second)
    assert len(studio.projects()) == 1
    studio.close()


def test_a_downgrade_waits_until_everybody_has_stopped(home: Path, tmp_path: Path) -> None:
    engine, worker = connect_database(f"sqlite:///{home / 'studio.db'}"), new_worker()
    with writing(engine) as connection:
        connection.execute(WORKERS.insert().values(id=worker, kind="server", devices=[], state={}, started_at=utc_now(), heartbeat_s=time.time()))
    try:
        refused = run("downgrade", "--home", home, "--without-backup")
        assert isinstance(refused.exception, NotReady) and worker in str(refused.exception)
    finally:
        with writing(engine) as connection:
            connection.execute(WORKERS.delete())
        engine.dispose()

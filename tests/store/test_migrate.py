"""Schemas: a new database has today's, an old one arrives at it with its content, a newer one is left alone."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect

from studio.domain.errors import StudioError
from studio.domain.timing import TimeSpan
from studio.store import migrate as migrations
from studio.store.database import new_id, open_database
from studio.store.lines import LineStore
from studio.store.migrate import MIGRATIONS, stored_version
from studio.store.projects import ProjectStore
from studio.store.schema import METADATA, SCHEMA_VERSION
from tests.store.conftest import on_sqlite

SCHEMAS = Path(__file__).parent / "schemas"
ROOT = Path(__file__).resolve().parents[2]


def known_revisions() -> list[str]:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]


def shape(engine: Engine) -> dict[str, object]:
    """Everything a table promises, without the order in which it was written down."""
    look = inspect(engine)
    return {
        table: {
            "columns": {column["name"]: (str(column["type"]), column["nullable"]) for column in look.get_columns(table)},
            "primary key": look.get_pk_constraint(table)["constrained_columns"],
            "foreign keys": sorted(
                (key["constrained_columns"], key["referred_table"], key["referred_columns"], str(key["options"]))
                for key in look.get_foreign_keys(table)
            ),
            "unique": sorted(key["column_names"] for key in look.get_unique_constraints(table)),
            "indexes": sorted(
                (key["name"], key["column_names"], key["unique"], [str(value) for value in key["dialect_options"].values()])
                for key in look.get_indexes(table)
            ),
        }
        for table in METADATA.tables
    }


def load(path: Path, dump: str) -> str:
    database = sqlite3.connect(path)
    database.executescript(dump)
    database.close()
    return f"sqlite:///{path}"


def test_the_newest_migration_is_the_version_the_schema_names() -> None:
    assert known_revisions()[0] == SCHEMA_VERSION


def test_every_schema_there_ever_was_has_its_dump() -> None:
    assert {path.stem for path in SCHEMAS.glob("*.sql")} == set(known_revisions())


def test_a_migrated_database_has_exactly_the_tables_of_the_schema(engine: Engine, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), METADATA) == []
    if engine.dialect.name == "sqlite":
        fresh = create_engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    else:
        fresh = create_engine(request.getfixturevalue("postgres_server").create(f"fresh_{new_id()}"))
    METADATA.create_all(fresh)
    assert shape(engine) == shape(fresh)
    fresh.dispose()


@pytest.mark.parametrize("dump", sorted(SCHEMAS.glob("*.sql")), ids=lambda path: path.stem)
def test_a_database_of_every_past_schema_opens_with_its_content(dump: Path, tmp_path: Path) -> None:
    engine = open_database(load(tmp_path / "old.db", dump.read_text(encoding="utf-8")))
    (project,) = ProjectStore(engine).list("ada")
    lines = LineStore(engine)
    cast = lines.cast(project.id)
    assert (project.name, project.source_language, project.target_language) == ("Pilot", "en", "zh")
    assert [(line.span.start_ms, line.target_text) for line in cast.lines] == [(0, ""), (2000, "现在是两秒。"), (4000, "")]
    assert [take.text for take in lines.takes(project.id, cast.lines[1].id)] == ["你好"]
    assert [line.pauses for line in cast.lines] == [None, (TimeSpan(300, 450),) if dump.stem >= "0005" else None, None]
    assert stored_version(engine) == SCHEMA_VERSION
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []


def test_a_database_of_a_newer_version_is_left_alone_with_a_sentence(url: str) -> None:
    engine = open_database(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(StudioError, match=r"newer Lipline \(its schema is 9999"):
        open_database(url)


@on_sqlite
def test_a_step_that_fails_halfway_leaves_the_old_schema_whole(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text((MIGRATIONS / "env.py").read_text())
    for script in (MIGRATIONS / "versions").glob("*.py"):
        (folder / "versions" / script.name).write_text(script.read_text())
    first = (MIGRATIONS / "versions" / "0001_projects.py").read_text()
    (folder / "versions" / "0001_projects.py").write_text(first.replace("    _create_jobs()\n", "    raise OSError('the power went')\n", 1))
    monkeypatch.setattr(migrations, "MIGRATIONS", folder)
    with pytest.raises(OSError, match="the power went"):
        open_database(url)
    monkeypatch.undo()
    path = url.removeprefix("sqlite:///")
    assert sqlite3.connect(path).execute("SELECT name FROM sqlite_master WHERE name != 'alembic_version'").fetchall() == []
    assert stored_version(open_database(url)) == SCHEMA_VERSION


def test_studios_that_start_together_make_one_schema(url: str) -> None:
    code = f"from studio.store.database import new_id, open_database; open_database({url!r}); print('ok')"
    started = [subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate()[0] for process in started] == ["ok\n"] * 3
    assert stored_version(open_database(url)) == SCHEMA_VERSION


def test_opening_a_current_database_loads_no_migration_code(url: str) -> None:
    open_database(url).dispose()
    code = f"import sys; from studio.store.database import new_id, open_database; open_database({url!r}); print('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout == "False\n"


def test_one_step_down_and_up_again_keeps_projects_lines_and_takes(tmp_path: Path) -> None:
    engine = open_database(load(tmp_path / "down.db", (SCHEMAS / f"{SCHEMA_VERSION}.sql").read_text(encoding="utf-8")))
    before, known = shape(engine), known_revisions()
    kept = {table: content(engine, table) for table in ("projects", "lines", "takes", "changes", "project_members")}
    migrations.downgrade(engine)
    assert stored_version(engine) == known[1]
    assert content(engine, "lines") == kept["lines"]
    migrations.migrate(engine)
    assert shape(engine) == before
    assert {table: content(engine, table) for table in kept} == kept


def content(engine: Engine, table: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(METADATA.tables[table].select()).all()] if table != "projects" else [
            tuple(row) for row in connection.exec_driver_sql("SELECT seq, id, owner, name, settings FROM projects").all()
        ]

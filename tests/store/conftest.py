"""A fresh database on SQLite and on PostgreSQL, a project in it, and the stores over it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from studio.domain.project import Project
from studio.store.database import new_id, open_database
from studio.store.jobs import JobStore
from studio.store.lines import LineStore
from studio.store.projects import ProjectStore
from tests.store.samples import a_project


on_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # for tests of what is SQLite's own


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where an empty database is or will be: a file, then one on a real server, so that every promise of a store is held on both."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'home' / 'studio.db'}"
        return
    server, name = request.getfixturevalue("postgres_server"), f"studio_{new_id()}"
    yield server.create(name, like="empty_studio" if "engine" in request.fixturenames else "template0")
    server.drop(name)


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database of today's schema: migrated once, copied by each test."""
    path = tmp_path_factory.mktemp("empty") / "studio.db"
    open_database(f"sqlite:///{path}").dispose()  # the last connection to close empties the write-ahead log into the file
    return path


@pytest.fixture
def engine(url: str, empty_file: Path) -> Iterator[Engine]:
    """An open database of today's schema with nothing in it."""
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True)
        shutil.copy(empty_file, path)
    engine = open_database(url)
    yield engine
    engine.dispose()


@pytest.fixture
def projects(engine: Engine) -> ProjectStore:
    return ProjectStore(engine)


@pytest.fixture
def project(projects: ProjectStore) -> Project:
    return projects.create(a_project("ada"))


@pytest.fixture
def lines(engine: Engine) -> LineStore:
    return LineStore(engine)


@pytest.fixture
def jobs(engine: Engine) -> JobStore:
    return JobStore(engine)

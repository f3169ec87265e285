"""A fresh database on disk, a project in it, and the stores over it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from studio.domain.project import Project
from studio.store.database import new_id, open_database
from studio.store.jobs import JobStore
from studio.store.lines import LineStore
from studio.store.projects import ProjectStore
from tests.store.samples import a_project


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """An empty SQLite file; or an empty database on the server LIPLINE_TEST_POSTGRES names, to hold the stores against it."""
    server = os.environ.get("LIPLINE_TEST_POSTGRES")
    if server is None:
        yield f"sqlite:///{tmp_path / 'home' / 'studio.db'}"
        return
    name, admin = f"lipline_{new_id()}", create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database of today's schema: migrated once, copied by each test."""
    path = tmp_path_factory.mktemp("empty") / "studio.db"
    open_database(f"sqlite:///{path}").dispose()  # the last connection to close empties the write-ahead log into the file
    return path


@pytest.fixture
def engine(url: str, empty_file: Path) -> Iterator[Engine]:
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

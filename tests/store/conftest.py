"""A fresh database on disk, a project in it, and the stores over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from studio.domain.project import Project
from studio.store.database import open_database
from studio.store.jobs import JobStore
from studio.store.lines import LineStore
from studio.store.projects import ProjectStore
from tests.store.samples import a_project


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'home' / 'studio.db'}"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
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

"""A studio on the fake engines, a project in it, and the page over both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.domain.project import Project
from studio.service import Studio
from tests.studio_fixtures import clip_project, fake_studio


@pytest.fixture
def studio(home: Path) -> Iterator[Studio]:
    opened = fake_studio(home)
    yield opened
    opened.close()


@pytest.fixture
def project(studio: Studio, clip: Path) -> Project:
    return clip_project(studio, clip)

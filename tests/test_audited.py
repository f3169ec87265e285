"""What stands in the audit trail, over the verbs themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.audited import ACTS
from studio.domain.audit import ACTION, AuditQuery
from studio.domain.errors import NotFound, UserError
from studio.service import Studio
from studio.verb_rights import VERB_RIGHTS
from studio.domain.rights import Right
from tests.studio_fixtures import fake_studio


@pytest.fixture
def studio(home: Path) -> Iterator[Studio]:
    opened = fake_studio(home)
    yield opened
    opened.close()


def test_every_verb_that_lets_something_out_is_in_the_trail_by_itself_or_by_the_list() -> None:
    told_elsewhere = {"delivery"}  # only prepares what `download` and `hand_over` let out
    for name, right in VERB_RIGHTS.items():
        if right is Right.EXPORT and name not in told_elsewhere and hasattr(Studio, name):
            writes = "audit.write" in inspect.getsource(inspect.unwrap(getattr(Studio, name)))
            assert name in ACTS or writes, f"Studio.{name} lets a project out, and the audit trail does not know; add it to studio/audited.py."


def test_actions_are_well_formed_and_verbs_exist() -> None:
    for name, act in ACTS.items():
        assert ACTION.fullmatch(act.action) and callable(getattr(Studio, name)), name


def test_an_act_is_written_with_its_project_and_without_its_words(studio: Studio) -> None:
    project = studio.create_project("Project Nightfall", "en", "de")
    studio.rename_project(project.id, "Something secret")
    entries = studio._shop.audit.list(AuditQuery())
    assert [(entry.action, entry.project_id) for entry in entries] == [("project.rename", project.id), ("project.create", project.id)]
    assert "Nightfall" not in repr(entries) and "secret" not in repr(entries)


def test_what_was_refused_is_no_act(studio: Studio) -> None:
    with pytest.raises(UserError):
        studio.create_project("", "en", "de")
    with pytest.raises(NotFound):
        studio.rename_project("0" * 32, "x")
    assert studio._shop.audit.list(AuditQuery()) == ()

"""Review links on disk: only hashes, and nothing opens what is revoked, expired, or of a deleted project."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from studio.domain.errors import BadSetting, NotFound
from studio.domain.project import Project
from studio.domain.review_link import ReviewLink, new_token, token_hash
from studio.store import review_links as links_module
from studio.store.database import new_id, reading
from studio.store.projects import ProjectStore
from studio.store.review_links import ReviewLinkStore


def link(days: float = 1) -> ReviewLink:
    now = datetime.now(UTC)
    return ReviewLink(new_id(), "Director", "ada", now.isoformat(timespec="microseconds"), (now + timedelta(days=days)).isoformat(timespec="microseconds"))


@pytest.fixture
def store(engine: Engine) -> ReviewLinkStore:
    return ReviewLinkStore(engine)


def test_a_token_opens_its_project_and_is_written_nowhere(engine: Engine, store: ReviewLinkStore, project: Project) -> None:
    token, made = new_token(), link()
    assert store.add(project.id, made, token_hash(token)) == made
    opened = store.opened(token_hash(token))
    assert opened is not None and (opened.project_id, opened.link) == (project.id, made)
    assert store.links(project.id) == (made,) and store.opened(token_hash(new_token())) is None
    with reading(engine) as connection:
        assert token not in str(connection.execute(text("SELECT * FROM review_links")).all())


def test_revoked_expired_and_deleted_open_nothing(engine: Engine, store: ReviewLinkStore, project: Project) -> None:
    hashes = [token_hash(new_token()) for _ in range(3)]
    revoked, expired, live = link(), link(-0.001), link()
    for made, key in zip((revoked, expired, live), hashes, strict=True):
        store.add(project.id, made, key)
    store.revoke(project.id, revoked.id)
    store.revoke(project.id, revoked.id)
    assert [store.opened(key) is not None for key in hashes] == [False, False, True]
    with pytest.raises(NotFound):
        store.revoke("elsewhere", live.id)
    ProjectStore(engine).delete(project.id, project.owner)
    assert store.opened(hashes[2]) is None


def test_only_so_many_links_are_open_at_once(store: ReviewLinkStore, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links_module, "MAX_LINKS", 2)
    store.add(project.id, link(-1), token_hash("x"))
    first = store.add(project.id, link(), token_hash("a"))
    store.add(project.id, link(), token_hash("b"))
    with pytest.raises(BadSetting, match="2 links"):
        store.add(project.id, link(), token_hash("c"))
    store.revoke(project.id, first.id)
    store.add(project.id, link(), token_hash("c"))

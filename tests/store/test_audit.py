from __future__ import annotations

from threading import Thread

import pytest
from sqlalchemy import Engine

from studio.domain.audit import AuditQuery
from studio.store.audit import PAGE_ENTRIES, AuditStore


@pytest.fixture
def audit(engine: Engine) -> AuditStore:
    return AuditStore(engine)


def test_an_act_comes_back_as_it_was_written(audit: AuditStore) -> None:
    audit.write("ada", "project.share", "a" * 32, "bob", role="reviewer", was=None, count=2)
    [entry] = audit.list(AuditQuery())
    assert (entry.user, entry.action, entry.project_id, entry.subject) == ("ada", "project.share", "a" * 32, "bob")
    assert entry.detail == {"role": "reviewer", "was": None, "count": 2}


def test_newest_first_and_pages_follow_on_each_other(audit: AuditStore) -> None:
    for number in range(5):
        audit.write("ada", "project.export", subject=str(number))
    first = audit.list(AuditQuery(limit=2))
    then = audit.list(AuditQuery(limit=2, before=first[-1].seq))
    assert [entry.subject for entry in (*first, *then)] == ["4", "3", "2", "1"]


def test_a_walk_meets_every_entry_once_over_pages(audit: AuditStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.store.audit.PAGE_ENTRIES", 3)
    assert PAGE_ENTRIES > 3
    for number in range(8):
        audit.write("ada", "project.export", subject=str(number))
    assert [entry.subject for entry in audit.walk(AuditQuery())] == ["7", "6", "5", "4", "3", "2", "1", "0"]


def test_filters_by_person_project_action_and_time(audit: AuditStore) -> None:
    audit.write("ada", "project.share", "a" * 32, "bob")
    audit.write("bob", "project.export", "a" * 32, "srt")
    audit.write("bob", "login.ok")
    audit.write("bob", "projectile.throw", "b" * 32)

    def actions(query: AuditQuery) -> list[str]:
        return [entry.action for entry in audit.list(query)]

    assert actions(AuditQuery(user="ada")) == ["project.share"]
    assert actions(AuditQuery(project_id="a" * 32)) == ["project.export", "project.share"]
    assert actions(AuditQuery(action="project.")) == ["project.export", "project.share"]
    assert actions(AuditQuery(action="login.ok")) == ["login.ok"]
    second = audit.list(AuditQuery())[-2]
    assert actions(AuditQuery(until=second.at)) == ["project.share"]
    assert actions(AuditQuery(since=second.at, user="bob")) == ["projectile.throw", "login.ok", "project.export"]
    assert audit.actions() == ("login.ok", "project.export", "project.share", "projectile.throw")


@pytest.mark.parametrize("name", ["text", "password", "token", "link"])
def test_what_must_never_be_kept_is_refused(audit: AuditStore, name: str) -> None:
    with pytest.raises(AssertionError, match=name):
        audit.write("ada", "project.share", None, "", **{name: "hush"})
    assert audit.list(AuditQuery()) == ()


def test_a_name_typed_by_a_stranger_is_cut_and_made_plain(audit: AuditStore) -> None:
    audit.write("x" * 500, "login.failed", None, "a\x00b\x1b[31m\ud800", address="y" * 500)
    [entry] = audit.list(AuditQuery())
    assert len(entry.user) == 64 and entry.subject == "a�b�[31m�" and len(str(entry.detail["address"])) == 128


def test_retention_forgets_what_is_older_and_nothing_else(audit: AuditStore) -> None:
    audit.write("ada", "login.ok")
    audit.write("ada", "logout.ok")
    newer, older = audit.list(AuditQuery())
    assert audit.forget(newer.at) == 1
    assert audit.list(AuditQuery()) == (newer,) and older.seq < newer.seq


def test_entries_of_many_threads_all_arrive(audit: AuditStore) -> None:
    threads = [Thread(target=lambda: [audit.write("ada", "project.export") for _ in range(5)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(audit.list(AuditQuery())) == 20

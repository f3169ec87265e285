"""What only a database server brings: several servers at once, connections that break, limits, and a sentence for each way to fail."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import Engine, make_url, select, text

from studio.domain.errors import BadSetting, StudioError
from studio.domain.line import Estimate
from studio.domain.person import KeyChoice
from studio.domain.project import Cast, Project
from studio.store.database import open_database, reading, writing
from studio.store.estimates import EstimateStore
from studio.store.lines import LineStore
from studio.store.projects import ProjectStore
from studio.store.schema import PROJECTS
from studio.store.stage_results import StageKey, StageResults
from studio.store.user_settings import UserSettings
from tests.postgres import PostgresServer, server, why_not
from tests.store.samples import ANNA, a_line, a_project

ROUNDS = 12


@pytest.fixture
def url(postgres_url: str) -> str:
    """On PostgreSQL alone."""
    return postgres_url


@pytest.fixture
def engines(engine: Engine, url: str) -> Iterator[tuple[Engine, Engine]]:
    """Two servers on one database."""
    other = open_database(url)
    yield engine, other
    other.dispose()


def at_once(*works: Callable[[], object]) -> None:
    """All of them at the same moment, each on a thread; what any of them raises fails the test."""
    gate, broken = threading.Barrier(len(works)), []

    def run(work: Callable[[], object]) -> None:
        gate.wait(10)
        try:
            work()
        except BaseException as error:  # told below, on the thread of the test
            broken.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert broken == []


def with_lines(engine: Engine, count: int) -> Project:
    project = ProjectStore(engine).create(a_project("ada"))
    LineStore(engine).replace_cast(project.id, Cast((ANNA,), tuple(a_line(1000 * number) for number in range(count))))
    return project


def test_two_servers_edit_one_line_at_once_and_nothing_is_lost(engines: tuple[Engine, Engine]) -> None:
    project = with_lines(engines[0], 1)
    (line,) = LineStore(engines[0]).cast(project.id).lines

    def writer(engine: Engine, mark: str) -> Callable[[], None]:
        lines = LineStore(engine)

        def work() -> None:
            for _ in range(ROUNDS):
                lines.edit(project.id, line.id, lambda one: replace(one, target_text=one.target_text + mark), by="ada")

        return work

    at_once(writer(engines[0], "a"), writer(engines[1], "b"), writer(engines[0], "c"))
    lines = LineStore(engines[1])
    found = lines.line(project.id, line.id).target_text
    assert {mark: found.count(mark) for mark in "abc"} == {"a": ROUNDS, "b": ROUNDS, "c": ROUNDS}
    edits = [edit for edit in lines.history(project.id, line.id) if edit.field == "target_text"]
    assert [edit.before for edit in edits] == [*(edit.after for edit in edits[1:]), ""], "the history does not join up"


def test_what_one_server_wrote_the_other_sees_by_the_number_of_the_edit(engines: tuple[Engine, Engine]) -> None:
    project = with_lines(engines[0], 3)
    ours, theirs = LineStore(engines[0]), LineStore(engines[1])
    before = theirs.look(project.id)
    first = before.lines[0].line
    ours.edit(project.id, first.id, lambda line: replace(line, target_text="seen"), by="ada")
    news = theirs.look(project.id, before.mark.edit_seq)
    assert [(one.line.id, one.line.target_text) for one in news.lines] == [(first.id, "seen")]
    assert not news.is_whole and news.mark.edit_seq > before.mark.edit_seq


def test_two_servers_meet_a_new_person_at_the_same_moment(engines: tuple[Engine, Engine]) -> None:
    for number in range(ROUNDS):
        name = f"ada{number}"
        at_once(*(partial(ProjectStore(engine).create, a_project(name)) for engine in engines))
        assert len(ProjectStore(engines[0]).list(name)) == 2


def test_two_servers_keep_the_same_result_and_the_same_estimates_at_once(engines: tuple[Engine, Engine]) -> None:
    project = with_lines(engines[0], 0)
    for number in range(ROUNDS):
        key = StageKey(project.id, "ingest", f"{number}", "f" * 64)
        at_once(*(partial(StageResults(engine).put, key, number, seconds=0.1, peak_memory_mb=1) for engine in engines))
        estimates = {f"{number}-{one:060d}": Estimate(one, 0, "e") for one in range(30)}
        at_once(*(partial(EstimateStore(engine).put, estimates) for engine in engines))
        assert StageResults(engines[1]).latest(project.id, "ingest", f"{number}") == number
        assert EstimateStore(engines[0]).get(estimates) == estimates


def test_settings_changed_on_two_pages_at_once_are_both_kept(engines: tuple[Engine, Engine]) -> None:
    def change(engine: Engine, key: KeyChoice) -> Callable[[], None]:
        return lambda: UserSettings(engine).change("ada", lambda kept: replace(kept, keys=(*kept.keys, key)))

    at_once(*(change(engines[number % 2], KeyChoice(f"command{number}", ("x",))) for number in range(6)))
    assert len(UserSettings(engines[0]).get("ada").keys) == 6


def test_a_reader_sees_one_moment_and_cannot_write(engines: tuple[Engine, Engine]) -> None:
    with reading(engines[0]) as connection:
        assert connection.execute(select(PROJECTS)).all() == []
        with_lines(engines[1], 1)
        assert connection.execute(select(PROJECTS)).all() == []
    with pytest.raises(StudioError, match="read-only"), reading(engines[0]) as connection:
        connection.execute(text("DELETE FROM projects"))
    with writing(engines[0]) as connection:
        assert connection.execute(text("SHOW transaction_isolation")).scalar() == "read committed"


def test_a_lock_that_is_held_too_long_is_a_sentence(engines: tuple[Engine, Engine]) -> None:
    project = with_lines(engines[0], 0)
    hold = select(PROJECTS).where(PROJECTS.c.id == project.id).with_for_update()
    with writing(engines[0]) as one:
        one.execute(hold)
        with pytest.raises(StudioError, match="busy with other work on the same rows; nothing was changed"), writing(engines[1]) as other:
            other.execute(text("SET LOCAL lock_timeout = 50"))
            other.execute(hold)


def test_two_who_wait_for_each_other_are_parted_with_a_sentence(engines: tuple[Engine, Engine]) -> None:
    first, second = with_lines(engines[0], 0), with_lines(engines[0], 0)
    gate, told = threading.Barrier(2), []

    def work(engine: Engine, mine: Project, theirs: Project) -> None:
        try:
            with writing(engine) as connection:
                connection.execute(select(PROJECTS).where(PROJECTS.c.id == mine.id).with_for_update())
                gate.wait(10)
                connection.execute(select(PROJECTS).where(PROJECTS.c.id == theirs.id).with_for_update())
        except StudioError as error:
            told.append(str(error))

    at_once(lambda: work(engines[0], first, second), lambda: work(engines[1], second, first))
    assert len(told) == 1 and "nothing was changed" in told[0]


def test_a_question_that_takes_too_long_is_stopped_with_a_sentence(engine: Engine) -> None:
    with pytest.raises(StudioError, match="was stopped; nothing was changed"), writing(engine) as connection:
        connection.execute(text("SET LOCAL statement_timeout = 50"))
        connection.execute(text("SELECT pg_sleep(5)"))


def test_what_no_database_can_keep_is_the_senders_mistake_and_no_fault(engine: Engine) -> None:
    with pytest.raises(BadSetting, match="none that can be kept"):
        ProjectStore(engine).get("a\x00b", "ada")
    with pytest.raises(BadSetting, match="none that can be kept"), reading(engine) as connection:
        connection.execute(select(PROJECTS.c.id).where(PROJECTS.c.seq == 2**70))


def test_connections_have_limits(engine: Engine) -> None:
    with reading(engine) as connection:
        found = {name: connection.execute(text(f"SHOW {name}")).scalar() for name in ("lock_timeout", "statement_timeout", "client_encoding")}
    assert found == {"lock_timeout": "20s", "statement_timeout": "5min", "client_encoding": "UTF8"}


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"database": "nowhere"}, "There is no database at"),
        ({"port": 1}, "cannot be reached"),
        ({"username": "stranger", "password": "pa55word"}, "refused the login"),
    ],
)
def test_a_server_that_does_not_let_us_in_is_a_sentence_without_the_password(url: str, change: dict[str, object], part: str) -> None:
    address = make_url(url).set(**{"password": "pa55word"} | change).render_as_string(hide_password=False)
    with pytest.raises(StudioError, match=part) as caught:
        open_database(address)
    assert "pa55word" not in str(caught.value) and "psycopg" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2"])
def test_every_way_to_write_the_address_takes_the_driver_that_is_there(url: str, scheme: str) -> None:
    engine = open_database(url.replace("postgresql+psycopg", scheme, 1))
    assert engine.driver == "psycopg"
    engine.dispose()


def test_without_the_driver_there_is_a_sentence(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(BadSetting, match=r"needs psycopg.*requirements-cluster\.txt"):
        open_database(url)


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    if (why := why_not()) is not None:
        pytest.skip(why)
    with server() as found:
        yield found


def test_a_server_that_was_restarted_is_found_again_and_what_was_confirmed_is_there(own_server: PostgresServer) -> None:
    engine = open_database(own_server.create("restarted"))
    project = with_lines(engine, 1)
    (line,) = LineStore(engine).cast(project.id).lines
    own_server.stop()
    with pytest.raises(StudioError, match="cannot be reached.*What was confirmed before is kept"):
        LineStore(engine).line(project.id, line.id)
    own_server.start()
    LineStore(engine).edit(project.id, line.id, lambda one: replace(one, target_text="after"), by="ada")
    assert LineStore(engine).line(project.id, line.id).target_text == "after"
    engine.dispose()

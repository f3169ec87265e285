"""Opening a database: durable by default, one sentence for everything that can be wrong with it."""

from __future__ import annotations

import contextvars
import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event, insert, select, text
from sqlalchemy.exc import IntegrityError

from studio.domain.errors import BadSetting, OutOfSpace, StudioError
from studio.store.database import new_id, once, one_moment, open_database, reading, utc_now, writing
from studio.store.schema import USERS
from tests.store.conftest import on_sqlite


def add_user(engine: Engine, name: str) -> None:
    with writing(engine) as connection:
        connection.execute(insert(USERS).values(name=name, created_at=utc_now()))


def names(engine: Engine) -> set[str]:
    with reading(engine) as connection:
        return set(connection.execute(select(USERS.c.name)).scalars())


@on_sqlite
def test_sqlite_is_opened_so_that_a_commit_survives_a_power_cut(engine: Engine) -> None:
    with reading(engine) as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous", "foreign_keys")}
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_transaction_that_fails_leaves_nothing(engine: Engine) -> None:
    with pytest.raises(ZeroDivisionError), writing(engine) as connection:
        connection.execute(insert(USERS).values(name="ada", created_at=utc_now()))
        raise ZeroDivisionError
    assert names(engine) == set()


def test_a_reader_sees_one_moment_while_a_writer_commits(engine: Engine) -> None:
    with reading(engine) as connection:
        assert connection.execute(select(USERS.c.name)).all() == []
        add_user(engine, "ada")
        assert connection.execute(select(USERS.c.name)).all() == []
    assert names(engine) == {"ada"}


def test_all_that_is_read_in_one_moment_fits_together_until_its_thread_writes(engine: Engine) -> None:
    add_user(engine, "ada")
    with one_moment(engine):
        assert names(engine) == {"ada"}
        elsewhere = threading.Thread(target=add_user, args=(engine, "ben"))
        elsewhere.start()
        elsewhere.join()
        assert names(engine) == {"ada"}
        with one_moment(engine):
            assert names(engine) == {"ada", "ben"}
        assert names(engine) == {"ada"}
        add_user(engine, "clara")
        assert names(engine) == {"ada", "ben", "clara"}


def test_one_moment_takes_one_transaction_and_asks_each_question_once(engine: Engine) -> None:
    begun: list[object] = []
    event.listen(engine, "begin", begun.append)
    with one_moment(engine):
        assert [once(engine, "names", lambda: names(engine)) for _ in range(3)] == [set(), set(), set()]
        assert len(begun) == 1
        add_user(engine, "ada")
        assert once(engine, "names", lambda: names(engine)) == {"ada"}
    assert once(engine, "names", lambda: names(engine)) == {"ada"}


def test_a_moment_belongs_to_the_thread_that_opened_it(engine: Engine) -> None:
    seen: list[set[str]] = []
    with one_moment(engine):
        assert names(engine) == set()
        add_elsewhere = threading.Thread(target=add_user, args=(engine, "ada"))
        add_elsewhere.start()
        add_elsewhere.join()
        with_it = contextvars.copy_context()  # as pools of threads hand it on
        look = threading.Thread(target=with_it.run, args=(lambda: seen.append(names(engine)),))
        look.start()
        look.join()
        assert names(engine) == set()
    assert seen == [{"ada"}]


def test_who_writes_in_a_moment_holds_one_connection_at_a_time(engine: Engine) -> None:
    """Else as many threads as there are connections wait for each other's second one."""
    with one_moment(engine):
        assert names(engine) == set()
        with writing(engine) as connection:
            connection.execute(insert(USERS).values(name="ada", created_at=utc_now()))
            assert engine.pool.checkedout() == 1
        assert engine.pool.checkedout() == 0
        assert names(engine) == {"ada"}
    assert engine.pool.checkedout() == 0


def test_a_reader_in_a_moment_goes_on_reading_while_its_thread_writes(engine: Engine) -> None:
    with one_moment(engine):
        with reading(engine) as connection:
            assert connection.execute(select(USERS.c.name)).all() == []
            add_user(engine, "ada")
            assert connection.execute(select(USERS.c.name)).all() == []
        assert names(engine) == {"ada"}


def test_a_question_that_failed_in_a_moment_spoils_none_of_the_next(engine: Engine) -> None:
    with one_moment(engine):
        with pytest.raises(StudioError), reading(engine) as connection:
            connection.execute(text("SELECT nothing FROM nowhere"))
        assert names(engine) == set()


def test_writers_on_many_threads_wait_for_each_other(engine: Engine) -> None:
    def work(number: int) -> None:
        for step in range(5):
            with writing(engine) as connection:  # read, then write: the pattern that a late lock refuses
                connection.execute(select(USERS.c.name)).all()
                connection.execute(insert(USERS).values(name=f"{number}-{step}", created_at=utc_now()))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names(engine)) == 30


def test_breaking_a_rule_of_the_schema_is_told_as_such(engine: Engine) -> None:
    add_user(engine, "ada")
    with pytest.raises(IntegrityError):
        add_user(engine, "ada")


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("no url at all", "not a database address"),
        ("mysql://root@host/db", "SQLite or PostgreSQL"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("oracle+nothing://x", "SQLite or PostgreSQL"),
    ],
)
def test_an_address_that_cannot_be_used_is_a_sentence(url: str, part: str) -> None:
    with pytest.raises(BadSetting, match=part):
        open_database(url)


def test_a_file_that_is_no_database_is_a_sentence_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    path.write_bytes(b"These are my holiday notes, not a database. " * 200)
    before = path.read_bytes()
    with pytest.raises(StudioError, match="damaged or is no database"):
        open_database(f"sqlite:///{path}")
    assert path.read_bytes() == before


def test_a_folder_in_place_of_the_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "studio.db").mkdir()
    with pytest.raises(StudioError, match="cannot be written"):
        open_database(f"sqlite:///{tmp_path / 'studio.db'}")


def test_a_home_below_a_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadSetting, match="cannot be made"):
        open_database(f"sqlite:///{tmp_path / 'file' / 'studio.db'}")


@on_sqlite
def test_a_full_disk_is_told_and_the_edit_before_it_is_kept(engine: Engine) -> None:
    add_user(engine, "ada")
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.rollback()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")  # SQLite's own way to a disk that is full
        connection.rollback()
    with pytest.raises(OutOfSpace, match="nothing half-written was kept"), writing(engine) as connection:
        for number in range(2000):
            connection.execute(insert(USERS).values(name=f"{number:>60}", created_at=utc_now()))
    assert names(engine) == {"ada"}


def test_a_database_held_by_another_program_is_a_sentence(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'studio.db'}"
    engine = open_database(url)
    other = sqlite3.connect(tmp_path / "studio.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        with engine.connect() as impatient:  # the only connection so far: the pool hands it out again
            impatient.exec_driver_sql("PRAGMA busy_timeout=50")
        with pytest.raises(StudioError, match="busy with another program"), writing(engine) as connection:
            connection.execute(text("SELECT 1"))
    finally:
        other.close()
        engine.dispose()


def test_more_readers_than_connections_get_a_sentence_not_a_hang(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'studio.db'}")
    engine.dispose()
    small = create_engine(engine.url, pool_size=1, max_overflow=0, pool_timeout=0.05)
    with reading(small), pytest.raises(StudioError, match="more work at once"), reading(small):
        pass
    small.dispose()


def test_a_lock_file_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "studio.db.lock").mkdir()
    with pytest.raises(StudioError, match="check that the folder belongs to you"):
        open_database(f"sqlite:///{tmp_path / 'studio.db'}")


def test_ids_are_uuid4_in_hex() -> None:
    assert len({new_id() for _ in range(100)}) == 100
    assert all(len(key) == 32 and key[12] == "4" and int(key, 16) for key in (new_id() for _ in range(10)))

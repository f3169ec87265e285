"""A PostgreSQL of one's own for tests and benches: a fresh cluster in a temporary folder, on loopback and a free port, gone afterwards.

PostgreSQL refuses to run as root; then the account `postgres` runs it. Tests take the fixture `postgres_server`, programs `server()`;
`why_not()` is the sentence to skip with.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from studio.store.database import new_id, open_database

INSTALLED = Path("/usr/lib/postgresql")
ACCOUNT = "postgres"
OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",  # a test kills programs, never the machine
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "120",
}


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running cluster. `folder`: its data, deleted at the end."""

    programs: Path
    folder: Path
    port: int

    def url(self, database: str = "postgres") -> str:
        return f"postgresql+psycopg://lipline@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, *, like: str = "template0") -> str:
        """An empty database, or a copy of one that nobody has open; returns its URL."""
        self.run_sql(f"CREATE DATABASE {database} TEMPLATE {like}")
        return self.url(database)

    def drop(self, database: str) -> None:
        self.run_sql(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    def run_sql(self, *statements: str) -> None:
        """Each by itself, outside a transaction, as the server's administrator."""
        engine = create_engine(make_url(self.url()), isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                for statement in statements:
                    connection.execute(text(statement))
        finally:
            engine.dispose()

    def start(self) -> None:
        options = " ".join(f"-c {name}={value}" for name, value in OPTIONS.items())
        self._control("-w", "-t", "60", "-l", str(self.folder / "log"), "-o", f"-p {self.port} -k {self.folder} {options}", "start")

    def stop(self) -> None:
        """As by a power cut of the server alone: every connection is gone at once."""
        self._control("-w", "-m", "immediate", "stop")

    def _control(self, *argv: str) -> None:
        _run([str(self.programs / "pg_ctl"), "-D", str(self.folder / "data"), *argv])


def why_not() -> str | None:
    """Why no server can be started here, as a sentence; None where one can."""
    if _programs() is None:
        return f"PostgreSQL is not installed here: {INSTALLED} has no bin/initdb"
    if find_spec("psycopg") is None:
        return "psycopg is not installed: see requirements-cluster.txt"
    if os.geteuid() == 0 and shutil.which("runuser") is None:
        return f"PostgreSQL does not run as root, and there is no runuser to run it as {ACCOUNT}"
    return None


@contextmanager
def server() -> Iterator[PostgresServer]:
    """A cluster for the block, with the superuser `lipline`."""
    programs = _programs()
    assert programs is not None, why_not()
    folder = Path(tempfile.mkdtemp(prefix="lipline-pg-", dir="/tmp"))
    found = PostgresServer(programs, folder, _free_port())
    with _gone_with_us(programs, folder):
        if os.geteuid() == 0:
            shutil.chown(folder, ACCOUNT)
        _run([str(programs / "initdb"), "-D", str(folder / "data"), "-U", "lipline", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"])
        found.start()
        yield found


_END = """
import pathlib, shutil, subprocess, sys
sys.stdin.read()
if pathlib.Path(sys.argv[1], "data", "postmaster.pid").exists():
    subprocess.run([*sys.argv[2:], "-D", f"{sys.argv[1]}/data", "-w", "-m", "immediate", "stop"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
shutil.rmtree(sys.argv[1], ignore_errors=True)
"""


@contextmanager
def _gone_with_us(programs: Path, folder: Path) -> Iterator[None]:
    """A process that waits until this one leaves the block or dies in it, however that is, and then ends the server and deletes its folder."""
    argv = [sys.executable, "-I", "-c", _END, str(folder), *_account(), str(programs / "pg_ctl")]
    watcher = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
    finally:
        watcher.communicate(timeout=60)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One for all tests of a run, with a database `empty_studio` of today's schema to copy; or a skip."""
    if (why := why_not()) is not None:
        pytest.skip(why)
    with server() as found:
        open_database(found.create("empty_studio")).dispose()
        yield found


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A database of today's schema with nothing in it, for one test."""
    name = f"studio_{new_id()}"
    yield postgres_server.create(name, like="empty_studio")
    postgres_server.drop(name)


def _programs() -> Path | None:
    """The newest installed version's."""
    found = sorted(INSTALLED.glob("*/bin/initdb"), key=lambda path: int(path.parent.parent.name))
    return found[-1].parent if found else None


def _account() -> list[str]:
    return ["runuser", "-u", ACCOUNT, "--"] if os.geteuid() == 0 else []


def _run(argv: list[str]) -> None:
    """As the account that may: the caller, or `postgres` for root. What a server leaves open must not keep the pipe."""
    with tempfile.TemporaryFile() as told:
        done = subprocess.run([*_account(), *argv], stdin=subprocess.DEVNULL, stdout=told, stderr=told, timeout=120, cwd="/", check=False)
        told.seek(0)
        assert done.returncode == 0, f"{Path(argv[0]).name} said: {told.read().decode(errors='replace')}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

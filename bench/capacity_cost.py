"""What pages, lines and rows cost, measured: a page server's processor time and memory, databases on disk, seconds of work a line.

Enter: a folder to work in, how many lines, a seed. Leave: records of numbers. A PostgreSQL is measured where one is installed.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from sqlalchemy import create_engine, text

from bench.desk_project import SOURCE, TARGET, as_vtt, dialogue
from bench.machine import ROOT
from studio.bootstrap import Place, open_studio
from studio.domain.project import JobKind
from studio.line_verbs import LineEdit
from studio.service import Studio

CALLS, EDITS, PROJECTS, PAGES = 120, 40, 3, 24
SETTLE_S = 3.0
MB = 2**20


@dataclass(frozen=True, slots=True)
class PageCost:
    """`news_ms`, `edit_ms`: processor time of the server for one answer. Memory is resident."""

    lines: int
    news_ms: float
    edit_ms: float
    base_mb: float
    project_mb: float
    page_mb: float


@dataclass(frozen=True, slots=True)
class Database:
    """What it takes on disk: new, and more for each 1,000 lines (in both languages, four wordings none) and 1,000 edits of a text."""

    name: str
    empty_mb: float
    lines_mb: float
    edits_mb: float


@dataclass(frozen=True, slots=True)
class LinePace:
    stage: str
    seconds_a_line: float


def filled(studio: Studio, lines: int, seed: int) -> str:
    """A project of so many lines, without a film; its id."""
    cues = dialogue(lines, seed)
    project = studio.create_project(f"{lines} lines, {seed}", SOURCE, TARGET)
    studio.import_script(project.id, as_vtt(cues, "source"), "lines.vtt")
    studio.import_script(project.id, as_vtt(cues, "target"), "lines.de.vtt", as_target=True)
    return project.id


def page_costs(folder: Path, lines: int, seed: int) -> PageCost:
    place = Place(folder / "page")
    studio = open_studio(place, workers=0)
    projects = [filled(studio, lines, seed + number) for number in range(PROJECTS)]
    for project_id in projects:
        studio.rows(project_id)  # every text is timed once; a server finds the times in the database
    studio.close()
    with serving(place) as (process, address):
        base = process.memory_info().rss
        order = rows(address, projects[0])["order"]
        seq = pulse(address, projects[0])["seq"]
        cheap = _cpu_ms(process, lambda: pulse(address, projects[0], seq), CALLS)
        edit = _cpu_ms(process, _editing(address, projects[0], order), EDITS)
        opened = process.memory_info().rss
        for project_id in projects[1:]:
            rows(address, project_id)
        time.sleep(SETTLE_S)
        all_open = process.memory_info().rss
        for _ in range(PAGES):
            call(address, "GET", "/", is_json=False)
            rows(address, projects[0])
        crowded = process.memory_info().rss
    return PageCost(lines, cheap, edit, base / MB, max(0, all_open - opened) / MB / (PROJECTS - 1), max(0, crowded - all_open) / MB / PAGES)


def database_sizes(folder: Path, lines: int, seed: int) -> list[Database]:
    found = [_sizes("SQLite", Place(folder / "sqlite"), lines, seed)]
    from tests.postgres import server, why_not

    if (why := why_not()) is not None:
        print(why, file=sys.stderr)
        return found
    with server() as postgres:
        found.append(_sizes("PostgreSQL", Place(folder / "postgres", postgres.create("capacity")), lines, seed))
    return found


def line_paces(folder: Path) -> list[LinePace]:
    """The demo, dubbed once with the default engines by one worker: processor seconds a line, shared out among the stages as their times were, so
    that other work on the machine does not count."""
    started_s, cpu_s = time.monotonic(), _all_cpu_s()
    studio = open_studio(Place(folder / "lines"))
    try:
        project = studio.demo_project()
        job = studio.submit(project.id, JobKind.RENDER)
        while not (job := studio.job(job.id)).state.is_over:
            time.sleep(0.1)
        if job.state.value != "done":
            raise SystemExit(f"The demo could not be dubbed: {job.message}")
        count, costs = len(studio.rows(project.id)), studio.costs(project.id)
    finally:
        studio.close()
    share = (_all_cpu_s() - cpu_s) / (time.monotonic() - started_s)
    return [LinePace(cost.stage, share * cost.seconds / count) for cost in costs]


def _all_cpu_s() -> float:
    """Of this process and of the children that have ended."""
    found = os.times()
    return found.user + found.system + found.children_user + found.children_system


@contextmanager
def serving(place: Place) -> Iterator[tuple[psutil.Process, str]]:
    argv = [sys.executable, "-m", "studio", "serve", "--no-demo", "--workers", "0", "--port", "0", "--home", str(place.home)]
    process = subprocess.Popen(argv, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert process.stdout is not None
        address = next(word for line in process.stdout for word in line.split() if word.startswith("http://"))
        time.sleep(SETTLE_S)
        yield psutil.Process(process.pid), address.rstrip("/")
    finally:
        process.terminate()
        process.wait(20)


def call(address: str, method: str, path: str, body: object = None, *, is_json: bool = True) -> dict:
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    connection.request(method, path, None if body is None else json.dumps(body).encode(), {"content-type": "application/json", "origin": address})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    if response.status != 200:
        raise SystemExit(f"{method} {path} was answered {response.status}: {content[:200].decode(errors='replace')}")
    return json.loads(content) if is_json else {}


def rows(address: str, project_id: str) -> dict:
    return call(address, "GET", f"/desk/{project_id}/rows?since=&also=")


def pulse(address: str, project_id: str, since: int = 0) -> dict:
    return call(address, "GET", f"/desk/{project_id}/pulse?since={since}")


def _editing(address: str, project_id: str, order: list[str]):
    draw, counter = random.Random(0), iter(range(10**9))

    def edit() -> None:
        number = next(counter)
        call(address, "POST", f"/desk/{project_id}/revise", {"line_id": draw.choice(order), "target": f"Ein ganz neuer Satz, der {number}. heute."})

    return edit


def _cpu_ms(process: psutil.Process, work, times: int) -> float:
    """Processor milliseconds of the server for one, without what it does anyway."""
    time.sleep(SETTLE_S)
    work()
    before = process.cpu_times()
    for _ in range(times):
        work()
    after = process.cpu_times()
    return 1000 * (after.user + after.system - before.user - before.system) / times


def _sizes(name: str, place: Place, lines: int, seed: int) -> Database:
    studio = open_studio(place, workers=0)
    empty = _disk_bytes(place)
    project_id = filled(studio, lines, seed)
    with_lines = _disk_bytes(place)
    ids = [row.line.id for row in studio.rows(project_id, at_once=True)]
    timed = _disk_bytes(place)
    draw = random.Random(seed)
    for number in range(EDITS * 5):
        studio.revise_line(project_id, draw.choice(ids), LineEdit(target_text=f"Ein ganz neuer Satz, der {number}. heute."))
    edited = _disk_bytes(place)
    studio.close()
    return Database(name, empty / MB, (with_lines - empty) / MB * 1000 / lines, max(0, edited - timed) / MB * 1000 / (EDITS * 5))


def _disk_bytes(place: Place) -> int:
    """Pages of SQLite in use; of PostgreSQL what the server counts."""
    engine = create_engine(place.database_url)
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            found = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
        else:
            pages = connection.execute(text("PRAGMA page_count")).scalar_one() - connection.execute(text("PRAGMA freelist_count")).scalar_one()
            found = pages * connection.execute(text("PRAGMA page_size")).scalar_one()
    engine.dispose()
    return int(found)

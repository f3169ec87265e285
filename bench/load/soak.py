"""A day in minutes: thousands of logins, edits, jobs, uploads and exports, and whether the server stays as it was. Enter: a folder and a plan.
Leaves: an `Outcome`.

What people of a team do in `plan.hours` hours is done as fast as the machine can, by a server whose retention is compressed (`compressed.py`).
Memory, open files, threads and folders are sampled against simulated hours, and their growth is fitted.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.load.outcome import Outcome, Plan
from bench.load.scene import Scene, make_scene
from bench.load.serving import Process, free_port
from bench.load.shift import Shift
from bench.load.tally import Tally
from bench.load.truth import Truth
from bench.load.verdicts import Verdict, at_least, is_flat, none_of
from studio.store.database import open_database
from studio.store.keeping import KeepingStore
from studio.store.server_values import ServerValues

SAMPLE_EVERY_S = 2.0
PEOPLE = 6
MEMORY_SHARE = 0.05  # of its level, over the whole day
FILES, THREADS, CHILDREN = 6.0, 4.0, 2.0
FOLDER_MB, LOG_MB = 30.0, 40.0
BYTES_PER_EDIT = 20_000.0
CALM_S = 8.0
LEAST = {"logins": 40, "edits": 100, "exports": 40, "jobs": 10, "uploads": 10}


@dataclass(frozen=True, slots=True)
class Sample:
    """Of one moment. `hour`: simulated; sizes in MB."""

    hour: float
    memory_mb: float
    files: int
    threads: int
    children: int
    temp_mb: float
    stored_mb: float
    cache_mb: float
    log_mb: float
    database_mb: float
    edits: int


def run_soak(folder: Path, plan: Plan) -> Outcome:
    scene = make_scene(folder, min(plan.people, PEOPLE), plan.seed)
    _keep_shortly(scene)
    page, tally, truth = _compressed(scene, plan), Tally(), Truth(scene.place.database_url)
    samples: list[Sample] = []
    try:
        page.start()
        page.wait()
        truth.watch_job_ends()
        _soak(page, scene, tally, plan, samples)
    finally:
        page.close()
    ended = truth.jobs()
    truth.close()
    verdicts = (
        *(at_least(name, tally.counted(name), least) for name, least in LEAST.items()),
        *flatness(samples),
        none_of("jobs ended more than once", [job.id for job in ended.values() if job.ends > 1]),
        none_of("faults of the studio", tally.troubles),
    )
    details = {"counts": tally.counts, "refusals": tally.refusals, "calls": tally.spreads(), "samples": samples}
    return Outcome("soak", f"{plan.hours:g} hours in {plan.minutes:g} minutes, {len(scene.people)} people without a pause, seed {plan.seed}", verdicts, details)


def flatness(samples: list[Sample]) -> Iterator[Verdict]:
    """Growth over the day of everything that must not grow, and what an edit costs for good."""

    def row(name: str) -> list[tuple[float, float]]:
        return [(one.hour, float(getattr(one, name))) for one in samples]

    level_mb = max((one.memory_mb for one in samples), default=0.0)
    yield is_flat("growth of memory over the day", row("memory_mb"), tolerance=round(MEMORY_SHARE * level_mb, 1), unit="MB", warm_up=0.4)
    yield is_flat("growth of open files", row("files"), tolerance=FILES, unit="")
    yield is_flat("growth of threads", row("threads"), tolerance=THREADS, unit="")
    yield is_flat("growth of child processes", row("children"), tolerance=CHILDREN, unit="")
    yield is_flat("growth of the temporary folder", row("temp_mb"), tolerance=FOLDER_MB, unit="MB")
    yield is_flat("growth of stored files, with projects made and deleted", row("stored_mb"), tolerance=FOLDER_MB, unit="MB", warm_up=0.4)
    yield is_flat("growth of the cache", row("cache_mb"), tolerance=FOLDER_MB, unit="MB", warm_up=0.4)
    yield Verdict("the log, whole", round(max((one.log_mb for one in samples), default=0.0), 1), LOG_MB, "MB")
    edits = samples[-1].edits - samples[0].edits if samples else 0
    grown = samples[-1].database_mb - samples[0].database_mb if samples else 0.0
    yield Verdict("the database, for each edit", round(grown * 2**20 / edits) if edits else None, BYTES_PER_EDIT, "byte", f"{edits} edits, {grown:.1f} MB")


def _keep_shortly(scene: Scene) -> None:
    """As an administrator may set it: look each minute, keep nothing that is deleted."""
    engine = open_database(scene.place.database_url)
    try:
        KeepingStore(ServerValues(engine)).change(bin_days=0, cache_days=1, upload_days=1, young_s=30, sweep_every_s=60)
    finally:
        engine.dispose()


def _compressed(scene: Scene, plan: Plan) -> Process:
    port = free_port() if plan.port is None else plan.port
    words = ("serve", "--no-demo", "--home", str(scene.place.home), "--port", str(port))
    return Process(scene, "server", words, port, program=("-m", "bench.load.compressed"))


def _soak(page: Process, scene: Scene, tally: Tally, plan: Plan, samples: list[Sample]) -> None:
    is_over, started, lasts_s = threading.Event(), time.monotonic(), min(plan.minutes * 60, plan.budget_s)
    shifts = [Shift(page.address, person, scene.films[number], tally, is_over, plan.seed + number) for number, person in enumerate(scene.people)]
    threads = [threading.Thread(target=one.run, name=one.person.name, daemon=True) for one in shifts]
    for thread in threads:
        thread.start()
    while (now := time.monotonic() - started) < lasts_s:
        if page.is_running:
            samples.append(sample(page, scene, plan.hours * now / lasts_s, tally.counted("edits")))
        else:
            tally.trouble("the server ended by itself")
            break
        time.sleep(SAMPLE_EVERY_S)
    is_over.set()
    for thread in threads:
        thread.join(60)
    if os.environ.get("LOAD_TRACE") and page.is_running:
        page.signal(signal.SIGUSR1)
        time.sleep(CALM_S)


def sample(page: Process, scene: Scene, hour: float, edits: int) -> Sample:
    cost, home = page.cost(), scene.place.home
    database = sum(_size_mb(path) for path in home.glob("studio.db*"))
    folders = (_size_mb(page.temp), _size_mb(home / "blobs"), _size_mb(home / "cache"), _size_mb(home / "logs"))
    if cost is None:
        return Sample(hour, 0.0, 0, 0, 0, *folders, database, edits)
    return Sample(round(hour, 3), round(cost.memory_mb, 1), cost.files, cost.threads, cost.children, *(round(one, 2) for one in folders), round(database, 2), edits)


def _size_mb(place: Path) -> float:
    """Of a file, or of everything below a folder; what goes while it is counted does not count."""
    total = 0
    if place.is_file():
        return place.stat().st_size / 2**20
    for folder, _, names in os.walk(place):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(folder, name)).st_size
    return total / 2**20

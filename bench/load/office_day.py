"""A team at work on one or more servers: visitors started, watched, sent home, and everything they were told held against the database.

Enter: a scene and its page servers. Leave: verdicts. `people.py`, `kills.py` and `twins.py` differ in what happens meanwhile.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

from bench.load.chromium import ChromiumVisitor
from bench.load.crossing import Border
from bench.load.ledger import Ledger, broken, lost, unfinished
from bench.load.scene import Scene
from bench.load.serving import Process
from bench.load.tally import Tally
from bench.load.truth import Truth
from bench.load.verdicts import Verdict, at_least, none_of
from bench.load.visitor import Office, Visitor

ARRIVE_WITHIN_S = 8.0
LEAVE_WITHIN_S = 60.0
EDIT_AIM_MS = 300.0


@dataclass(frozen=True, slots=True)
class Busy:
    """How busy the machine was meanwhile. `server_cores`, `load_cores`: processor time of the servers' own processes and of this program, per second."""

    seconds: float
    load_average: float
    server_cores: float
    load_cores: float
    machine_share: float


@dataclass(slots=True)
class Day:
    """One load on one scene. `browsers`: how many of its people sit at a real Chromium."""

    scene: Scene
    servers: tuple[Process, ...]
    seed: int
    browsers: int = 0
    pace_s: tuple[float, float] = (1.5, 5.0)
    ledger: Ledger = field(default_factory=Ledger)
    tally: Tally = field(default_factory=Tally)
    border: Border = field(init=False)
    office: Office = field(init=False)
    threads: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.border = Border(self.scene.words, self.scene.readers)
        addresses = tuple(server.address for server in self.servers)
        self.office = Office(addresses, self.ledger, self.border, self.tally, self.scene.canaries, self.scene.reviewers, pace_s=self.pace_s)

    def open(self) -> None:
        """Everybody arrives within a few seconds."""
        draw = random.Random(self.seed)
        for number, person in enumerate(self.scene.people):
            is_real = number >= len(self.scene.people) - self.browsers
            seed = draw.getrandbits(32)
            visitor = ChromiumVisitor(self.office, person, seed) if is_real else Visitor(self.office, person, seed, at=number)
            self.threads.append(threading.Thread(target=_arrive, args=(visitor, draw.uniform(0, ARRIVE_WITHIN_S)), name=person.name, daemon=True))
        for thread in self.threads:
            thread.start()

    def close(self) -> None:
        """Everybody finishes what they are at and goes."""
        self.office.is_over.set()
        until = time.monotonic() + LEAVE_WITHIN_S
        for thread in self.threads:
            thread.join(max(0.1, until - time.monotonic()))
            if thread.is_alive():
                self.tally.trouble(f"{thread.name} waits for an answer since a minute")

    def drain(self, truth: Truth, within_s: float) -> None:
        """Let the queue run empty."""
        until = time.monotonic() + within_s
        while truth.open_jobs() and time.monotonic() < until:
            time.sleep(0.5)

    def verdicts(self, truth: Truth) -> Iterator[Verdict]:
        """What everybody was told against what is stored. The servers have stopped by now."""
        history, rows = truth.history(), truth.jobs()
        facts = self.ledger.facts
        yield at_least("confirmed edits", len(facts), len(self.scene.people))
        yield none_of("confirmed edits that are nowhere", lost(facts, history, truth.notes()), f"of {len(facts)}")
        yield none_of("lines overwritten unseen", broken(history, truth.lines()), f"{len(history)} edits in the history")
        yield none_of("jobs not finished exactly once", unfinished(self.ledger.jobs, rows), f"of {len(self.ledger.jobs)}")
        yield none_of("takes made twice", truth.doubled_takes())
        yield none_of("texts, ids or files that crossed", self.border.crossed(truth.owners_of_files()), f"{self.border.looked_through} answers looked through")
        yield at_least("attempts on others' addresses", self.tally.counted("trespasses tried"), 1)
        yield none_of("sessions lost", ["a session"] * self.tally.counted("sessions lost"))
        yield none_of("faults of the studio", self.tally.troubles)
        yield none_of("databases damaged", [] if truth.is_sound() else ["the database"])


def _arrive(visitor: Visitor | ChromiumVisitor, after_s: float) -> None:
    if not visitor.office.is_over.wait(after_s):
        visitor.run()


@contextmanager
def measured(servers: tuple[Process, ...]) -> Iterator[Callable[[], Busy]]:
    """How busy the machine was while the block ran; asked after it."""
    started, own = time.monotonic(), time.process_time()
    before = [_cpu_s(server) for server in servers]
    whole = psutil.cpu_times()
    found: list[Busy] = []
    yield lambda: found[0]
    seconds = max(0.001, time.monotonic() - started)
    after, now = [_cpu_s(server) for server in servers], psutil.cpu_times()
    idle = (now.idle - whole.idle) / ((os.cpu_count() or 1) * seconds)
    spent = sum(max(0.0, b - a) for a, b in zip(before, after, strict=True))
    found.append(Busy(round(seconds, 1), round(os.getloadavg()[0], 2), round(spent / seconds, 2), round((time.process_time() - own) / seconds, 2), round(1 - idle, 2)))


def _cpu_s(server: Process) -> float:
    cost = server.cost()
    return 0.0 if cost is None else cost.cpu_s

"""Whose turn it is: waiting work in, the order of it out, and about how long each has to wait. Pure; `store/turns.py` feeds it.

Urgency comes first, then who had least of the machine lately, then a person's own order. Work that waits long grows more urgent, and what
somebody used is forgotten after a while, so nothing waits for ever.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from studio.domain.settings import QueueSettings

NOMINAL_S = 30.0  # what a job counts for before anybody knows how long it takes


class Priority(IntEnum):
    """The smaller, the sooner: a person waits at the desk; a whole film; a catalogue overnight."""

    DESK = 0
    FILM = 10
    BATCH = 20

    @property
    def words(self) -> str:
        return {"DESK": "at the desk", "FILM": "whole films", "BATCH": "batches"}[self.name]


class Lane(StrEnum):
    """What a worker's thread takes: anything but looks at faces, only what somebody waits for at the desk, only looks at faces."""

    WORK = "work"
    DESK = "desk"
    BESIDE = "beside"

    def takes(self, priority: int, *, is_beside: bool) -> bool:
        return is_beside if self is Lane.BESIDE else not is_beside and (self is Lane.WORK or priority <= Priority.DESK)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job that waits. `order`: its place among those of its owner; `seq`: when it came; `expected_s`: how long it may take, None where
    nobody knows."""

    id: str
    owner: str
    project_id: str
    priority: int
    order: float
    seq: int
    waited_s: float = 0.0
    is_beside: bool = False
    expected_s: float | None = None

    def level(self, settings: QueueSettings) -> int:
        """Its urgency by now: every `age_s` of waiting it rises by one step."""
        return max(int(Priority.DESK), self.priority - 10 * int(self.waited_s // settings.age_s))


def in_turn(waiting: Iterable[Waiting], used_s: Mapping[str, float], settings: QueueSettings) -> list[Waiting]:
    """All of them, the next first. `used_s`: seconds of work lately, by owner; each turn taken counts as used from then on."""
    by_owner: dict[str, list[Waiting]] = {}
    for one in sorted(waiting, key=lambda one: (one.level(settings), one.order, one.seq)):
        by_owner.setdefault(one.owner, []).append(one)
    heads = []
    for owner, own in by_owner.items():
        own.reverse()
        heads.append((own[-1].level(settings), used_s.get(owner, 0.0), own[-1].seq, owner))
    heapq.heapify(heads)
    order = []
    while heads:
        _, used, _, owner = heapq.heappop(heads)
        own = by_owner[owner]
        order.append(own.pop())
        if own:
            used += NOMINAL_S if order[-1].expected_s is None else max(NOMINAL_S, order[-1].expected_s)
            heapq.heappush(heads, (own[-1].level(settings), used, own[-1].seq, owner))
    return order


@dataclass(frozen=True, slots=True)
class AtWork:
    """A job that runs. `left_s`: how much longer it may take, None where nobody knows."""

    project_id: str
    lane: Lane
    left_s: float | None = None


def expected_waits(order: Sequence[Waiting], running: Iterable[AtWork], lanes: Sequence[Lane]) -> dict[str, float | None]:
    """About how many seconds each job waits until it begins, by id, were the lanes to take them in this order.

    None where nobody can say: no lane takes it, or it waits behind work whose length is not known."""
    ends = _taken(running, lanes)
    projects: dict[tuple[str, bool], float | None] = {(one.project_id, one.lane is Lane.BESIDE): one.left_s for one in running}
    waits: dict[str, float | None] = {}
    for job in order:
        free = [number for number, lane in enumerate(lanes) if lane.takes(job.priority, is_beside=job.is_beside)]
        if not free:
            waits[job.id] = None
            continue
        place = (job.project_id, job.is_beside)
        number = min(free, key=lambda number: _known(ends[number]))
        start = _later(ends[number], projects.get(place, 0.0))
        waits[job.id] = start
        ends[number] = projects[place] = None if start is None or job.expected_s is None else start + job.expected_s
    return waits


def _taken(running: Iterable[AtWork], lanes: Sequence[Lane]) -> list[float | None]:
    """When each lane is free, in seconds from now."""
    ends: list[float | None] = [0.0] * len(lanes)
    free = list(range(len(lanes)))
    for one in running:
        number = next((number for number in free if lanes[number] is one.lane), None)
        if number is not None:
            free.remove(number)
            ends[number] = one.left_s
    return ends


def _known(seconds: float | None) -> float:
    return float("inf") if seconds is None else seconds


def _later(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else max(first, second)


def moved(ids: Sequence[str], job_id: str, before: str | None) -> list[str]:
    """The ids with one of them put before another, None: at the end."""
    rest = [one for one in ids if one != job_id]
    at = len(rest) if before is None else rest.index(before)
    return [*rest[:at], job_id, *rest[at:]]


def about(seconds: float) -> str:
    """A wait in words that promise no more than is known: "less than a minute", "about 5 minutes", "about 2 hours"."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    if minutes < 90:
        step = 1 if minutes < 10 else 5
        minutes = step * round(minutes / step)
        return "about 1 minute" if minutes == 1 else f"about {minutes} minutes"
    return f"about {round(seconds / 3600)} hours"


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """A job of the queue as its person sees it. `place`: 1 is next, 0 runs; `wait_s`: about how long until it begins, None where nobody
    knows; `why`: what holds it up beside its turn; `share`: how much of its stage is done, 0..1."""

    id: str
    project_id: str
    project: str
    owner: str
    kind: str
    priority: int
    lines: int
    place: int
    wait_s: float | None
    why: str = ""
    stage: str = ""
    share: float | None = None


@dataclass(frozen=True, slots=True)
class QueueView:
    """`mine`: own jobs, running ones first, then in turn; of others' only how many run and wait. `trouble`: why nothing moves, or ""."""

    mine: tuple[QueuedJob, ...] = ()
    others_running: int = 0
    others_waiting: int = 0
    trouble: str = ""

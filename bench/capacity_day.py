"""A day of many editors, simulated: who waits how long where, from measured costs and a seed. Pure; no studio runs.

Pages ask for news each second and send edits; both wait in line at their page server, which computes one answer at a time (as Python does). Edits may
ask for a take, and now and then somebody dubs a film: that work waits in the studio's own queue (`studio/domain/queue.py` decides whose turn it is) for
a worker, which does one line at a time and looks again, as workers make way for lines somebody waits for.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from studio.domain.queue import Priority, Waiting, in_turn
from studio.domain.settings import QueueSettings


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds of one processor: to answer a page that asks for news, to keep an edit; and of one worker: to voice a line for who waits at the desk,
    and a line of a whole film, with its share of mix and render."""

    news_s: float
    edit_s: float
    line_s: float
    film_line_s: float


@dataclass(frozen=True, slots=True)
class Habits:
    """What an editor does, on average. `takes`: the share of edits that ask for a new take; `film_lines`: of each film dubbed as a whole."""

    asks_every_s: float = 1.0
    edits_every_s: float = 10.0
    takes: float = 0.3
    films_per_hour: float = 0.25
    film_lines: int = 400


@dataclass(frozen=True, slots=True)
class Office:
    editors: int
    servers: int
    workers: int


@dataclass(frozen=True, slots=True)
class Felt:
    """What came of it. Milliseconds for pages, seconds for work, None where nothing ended; busy: share of the time."""

    office: Office
    edits: int
    edit_p50_ms: float | None
    edit_p95_ms: float | None
    take_p50_s: float | None
    take_p95_s: float | None
    films: int
    film_p50_s: float | None
    servers_busy: float
    workers_busy: float


def office_for(editors: int, costs: Costs, habits: Habits, *, at_most: float = 0.6) -> Office:
    """As many servers and workers as keep both less busy than `at_most`.

    >>> office_for(100, Costs(0.004, 0.02, 0.4, 0.8), Habits(), at_most=0.6).servers
    1
    """
    page = editors * (costs.news_s / habits.asks_every_s + costs.edit_s / habits.edits_every_s)
    work = editors * (costs.line_s * habits.takes / habits.edits_every_s + costs.film_line_s * habits.films_per_hour * habits.film_lines / 3600)
    return Office(editors, max(1, math.ceil(page / at_most)), max(1, math.ceil(work / at_most)))


def simulate(office: Office, costs: Costs, habits: Habits, *, length_s: float, seed: int) -> Felt:
    """A stretch of a working day; the first tenth, in which the office fills, is not counted."""
    day = _Day(office, costs, habits, length_s, random.Random(seed))
    day.run()
    return day.felt()


@dataclass(slots=True)
class _Work:
    waiting: Waiting
    left: int
    came_s: float


class _Day:
    def __init__(self, office: Office, costs: Costs, habits: Habits, length_s: float, draw: random.Random) -> None:
        self._office, self._costs, self._habits, self._length_s, self._draw = office, costs, habits, length_s, draw
        self._events: list[tuple[float, int, str, int]] = []
        self._count = 0
        self._free_s = [0.0] * office.servers
        self._served_s = self._worked_s = 0.0
        self._idle = office.workers
        self._queue: dict[int, _Work] = {}
        self._at_work: dict[int, _Work] = {}
        self._used_s: dict[str, float] = {}
        self._edits_s: list[float] = []
        self._takes_s: list[float] = []
        self._films_s: list[float] = []
        self._settings = QueueSettings()

    def run(self) -> None:
        habits, draw = self._habits, self._draw
        for editor in range(self._office.editors):
            self._plan(draw.uniform(0, habits.asks_every_s), "news", editor)
            self._plan(draw.expovariate(1 / habits.edits_every_s), "edit", editor)
            if habits.films_per_hour:
                self._plan(draw.expovariate(habits.films_per_hour / 3600), "film", editor)
        while self._events:
            at_s, _, kind, who = heapq.heappop(self._events)
            if at_s > self._length_s:
                break
            getattr(self, f"_{kind}")(at_s, who)

    def felt(self) -> Felt:
        office, span_s = self._office, 0.9 * self._length_s
        return Felt(
            office,
            len(self._edits_s),
            _ms(_rank(self._edits_s, 0.5)),
            _ms(_rank(self._edits_s, 0.95)),
            _rank(self._takes_s, 0.5),
            _rank(self._takes_s, 0.95),
            len(self._films_s),
            _rank(self._films_s, 0.5),
            self._served_s / (office.servers * span_s),
            self._worked_s / (office.workers * span_s),
        )

    # events

    def _news(self, at_s: float, editor: int) -> None:
        self._answer(at_s, editor, self._costs.news_s)
        self._plan(at_s + self._habits.asks_every_s, "news", editor)

    def _edit(self, at_s: float, editor: int) -> None:
        waited_s = self._answer(at_s, editor, self._costs.edit_s)
        if self._counts(at_s):
            self._edits_s.append(waited_s)
        if self._draw.random() < self._habits.takes:
            self._submit(at_s + waited_s, editor, Priority.DESK, 1)
        self._plan(at_s + waited_s + self._draw.expovariate(1 / self._habits.edits_every_s), "edit", editor)

    def _film(self, at_s: float, editor: int) -> None:
        self._submit(at_s, editor, Priority.FILM, self._habits.film_lines)
        self._plan(at_s + self._draw.expovariate(self._habits.films_per_hour / 3600), "film", editor)

    def _line(self, at_s: float, number: int) -> None:
        """A worker has done a line: it looks again whose turn it is."""
        work = self._at_work.pop(number)
        work.left -= 1
        if work.left:
            self._queue[number] = work
        elif self._counts(work.came_s):
            (self._takes_s if work.waiting.priority == Priority.DESK else self._films_s).append(at_s - work.came_s)
        self._idle += 1
        self._take(at_s)

    # within

    def _answer(self, at_s: float, editor: int, cost_s: float) -> float:
        """Seconds until the page has its answer; what computing takes varies as a sum of four exponentials does."""
        server = editor % self._office.servers
        took_s = self._draw.gammavariate(4, cost_s / 4)
        end_s = max(at_s, self._free_s[server]) + took_s
        self._free_s[server] = end_s
        if self._counts(at_s):
            self._served_s += took_s
        return end_s - at_s

    def _submit(self, at_s: float, editor: int, priority: Priority, lines: int) -> None:
        self._count += 1
        number, owner = self._count, f"editor {editor}"
        expected_s = lines * self._line_s(priority)
        self._queue[number] = _Work(Waiting(str(number), owner, f"{number}", int(priority), float(number), number, expected_s=expected_s), lines, at_s)
        self._take(at_s)

    def _take(self, at_s: float) -> None:
        while self._idle and self._queue:
            number = self._next(at_s)
            work = self._queue.pop(number)
            took_s = self._draw.gammavariate(4, self._line_s(work.waiting.priority) / 4)
            owner = work.waiting.owner
            self._used_s[owner] = self._used_s.get(owner, 0.0) + took_s
            if self._counts(at_s):
                self._worked_s += took_s
            self._at_work[number] = work
            self._idle -= 1
            self._plan(at_s + took_s, "line", number)

    def _line_s(self, priority: int) -> float:
        return self._costs.line_s if priority == Priority.DESK else self._costs.film_line_s

    def _next(self, at_s: float) -> int:
        if len(self._queue) == 1:
            return next(iter(self._queue))
        waiting = [replace(work.waiting, waited_s=at_s - work.came_s) for work in self._queue.values()]
        urgent = min(one.level(self._settings) for one in waiting)
        return int(in_turn([one for one in waiting if one.level(self._settings) == urgent], self._used_s, self._settings)[0].id)

    def _counts(self, at_s: float) -> bool:
        return at_s >= 0.1 * self._length_s

    def _plan(self, at_s: float, kind: str, who: int) -> None:
        self._count += 1
        heapq.heappush(self._events, (at_s, self._count, kind, who))


def _rank(values: Sequence[float], share: float) -> float | None:
    """The value below which `share` of them lie; None where there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] if ordered else None


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else 1000 * seconds

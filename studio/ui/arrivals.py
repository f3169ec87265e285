"""Which project a page's first file opened, for files dropped beside it before the page has heard of that project.

Enter: the page's own name and what takes the file. Leave: the project's id. Kept in memory only, and only for a moment.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

KEPT_S = 15.0  # from the studio's answer until the page has surely painted it


@dataclass(slots=True)
class _Arrival:
    is_over: threading.Event = field(default_factory=threading.Event)
    project_id: str = ""
    over_at_s: float = 0.0


class Arrivals:
    """One for all pages of a server; safe to use from many threads."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s, self._lock = now_s, threading.Lock()
        self._by_page: dict[str, _Arrival] = {}

    def opening(self, page: str, take: Callable[[], str]) -> str:
        """Run `take`, which opens a project and returns its id; files of the same page wait for it. Its errors go through."""
        arrival = _Arrival()
        with self._lock:
            self._forget_old()
            self._by_page[page] = arrival
        try:
            arrival.project_id = take()
            return arrival.project_id
        finally:
            arrival.over_at_s = self._now_s()
            arrival.is_over.set()

    def opened(self, page: str) -> str:
        """The project that the page's first file opens or has just opened, waiting until it is there; "" when there is none."""
        with self._lock:
            self._forget_old()
            arrival = self._by_page.get(page)
        if arrival is None:
            return ""
        arrival.is_over.wait()
        return arrival.project_id

    def _forget_old(self) -> None:
        now_s = self._now_s()
        for page in [page for page, one in self._by_page.items() if one.is_over.is_set() and now_s - one.over_at_s > KEPT_S]:
            del self._by_page[page]

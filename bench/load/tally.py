"""What happened, counted by everybody at once: milliseconds by sort of call, refusals by sentence, moments without an answer."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict

from bench.load.verdicts import Spread, spread


class Tally:
    """Safe from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: dict[str, list[float]] = defaultdict(list)
        self._counts: Counter[str] = Counter()
        self._refusals: Counter[str] = Counter()
        self._troubles: list[str] = []

    def took(self, sort: str, ms: float) -> None:
        with self._lock:
            self._times[sort].append(ms)

    def count(self, name: str, by: int = 1) -> None:
        with self._lock:
            self._counts[name] += by

    def refused(self, sort: str, status: int, sentence: str) -> None:
        """An answer that is no success: fine where it is a sentence, a trouble where it is a fault of the studio's."""
        with self._lock:
            self._refusals[f"{sort} {status}: {sentence[:120]}"] += 1
            if status >= 500:
                self._troubles.append(f"{sort} answered {status}: {sentence[:160]}")

    def trouble(self, sentence: str) -> None:
        with self._lock:
            self._troubles.append(sentence)

    def counted(self, name: str) -> int:
        with self._lock:
            return self._counts[name]

    @property
    def counts(self) -> dict[str, int]:
        with self._lock:
            return dict(sorted(self._counts.items()))

    @property
    def refusals(self) -> dict[str, int]:
        with self._lock:
            return dict(self._refusals.most_common())

    @property
    def troubles(self) -> list[str]:
        with self._lock:
            return list(self._troubles)

    def spreads(self) -> dict[str, Spread]:
        with self._lock:
            times = {sort: list(values) for sort, values in self._times.items()}
        return {sort: found for sort, values in sorted(times.items()) if (found := spread(values)) is not None}

"""What a duration engine has measured: the latest texts in memory, those of lines also on a shelf that outlives the process.

Enters: keys (all that decides the answer) with estimates. Leaves: what is known of them. The shelf is the studio's store; engines know
only its two verbs.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from studio.domain.errors import StudioError
from studio.domain.line import Estimate
from studio.domain.plain import fingerprint

MEMORY_ENTRIES = 20_000
SHELVE_AT_ONCE = 24  # a write costs a disk flush: single lines wait for company

Key = tuple[str | float, ...]


class EstimateShelf(Protocol):
    """Estimates by fingerprint, kept over restarts. Anything on it may be gone at any time."""

    def get(self, keys: Iterable[str]) -> dict[str, Estimate]: ...

    def put(self, found: Mapping[str, Estimate]) -> None: ...


class EstimateMemory:
    """Thread-safe and bounded. `name` and `version` are those of the engine: another version has other answers."""

    def __init__(self, name: str, version: str, shelf: EstimateShelf | None = None, *, entries: int = MEMORY_ENTRIES) -> None:
        self._owner, self._shelf, self._entries = (name, version), shelf, entries
        self._known: OrderedDict[Key, Estimate] = OrderedDict()
        self._unshelved: dict[Key, Estimate] = {}
        self._shelved: set[Key] = set()
        self._lock = threading.Lock()

    def recall(self, keys: Sequence[Key]) -> dict[Key, Estimate]:
        """What is known of `keys`; the shelf is asked once for all that is not in memory."""
        with self._lock:
            found = {key: self._known[key] for key in keys if key in self._known}
            for key in found:
                self._known.move_to_end(key)
        missing = [key for key in dict.fromkeys(keys) if key not in found]
        if not missing or self._shelf is None:
            return found
        names = {self._name(key): key for key in missing}
        shelved = {names[name]: estimate for name, estimate in self._shelf.get(names).items()}
        with self._lock:
            self._shelved |= shelved.keys()
            self._add(shelved)
        return found | shelved

    def remember(self, fresh: Mapping[Key, Estimate]) -> None:
        """Keep what was just measured, in memory."""
        with self._lock:
            self._add(fresh)

    def shelve(self, known: Mapping[Key, Estimate]) -> None:
        """Keep for the next start what belongs to a line; few wait until they are more. A shelf that cannot be written costs time, not work."""
        if self._shelf is None:
            return
        with self._lock:
            self._unshelved |= {key: estimate for key, estimate in known.items() if key not in self._shelved}
            if len(self._unshelved) < SHELVE_AT_ONCE:
                return
            waiting, self._unshelved = self._unshelved, {}
            self._shelved |= waiting.keys() & self._known.keys()
        try:
            self._shelf.put({self._name(key): estimate for key, estimate in waiting.items()})
        except StudioError as error:
            logging.getLogger(__name__).warning("estimates were not kept: %s", error)

    def _add(self, found: Mapping[Key, Estimate]) -> None:
        self._known.update(found)
        while len(self._known) > self._entries:
            gone, _ = self._known.popitem(last=False)
            self._shelved.discard(gone)

    def _name(self, key: Key) -> str:
        return fingerprint("estimate", *self._owner, *key)

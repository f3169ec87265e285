"""Values of the recent past, bounded by what they weigh together: for memory that must not depend on how many people and projects there are."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key, Value = TypeVar("Key", bound=Hashable), TypeVar("Value")


class Recent(Generic[Key, Value]):
    """By key; what was used longest ago goes first. `weigh`: a value in any unit; one that grows is weighed again with each `get`. `most`: of
    all together; the newest stays, whatever it weighs. Not thread-safe."""

    def __init__(self, weigh: Callable[[Value], int], most: int) -> None:
        self._weigh, self._most = weigh, most
        self._values: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._total = 0

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Key) -> Value | None:
        """The value, now the newest; None where there is none any more."""
        found = self._values.get(key)
        if found is None:
            return None
        self.put(key, found[0])
        return found[0]

    def put(self, key: Key, value: Value) -> None:
        weight = self._weigh(value)
        self._total += weight - self._values.get(key, (value, 0))[1]
        self._values[key] = value, weight
        self._values.move_to_end(key)
        while self._total > self._most and len(self._values) > 1:
            self._total -= self._values.popitem(last=False)[1][1]

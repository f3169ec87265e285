"""Work that may take long, kept off the threads that answer everybody: so many at once in all, and fewer for one person.

Enter: who asks, and the work. Leaves: what the work returns; who asks for more waits for a turn of their own, and nobody at the desk waits with them.
A further route or event that may take long goes through `run`, or through `pieces` where it is made piece by piece.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import anyio

T = TypeVar("T")


class LongWork:
    """Turns of one kind of work on one server: `at_once` for all, `each` for one person, whose further ones wait behind their own.
    Whose: a name, or whatever else they are shared out by."""

    def __init__(self, at_once: int, each: int) -> None:
        self._threads, self._each = anyio.CapacityLimiter(at_once), each
        self._own: WeakValueDictionary[str, anyio.CapacityLimiter] = WeakValueDictionary()  # there while somebody holds or awaits a turn

    def own(self, who: str | None) -> anyio.CapacityLimiter:
        """One person's turns, to be held (`async with`) over what begins before a thread is needed."""
        own = self._own.get(who or "")
        if own is None:
            own = self._own[who or ""] = anyio.CapacityLimiter(self._each)
        return own

    async def on_thread(self, work: Callable[..., T], *args: Any) -> T:
        """What `work` returns or raises, for who holds a turn of their own."""
        return await anyio.to_thread.run_sync(work, *args, limiter=self._threads)

    async def run(self, who: str | None, work: Callable[..., T], *args: Any) -> T:
        """What `work` returns or raises, in a turn of that person's."""
        async with self.own(who):
            return await self.on_thread(work, *args)

    async def pieces(self, who: str | None, pieces: Iterator[T]) -> AsyncIterator[T]:
        """Each piece in a turn by itself, so that a slow reader holds none."""
        while (piece := await self.run(who, next, pieces, None)) is not None:
            yield piece

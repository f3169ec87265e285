"""What is done when memory runs out: fewer at once, then others' models let go, then a wait, then a sentence. Knows no engine and no torch.

Work that takes "so many at once" in; its result out, with how many that was. Relief comes from `memory_budget.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from models.out_of_memory import is_out_of_memory

Result = TypeVar("Result")


class OutOfMemory(Exception):
    """Not even one at a time fits, and nobody can make more room. The sentence says what to do."""

    def __init__(self) -> None:
        super().__init__("memory does not suffice even for one line at a time; close other programs, or choose a smaller model.")


class Relief(Protocol):
    """Who can make room on the device at hand."""

    def clear(self) -> None:
        """Hand what nobody uses any more back to the device."""
        ...

    def release_others(self) -> bool:
        """Let go of models nobody is using; whether there was one."""
        ...

    def wait(self) -> bool:
        """Wait for others to finish; whether there is hope. False sooner or later."""
        ...


class NoRelief:
    """Nobody else is here."""

    def clear(self) -> None:
        return None

    def release_others(self) -> bool:
        return False

    def wait(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Fitted(Generic[Result]):
    """`batch`: how many at once fitted; `halvings`: how often that number was halved on the way."""

    result: Result
    batch: int
    halvings: int = 0


def within_memory(attempt: Callable[[int], Result], batch: int, relief: Relief) -> Fitted[Result]:
    """`attempt(n)` with as many at once as memory lets, at most `batch`. Raises OutOfMemory; errors of another sort pass.

    >>> within_memory(lambda n: [0] * n, 3, NoRelief()).result
    [0, 0, 0]
    """
    halvings = 0
    while True:
        try:
            return Fitted(attempt(batch), batch, halvings)
        except (MemoryError, RuntimeError, OSError) as error:
            if not is_out_of_memory(error):
                raise
        relief.clear()  # out here the failed attempt holds nothing any more
        if batch > 1:
            batch, halvings = batch // 2, halvings + 1
        elif not (relief.release_others() or relief.wait()):
            raise OutOfMemory

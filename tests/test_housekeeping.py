"""Work done now and then goes on, whatever became of it the last time."""

from __future__ import annotations

import threading

import pytest

from studio.domain.errors import StudioError
from studio.housekeeping import Housekeeper


@pytest.mark.parametrize("trouble", [StudioError("no answer"), OSError(28, "no space left"), ValueError("a row that nobody can read")])
def test_a_turn_that_breaks_is_not_the_last(trouble: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.housekeeping.AFTER_TROUBLE_S", 0.01)
    turns, again = [], threading.Event()

    def work() -> None:
        turns.append(1)
        if len(turns) == 1:
            raise trouble
        again.set()

    keeper = Housekeeper(work, lambda: 60.0)
    keeper.start()
    assert again.wait(10)
    keeper.close()

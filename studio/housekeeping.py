"""Work that a server does now and then, in a thread of its own. Enter: what to do, and how often. Failing once is logged; the next turn comes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from studio.domain.errors import StudioError

CLOSING_S = 5.0
AFTER_TROUBLE_S = 60.0


class Housekeeper:
    """`every_s` is asked before each turn, so that a changed setting counts at once."""

    def __init__(self, work: Callable[[], object], every_s: Callable[[], float]) -> None:
        self._work, self._every_s = work, every_s
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Do it now, then in turn. For a server, once."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)
            self._thread.start()

    def close(self) -> None:
        self._closing.set()
        if self._thread is not None:
            self._thread.join(CLOSING_S)

    def _run(self) -> None:
        is_over = False
        while not is_over:
            wait_s = AFTER_TROUBLE_S
            try:
                self._work()
                wait_s = self._every_s()
            except (StudioError, OSError):
                logging.getLogger(__name__).warning("the housekeeping broke off", exc_info=True)
            except Exception:  # nobody would notice that the thread has ended, until the disk is full
                logging.getLogger(__name__).exception("the housekeeping broke")
            is_over = self._closing.wait(wait_s)

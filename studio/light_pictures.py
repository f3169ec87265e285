"""Light pictures for the desk, made in the background: small, and whole so often that a line is seen as soon as it is selected.

Enter: a key, and how its file is made. Leave: the file in the cache, and whether it is on its way. One is made at a time, by one thread, so that the
page and the jobs keep their processor; each process makes its own, and the file of whoever is first is everybody's.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable

from studio.domain.errors import Cancelled, StudioError
from studio.media.ffmpeg import CancelCheck

CLOSING_S = 5.0  # ffmpeg dies at once when it is told to


class LightPictures:
    def __init__(self) -> None:
        self._wanted: OrderedDict[str, Callable[[CancelCheck], object]] = OrderedDict()
        self._given_up: set[str] = set()
        self._lock, self._closed = threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None

    def want(self, key: str, make: Callable[[CancelCheck], object]) -> bool:
        """Have `make` called once, in its turn; it is given what tells it to stop. False where that was tried before and failed."""
        with self._lock:
            if key in self._given_up or self._closed.is_set():
                return False
            self._wanted.setdefault(key, make)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="light pictures", daemon=True)
                self._thread.start()
            return True

    def close(self) -> None:
        """Stop what is being made; it is begun again when it is wanted again."""
        self._closed.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(CLOSING_S)

    def _work(self) -> None:
        while (one := self._next()) is not None:
            key, make = one
            try:
                make(self._closed.is_set)
            except Cancelled:
                return
            except StudioError as error:
                logging.getLogger(__name__).warning("a light picture could not be made, so the desk goes on with the source: %s", error)
                with self._lock:
                    self._given_up.add(key)
            finally:
                with self._lock:
                    self._wanted.pop(key, None)

    def _next(self) -> tuple[str, Callable[[CancelCheck], object]] | None:
        """What is made next; None, and no thread any more, when nothing is wanted."""
        with self._lock:
            if not self._wanted or self._closed.is_set():
                self._thread = None
                return None
            return next(iter(self._wanted.items()))

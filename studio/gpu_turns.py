"""How the jobs of one process take turns on the machine's GPUs. A job in; the device it may use, until it is passed on or let go.

A job takes a device when it first needs one, passes it on between two lines where others are due, and lets it go at the end of a step: what
happens on the CPU holds nobody up. Without GPUs nothing here does anything.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from studio.domain.errors import Cancelled, StudioError
from studio.domain.settings import QueueSettings
from studio.domain.workers import Gpu
from studio.store.leases import WAITS_FOR_GPU, Borrower, LeaseStore

_LOG = logging.getLogger(__name__)
POLL_S = 0.2
LOOK_EVERY_S = 0.5
TIRED_S = 300.0  # after waiting this long a job takes what is free, whoever else waits


@dataclass(frozen=True, slots=True)
class Machine:
    """GPUs of this process and the list of who has them. `gpus` is asked once, when a job first needs one."""

    leases: LeaseStore
    gpus: Callable[[], tuple[Gpu, ...]]
    rules: Callable[[], QueueSettings] = QueueSettings
    poll_s: float = POLL_S


@dataclass(slots=True)
class GpuTurn:
    """One job's turn. `hold_up` is told a sentence while it waits, "" afterwards; `stop`: set once the job should end."""

    machine: Machine
    worker: str
    job_id: str
    priority: int
    hold_up: Callable[[str], None]
    stop: threading.Event
    held: Gpu | None = None
    _since_s: float = field(default=0.0, init=False)
    _looked_s: float = field(default=0.0, init=False)

    def take(self) -> Gpu | None:
        """The job's device, waiting for it if need be; None on a machine without. Raises Cancelled."""
        if self.held is None and (gpus := self.machine.gpus()):
            self.held = self._waited(gpus)
            self._since_s = self._looked_s = time.monotonic()
        return self.held

    def pass_on(self) -> None:
        """Between two pieces of work: let those that are due go first, then go on with the same device. Raises Cancelled."""
        now, gpu = time.monotonic(), self.held
        if gpu is None or now - self._looked_s < LOOK_EVERY_S:
            return
        self._looked_s = now
        try:
            self._give_way(now - self._since_s)
        except StudioError:
            _LOG.warning("the database did not say who waits for a GPU; going on", exc_info=True)
        if self.held is None:
            self.held = self._waited((gpu,))
            self._since_s = self._looked_s = time.monotonic()

    def let_go(self) -> None:
        """The device is free again; a database that cannot take it learns so by the heartbeat that ends with the job."""
        if self.held is None:
            return
        self.held = None
        try:
            self.machine.leases.give_back(self.worker, self.job_id)
        except StudioError:
            _LOG.warning("the GPU of job %s was not given back", self.job_id, exc_info=True)

    def _give_way(self, held_s: float) -> None:
        leases = self.machine.leases
        if not leases.is_held(self.worker, self.job_id):  # we slept through our heartbeat
            self.held = None
        elif leases.is_wanted(self._borrower(), held_s, self.machine.rules().gpu_slice_s):
            self.let_go()

    def _waited(self, gpus: tuple[Gpu, ...]) -> Gpu:
        by_key = {gpu.key: gpu for gpu in gpus}
        began, is_told = time.monotonic(), False
        try:
            while not self.stop.is_set():
                lent = self._lent(tuple(by_key), is_tired=time.monotonic() - began > TIRED_S)
                if lent is not None:
                    return by_key[lent]
                if not is_told:
                    self.hold_up(WAITS_FOR_GPU)
                    is_told = True
                self.stop.wait(self.machine.poll_s)
        finally:
            if is_told:
                self.hold_up("")
        raise Cancelled

    def _lent(self, devices: tuple[str, ...], *, is_tired: bool) -> str | None:
        try:
            return self.machine.leases.lend(self._borrower(is_tired=is_tired), devices)
        except StudioError:
            _LOG.warning("the database did not lend a GPU; asking again", exc_info=True)
            return None

    def _borrower(self, *, is_tired: bool = False) -> Borrower:
        return Borrower(self.worker, self.job_id, self.priority, is_tired)

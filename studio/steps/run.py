"""A job on its way through the steps: what it may touch, how it reports, and how a result is kept or found again."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from studio.domain.line import Line
from studio.domain.plain import from_plain, to_plain
from studio.domain.project import Job, Project
from studio.workshop import Workshop


class JobContext(Protocol):
    """How a step says where it is, and learns that it should stop."""

    def progress(self, done: int, total: int, *, stage: str, message: str = "") -> None: ...

    def check(self) -> None:
        """Raise Cancelled once the person has asked for a stop."""
        ...


@dataclass(frozen=True, slots=True)
class Run:
    """One job, its project as it was when the job began, and the workshop.

    A job names its lines (none named: all) and may be forced to redo what is done; both hold from TRANSLATE on, so that
    regenerating a line renews its wordings and its take, but never re-reads the media.
    """

    shop: Workshop
    project: Project
    job: Job
    context: JobContext

    def wants(self, line: Line) -> bool:
        return not self.job.line_ids or line.id in self.job.line_ids

    def reported(self, stage: str, message: str = "") -> Callable[[int, int], None]:
        """A progress callable that also looks at the cancel token."""

        def report(done: int, total: int) -> None:
            self.context.check()
            self.context.progress(done, total, stage=stage, message=message)

        return report

    def once(self, stage: str, key: str, shape: Any, work: Callable[[], Any], *, is_whole: Callable[[Any], bool] = lambda _: True) -> Any:
        """The kept result of `stage` for `key`, or the result of `work`, timed and kept.

        `is_whole` says whether what a kept result points to (blobs) is still there.
        """
        plain = self.shop.results.get(self.project.id, stage, "", key)
        if plain is not None and is_whole(found := from_plain(shape, plain)):
            return found
        started = time.monotonic()
        value = work()
        self.keep(stage, key, to_plain(value), time.monotonic() - started)
        return value

    def keep(self, stage: str, key: str, plain: Any, seconds: float) -> None:
        self.shop.results.put(self.project.id, stage, "", key, plain, seconds=seconds, peak_memory_mb=peak_memory_mb())


def peak_memory_mb() -> int:
    """Peak resident memory of this process; Linux counts in kB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 2**20 if sys.platform == "darwin" else peak // 2**10

"""A job on its way through the steps: what it may touch, how it reports, and how a result is kept or found again."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from studio.domain.history import ChangeKind
from studio.domain.line import Line
from studio.domain.plain import fingerprint, from_plain, to_plain
from studio.domain.project import Job, JobKind, Project
from studio.engines.protocols import UsesGpu
from studio.store.changes import Action
from studio.store.stage_results import StageKey
from studio.workshop import Workshop

Placed = TypeVar("Placed")
NOTICE_STAGE = "notice"
NOTICE_STAGES = ("ingest", "lines", "faces", "av_offset", "sync", "translate", "voice", "render")


_TITLES = {
    (JobKind.TRANSLATE, False): "Translated {lines}",
    (JobKind.TRANSLATE, True): "New wordings for {lines}",
    (JobKind.VOICE, False): "Voiced {lines}",
    (JobKind.VOICE, True): "Regenerated {lines}",
    (JobKind.RENDER, False): "Dubbed {lines}",
    (JobKind.RENDER, True): "Dubbed {lines} anew",
}


class JobContext(Protocol):
    """How a step says where it is, and learns that it should stop."""

    def progress(self, done: int, total: int, *, stage: str, message: str = "") -> None: ...

    def is_cancelled(self) -> bool: ...

    def check(self) -> None:
        """Raise Cancelled once the person has asked for a stop."""
        ...

    def make_way(self) -> None:
        """Between lines that are kept one by one: raise SteppedAside where more urgent work of the project waits."""
        ...

    def device(self) -> str | None:
        """The GPU that is this job's from now to the end of its step; None on a machine without."""
        ...

    def let_go(self) -> None:
        """The step has ended: the GPU is somebody else's."""
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

    def placed(self, engine: Placed) -> Placed:
        """The engine on the GPU that is this job's from now to the end of the step, waiting for one; an engine that needs none, as it is."""
        if not isinstance(engine, UsesGpu) or not engine.needs_gpu:
            return engine
        device = self.context.device()
        return engine if device is None else engine.on(device)  # type: ignore[return-value]

    def reported(self, stage: str, message: str = "", *, by_line: bool = False) -> Callable[[int, int], None]:
        """A progress callable that also looks at the cancel token. `by_line`: what is done so far is kept, so that the job may step aside."""

        def report(done: int, total: int) -> None:
            self.context.check()
            if by_line:
                self.context.make_way()
            self.context.progress(done, total, stage=stage, message=message)

        return report

    def action(self, what: str = "") -> Action:
        """The one action of the history that all a job writes into lines belongs to; `what`: a part of the work with an action of its own."""
        if what:
            return Action(self.job.owner, what, ChangeKind.JOB, fingerprint(self.job.id, what)[:32])
        return Action(self.job.owner, _TITLES.get((self.job.kind, self.job.is_forced), "New takes for {lines}"), ChangeKind.JOB, self.job.id)

    def once(self, stage: str, key: str, shape: Any, work: Callable[[], Any], *, is_whole: Callable[[Any], bool] = lambda _: True) -> Any:
        """The kept result of `stage` for the fingerprint `key`, or the result of `work`, timed and kept.

        `is_whole` says whether what a kept result points to (blobs) is still there.
        """
        plain = self.shop.results.get(self.project.id, stage, "", key)
        if plain is not None and is_whole(found := from_plain(shape, plain)):
            return found
        started = time.monotonic()
        value = work()
        self._put(StageKey(self.project.id, stage, "", key), to_plain(value), time.monotonic() - started)
        return value

    def keep_unit(self, key: StageKey, work: Callable[[], Any]) -> Any:
        """One unit of a stage's results, timed and kept; `work` gives a JSON-ready value, which is handed on."""
        started = time.monotonic()
        plain = work()
        self._put(key, plain, time.monotonic() - started)
        return plain

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Keep what a stage took whose results are lines and takes, one entry per job."""
        started = time.monotonic()
        yield
        self._put(StageKey(self.project.id, stage, self.job.id, ""), None, time.monotonic() - started)

    def notice(self, stage: str, sentence: str | None) -> None:
        """Tell the person something about a stage that is no failure; None takes an earlier notice back."""
        self._put(StageKey(self.project.id, NOTICE_STAGE, stage, ""), sentence, 0.0)

    def _put(self, key: StageKey, plain: Any, seconds: float) -> None:
        self.shop.results.put(key, plain, seconds=seconds, peak_memory_mb=peak_memory_mb())
        if key.stage != NOTICE_STAGE:
            self.shop.metrics.stage(key.stage, seconds)


def peak_memory_mb() -> int:
    """Peak resident memory of this process; Linux counts in kB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 2**20 if sys.platform == "darwin" else peak // 2**10


def notices(shop: Workshop, project_id: str) -> tuple[str, ...]:
    """What the stages had to say, in the order of the work."""
    kept = shop.results.of_stage(project_id, NOTICE_STAGE)
    return tuple(sentence for stage in NOTICE_STAGES if stage in kept and (sentence := kept[stage][1]))

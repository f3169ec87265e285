"""What this process counts, for Prometheus: requests, jobs, stages, failures, uploads. Tiny calls in; one exposition, or a snapshot, out.

One `Metrics` per process, held by the workshop, with a registry of its own. What the database knows (queue, sessions, disk) is asked when
somebody looks, in `standing_figures`. A worker serves no page: it writes `snapshot()` beside its sign of life, and the page servers tell
it under the worker's name. To count a further thing: a field here, a call where it happens, a row in docs/hosting.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector

from studio.domain.errors import Cancelled, SteppedAside, StudioError, UserError
from studio.domain.project import Job

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
REQUEST_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
STAGE_S = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, 10_000.0)
WAIT_S = (1.0, 3.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0)


class Metrics:
    """Counters of one process; every method may be called from any thread and costs microseconds."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        made: dict[str, Any] = {"registry": self.registry}
        self._requests = Histogram(
            "lipline_http_request_seconds", "Time to answer, by route", ("method", "route", "status"), buckets=REQUEST_S, **made
        )
        self._stages = Histogram("lipline_stage_seconds", "Work of one stage of one job", ("stage",), buckets=STAGE_S, **made)
        self._waits = Histogram("lipline_job_wait_seconds", "From queued to begun", ("priority",), buckets=WAIT_S, **made)
        self._jobs = Counter("lipline_jobs_ended", "Jobs that ended, by kind and how", ("kind", "outcome"), **made)
        self._failures = Counter("lipline_failures", "Failures, by the kind of error", ("kind",), **made)
        self._uploaded = Counter("lipline_uploaded_bytes", "Bytes received into files", **made)
        self._logins = Counter("lipline_logins", "Logins, by how they went", ("outcome",), **made)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """`route`: the template of the address ("/media/{kind}/{project_id}/{item}"), never the address."""
        self._requests.labels(method, route, f"{status // 100}xx").observe(seconds)

    def stage(self, stage: str, seconds: float) -> None:
        self._stages.labels(stage).observe(seconds)

    def job_began(self, priority: str, waited_s: float) -> None:
        """`priority`: desk, film or batch."""
        self._waits.labels(priority).observe(max(0.0, waited_s))

    def job_ended(self, kind: str, outcome: str) -> None:
        """`outcome`: done, cancelled, stepped_aside (and goes on later), refused (for the person's input), failed, broke (for a fault of ours)."""
        self._jobs.labels(kind, outcome).inc()

    def failure(self, error: BaseException) -> None:
        """Count an error by its type, such as OutOfSpace or EngineFailed."""
        self._failures.labels(type(error).__name__).inc()

    def received(self, size_bytes: int) -> None:
        self._uploaded.inc(size_bytes)

    def login(self, outcome: str) -> None:
        """`outcome`: ok, refused, blocked."""
        self._logins.labels(outcome).inc()

    def exposition(self, standing: Iterable[Metric] = ()) -> bytes:
        """Everything, in Prometheus' text format; `standing`: figures made for this one look."""
        look = CollectorRegistry()
        look.register(_Given((*self.registry.collect(), *standing)))
        return generate_latest(look)

    def snapshot(self) -> dict[str, Any]:
        """What a worker did so far, as JSON for its row: stages, waits, endings and failures, with the library's own sample names."""
        kept = {"lipline_stage_seconds", "lipline_job_wait_seconds", "lipline_jobs_ended", "lipline_failures"}
        samples = [
            [sample.name, dict(sample.labels), sample.value]
            for family in self.registry.collect()
            if family.name in kept
            for sample in family.samples
            if not sample.name.endswith("_created")
        ]
        return {"samples": samples}


class CountedJob:
    """``with CountedJob(metrics, job):`` counts how long it waited, and how it ended; errors pass unchanged."""

    def __init__(self, metrics: Metrics, job: Job) -> None:
        self._metrics, self._job = metrics, job

    def __enter__(self) -> None:
        if self._job.created_at and not self._job.stage:  # one that had begun before waited for others' work, which it had stepped aside for
            waited = datetime.now(UTC) - datetime.fromisoformat(self._job.created_at)
            self._metrics.job_began(self._job.priority.name.lower(), waited.total_seconds())

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._metrics.job_ended(self._job.kind.value, _outcome(error))
        if error is not None and not isinstance(error, Cancelled):
            self._metrics.failure(error)


def _outcome(error: BaseException | None) -> str:
    if error is None:
        return "done"
    if isinstance(error, Cancelled):
        return "stepped_aside" if isinstance(error, SteppedAside) else "cancelled"
    return "refused" if isinstance(error, UserError) else "failed" if isinstance(error, StudioError) else "broke"


class _Given:
    """A collector of families made beforehand."""

    def __init__(self, families: tuple[Metric, ...]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def of_workers(snapshots: Mapping[str, Mapping[str, Any]]) -> list[Metric]:
    """Families of what workers did, by their names; the worker stands in the label `worker`. What cannot be read is left out."""
    families: dict[str, Metric] = {}
    for worker, snapshot in sorted(snapshots.items()):
        for name, labels, value in snapshot.get("samples", ()):
            family = _family_of(name, families)
            if family is not None:
                family.add_sample(name.replace("lipline_", "lipline_worker_", 1), {**labels, "worker": worker}, float(value))
    return list(families.values())


def _family_of(sample: str, families: dict[str, Metric]) -> Metric | None:
    """The family a sample belongs to, made on its first one. Workers' families have names of their own, so that none stands twice."""
    for name, shape in (("stage_seconds", HistogramMetricFamily), ("job_wait_seconds", HistogramMetricFamily), ("jobs_ended", CounterMetricFamily), ("failures", CounterMetricFamily)):
        if sample.startswith(f"lipline_{name}_"):
            return families.setdefault(name, shape(f"lipline_worker_{name}", f"As lipline_{name}, of workers"))
    return None


def gauge(name: str, help_text: str, values: Mapping[tuple[str, ...], float], labels: tuple[str, ...] = ()) -> Metric:
    """A family of figures that stand just now, such as ``gauge("lipline_queue_jobs", "…", {("desk",): 3}, ("priority",))``."""
    family = GaugeMetricFamily(name, help_text, labels=labels)
    for which, value in values.items():
        family.add_metric(which, value)
    return family

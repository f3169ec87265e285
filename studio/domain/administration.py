"""What the administrator's page shows: people, work, machines, engines, measures. Ids and figures; never a project's name or a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from studio.domain.operations import Check, Disk, JobSeen, LeaseSeen
from studio.domain.views import EngineStatus
from studio.domain.workers import WorkerView


@dataclass(frozen=True, slots=True)
class PersonSeen:
    """`mark`: the name under which the person stands in the log; `quota_bytes` None: the studio's own measure."""

    name: str
    role: str
    created_at: str
    is_disabled: bool
    has_password: bool
    quota_bytes: int | None
    seen_at: str | None
    mark: str


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing an administrator may set: its range and a sentence about it. `group`: keeping, queue or login."""

    group: str
    name: str
    value: float
    default: float
    low: float
    high: float
    help: str


@dataclass(frozen=True, slots=True)
class Overview:
    """How the studio stands: the first screen of the administrator's page."""

    checks: tuple[Check, ...]
    disks: tuple[Disk, ...]
    sessions: int
    projects: int
    uploads: int
    jobs: tuple[JobSeen, ...]
    workers: tuple[WorkerView, ...]
    leases: tuple[LeaseSeen, ...]


@dataclass(frozen=True, slots=True)
class DiskShare:
    """Bytes of one person, by kind."""

    owner: str
    bytes_by_kind: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class EnginesSeen:
    engines: tuple[EngineStatus, ...]
    workers: tuple[WorkerView, ...]

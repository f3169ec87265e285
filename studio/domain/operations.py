"""What an administrator sees of a running studio: is it ready, what waits, who holds what. Plain records without texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be so. `name` is a word for machines; `sentence` says how it stands and, where it is not well, what next."""

    name: str
    is_ok: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class LeaseSeen:
    """Who holds a GPU; `worker` None: nobody."""

    device: str
    worker: str | None
    job_id: str | None
    held_s: float | None


@dataclass(frozen=True, slots=True)
class JobSeen:
    """A job of anybody that is not over, without what it is about."""

    id: str
    project_id: str
    owner: str
    kind: str
    state: str
    priority: str
    lines: int
    done: int
    total: int
    stage: str
    waiting_for: str
    worker: str | None
    age_s: float


@dataclass(frozen=True, slots=True)
class Census:
    """The database in figures. Queue by priority ("desk", "film", "batch"): waiting, running, and how long the longest has waited."""

    schema: str | None
    waiting: Mapping[str, int] = field(default_factory=dict)
    running: Mapping[str, int] = field(default_factory=dict)
    longest_wait_s: Mapping[str, float] = field(default_factory=dict)
    users: Mapping[str, int] = field(default_factory=dict)
    sessions: int = 0
    projects: int = 0
    projects_in_bin: int = 0
    uploads: int = 0
    upload_bytes: int = 0
    blobs: int = 0
    blob_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Disk:
    """The file system under a folder."""

    folder: str
    total_bytes: int
    free_bytes: int

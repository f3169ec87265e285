"""The verbs about the studio as a machine: is it alive, is it ready, its figures. Part of `Studio`; they name nobody and no project.

Enter: nothing. Leave: checks with a sentence each, and the text that Prometheus reads. A new check is a method and a line in `readiness`.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from studio.domain.errors import StudioError
from studio.domain.operations import Census, Check, Disk
from studio.domain.workers import WorkerView
from studio.lip_verbs import LipVerbs
from studio.logs import LogForm, also_to_stderr, log_form, mark_of
from studio.metrics import Metrics, gauge, of_workers
from studio.store.blobs import RESERVE_BYTES

if TYPE_CHECKING:
    from prometheus_client.core import Metric

STUCK_S = 600.0  # work that could begin, with nobody at work: by then somebody should look


class OperationsVerbs(LipVerbs):
    @property
    def metrics(self) -> Metrics:
        """What this process counts."""
        return self._shop.metrics

    def log_mark(self, user: str) -> str:
        """The name under which an account stands in the log."""
        return mark_of(user, self._shop.values.secret("log"))

    def mirror_log(self) -> None:
        """The log's lines on stderr too: all of them for systemd or a container, only warnings, as text, where a person watches."""
        is_watched = sys.stderr.isatty()
        form = LogForm.TEXT if is_watched else log_form(os.environ.get("LIPLINE_LOG"))
        also_to_stderr(form, self._shop.values.secret("log"), logging.WARNING if is_watched else logging.INFO)

    def readiness(self) -> tuple[Check, ...]:
        """Whether this server can take people: database, schema, files, disk, queue. Never raises."""
        try:
            schema, census = self._schema_check(), self._shop.census.take()
        except StudioError as error:
            return Check("database", False, str(error)), self._files_check(), self._disk_check()
        return Check("database", True, "The database answers."), schema, self._files_check(), self._disk_check(), _queue_check(census)

    def exposition(self) -> bytes:
        """Everything for Prometheus: this process' counters, and what the database says of queue, people, disk, workers and GPUs."""
        workers = self._shop.workers.all()
        snapshots = {one.id: one.state.metrics for one in workers if one.kind == "worker" and one.is_alive and one.state.metrics is not None}
        files = gauge("lipline_files_reachable", "1 where the place of the files answers", {(): float(self._files_check().is_ok)})
        families = [*_census_figures(self._shop.census.take()), *_disk_figures(self.disks()), files, *self._device_figures(workers), *of_workers(snapshots)]
        return self._shop.metrics.exposition(families)

    def disks(self) -> tuple[Disk, ...]:
        """The file system of the home, and the one of the stored files where it is another and can be reached."""
        home, files = self._shop.cache.parent, self._shop.blobs.folder
        found = [_disk("home", home)]
        with suppress(OSError):  # a folder that has gone is told by its own check
            if files.stat().st_dev != home.stat().st_dev:
                found.append(_disk("files", files))
        return tuple(found)

    def _schema_check(self) -> Check:
        stored, needed = self._shop.census.schema()
        if stored == needed:
            return Check("schema", True, f"The schema is {needed}, as this version needs it.")
        return Check("schema", False, f"The schema is {stored} and this version needs {needed}; restart the server, which brings it up to date.")

    def _files_check(self) -> Check:
        try:
            self._shop.blobs.require_reachable()
        except StudioError as error:
            return Check("files", False, str(error))
        return Check("files", True, "The place of the files answers.")

    def _disk_check(self) -> Check:
        free = min(disk.free_bytes for disk in self.disks())
        if free > RESERVE_BYTES:
            return Check("disk", True, f"{free / 1e9:.1f} GB are free.")
        return Check("disk", False, "The disk is full but for the reserve; see `python -m studio gc --dry-run`, or give it more room.")

    def _device_figures(self, workers: Iterable[WorkerView]) -> list[Metric]:
        seen = list(workers)
        leases = {(lease.device,): float(lease.worker is not None) for lease in self._shop.census.leases()}
        return [
            gauge("lipline_workers", "Processes with a sign of life, by kind", _by_kind(seen), ("kind",)),
            gauge("lipline_worker_silent_seconds", "Since the last sign of life", {(one.id, one.kind): one.seen_s for one in seen}, ("worker", "kind")),
            gauge("lipline_gpu_leased", "1 where a job holds the GPU", leases, ("device",)),
            *_memory_figures(one for one in seen if one.is_alive),
        ]


def _disk(name: str, folder: Path) -> Disk:
    usage = shutil.disk_usage(folder)
    return Disk(name, usage.total, usage.free)


def _queue_check(census: Census) -> Check:
    waiting, longest = sum(census.waiting.values()), max(census.longest_wait_s.values(), default=0.0)
    if waiting and not sum(census.running.values()) and longest > STUCK_S:
        return Check("queue", False, f"{waiting} jobs wait, the first for {longest / 60:.0f} minutes, and none runs; start a worker, and see the log.")
    return Check("queue", True, f"{sum(census.running.values())} jobs run and {waiting} wait.")


def _census_figures(census: Census) -> list[Metric]:
    by_priority = dict.fromkeys(("desk", "film", "batch"), 0.0)
    return [
        gauge("lipline_queue_jobs", "Jobs that wait", _labelled(by_priority | dict(census.waiting)), ("priority",)),
        gauge("lipline_running_jobs", "Jobs at work", _labelled(by_priority | dict(census.running)), ("priority",)),
        gauge("lipline_queue_longest_wait_seconds", "Age of the job that waits longest", _labelled(by_priority | dict(census.longest_wait_s)), ("priority",)),
        gauge("lipline_users", "Accounts that may log in, by role", _labelled(census.users), ("role",)),
        gauge("lipline_sessions", "Open logins", {(): census.sessions}),
        gauge("lipline_projects", "Projects", {("open",): census.projects, ("in_bin",): census.projects_in_bin}, ("state",)),
        gauge("lipline_open_uploads", "Files on their way in", {(): census.uploads}),
        gauge("lipline_open_upload_bytes", "How large they will be", {(): census.upload_bytes}),
        gauge("lipline_blobs", "Stored files whose size is known", {(): census.blobs}),
        gauge("lipline_blob_bytes", "Their size", {(): census.blob_bytes}),
    ]


def _disk_figures(disks: Iterable[Disk]) -> list[Metric]:
    seen = list(disks)
    return [
        gauge("lipline_disk_total_bytes", "Size of the file system", {(disk.folder,): disk.total_bytes for disk in seen}, ("folder",)),
        gauge("lipline_disk_free_bytes", "Free on it", {(disk.folder,): disk.free_bytes for disk in seen}, ("folder",)),
        gauge("lipline_disk_reserve_bytes", "Left free by every upload", {(): RESERVE_BYTES}),
    ]


def _labelled(values: Mapping[str, float]) -> dict[tuple[str, ...], float]:
    return {(name,): float(value) for name, value in values.items()}


def _by_kind(workers: Iterable[WorkerView]) -> dict[tuple[str, ...], float]:
    alive = {("server",): 0.0, ("worker",): 0.0}
    for one in workers:
        if one.is_alive:
            alive[(one.kind,)] = alive.get((one.kind,), 0.0) + 1
    return alive


def _memory_figures(workers: Iterable[WorkerView]) -> list[Metric]:
    """Memory of each GPU and of the models in it, as its processes wrote them."""
    totals: dict[tuple[str, ...], float] = {}
    used: dict[tuple[str, ...], float] = {}
    models: dict[tuple[str, ...], float] = {}
    for one in workers:
        for gpu in one.gpus:
            if gpu.total_bytes is not None:
                totals[gpu.key,] = float(gpu.total_bytes)
            if gpu.used_bytes is not None:
                used[gpu.key,] = float(gpu.used_bytes)
        for model in one.state.models:
            models[one.id, model.device, model.name] = float(model.size_bytes)
    return [
        gauge("lipline_gpu_memory_bytes", "Memory of a GPU", totals, ("device",)),
        gauge("lipline_gpu_memory_used_bytes", "Taken of it, by whichever process", used, ("device",)),
        gauge("lipline_model_bytes", "Models in memory", models, ("worker", "device", "model")),
    ]

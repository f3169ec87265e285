"""The verbs of an administrator: people, jobs of everybody, disk, machines, the audit trail, measures. Part of `Studio`.

`verb_rights.py` asks for Right.ADMIN before each of them; every change is written to the audit trail. An administrator runs the studio and reads nobody's
projects: jobs and acts are told by ids. Who owns a project reads that project's own trail with `project_trail`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import fields, replace

from studio.domain.administration import DiskShare, EnginesSeen, Measure, Overview, PersonSeen
from studio.domain.audit import AuditEntry, AuditQuery
from studio.domain.errors import BadSetting
from studio.domain.rights import DEMO_OWNER, LOCAL_USER, Right
from studio.domain.settings import Keeping, QueueSettings
from studio.formats.table import guarded
from studio.jobs import JobRunner
from studio.operations_verbs import OperationsVerbs

TRAIL_ENTRIES = 200  # of one project, on its owner's page
_COLUMNS = ("at", "user", "action", "project", "subject", "detail")


class AdminVerbs(OperationsVerbs):
    _runner: JobRunner

    def overview(self) -> Overview:
        """How the studio stands just now."""
        census = self._shop.census.take()
        return Overview(
            checks=self.readiness(),
            disks=self.disks(),
            sessions=census.sessions,
            projects=census.projects,
            uploads=census.uploads,
            jobs=self._shop.census.jobs(),
            workers=self._shop.workers.all(),
            leases=self._shop.census.leases(),
        )

    def people(self) -> tuple[PersonSeen, ...]:
        """Everybody who ever had a part here, but for the demo's owner, and for the one local user where there are accounts."""
        found = self._shop.accounts.list()
        has_accounts = any(one.has_password for one in found)
        return tuple(
            PersonSeen(
                name=one.name,
                role=one.role.value,
                created_at=one.created_at,
                is_disabled=one.disabled_at is not None,
                has_password=one.has_password,
                quota_bytes=one.quota_bytes,
                seen_at=one.seen_at,
                mark=self.log_mark(one.name),
            )
            for one in found
            if one.name != DEMO_OWNER and (one.name != LOCAL_USER or not has_accounts)
        )

    def disk_shares(self) -> tuple[DiskShare, ...]:
        """Who holds how much, the most first. Reads every row that names a file: seconds on a large studio."""
        found = self._shop.disk_use.by_owner()
        return tuple(DiskShare(owner, kinds) for owner, kinds in sorted(found.items(), key=lambda item: -sum(item[1].values())))

    def stop_job(self, job_id: str) -> None:
        """Stop anybody's job. Raises NotFound."""
        job = self._runner.cancel(job_id)
        self._shop.audit.write(self.user, "job.stop", job.project_id, job.id, kind=job.kind.value, owner=job.owner)

    def engines_seen(self) -> EnginesSeen:
        return EnginesSeen(self._shop.engines.status(), self._shop.workers.alive())

    def trail(self, query: AuditQuery) -> tuple[AuditEntry, ...]:
        """The audit trail, newest first."""
        return self._shop.audit.list(query)

    def trail_actions(self) -> tuple[str, ...]:
        return self._shop.audit.actions()

    def trail_csv(self, query: AuditQuery) -> Iterator[bytes]:
        """The trail as a table, in pieces; no cell of it is run by a spreadsheet. That it was taken is written to the trail itself."""
        self._shop.audit.write(self.user, "audit.export")
        return _table(self._shop.audit.walk(query))

    def project_trail(self, project_id: str) -> tuple[AuditEntry, ...]:
        """Who shared, exported or administered a project, newest first; for those who may share it. Edits of lines are in its history."""
        project = self._may(project_id, Right.SHARE)
        return self._shop.audit.list(AuditQuery(project_id=project.id, limit=TRAIL_ENTRIES))

    def measures(self) -> tuple[Measure, ...]:
        """Everything an administrator may set about how long things stay and how turns are taken."""
        groups = (("keeping", self._shop.keeping.get()), ("queue", self._shop.queue.settings()))
        return tuple(
            Measure(group, item.name, getattr(now, item.name), item.default, item.metadata["low"], item.metadata["high"], item.metadata["help"])
            for group, now in groups
            for item in fields(now)
        )

    def set_measure(self, group: str, name: str, value: int) -> None:
        """Set one of `measures`, for all servers at once. Raises BadSetting for an unknown one, or outside its range."""
        known = {"keeping": Keeping, "queue": QueueSettings}.get(group)
        if known is None or name not in {item.name for item in fields(known)} or isinstance(value, bool) or not isinstance(value, int):
            raise BadSetting("There is no such measure, or this is no whole number.")
        self._set(group, name, value)
        self._shop.audit.write(self.user, "studio.measure", subject=name, value=value)

    def _set(self, group: str, name: str, value: int) -> None:
        if group == "keeping":
            self._shop.keeping.change(**{name: value})
        else:
            self._shop.queue.set_settings(replace(self._shop.queue.settings(), **{name: value}))


def _table(entries: Iterator[AuditEntry]) -> Iterator[bytes]:
    yield "\ufeff".encode() + _row(_COLUMNS)  # spreadsheets know UTF-8 by the mark
    for entry in entries:
        detail = "; ".join(f"{name}={value}" for name, value in entry.detail.items())
        yield _row((entry.at, entry.user, entry.action, entry.project_id or "", entry.subject, detail))


def _row(cells: tuple[str, ...]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([guarded(cell) for cell in cells])
    return out.getvalue().encode("utf-8")

"""The verbs about the queue: where one's own work stands, taking it out, putting it in another order; for administrators everybody's. Part of
`Studio`.

Enter: ids of jobs. Leave: views of `domain/queue.py`; of others' work a person sees how much there is, and nothing else.
"""

from __future__ import annotations

from dataclasses import replace

from studio.domain.errors import NotFound
from studio.domain.project import Job
from studio.domain.queue import QueueView
from studio.domain.rights import Right
from studio.domain.settings import QueueSettings
from studio.voice_verbs import VoiceVerbs


class QueueVerbs(VoiceVerbs):
    def job(self, job_id: str) -> Job:
        """Raises NotFound, also for one of a project this person may not see."""
        job = self._shop.jobs.get(job_id)
        try:
            self._own(job.project_id)
        except NotFound as error:
            raise NotFound("job", job_id) from error
        return job

    def queue(self) -> QueueView:
        """This person's jobs, running ones first, then in turn, each with its place and about how long it waits."""
        return self._shop.queue.view(self.user)

    def whole_queue(self) -> QueueView:
        """Everybody's jobs, for administrators; others' projects without their names. Raises Forbidden."""
        self.require(Right.ADMIN)
        seen = self._shop.queue.view(None)
        return replace(seen, mine=tuple(job if job.owner == self.user else replace(job, project="") for job in seen.mine))

    def queue_settings(self) -> QueueSettings:
        return self._shop.queue.settings()

    def move_job(self, job_id: str, before: str | None) -> QueueView:
        """Put a job of one's own that waits before another of one's own, None: behind them. Raises NotFound, Forbidden, BadSetting where it has
        begun meanwhile or the two are not of one kind."""
        job = self._shop.jobs.get(job_id)
        if job.owner != self.user:
            raise NotFound("job", job_id)
        self._may(job.project_id, Right.RUN)
        self._shop.jobs.move(job.id, before)
        return self.queue()

    def cancel(self, job_id: str) -> None:
        """Ask a job to stop, or take it out of the queue. Raises NotFound for one of a project this person may not see, Forbidden for who may
        only look at it."""
        job = self.job(job_id)
        self._may(job.project_id, Right.RUN)
        self._runner.cancel(job.id)

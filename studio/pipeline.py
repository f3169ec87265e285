"""The order of the work. Enter: a job. Leave: stored results.

Every result is kept under the fingerprint of all its inputs, so a second run costs nothing, an edit redoes what it
touches, and a killed process goes on where it was: line by line inside translate and voice. Faces are a branch of their
own: nothing but lip guidance and lip scores stands on them.
"""

from __future__ import annotations

from collections.abc import Callable

from studio.domain.disk import room_told
from studio.domain.project import Job, JobKind
from studio.domain.rights import Right
from studio.logs import about
from studio.metrics import CountedJob
from studio.steps import faces, ingest, lines, render, sweep, sync, translate, voice
from studio.steps.run import JobContext, Run
from studio.workshop import Workshop

_VOICED: tuple[Callable[[Run], None], ...] = (ingest.run, lines.run, translate.run, faces.where_guided, voice.run, sync.run)
STEPS: dict[JobKind, tuple[Callable[[Run], None], ...]] = {
    JobKind.INGEST: (ingest.run,),
    JobKind.LINES: (ingest.run, lines.run),
    JobKind.FACES: (ingest.run, faces.run, sync.run),
    JobKind.TRANSLATE: (ingest.run, lines.run, translate.run),
    JobKind.VOICE: _VOICED,
    JobKind.RENDER: (*_VOICED, render.run),
    JobKind.SWEEP: (ingest.run, sweep.run),
}


def run_job(shop: Workshop, job: Job, context: JobContext) -> None:
    """Bring about what the job asks for, and first everything it stands on."""
    with about(job=job.id, project=job.project_id, user=job.owner), CountedJob(shop.metrics, job), room_told(shop.cache.parent), shop.blobs.borrowing():
        project = shop.projects.get(job.project_id, job.owner, Right.RUN)  # who was sent away since has no work done here
        for step in STEPS[job.kind]:
            context.check()
            step(Run(shop, project, job, context))
            context.let_go()

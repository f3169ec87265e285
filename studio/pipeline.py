"""The order of the work. Enter: a job. Leave: stored results.

Every result is kept under the fingerprint of all its inputs, so a second run costs nothing, an edit redoes what it
touches, and a killed process goes on where it was: line by line inside translate and voice.
"""

from __future__ import annotations

from collections.abc import Callable

from studio.domain.project import Job, JobKind
from studio.steps import ingest, lines, render, translate, voice
from studio.steps.run import JobContext, Run
from studio.workshop import Workshop

STEPS: tuple[tuple[JobKind, Callable[[Run], None]], ...] = (
    (JobKind.INGEST, ingest.run),
    (JobKind.LINES, lines.run),
    (JobKind.TRANSLATE, translate.run),
    (JobKind.VOICE, voice.run),
    (JobKind.RENDER, render.run),
)


def run_job(shop: Workshop, job: Job, context: JobContext) -> None:
    """Bring about what the job asks for, and first everything it stands on."""
    kinds = [kind for kind, _ in STEPS]
    project = shop.projects.get(job.project_id, job.owner)
    for _, step in STEPS[: kinds.index(job.kind) + 1]:
        context.check()
        step(Run(shop, project, job, context))

"""What the page asks about the queue: the person's own jobs with place and wait, of others how many; taking out, putting in another order.

Enter: the studio that speaks for them, and the JSON values of a change. Leaves: a `QueuePage`. No Gradio, no HTTP.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from studio.domain.errors import BadSetting
from studio.domain.project import JobKind
from studio.domain.queue import QueuedJob, about
from studio.service import Studio
from studio.ui.present import JOB_TITLES


@dataclass(frozen=True, slots=True)
class QueueItem:
    """`place`: 0 is at work, 1 next. `wait`: about how long until it begins, "" where nobody knows. `share`: done of its stage, 0..1."""

    id: str
    project_id: str
    project: str
    title: str
    lines: str
    place: int
    wait: str
    why: str
    share: float | None
    priority: int


@dataclass(frozen=True, slots=True)
class QueuePage:
    """`others`: a sentence on everybody else's work, "" where there is none; `trouble`: why nothing begins, or ""."""

    jobs: tuple[QueueItem, ...]
    others: str
    trouble: str


def queue_page(studio: Studio) -> QueuePage:
    view = studio.queue()
    return QueuePage(tuple(map(_item, view.mine)), _others(view.others_running, view.others_waiting), view.trouble)


def change_queue(studio: Studio, values: dict[str, Any]) -> QueuePage:
    """`cancel`: a job to stop or take out; or `move`: one of one's own, and `before` which other, null: behind them. Raises BadSetting."""
    if values.keys() == {"cancel"}:
        studio.cancel(str(values["cancel"]))
    elif values.keys() == {"move", "before"}:
        studio.move_job(str(values["move"]), None if values["before"] is None else str(values["before"]))
    else:
        raise BadSetting("The queue is told to cancel a job, or to move one before another.")
    return queue_page(studio)


def _item(job: QueuedJob) -> QueueItem:
    title = JOB_TITLES[JobKind(job.kind)] if job.place else job.stage or JOB_TITLES[JobKind(job.kind)]
    lines = "" if not job.lines else "1 line" if job.lines == 1 else f"{job.lines} lines"
    wait = "" if job.wait_s is None or not job.place else about(job.wait_s)
    share = None if job.share is None else min(1.0, job.share)
    return QueueItem(job.id, job.project_id, job.project, title, lines, job.place, wait, job.why, share, job.priority)


def _others(running: int, waiting: int) -> str:
    if running and waiting:
        return f"Of other people’s jobs, {running} run and {waiting} wait."
    if running:
        return f"Other people have {running} at work."
    return f"Other people have {waiting} waiting." if waiting else ""

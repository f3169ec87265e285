"""`python -m studio worker`: does the jobs of a studio in a process of its own, on this machine or another that sees the same database and files.

Any number may run beside each other and beside `serve`, which with `--workers 0` leaves all jobs to them. SIGTERM puts what is at work back into
the queue.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from studio.commands.places import BlobsOption, DatabaseOption, HomeOption, RayOption, place_of

if TYPE_CHECKING:
    from studio.domain.workers import Gpu, WorkerView


def work(
    jobs: Annotated[int, typer.Option("--jobs", help="Films at once; lines somebody waits for, and faces, are done beside them.", min=1, max=64)] = 1,
    ray: RayOption = None,
    home: HomeOption = None,
    database: DatabaseOption = None,
    blobs: BlobsOption = None,
) -> None:
    """Do jobs until stopped: here, or with --ray on the machines of a cluster, one worker for each GPU and --jobs on those without."""
    from studio.media.niceness import give_way

    give_way()
    from studio.bootstrap import job_runner, open_shop

    place = place_of(home, database, blobs)
    if ray is not None:
        from studio.cluster.pool import ClusterPlan
        from studio.commands.cluster import work_on_cluster

        work_on_cluster(place, ClusterPlan(ray, jobs))
        return
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    shop = open_shop(place)
    runner = job_runner(shop, workers=jobs, kind="worker")
    if told := of_shared_gpus(shop.hardware.gpus(), shop.workers.alive()):
        print(told, file=sys.stderr)
    try:
        runner.start()
        sys.stdout.write(f"Lipline works on jobs as process {os.getpid()} (stop with Ctrl-C; what is at work goes back to the queue)\n")
        sys.stdout.flush()
        stop.wait()
    finally:
        runner.close()
        shop.standings.close()
        shop.pictures.close()


def of_shared_gpus(gpus: Iterable[Gpu], others: Iterable[WorkerView]) -> str:
    """A sentence where another process does jobs on one of these GPUs already, "" where none does."""
    names = {gpu.key: gpu.name for gpu in gpus}
    for other in others:
        if shared := names.keys() & {gpu.key for gpu in other.gpus}:
            named = ", ".join(sorted(names[key] for key in shared))
            return (
                f"The {other.kind} {other.id} does jobs on {named} already, and two processes on one GPU cannot release each other's idle models; "
                "stop one of them and give the other more --jobs, or each its own LIPLINE_DEVICES."
            )
    return ""

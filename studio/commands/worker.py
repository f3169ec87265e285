"""`python -m studio worker`: does the jobs of a studio in a process of its own, on this machine or another that sees the same database and files.

Any number may run beside each other and beside `serve`, which with `--workers 0` leaves all jobs to them. SIGTERM puts what is at work back into
the queue.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Annotated

import typer

from studio.commands.places import BlobsOption, DatabaseOption, HomeOption, RayOption, place_of


def work(
    jobs: Annotated[int, typer.Option("--jobs", help="Films at once; lines somebody waits for, and faces, are done beside them.", min=1, max=64)] = 1,
    ray: RayOption = None,
    home: HomeOption = None,
    database: DatabaseOption = None,
    blobs: BlobsOption = None,
) -> None:
    """Do jobs until stopped: here, or with --ray on the machines of a cluster, one worker for each GPU and --jobs on those without."""
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
    try:
        runner.start()
        sys.stdout.write(f"Lipline works on jobs as process {os.getpid()} (stop with Ctrl-C; what is at work goes back to the queue)\n")
        sys.stdout.flush()
        stop.wait()
    finally:
        runner.close()
        shop.standings.close()
        shop.pictures.close()

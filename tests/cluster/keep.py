"""A process that keeps workers on a cluster until its stdin is closed. Arguments: address, home, database. Run by test_cluster.py."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from studio.bootstrap import Place
from studio.cluster.pool import ClusterPlan, keep_workers
from studio.commands.cluster import cluster_worker
from tests.cluster.slow_rack import slow_rack

if __name__ == "__main__":
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    worker = cluster_worker(Place(Path(sys.argv[2]), sys.argv[3]), slow_rack)
    keep_workers(ClusterPlan(sys.argv[1]), worker, over.wait, told=lambda count: print(count, flush=True))

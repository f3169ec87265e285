"""`python -m studio` in which time goes faster: what is kept for hours is kept for a minute, and passwords cost no work. For the soak only.

Runs as a program of its own with the arguments of `studio`. What it changes is named here; a name that is gone ends it, so that nothing is
believed to be compressed that is not. With LOAD_TRACE=FILE it also writes, at each SIGUSR1, what grew most since the first.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import tracemalloc
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

MINUTE_S = 60
LASTS = {
    "studio.store.upkeep.DAY_S": MINUTE_S,
    "studio.store.blobs.DRAFT_LIFE_S": MINUTE_S,
    "studio.store.workers.KEPT_DEAD_S": MINUTE_S,
    "studio.ui.script_view.KEPT_S": float(MINUTE_S),
}
LOGINS = ("studio.front_door", "studio.store.sessions")
TOP = 40


def compress() -> None:
    """Make it so, in this process."""
    for name, value in LASTS.items():
        module, _, constant = name.rpartition(".")
        _replace(module, constant, value)
    for module in LOGINS:
        _replace(module, "LoginSettings", partial(import_module(module).LoginSettings, idle_s=MINUTE_S, longest_s=10 * MINUTE_S))
    _replace("studio.store.users", "ScryptCost", partial(import_module("studio.store.users").ScryptCost, n=2**4))


def _replace(module: str, name: str, value: Any) -> None:
    home = import_module(module)
    if not hasattr(home, name):
        raise SystemExit(f"{module} has no {name} any more; the soak would compress nothing. See bench/load/compressed.py.")
    setattr(home, name, value)


def trace(file: Path) -> None:
    """Keep account of memory from here on; SIGUSR1 writes what grew since the first."""
    tracemalloc.start(8)
    first: list[tracemalloc.Snapshot] = []

    def tell(*_: object) -> None:
        gc.collect()
        now = tracemalloc.take_snapshot()
        if not first:
            first.append(now)
            return
        grown = now.compare_to(first[0], "traceback")[:TOP]
        told = [f"{one.size_diff / 1024:+.0f} KiB, {one.count_diff:+d} blocks\n" + "\n".join(one.traceback.format()) for one in grown]
        file.write_text("\n\n".join(told), encoding="utf-8")

    signal.signal(signal.SIGUSR1, tell)


def main() -> None:
    if (wanted := os.environ.get("LOAD_TRACE")) is not None:
        trace(Path(wanted))
    compress()
    from studio.cli import main as studio_main

    studio_main()


if __name__ == "__main__":
    sys.argv[0] = "studio"
    main()

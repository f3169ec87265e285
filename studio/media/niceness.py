"""Who gives way when processors are short: work in the queue, to the people at the page. Effects on this machine's scheduler only.

Linux groups processes by session (sched_autogroup, `sched(7)`), and shares processors between the groups first; so a child that leads a
session of its own must carry its niceness into its group, or it would count as much as the page. Where control groups rule, as under
systemd and in containers, the weights of `deploy/` say the same.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

WORK = 10
"""The niceness of work in the queue: a tenth of what the page may take where it wants all, everything where it wants nothing."""


def give_way(niceness: int = WORK) -> None:
    """This process, and every one it starts from now on. Call it before there are threads. Never less nice than it was."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, max(niceness, os.getpriority(os.PRIO_PROCESS, 0)))
        if hasattr(os, "SCHED_IDLE"):  # so that a processor which only does such work counts as free when somebody at the page needs one
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    group_as_nice(os.getpid())


def group_as_nice(pid: int) -> None:
    """Give the session that `pid` leads the niceness of `pid`. Without effect where it leads none, has ended, or the system knows no such groups."""
    with contextlib.suppress(OSError):
        if os.getsid(pid) == pid and (niceness := os.getpriority(os.PRIO_PROCESS, pid)) != 0:
            Path(f"/proc/{pid}/autogroup").write_text(str(niceness))

"""What people were told is kept, and whether it is. Enter: edits as they were confirmed, rows of the history and of the lines. Leave: sentences.

A confirmed edit is there when the history of its line has its value under its author's name. Nothing was overwritten unseen when the
edits of a line make one chain (each begins where the one before it ended) that ends in the line as it stands.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LINE = "line"


@dataclass(frozen=True, slots=True)
class Fact:
    """Somebody was told that this is stored. `field`: a field of the line, or "note". `value`: as the history keeps it."""

    user: str
    project_id: str
    subject_id: str
    field: str
    value: Any


@dataclass(frozen=True, slots=True)
class Kept:
    """One row of the history."""

    project_id: str
    line_id: str
    by: str
    field: str
    before: Any
    after: Any


class Ledger:
    """Facts and jobs of all visitors; safe from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._facts: list[Fact] = []
        self._jobs: dict[str, str] = {}

    def confirm(self, fact: Fact) -> None:
        with self._lock:
            self._facts.append(fact)

    def queued(self, job_id: str, user: str) -> None:
        """A job that the studio has taken."""
        with self._lock:
            self._jobs.setdefault(job_id, user)

    @property
    def facts(self) -> tuple[Fact, ...]:
        with self._lock:
            return tuple(self._facts)

    @property
    def jobs(self) -> dict[str, str]:
        with self._lock:
            return dict(self._jobs)


def lost(facts: Iterable[Fact], history: Iterable[Kept], notes: Iterable[tuple[str, str, str]]) -> list[str]:
    """A sentence for each confirmed edit that is nowhere. `notes`: (project, author, text)."""
    there = {(one.by, one.project_id, one.line_id, one.field, _key(one.after)) for one in history}
    written = set(notes)
    missing = []
    for fact in facts:
        is_there = (
            (fact.project_id, fact.user, fact.value) in written
            if fact.field == "note"
            else (fact.user, fact.project_id, fact.subject_id, fact.field, _key(fact.value)) in there
        )
        if not is_there:
            missing.append(f"{fact.user} was told that {fact.field} of {fact.subject_id[:8]} is “{_short(fact.value)}”, and it is nowhere")
    return missing


def broken(history: Sequence[Kept], lines: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A sentence for each field of a line whose edits are no chain that ends in what stands. `history` in the order it was written;
    `lines`: fields by line id, for the lines there are; a line that came or went as a whole starts its chains anew."""
    chains: dict[tuple[str, str], list[Kept]] = defaultdict(list)
    for one in history:
        if one.field == LINE:
            for key in [key for key in chains if key[0] == one.line_id]:
                del chains[key]
        else:
            chains[one.line_id, one.field].append(one)
    found = []
    for (line_id, field), edits in chains.items():
        for before, after in zip(edits, edits[1:], strict=False):
            if _key(before.after) != _key(after.before):
                found.append(f"{field} of {line_id[:8]} went from “{_short(before.after)}” to “{_short(after.before)}” without anybody's edit")
        if line_id in lines and field in lines[line_id] and _key(edits[-1].after) != _key(lines[line_id][field]):
            found.append(f"{field} of {line_id[:8]} is “{_short(lines[line_id][field])}”, and the last edit says “{_short(edits[-1].after)}”")
    return found


@dataclass(frozen=True, slots=True)
class JobEnd:
    """A job as its row says, and how often it was ended."""

    id: str
    state: str
    message: str
    is_user_error: bool
    ends: int


def unfinished(promised: Iterable[str], rows: Mapping[str, JobEnd]) -> list[str]:
    """A sentence for each job that was taken and is not over exactly once, or failed by a fault of ours."""
    found = []
    for job_id in promised:
        row = rows.get(job_id)
        if row is None:
            found.append(f"job {job_id[:8]} was taken and is gone")
        elif row.state not in ("done", "failed", "cancelled"):
            found.append(f"job {job_id[:8]} is still {row.state}")
        elif row.ends != 1:
            found.append(f"job {job_id[:8]} ended {row.ends} times")
        elif row.state == "failed" and not row.is_user_error:
            found.append(f"job {job_id[:8]} failed: {row.message}")
    return found


def _key(value: Any) -> Any:
    """A JSON value that can be compared and put in a set."""
    if isinstance(value, Mapping):
        return tuple(sorted((name, _key(one)) for name, one in value.items()))
    if isinstance(value, list | tuple):
        return tuple(map(_key, value))
    return value


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"

"""A script that was dropped and waits for an answer: what it would change, or why it may be another video's, and what is kept meanwhile.

Enter: a plan, or the doubts of an import. Leave: the view of the dialog, and the file itself when the answer comes. In memory only:
after a restart the file is dropped again.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from studio.domain.line import LineStatus
from studio.domain.script_plan import ImportMode, LineChanges, ScriptPlan
from studio.domain.views import LineRow

KEPT_S = 3600.0
MAX_KEPT_BYTES = 64 * 2**20  # of all files that wait
MAX_OWN_BYTES = 16 * 2**20  # of one person; what they dropped first goes first
MAX_ROWS = 200
MAX_SHOWN_CHARS = 600


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One field of one line, before and after."""

    number: int
    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ScriptView:
    """The dialog. `ask` is new with every question; `mark` of the plan shown, "" where the script would not update lines. Lists are cut
    at MAX_ROWS, the counts are whole. `notice`: why it is asked again. `replaces`: lines that would go, `closed` of them approved or locked."""

    ask: str = ""
    name: str = ""
    mode: str = ""
    mark: str = ""
    doubts: tuple[str, ...] = ()
    notice: str = ""
    changed: int = 0
    added: int = 0
    locked: int = 0
    unmatched: int = 0
    same: int = 0
    rows: tuple[ChangeRow, ...] = ()
    more_rows: int = 0
    new: tuple[str, ...] = ()
    left_alone: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    replaces: int = 0
    closed: int = 0


@dataclass(frozen=True, slots=True)
class WaitingScript:
    """A dropped script until the person has answered; `user` is whose answer counts."""

    user: str
    project_id: str
    name: str
    data: bytes
    mode: ImportMode


@dataclass(slots=True)
class WaitingScripts:
    """Scripts by the question that was asked about them. One for all pages of a server; safe to use from many threads."""

    now_s: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: dict[str, tuple[float, WaitingScript]] = field(default_factory=dict)

    def keep(self, script: WaitingScript) -> str:
        """The question's name."""
        ask = uuid.uuid4().hex
        with self._lock:
            now_s = self.now_s()
            self._kept = {one: held for one, held in self._kept.items() if now_s - held[0] < KEPT_S}
            self._make_room(script.user, len(script.data))
            self._kept[ask] = (now_s, script)
        return ask

    def take(self, ask: str, user: str) -> WaitingScript | None:
        """The script of a question asked of this user, once; None where it waits no longer."""
        with self._lock:
            held = self._kept.get(ask)
            if held is None or held[1].user != user:
                return None
            del self._kept[ask]
            return held[1]

    def _make_room(self, user: str, size_bytes: int) -> None:
        """Drops what the person dropped first, beyond a share of their own; then, where all shares are too much, of whoever keeps most."""
        while (own_bytes := self._sizes().get(user, 0)) and own_bytes + size_bytes > MAX_OWN_BYTES:
            self._drop_first(user)
        while (sizes := self._sizes()) and sum(sizes.values()) + size_bytes > MAX_KEPT_BYTES:
            self._drop_first(max(sizes, key=sizes.__getitem__))

    def _sizes(self) -> Counter[str]:
        """Bytes that wait, by person."""
        sizes: Counter[str] = Counter()
        for _, held in self._kept.values():
            sizes[held.user] += len(held.data)
        return sizes

    def _drop_first(self, user: str) -> None:
        del self._kept[next(ask for ask, (_, held) in self._kept.items() if held.user == user)]


def plan_view(plan: ScriptPlan, ask: str, notice: str = "") -> ScriptView:
    rows = _rows(plan.changed)
    return ScriptView(
        ask=ask,
        name=plan.name,
        mode=plan.mode.value,
        mark=plan.mark,
        doubts=plan.doubts,
        notice=notice,
        changed=len(plan.changed),
        added=len(plan.added),
        locked=len(plan.locked),
        unmatched=len(plan.missing),
        same=plan.same,
        rows=rows[:MAX_ROWS],
        more_rows=max(0, len(rows) - MAX_ROWS),
        new=plan.added[:MAX_ROWS],
        left_alone=plan.locked[:MAX_ROWS],
        missing=plan.missing[:MAX_ROWS],
    )


def doubt_view(script: WaitingScript, doubts: tuple[str, ...], ask: str) -> ScriptView:
    return ScriptView(ask=ask, name=script.name, mode=script.mode.value, doubts=doubts)


def replace_view(script: WaitingScript, rows: Sequence[LineRow], doubts: tuple[str, ...], ask: str) -> ScriptView:
    closed = sum(row.line.status in (LineStatus.APPROVED, LineStatus.LOCKED) for row in rows)
    return ScriptView(ask=ask, name=script.name, mode=script.mode.value, doubts=doubts, replaces=len(rows), closed=closed)


def _rows(changed: Sequence[LineChanges]) -> tuple[ChangeRow, ...]:
    return tuple(ChangeRow(line.number, one.field, _cut(one.before), _cut(one.after)) for line in changed for one in line.changes)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_SHOWN_CHARS else f"{text[: MAX_SHOWN_CHARS - 1]}…"

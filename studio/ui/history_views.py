"""What the history shows in the browser: actions with before and after, what an undo did, both sides of a conflict, and the pulse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from studio.ui.views import JobView


@dataclass(frozen=True, slots=True)
class ConflictView:
    """An edit that was not written. `field` as the page calls it; `met` a word of `Met`; `by` "": oneself, in another tab."""

    line_id: str
    field: str
    mine: Any
    theirs: Any
    met: str
    by: str
    at: str
    change_id: str


@dataclass(frozen=True, slots=True)
class DoneView:
    """What undo, redo or restoring did. Not `is_done`: `sentence` says why, and `change_id` is the action that stands in the way."""

    kind: str
    title: str
    change_id: str
    line_ids: tuple[str, ...] = ()
    is_done: bool = True
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class EditView:
    """One field before and after. `subject` is "line", "speaker" or "project", `id` its id; `word` names the field; texts as they were
    written, times as {start_ms, end_ms}, None for nothing. A whole line that came or went has the word "line" and its texts."""

    subject: str
    id: str
    field: str
    word: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One action. `by` "": oneself. `seq`: to ask for what is older. `more`: edits beyond those shown."""

    id: str
    seq: int
    by: str
    at: str
    kind: str
    title: str
    is_undone: bool
    edits: tuple[EditView, ...]
    line_id: str | None
    has_more: bool


@dataclass(frozen=True, slots=True)
class HistoryView:
    """`is_all`: there is nothing older."""

    changes: tuple[ChangeView, ...]
    is_all: bool


@dataclass(frozen=True, slots=True)
class HappenedView:
    """One action since the last pulse, and the lines it touched (none: more than are worth naming)."""

    change_id: str
    by: str
    line_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PulseView:
    """`mark` is another text whenever lines or notes of the project may look different, `frame_mark` whenever what stands around them may
    (`HeaderView` has the same); `job` tells how far the work is. `seq` is what to ask from next time."""

    mark: str
    job: JobView | None
    frame_mark: str
    seq: int
    changes: tuple[HappenedView, ...]

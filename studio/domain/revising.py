"""Two people at one line: what may be written of an edit that began from an older state of the line, and what meets another's change.

Enter: the line as it stands, the values an edit asks for, and those it began from. Leave: the values that may be written, and the conflicts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from studio.domain.line import Line, LineStatus
from studio.domain.views import LineRow

TYPED_BY = "typed by "  # before a name, as the engine of a wording that a person typed and that could not be written
TEXTS = ("target_text", "source_text")
_CLOSED = (LineStatus.APPROVED, LineStatus.LOCKED)


class Met(StrEnum):
    """What an edit met: another value in its field, a line that was approved or locked since, or one that is gone."""

    CHANGED = "changed"
    APPROVED = "approved"
    LOCKED = "locked"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Both sides of a field: nothing was overwritten. `by` and `at`: who changed it, and when (ISO 8601 UTC, "" where nobody knows).
    `change_id`: of that action; of a deletion, what brings the line back stands before it."""

    field: str
    mine: Any
    theirs: Any
    met: Met
    by: str = ""
    at: str = ""
    change_id: str = ""


@dataclass(frozen=True, slots=True)
class Revised:
    """The line as it is now (None: it is gone), and what was not written."""

    row: LineRow | None
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True, slots=True)
class Beginning:
    """What an edit began from: values by field of Line, `status` among them where the line's closing since shall count.
    `change_id`: the action this edit goes on with (typing is one action however often it is stored), None for one of its own."""

    values: Mapping[str, Any] = field(default_factory=dict)
    change_id: str | None = None


def met_by(line: Line, asked: Mapping[str, Any], began: Mapping[str, Any]) -> tuple[Conflict, ...]:
    """The fields of `asked` that must not be written over the line as it stands.

    A text may neither replace another nor slip under an approval that was given to other words; a locked line takes nothing. A value that
    stands there already meets nothing.
    """
    found = []
    closed_since = line.status if line.status in _CLOSED and began.get("status", line.status) is not line.status else None
    for name, mine in asked.items():
        theirs = getattr(line, name)
        if mine == theirs:
            continue
        if name in began and theirs != began[name]:
            found.append(Conflict(name, mine, theirs, Met.CHANGED))
        elif closed_since is LineStatus.LOCKED and name != "status":
            found.append(Conflict(name, mine, theirs, Met.LOCKED))
        elif closed_since is LineStatus.APPROVED and name in TEXTS:
            found.append(Conflict(name, mine, theirs, Met.APPROVED))
    return tuple(found)

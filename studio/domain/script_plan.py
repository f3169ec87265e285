"""What taking a script into a project would change, to be shown before it is done: records only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from studio.domain.project import Skipped


class ImportMode(StrEnum):
    """LINES: the script becomes the project's lines. TRANSLATION: it gives them their translation. UPDATE: it changes the lines it knows."""

    LINES = "lines"
    TRANSLATION = "translation"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a line before and after, as a person reads it."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class LineChanges:
    """A line that a script changes. `number` as on the desk; `is_by_id`: the script named it."""

    line_id: str
    number: int
    changes: tuple[FieldChange, ...]
    is_by_id: bool


@dataclass(frozen=True, slots=True)
class ScriptPlan:
    """A script against a project. `changed`, `added`, `missing` (in the project, not in the script) and `locked` (left alone) are lines;
    `doubts` are sentences why it may belong to another video: with any, it is only taken when asked for again. `mark` changes with
    everything it says, so that what was shown is what is done."""

    name: str
    mode: ImportMode
    changed: tuple[LineChanges, ...]
    added: tuple[str, ...]
    missing: tuple[str, ...]
    locked: tuple[str, ...]
    same: int
    doubts: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    mark: str

    @property
    def is_empty(self) -> bool:
        return not self.changed and not self.added

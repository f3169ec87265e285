"""What every subtitle parser yields: raw cues, and a ledger of all that was left out or changed on the way.

A parser takes decoded text and a Ledger and returns `list[Cue]`; times may still be negative or reversed, `tidy.py` decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from studio.domain.errors import BadSubtitles
from studio.domain.line import LineStatus
from studio.domain.project import OnScreen, Skipped
from studio.formats.markup import Spoken

LISTED_DROPS = 200
LISTED_PLACES = 5


@dataclass(frozen=True, slots=True)
class Cue:
    """One cue. `where` names it in the file; `lines` is `text` as broken there; `speaker` None is not stated.

    `emptied` says why cleaning left no text; `is_kept_empty` keeps a cue without text as a line to type in. `key`, `status` and
    `on_screen` are what a script says of its line; None: nothing.
    """

    where: str
    start_ms: int
    end_ms: int
    text: str
    speaker: str | None = None
    target_text: str = ""
    notes: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    emptied: str | None = None
    is_kept_empty: bool = False
    key: str | None = None
    status: LineStatus | None = None
    on_screen: OnScreen | None = None

    @classmethod
    def of(cls, where: str, start_ms: int, end_ms: int, clean: Spoken) -> Cue:
        """A cue of cleaned text; what cleaning found out about it goes along."""
        return cls(where, start_ms, end_ms, clean.text, clean.speaker, "", clean.notes, clean.lines, clean.emptied)


@dataclass(slots=True)
class Ledger:
    """Collects, during one reading, what was dropped (listed singly) and what was changed (grouped by reason).

    `name` and `max_cues`: the file as the person calls it, and how many cues it may have.
    """

    name: str = ""
    max_cues: int = 1_000_000
    drops: list[Skipped] = field(default_factory=list)
    changes: dict[str, list[str]] = field(default_factory=dict)
    _unlisted: int = 0

    def expect(self, count: int) -> None:
        """Called by parsers as early as they know of `count` cues. Raises BadSubtitles for too many."""
        if count > self.max_cues:
            raise BadSubtitles(self.name, f"it has more cues than can be read: at most {self.max_cues} are allowed; split the file.")

    def drop(self, where: str, reason: str) -> None:
        if len(self.drops) < LISTED_DROPS:
            self.drops.append(Skipped(where, reason))
        else:
            self._unlisted += 1

    def change(self, where: str, reason: str) -> None:
        self.changes.setdefault(reason, []).append(where)

    def skipped(self) -> tuple[Skipped, ...]:
        """Everything noted, changes first because they concern more of the file."""
        grouped = [Skipped(_places(places), reason) for reason, places in self.changes.items()]
        rest = [Skipped("the rest of the file", f"{self._unlisted} more cues were left out.")] if self._unlisted else []
        return (*grouped, *self.drops, *rest)


def _places(places: list[str]) -> str:
    distinct = list(dict.fromkeys(places))
    if len(distinct) <= LISTED_PLACES:
        return ", ".join(distinct)
    return f"{', '.join(distinct[:LISTED_PLACES])} and {len(distinct) - LISTED_PLACES} more"

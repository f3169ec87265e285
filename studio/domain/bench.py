"""What is known of one line on the Guidance tab: whether its voice sees, its takes with their lip verdicts, and what stands in the way.

Read-only pictures made by the service. A new fact about takes is one more field with a default.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from studio.domain.line import Take
from studio.domain.settings import Guidance
from studio.domain.sync import LineSync
from studio.domain.views import LineRow


class Sight(StrEnum):
    """What a voice makes of the picture."""

    SEES = "sees"  # the picture goes into its model
    RETIMED = "re-timed"  # its takes are re-timed to the picture afterwards
    MISSING = "missing"  # it would see, but cannot run here
    NONE = "none"  # nobody speaks


@dataclass(frozen=True, slots=True)
class VoiceSight:
    """`engine` speaks ("" for nobody). `seeing`: an engine that sees and is not the one in use, with what it says of itself in `why`
    and whether it can run here; "" where there is none. `caution`: what the user of a voice that sees must know all the same."""

    sight: Sight
    engine: str
    why: str = ""
    seeing: str = ""
    seeing_can_run: bool = False
    caution: str = ""


@dataclass(frozen=True, slots=True)
class JudgedTake:
    """A take with its lip verdict; `sync` None: not scored as it stands now."""

    take: Take
    sync: LineSync | None


@dataclass(frozen=True, slots=True)
class TakeRecord:
    """One take of a line as its history shows it. `made_at`: UTC, ISO 8601; `is_missing`: its sound has gone from the disk."""

    judged: JudgedTake
    number: int
    made_at: str
    is_circled: bool
    is_missing: bool

    @property
    def take(self) -> Take:
        return self.judged.take


@dataclass(frozen=True, slots=True)
class MouthBoxes:
    """Where a line's mouth is, frame by frame at 25 Hz from `start_ms`: (left, top, width, height) as shares of the picture, None where it
    is not seen. Empty: nobody knows."""

    start_ms: int
    boxes: tuple[tuple[float, float, float, float] | None, ...]


@dataclass(frozen=True, slots=True)
class LineBench:
    """One line to work on. `scales`: those in force. `face_why`: a sentence where its speaker's mouth is not seen well enough to guide
    anything, "" where it is. `scorer_why`: why lips cannot be scored at all, "" where they can. `warning`: what its scales cost. `spoken`: where
    its own pauses leave speech, ms from its start, None where nobody knows; `spoken_in`: who tells, "source", "lips" or ""."""

    row: LineRow
    scales: Guidance
    sight: VoiceSight
    takes: tuple[JudgedTake, ...]
    face_why: str = ""
    scorer_why: str = ""
    warning: str = ""
    spoken: tuple[tuple[int, int], ...] | None = None
    spoken_in: str = ""


@dataclass(frozen=True, slots=True)
class DeskPicture:
    """Which picture the desk shows: a `mark` that stands for certain bytes for good. `is_coming`: a lighter one is being made."""

    mark: str
    is_coming: bool

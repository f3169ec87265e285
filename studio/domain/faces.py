"""Who is seen when: face tracks of a video on a grid of 25 frames a second, and how a line stands to the picture."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from studio.domain.timing import frames_to_ms

FACE_RATE_HZ = 25  # every video is looked at on this grid, whatever its own rate; SyncNet's rate (papers §5.1)
MOUTH_SIDE_PX = 64  # mouth crops are squares of this side, grey
SMALLEST_FACE_PX = 40  # a face narrower than this in the picture shows no lips to judge
KEPT_POINTS = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409,
    78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415,
    33, 263, 1, 152, 10,
)  # fmt: skip
"""Of the face mesh, what is kept of every face: 40 points of the lips, then eyes, nose, chin and forehead."""


class Presence(StrEnum):
    """How much of a line its speaker's mouth can be seen."""

    ON_SCREEN = "on screen"
    PARTLY = "partly"
    OFF_SCREEN = "off screen"
    UNKNOWN = "not looked at"


@dataclass(frozen=True, slots=True)
class FaceTrack:
    """One face from where it appears to where it is lost or the picture cuts. Frames count on the 25 Hz grid, end exclusive.

    `face_px`, `mouth_px`: median widths in the source picture. `profile_share`: share of its frames turned away so far that
    one mouth corner is hidden. `found_share`: frames in which the face was really seen (the rest is bridged). `speaking_share`:
    share of the frames with speech in which its mouth moves with the sound; None before speech is known.
    """

    id: int
    start_frame: int
    end_frame: int
    shot: int
    face_px: float
    mouth_px: float
    profile_share: float
    found_share: float
    speaking_share: float | None = None

    @property
    def start_ms(self) -> int:
        return frames_to_ms(self.start_frame, Fraction(FACE_RATE_HZ))

    @property
    def end_ms(self) -> int:
        return frames_to_ms(self.end_frame, Fraction(FACE_RATE_HZ))


@dataclass(frozen=True, slots=True)
class FaceTracks:
    """All faces of a video in order of appearance. `archive`: blob key of their mouth crops and curves (None: no face at all).

    `frame_count` on the 25 Hz grid; `engine`: who looked."""

    tracks: tuple[FaceTrack, ...]
    frame_count: int
    archive: str | None
    engine: str


@dataclass(frozen=True, slots=True)
class LinePresence:
    """A line against the picture. `track_id`: the face that speaks it, None where none does. `seen_share`: how much of the line's
    speech that mouth is seen. `why`: a sentence, whatever the verdict."""

    presence: Presence
    track_id: int | None
    seen_share: float
    face_px: float
    mouth_px: float
    is_profile: bool
    why: str

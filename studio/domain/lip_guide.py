"""What a line's timing may follow: the mouth seen on the screen, the source speech heard, and how far the editor lets them.

A plain value between the step that gathers it and the stage that times the take. To add a cue, add a field with a default.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from studio.domain.faces import Presence
from studio.domain.settings import Guidance
from studio.domain.timing import TimeSpan


@dataclass(frozen=True, slots=True)
class LipGuide:
    """Cues of one line, all from its slot's start.

    `opening`: mouth opening at 25 Hz, 0 shut to 1 wide, None where the mouth is not seen; empty where nobody looked. `speech`: where
    the source speaks. `level`: loudness of the source at 25 Hz, 0..1; empty where it is not known. `scales`: the line's own guidance,
    or else the project's.
    """

    presence: Presence
    scales: Guidance
    opening: tuple[float | None, ...] = ()
    speech: tuple[TimeSpan, ...] = ()
    level: tuple[float, ...] = field(default=())

    @property
    def is_active(self) -> bool:
        """Whether there is anything to follow, and leave to follow it. A line whose speaker is not seen is left free."""
        is_asked = self.scales.lip_scale > 0 or self.scales.face_scale > 0
        is_known = bool(self.speech) or any(value is not None for value in self.opening)
        return is_asked and is_known and self.presence is not Presence.OFF_SCREEN

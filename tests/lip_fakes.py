"""A studio whose lines have faces and lip scores without anybody having looked: what the tests of the page start from."""

from __future__ import annotations

from dataclasses import replace

from studio.domain.faces import LinePresence, Presence
from studio.domain.project import Job, Project
from studio.domain.sync import LineCurves, LineSync, SpeechOverlap, SyncScore
from studio.domain.timing import TimeSpan
from studio.domain.views import EngineStatus, LineDetail, LineRow
from studio.service import Studio
from studio.stages.av_offset import AvOffset

SCORER = "fake lips"
SMALL = "The mouth is only 12 pixels wide; lips are not judged under 20."
ON_SCREEN = LinePresence(Presence.ON_SCREEN, 0, 0.97, 120.0, 44.0, False, "The speaker's mouth is seen for 97 % of the line.")
OFF_SCREEN = LinePresence(Presence.OFF_SCREEN, None, 0.0, 0.0, 0.0, False, "No face in the picture speaks this line.")
OFFSET = AvOffset(3, 2, 5, 0.9, SCORER, "The sound is about 120 ms early (3 frames at 25 fps), found on 2 faces.")


def scored(lse_c: float, offset_frames: int = 0, jaccard: float = 0.9) -> LineSync:
    return LineSync("t", SyncScore(SCORER, "mouth", lse_c, 7.5, offset_frames, 42), "", SpeechOverlap(jaccard, 0.95, 0.04))


# By line number: in time, late, not measurable, off screen; then from the start again.
VERDICTS: tuple[tuple[LinePresence, LineSync | None], ...] = (
    (ON_SCREEN, scored(6.25)),
    (ON_SCREEN, scored(2.5, offset_frames=-3)),
    (ON_SCREEN, LineSync("t", None, SMALL, SpeechOverlap(0.5, 0.6, 0.1))),
    (OFF_SCREEN, None),
)


class LipStudio(Studio):
    """The studio underneath, with every row dressed. `offset`: what is said of the sound; `asked` collects what the page sets going."""

    asked: list[str] = []
    offset: AvOffset | None = None

    @classmethod
    def over(cls, studio: Studio) -> LipStudio:
        shape = type("LipStudio", (cls,), {"asked": []})  # a list of its own for every test
        return shape(studio._shop, studio._runner, studio.user)

    def as_user(self, user: str) -> Studio:
        return type(self)(self._shop, self._runner, user)

    def rows(self, project_id: str, *, at_once: bool = False) -> tuple[LineRow, ...]:
        return tuple(self.dressed(row) for row in super().rows(project_id, at_once=at_once))

    def line(self, project_id: str, line_id: str) -> LineDetail:
        detail = super().line(project_id, line_id)
        return replace(detail, row=self.dressed(detail.row))

    def dressed(self, row: LineRow) -> LineRow:
        presence, sync = VERDICTS[(row.number - 1) % len(VERDICTS)]
        return replace(row, presence=presence, sync=sync)

    def curves(self, project_id: str, line_id: str) -> LineCurves:
        row = self.line(project_id, line_id).row
        start_ms, end_ms = max(0, row.line.span.start_ms - 200), row.line.span.end_ms + 200
        frames = (end_ms - start_ms) // 40
        half = frames // 2
        opening = (0.5,) * half + (None,) * (frames - half)
        levels = tuple(at / frames for at in range(frames))
        spoken = (TimeSpan(row.line.span.start_ms, row.line.span.end_ms - 300),)
        return LineCurves(start_ms, end_ms, opening, levels, levels[::-1], spoken, spoken, "The mouth is seen for half of the line.")

    def engines(self) -> tuple[EngineStatus, ...]:
        return (*super().engines(), EngineStatus("face tracker", "fake eyes", "1", "Apache-2.0", True, True, "ready"))

    def look_for_faces(self, project_id: str) -> Job:
        self.asked.append("look")
        job = self._shop.jobs.latest(project_id)
        assert job is not None
        return job

    def sound_offset(self, project_id: str) -> AvOffset | None:
        return type(self).offset

    def correct_offset(self, project_id: str) -> Project:
        self.asked.append("correct")
        type(self).offset = None
        return self.shift_sound(project_id, OFFSET.shift_ms)


class UnseenStudio(LipStudio):
    """As above before anybody has looked."""

    def dressed(self, row: LineRow) -> LineRow:
        return row

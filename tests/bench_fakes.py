"""A studio whose voices see and whose lines have been swept without any weights: what the tests of the Guidance tab start from.

Takes are the fakes' own; their scores, and the sweep's points, follow from the scales by arithmetic.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from studio.domain.bench import JudgedTake, LineBench, Sight, VoiceSight
from studio.domain.errors import NotFound
from studio.domain.line import Take
from studio.domain.project import Job, JobKind
from studio.domain.reference_voice import Consent, ReferenceVoice, TakeVoice
from studio.domain.settings import Guidance
from studio.domain.sweep import SweepPoint, grid
from studio.domain.sync import LineSync, SyncScore
from studio.domain.views import LineRow
from studio.line_verbs import LineEdit
from studio.service import Studio
from tests.lip_fakes import ON_SCREEN, SCORER, LipStudio

SEES = VoiceSight(Sight.SEES, "fake-eyes", "ready")
MISSING = VoiceSight(Sight.RETIMED, "fake-speaker", "its weights are not here; python -m studio models pull syncvoice fetches them", "syncvoice")
RECOGNISER = "fake ears"


def point_at(face: float, lip: float, take_id: str) -> SweepPoint:
    """Lips bring sound and mouth together, and cost words; the face costs little."""
    return SweepPoint(face, lip, take_id, 2.0 + face + lip, 9.0 - face - 1.2 * lip, 0 if lip else -2, 0.04 + 0.06 * lip, None, RECOGNISER)


class BenchStudio(LipStudio):
    """The studio underneath with a voice that sees. `sight` is what it says of it; `swept` its sweeps by line; `asked` collects verbs."""

    sight: ClassVar[VoiceSight] = SEES
    swept: ClassVar[dict[str, tuple[SweepPoint, ...]]] = {}
    recordings: ClassVar[list[ReferenceVoice]] = []

    @classmethod
    def over(cls, studio: Studio) -> BenchStudio:
        shape = type("BenchStudio", (cls,), {"asked": [], "swept": {}, "recordings": []})
        return shape(studio._shop, studio._runner, studio.user)

    def dressed(self, row: LineRow) -> LineRow:
        return replace(row, presence=ON_SCREEN)

    def voice_sight(self, project_id: str) -> VoiceSight:
        return type(self).sight

    def line_bench(self, project_id: str, line_id: str) -> LineBench:
        bench = super().line_bench(project_id, line_id)
        points = {one.take_id: one for one in self.swept.get(line_id, ())}
        takes = tuple(judged(one.take, points.get(one.take.id)) for one in bench.takes)
        return replace(bench, sight=type(self).sight, takes=takes, face_why="", scorer_why="")

    def revoice(self, project_id: str, line_ids: Sequence[str], quality: str = "") -> Job:
        self.asked.append(f"voice {len(line_ids)} {quality}")
        return self.submit(project_id, JobKind.VOICE, line_ids)

    def sweep(self, project_id: str, line_id: str, face_scales: Sequence[float], lip_scales: Sequence[float], quality: str = "preview") -> Job:
        """Every point gets a copy of the line's take, at once."""
        self.asked.append(f"sweep {quality}")
        line = self._shop.lines.line(project_id, line_id)
        assert line.take_id is not None
        first, made = self._shop.lines.take(project_id, line.take_id), []
        for face, lip in grid(face_scales, lip_scales):
            take = replace(first, id=uuid.uuid4().hex, fingerprint=f"{face} {lip}", made=TakeVoice(Guidance(face, lip), 4, 0, quality, True))
            self._shop.lines.add_take(take)
            made.append(point_at(face, lip, take.id))
        self.swept[line_id] = tuple(made)
        job = self._shop.jobs.latest(project_id)
        assert job is not None
        return job

    def sweep_points(self, project_id: str, line_id: str) -> tuple[SweepPoint, ...]:
        return self.swept.get(line_id, ())

    def forget_sweep(self, project_id: str, line_id: str) -> None:
        self.swept.pop(line_id, None)

    def choose_point(self, project_id: str, line_id: str, take_id: str) -> LineRow:
        point = next((one for one in self.sweep_points(project_id, line_id) if one.take_id == take_id), None)
        if point is None:
            raise NotFound("take", take_id)
        return self.revise_line(project_id, line_id, LineEdit(take_id=take_id, guidance=Guidance(point.face_scale, point.lip_scale)))

    def reference_voices(self, project_id: str) -> tuple[ReferenceVoice, ...]:
        return tuple(self.recordings)

    def add_reference_voice(self, project_id: str, name: str, path: Path, consent: Consent, transcript: str = "") -> ReferenceVoice:
        with self._shop.blobs.create(".wav") as draft:
            draft.path.write_bytes(path.read_bytes())
        made = ReferenceVoice(uuid.uuid4().hex, name, draft.key, 4200, consent, transcript)
        self.recordings.append(made)
        return made

    def remove_reference_voice(self, project_id: str, reference_id: str) -> None:
        self.recordings[:] = [one for one in self.recordings if one.id != reference_id]


def judged(take: Take, point: SweepPoint | None) -> JudgedTake:
    """A take with the score of its point, or with one of its own."""
    found = point if point is not None else point_at(0.0, 0.0, take.id)
    assert found.lse_c is not None and found.lse_d is not None and found.offset_frames is not None
    return JudgedTake(take, LineSync(take.id, SyncScore(SCORER, "mouth", found.lse_c, found.lse_d, found.offset_frames, 42), "", None))

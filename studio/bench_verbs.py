"""The verbs of the Guidance tab's bench: one line with its judged takes, whether voices see, and a take put to use. Part of `Studio`.

Enter: ids of the user's own projects. Leave: records of `domain/bench.py`. Everything raised is a StudioError.
"""

from __future__ import annotations

from pathlib import Path

from studio.domain.bench import JudgedTake, LineBench, Sight, VoiceSight
from studio.domain.errors import NotFound
from studio.domain.faces import LinePresence, Presence
from studio.domain.guidance_presets import guidance_warning
from studio.domain.line import Line, Take
from studio.domain.project import Project
from studio.domain.settings import Guidance
from studio.domain.views import LineRow
from studio.engines.voice_protocols import SeesFace, Speaker
from studio.engines.rack import EngineRack
from studio.line_verbs import LineEdit
from studio.lip_verbs import NOT_LOOKED
from studio.review import default_speaker
from studio.steps.lip_guide import all_cues, scales_of
from studio.steps.seeing import Sight as Known
from studio.steps.speech_stretches import found_in, found_stretches
from studio.steps.sync import kept_take_syncs, why_no_scorer
from studio.voice_verbs import VoiceVerbs

NO_PICTURE = "This project has no picture, so there is nothing to see; only words and pauses guide its voices."


class BenchVerbs(VoiceVerbs):
    def voice_sight(self, project_id: str) -> VoiceSight:
        """Whether the speech engine that voices the project sees the face."""
        project, rack = self._own(project_id), self._shop.engines
        return sight_of(default_speaker(project, rack), rack)

    def line_bench(self, project_id: str, line_id: str) -> LineBench:
        """One line with everything the bench shows of it. Raises NotFound."""
        detail = self.line(project_id, line_id)
        project, rack, line = self._own(project_id), self._shop.engines, detail.row.line
        engine = rack.named("speaker", detail.row.voice.engine) if detail.row.voice is not None else None
        scales = scales_of(project, line)
        known = all_cues(self._shop, project, (line,))
        seen = Known(project, (), known).seen(line)
        return LineBench(
            row=detail.row,
            scales=scales,
            sight=sight_of(engine, rack),
            takes=self._judged(project, line, detail.row.presence, detail.takes),
            face_why=face_why(project, detail.row),
            scorer_why=why_no_scorer(rack),
            warning=guidance_warning(scales, project.source_language, project.target_language),
            spoken=found_stretches(self._shop, seen, detail.row.slot),
            spoken_in=found_in(seen, detail.row.slot),
        )

    def use_take(self, project_id: str, line_id: str, take_id: str) -> LineRow:
        """Circle a take. Where other scales are in force than it was made with, they become the line's own: it would be an old one at once."""
        project = self._own(project_id)
        scales = take_scales(self._shop.lines.take(project.id, take_id), scales_of(project, self._shop.lines.line(project.id, line_id)))
        row = self.revise_line(project_id, line_id, LineEdit(take_id=take_id))
        if not row.is_take_stale or scales == scales_of(project, row.line):
            return row
        return self.revise_line(project_id, line_id, LineEdit(guidance=scales))

    def reference_wav(self, project_id: str, reference_id: str) -> Path:
        """A reference voice's recording, to be listened to. Raises NotFound."""
        found = next((one for one in self.reference_voices(project_id) if one.id == reference_id), None)
        if found is None:
            raise NotFound("voice", reference_id)
        return self._shop.blobs.path(found.blob)

    # within

    def _judged(self, project: Project, line: Line, presence: LinePresence | None, takes: tuple[Take, ...]) -> tuple[JudgedTake, ...]:
        syncs = kept_take_syncs(self._shop, project, line, takes, presence)
        return tuple(JudgedTake(take, syncs.get(take.id)) for take in takes)


def sight_of(engine: Speaker | None, rack: EngineRack) -> VoiceSight:
    """What an engine makes of the picture, and which one would see where it does not."""
    if engine is not None and isinstance(engine, SeesFace):
        verdict = engine.available()
        return VoiceSight(Sight.SEES if verdict.is_available else Sight.MISSING, engine.name, verdict.why, caution=verdict.caution)
    name = engine.name if engine is not None else ""
    sight = Sight.RETIMED if engine is not None else Sight.NONE
    other = next((one for one in rack.all("speaker") if isinstance(one, SeesFace)), None)
    if other is None:
        return VoiceSight(sight, name)
    verdict = other.available()
    return VoiceSight(sight, name, verdict.why, other.name, verdict.is_available)


def face_why(project: Project, row: LineRow) -> str:
    """Why no mouth can guide this line; "" where one can."""
    if project.source is None or project.source.info.video is None:
        return NO_PICTURE
    if row.presence is None:
        return NOT_LOOKED.why
    return row.presence.why if row.presence.presence in (Presence.OFF_SCREEN, Presence.UNKNOWN) else ""


def take_scales(take: Take, now: Guidance) -> Guidance:
    """The scales a take was made with: as its voice kept them, or as it was re-timed; text and pauses mean nothing to the latter."""
    if take.made is not None:
        return take.made.scales
    return Guidance(take.report.face_scale, take.report.lip_scale, now.text_scale, now.pause_scale)

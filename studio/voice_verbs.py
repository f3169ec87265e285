"""The verbs about voices that see: recordings to speak like, takes in another quality, sweeps over guidance scales. Part of `Studio`.

Enter: ids and plain values, of the user's own projects only. Leave: records and views of `domain`. Everything raised is a StudioError.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from studio.domain.errors import BadMedia, NotFound, NotReady
from studio.domain.guidance_presets import GuidancePreset, guidance_warning, presets
from studio.domain.line import Line
from studio.domain.project import Job, JobKind, JobState, Project
from studio.domain.reference_voice import MAX_TRANSCRIPT_CHARS, Consent, ReferenceVoice
from studio.domain.rights import Right
from studio.domain.sweep import SweepPoint, grid
from studio.domain.views import LineRow
from studio.engines.protocols import Audio
from studio.jobs import JobRunner
from studio.line_verbs import LineEdit, LineVerbs, clean_name
from studio.media.wav import write_wav
from studio.references import heard_of_speaker, read_recording, transcribed, why_no_voice
from studio.steps.lip_guide import scales_of
from studio.steps.sweep import points_now, seeing_voice
from studio.store.text import storable
from studio.workshop import Workshop

SAMPLE_BYTES = 2  # of a recording as it is kept


class VoiceVerbs(LineVerbs):
    def __init__(self, shop: Workshop, runner: JobRunner, user: str) -> None:
        super().__init__(shop, user)
        self._runner = runner

    # recordings to speak like

    def reference_voices(self, project_id: str) -> tuple[ReferenceVoice, ...]:
        """The project's recordings, oldest first."""
        return self._shop.lines.reference_voices(self._own(project_id).id)

    def add_reference_voice(self, project_id: str, name: str, path: Path, consent: Consent, transcript: str = "") -> ReferenceVoice:
        """Make a voice of a recording of one person. `transcript`: its words; listened for where none are given and a recogniser is here.

        Raises BadSetting without a name or consent, BadMedia for a file that is no sound, silent, too short, or of two people, NotReady
        where no voice here can speak like a recording."""
        project = self._own(project_id)
        label = clean_name(name, "voice")
        return self._keep_reference(project, label, read_recording(path), consent, transcript, None)

    def add_speaker_voice(self, project_id: str, speaker_id: str, consent: Consent) -> ReferenceVoice:
        """Make a voice of what one of the project's own speakers says in the source. Raises as `add_reference_voice`, NotFound for an
        unknown speaker and NotReady where nothing of them has been heard."""
        project = self._own(project_id)
        cast = self._shop.lines.cast(project.id)
        speaker = next((one for one in cast.speakers if one.id == speaker_id), None)
        if speaker is None:
            raise NotFound("speaker", speaker_id)
        audio, words = heard_of_speaker(self._shop, project, cast, speaker)
        return self._keep_reference(project, speaker.name, audio, consent, words, speaker.id)

    def remove_reference_voice(self, project_id: str, reference_id: str) -> None:
        """Take a recording out of the project; takes made with it stay, with their consent. Raises NotFound."""
        self._shop.lines.remove_reference_voice(self._own(project_id).id, reference_id)

    # guidance

    def guidance_presets(self, project_id: str) -> tuple[GuidancePreset, ...]:
        """Ready-made scales, the one that suits the project's languages first."""
        project = self._own(project_id)
        return presets(project.source_language, project.target_language)

    def guidance_warning(self, project_id: str, line_id: str | None = None) -> str:
        """A sentence where the project's scales, or a line's own, cost intelligibility; else ""."""
        project = self._own(project_id)
        scales = project.settings.guidance if line_id is None else scales_of(project, self._shop.lines.line(project.id, line_id))
        return guidance_warning(scales, project.source_language, project.target_language)

    def revoice(self, project_id: str, line_ids: Iterable[str], quality: str = "") -> Job:
        """Takes for these lines as they are worded, in "preview" or "final" quality ("": the project's). A take there is already costs nothing."""
        project = self._may(project_id, Right.RUN)
        return self._runner.submit(voice_job(project, self.user, JobKind.VOICE, tuple(line_ids), quality))

    # sweeps

    def sweep(self, project_id: str, line_id: str, face_scales: Sequence[float], lip_scales: Sequence[float], quality: str = "preview") -> Job:
        """Queue a line's takes under every pair of scales. What is known already costs nothing. Raises BadSetting for an impossible grid,
        NotReady where the line has no words or its voice does not see."""
        project = self._may(project_id, Right.RUN)
        line = self._shop.lines.line(project.id, line_id)
        points = grid(face_scales, lip_scales)
        job = voice_job(project, self.user, JobKind.SWEEP, (line.id,), quality)
        self._check_sweep(project, line)
        self._shop.lines.ask_sweep(project.id, line.id, points, quality)
        return self._runner.submit(job)

    def sweep_points(self, project_id: str, line_id: str) -> tuple[SweepPoint, ...]:
        """The points done so far, by face and then lip scale."""
        project = self._own(project_id)
        return points_now(self._shop, project, self._shop.lines.line(project.id, line_id))

    def forget_sweep(self, project_id: str, line_id: str) -> None:
        """Drop a line's points; their takes stay among the line's."""
        self._shop.lines.forget_sweep(self._own(project_id).id, line_id)

    def choose_point(self, project_id: str, line_id: str, take_id: str) -> LineRow:
        """Circle the take of a point and make its scales the line's own. Raises NotFound for a take that is no point of the line."""
        point = next((one for one in self.sweep_points(project_id, line_id) if one.take_id == take_id), None)
        if point is None:
            raise NotFound("take", take_id)
        project = self._own(project_id)
        scales = scales_of(project, self._shop.lines.line(project.id, line_id))
        guidance = replace(scales, face_scale=point.face_scale, lip_scale=point.lip_scale)
        return self.revise_line(project_id, line_id, LineEdit(take_id=take_id, guidance=guidance))

    # within

    def _check_sweep(self, project: Project, line: Line) -> None:
        if not line.target_text.strip():
            raise NotReady("This line has no words to say yet; type some, then sweep.")
        if seeing_voice(self._shop, project, line) is None:
            raise NotReady("The voice of this line does not see the picture, so its takes are alike under all scales; choose one that does.")

    def _keep_reference(
        self, project: Project, name: str, audio: Audio, consent: Consent, transcript: str, speaker_id: str | None
    ) -> ReferenceVoice:
        if why := why_no_voice(self._shop.engines, audio):
            raise BadMedia(name, why)
        if self._shop.quotas.is_bounded(project.owner):
            self._shop.quotas.room(project.owner).require(SAMPLE_BYTES * len(audio.samples), name)
        words = " ".join(transcript.split())[:MAX_TRANSCRIPT_CHARS] or transcribed(self._shop.engines, project, audio)
        with self._shop.blobs.create(".wav") as draft:
            write_wav(draft.path, audio)
        words = storable(words, "The words of the recording")
        voice = ReferenceVoice(uuid.uuid4().hex, name, draft.key, audio.length_ms, consent, words, speaker_id)
        return self._shop.lines.add_reference_voice(project.id, voice, by=self.user)


def voice_job(project: Project, by: str, kind: JobKind, line_ids: tuple[str, ...], quality: str) -> Job:
    return Job(uuid.uuid4().hex, project.id, by, kind, JobState.QUEUED, line_ids, quality=quality)


"""What the Guidance tab asks of the studio through the desk's calls: a line's bench, takes in a quality, sweeps, reference voices.

Part of `Desk`. Enter: plain values of a JSON body. Leave: views. A new verb is a method here and its name in `CALLS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.domain.errors import BadSetting, NotReady
from studio.domain.reference_voice import OWN_VOICE_STATEMENT, Consent
from studio.domain.timing import TimeSpan
from studio.domain.views import LineRow
from studio.service import LineEdit, Studio
from studio.ui import desk_present, present
from studio.ui.desk_views import Reply
from studio.ui.guidance_present import bench_view
from studio.ui.guidance_views import BenchView, VoicesView
from studio.ui.voice_present import voices_view

MAX_GRID_ENTRIES = 64


@dataclass(frozen=True, slots=True)
class Used:
    """A take put to use: the row it changed, and the line's bench as it is now."""

    reply: Reply
    bench: BenchView


@dataclass(frozen=True, slots=True)
class NewVoice:
    """A recording as the page sends it. `agreed`: the statement was ticked."""

    name: str
    whose: str
    agreed: bool
    transcript: str = ""


class GuidanceDesk:
    _studio: Studio
    _project_id: str

    # a line on the bench

    def bench(self, line_id: str) -> BenchView:
        studio, project_id = self._studio, self._project_id
        names = {one.id: one.name for one in studio.reference_voices(project_id)}
        return bench_view(studio.line_bench(project_id, line_id), studio.sweep_points(project_id, line_id), names)

    def voice_lines(self, line_ids: Sequence[str], quality: str) -> Reply:
        if not line_ids:
            raise NotReady("Choose a line, or tick the lines to voice, first.")
        return Reply(job=present.job_view(self._studio.revoice(self._project_id, line_ids, quality)))

    def use_take(self, line_id: str, take_id: str) -> Used:
        return self._used(self._studio.use_take(self._project_id, line_id, take_id))

    def set_pauses(self, line_id: str, pauses: Sequence[Sequence[int]] | None) -> Used:
        """Pauses drawn on a line, pairs of ms from its start; None goes back to the source's. Raises BadSetting for anything else."""
        edit = LineEdit(clear=frozenset({"pauses"})) if pauses is None else LineEdit(pauses=_spans(pauses))
        return self._used(self._studio.revise_line(self._project_id, line_id, edit))

    # sweeps

    def sweep(self, line_id: str, face_scales: Sequence[float], lip_scales: Sequence[float], quality: str) -> Reply:
        for scales in (face_scales, lip_scales):
            if len(scales) > MAX_GRID_ENTRIES or not all(isinstance(one, int | float) for one in scales):
                raise BadSetting("A sweep takes a short list of numbers for the face and one for the lips, such as 0, 1, 2.")
        return Reply(job=present.job_view(self._studio.sweep(self._project_id, line_id, face_scales, lip_scales, quality)))

    def choose_point(self, line_id: str, take_id: str) -> Used:
        return self._used(self._studio.choose_point(self._project_id, line_id, take_id))

    def forget_sweep(self, line_id: str) -> BenchView:
        self._studio.forget_sweep(self._project_id, line_id)
        return self.bench(line_id)

    # voices made of recordings

    def reference_voices(self) -> VoicesView:
        studio, project_id = self._studio, self._project_id
        view = studio.project(project_id)
        return voices_view(studio.reference_voices(project_id), view.speakers, studio.voices(project_id), studio.voice_sight(project_id))

    def add_reference_voice(self, new: NewVoice, path: Path) -> VoicesView:
        """Keep an uploaded recording. Raises BadSetting where nobody ticked that its owner agreed."""
        if not new.agreed:
            raise BadSetting("Tick that the owner of the voice has agreed; without it a voice cannot be copied.")
        self._studio.add_reference_voice(self._project_id, new.name, path, Consent(new.whose.strip()), new.transcript)
        return self.reference_voices()

    def add_speaker_voice(self, speaker_id: str, whose: str, agreed: bool) -> VoicesView:
        """Make a voice of what a speaker of the project says in the source."""
        if not agreed:
            raise BadSetting("Tick that the speaker has agreed; without it a voice cannot be copied.")
        self._studio.add_speaker_voice(self._project_id, speaker_id, Consent(whose.strip(), OWN_VOICE_STATEMENT))
        return self.reference_voices()

    def remove_reference_voice(self, reference_id: str) -> VoicesView:
        self._studio.remove_reference_voice(self._project_id, reference_id)
        return self.reference_voices()

    # within

    def _used(self, row: LineRow) -> Used:
        return Used(Reply(row=desk_present.desk_row(row)), self.bench(row.line.id))


def _spans(pauses: Sequence[Sequence[int]]) -> tuple[TimeSpan, ...]:
    try:
        return tuple(TimeSpan(round(start_ms), round(end_ms)) for start_ms, end_ms in pauses[:MAX_GRID_ENTRIES])
    except (TypeError, ValueError, OverflowError) as error:
        raise BadSetting("A pause starts at 0 or later and ends after its start, both within the line, such as 0.8-1.1.") from error


CALLS: dict[str, Callable[..., Any]] = {
    "bench": GuidanceDesk.bench,
    "voice_lines": GuidanceDesk.voice_lines,
    "use_take": GuidanceDesk.use_take,
    "set_pauses": GuidanceDesk.set_pauses,
    "sweep": GuidanceDesk.sweep,
    "choose_point": GuidanceDesk.choose_point,
    "forget_sweep": GuidanceDesk.forget_sweep,
    "reference_voices": GuidanceDesk.reference_voices,
    "add_speaker_voice": GuidanceDesk.add_speaker_voice,
    "remove_reference_voice": GuidanceDesk.remove_reference_voice,
}

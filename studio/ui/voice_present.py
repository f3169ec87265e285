"""Reference voices and who speaks with them, to what the Guidance tab shows. Pure functions, no service, no Gradio."""

from __future__ import annotations

from collections.abc import Sequence

from studio.domain.bench import Sight, VoiceSight
from studio.domain.line import SpeakerProfile
from studio.domain.reference_voice import STATEMENT, ReferenceVoice
from studio.engines.voice_protocols import VoiceInfo
from studio.ui.desk_present import voice_key
from studio.ui.guidance_views import CastView, ReferenceView, VoicesView

MAX_RECORDING_BYTES = 64 * 2**20
REFERENCE_MARK = "@"  # before a recording's id in the name of the voice made of it


def voices_view(references: Sequence[ReferenceVoice], speakers: Sequence[SpeakerProfile], voices: Sequence[VoiceInfo], sight: VoiceSight) -> VoicesView:
    """`voices`: all on offer; `sight`: of the project's speech engine, which says whether any voice here could speak like a recording."""
    return VoicesView(
        references=tuple(_reference(one, voices) for one in references),
        cast=tuple(CastView(one.id, one.name, voice_key(one.voice) if one.voice is not None else "") for one in speakers),
        statement=STATEMENT,
        blocked=_blocked(sight),
        most_bytes=MAX_RECORDING_BYTES,
    )


def _reference(one: ReferenceVoice, voices: Sequence[VoiceInfo]) -> ReferenceView:
    made = next((voice_key(voice.ref) for voice in voices if voice.ref.voice.endswith(f"{REFERENCE_MARK}{one.id}")), "")
    consent = one.consent
    return ReferenceView(one.id, one.name, one.length_ms, consent.whose, consent.statement, one.transcript, made, one.speaker_id is not None)


def _blocked(sight: VoiceSight) -> str:
    """Why no recording can be spoken like here; "" where one can."""
    if sight.sight is Sight.SEES or (sight.seeing and sight.seeing_can_run):
        return ""
    name = sight.seeing or (sight.engine if sight.sight is Sight.MISSING else "")
    return f"Only a voice that runs here can speak like a recording, and {name} cannot run yet." if name else "No speech engine here can speak like a recording."

"""What a voice that sees is told of a line beside its words: scales, time, face, pauses, a recording to speak like; and its fingerprint.

`see_keys` looks at nothing anew and is cheap enough for every look at the page; `told` reads the pictures of one line, to voice it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from studio.domain.errors import EngineFailed
from studio.domain.faces import Presence
from studio.domain.line import Line, Slot, VoiceRef
from studio.domain.plain import fingerprint
from studio.domain.project import Cast, Project
from studio.domain.reference_voice import ReferenceVoice, TakeVoice
from studio.domain.settings import Guidance
from studio.engines.voice_protocols import FaceStreams, Recording, SeesFace, VoiceGuide
from studio.engines.rack import EngineRack
from studio.media.face_archive import FaceArchive
from studio.media.wav import read_wav
from studio.steps.face_streams import face_streams
from studio.steps.lip_guide import LipCues, cue_span, scales_of
from studio.steps.speech_stretches import Seen, pausing, speech_stretches, stretches_key
from studio.workshop import Workshop

SEE_VERSION = "1"  # changes whenever the same conditions may give another take
REFERENCE_MARK = "@"
NO_FACE = "No face speaks this line, so it was said by its words alone."
NOT_TAUGHT = "This voice was never taught faces, so the line was said by its words alone; “train voice” teaches it."
NO_PICTURE = "This programme has no picture, so the line was said by its words alone."


@dataclass(frozen=True, slots=True)
class Asked:
    """How a line is to be said, beside what is seen. `quality`: "preview" or "final"."""

    scales: Guidance
    quality: str


@dataclass(frozen=True, slots=True)
class Sight:
    """What lines are seen by: the project, its recordings, what is known of picture and sound."""

    project: Project
    references: tuple[ReferenceVoice, ...]
    known: LipCues

    def reference(self, voice: VoiceRef) -> ReferenceVoice | None:
        """The recording a voice speaks like; None for a voice of its own. Raises EngineFailed where it was removed."""
        _, mark, reference_id = voice.voice.rpartition(REFERENCE_MARK)
        if not mark:
            return None
        found = next((one for one in self.references if one.id == reference_id), None)
        if found is None:
            raise EngineFailed(voice.engine, "the recording this voice was made of was removed; choose another voice for the line.")
        return found

    def track(self, line: Line) -> int | None:
        """The face that speaks the line, where the picture may guide it."""
        seen = self.known.presences.get(line.id)
        is_hidden = seen is None or seen.presence is Presence.OFF_SCREEN or self.known.archive is None
        return None if is_hidden or seen is None else seen.track_id

    def seen(self, line: Line) -> Seen:
        return Seen(self.known, self.track(line))


def seeing(rack: EngineRack, voice: VoiceRef | None) -> SeesFace | None:
    """The engine of a voice, where it takes the picture into its model."""
    engine = next((one for one in rack.all("speaker") if voice is not None and one.name == voice.engine), None)
    return engine if isinstance(engine, SeesFace) else None


def see_key(sight: Sight, line: Line, slot: Slot, voice: VoiceRef, engine: SeesFace, asked: Asked) -> str:
    """Fingerprint of all that a take owes to more than its words, voice and slot. A condition of scale 0 changes nothing."""
    scales, settings = asked.scales, sight.project.settings.voice
    reference = sight.reference(voice)
    picture = (sight.known.archive, sight.track(line), slot.start_ms) if _follows_face(scales) and sight.track(line) is not None else None
    pauses = stretches_key(sight.seen(line), line, slot, scales)
    like = None if reference is None else (reference.blob, reference.transcript)
    return fingerprint("see", SEE_VERSION, engine.voice_version(voice), scales, settings.steps(asked.quality), (settings.seed, settings.form), picture, pauses, like)


def see_keys(sight: Sight, cast: Cast, slots: Mapping[str, Slot], voices: Mapping[str, VoiceRef], rack: EngineRack, quality: str) -> dict[str, str]:
    """`see_key` by line id, of the lines whose voice sees."""
    found, engines = {}, {voice.engine: seeing(rack, voice) for voice in set(voices.values())}
    for line in cast.lines:
        voice = voices.get(line.id)
        engine = engines[voice.engine] if voice is not None else None
        if voice is not None and engine is not None:
            found[line.id] = see_key(sight, line, slots[line.id], voice, engine, Asked(scales_of(sight.project, line), quality))
    return found


@dataclass(frozen=True, slots=True)
class Told:
    """A guide, and what the take will keep of it."""

    guide: VoiceGuide
    made: TakeVoice


def told(shop: Workshop, sight: Sight, line: Line, slot: Slot, voice: VoiceRef, asked: Asked) -> Told:
    """Everything a seeing voice is told of a line. Raises MediaToolFailed where the faces' file is damaged, EngineFailed where the
    recording it should speak like is gone."""
    settings, scales = sight.project.settings.voice, asked.scales
    engine = seeing(shop.engines, voice)
    is_taught = engine is not None and engine.follows_face(voice)
    face = _face(shop, sight, line, slot) if is_taught and _follows_face(scales) else None
    used = pausing(scales if face is not None else replace(scales, face_scale=0.0, lip_scale=0.0), line)
    reference = sight.reference(voice)
    recording = None if reference is None else Recording(read_wav(shop.blobs.path(reference.blob)), reference.transcript)
    guide = VoiceGuide(
        used, settings.steps(asked.quality), settings.seed, slot.span_ms, slot.length_ms, face,
        speech_stretches(shop, sight.seen(line), line, slot, scales), recording, settings.form,
    )  # fmt: skip
    why = "" if face is not None or not _follows_face(scales) else _why_unseen(sight, line) if is_taught else NOT_TAUGHT
    consent = None if reference is None else reference.consent
    made = TakeVoice(
        scales, guide.steps, guide.seed, asked.quality, face is not None, why, None if reference is None else reference.id, consent
    )
    return Told(guide, made)


def _follows_face(scales: Guidance) -> bool:
    return scales.face_scale > 0 or scales.lip_scale > 0


def _face(shop: Workshop, sight: Sight, line: Line, slot: Slot) -> FaceStreams | None:
    track = sight.track(line)
    if track is None or sight.known.archive is None:
        return None
    return face_streams(FaceArchive(shop.blobs.path(sight.known.archive)), track, cue_span(slot))


def _why_unseen(sight: Sight, line: Line) -> str:
    source = sight.project.source
    if source is None or source.info.video is None:
        return NO_PICTURE
    seen = sight.known.presences.get(line.id)
    return NO_FACE if seen is None else f"{seen.why} It was said by its words alone."

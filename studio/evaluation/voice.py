"""What a voice that sees gains from face and lips: clips said again under each set of conditions, held against their own lips and words.

Enters: clips with their words, a voice, engines that look and listen. Leaves: means per condition, one row per clip and condition. The speaker's
own sound lends the voice, the whole clip is the slot, nothing else of the recording is given. A clip that cannot be judged is listed with its reason.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from studio.domain.errors import BadMedia, BadSetting, EngineFailed, MediaToolFailed, NotMeasurable
from studio.domain.faces import FACE_RATE_HZ, FaceTrack
from studio.domain.line import VoiceRef
from studio.domain.settings import Guidance
from studio.domain.timing import TimeSpan
from studio.engines.protocols import Audio, FaceTracker, SyncScorer, VoiceActivityDetector
from studio.engines.voice_protocols import Recording, SeesFace, Speaker, VoiceGuide
from studio.evaluation.voice_clips import VoiceClip
from studio.file_lips import SeenFile, faces_of, seen_file
from studio.media.wav import read_wav_span
from studio.steps.face_streams import face_streams
from studio.stages.sync import at_speech_rate

CONDITIONS = {"none": (0.0, 0.0), "face": (1.0, 0.0), "lip": (0.0, 1.0), "both": (1.0, 1.0)}
RECORDING = "recording"
MEL_FRAMES_PER_S = 93.75
LEAST_SEEN_RATIO = 0.5  # of a clip its face must be seen

Listen = Callable[[Audio, str], "float | None"]
Watch = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class VoicePlan:
    """`conditions`: names of CONDITIONS. `text_scale`: the scale of the words in all of them."""

    clips: tuple[VoiceClip, ...]
    language: str
    voice: VoiceRef
    conditions: tuple[str, ...] = tuple(CONDITIONS)
    steps: int = 16
    seed: int = 0
    text_scale: float = 1.0

    def __post_init__(self) -> None:
        unknown = [name for name in self.conditions if name not in CONDITIONS]
        if unknown or not self.conditions:
            raise BadSetting(f"Conditions are {', '.join(CONDITIONS)}; “{', '.join(unknown)}” is none of them.")

    def scales(self, condition: str) -> Guidance:
        face, lip = CONDITIONS[condition]
        return Guidance(face, lip, text_scale=self.text_scale)


@dataclass(frozen=True, slots=True)
class Judges:
    """`word_error` of a sound against its text, 0 and up; None where no recogniser knows these words, and `why_deaf` says so."""

    tracker: FaceTracker
    detector: VoiceActivityDetector
    scorer: SyncScorer
    word_error: Listen | None
    why_deaf: str = ""


@dataclass(frozen=True, slots=True)
class VoiceTrial:
    """One sound for one clip. `work_s`: seconds it took to make; 0 for the recording. `lse_c` and so on None: not measurable, see `why`."""

    clip: str
    condition: str
    lse_c: float | None = None
    lse_d: float | None = None
    offset_frames: int | None = None
    word_error: float | None = None
    duration_error_frames: int | None = None
    work_s: float = 0.0
    length_s: float = 0.0
    why: str = ""


@dataclass(frozen=True, slots=True)
class VoiceResult:
    plan: VoicePlan
    scorer: str
    scorer_version: str
    trials: tuple[VoiceTrial, ...]
    left_out: dict[str, str] = field(default_factory=dict)

    def summary(self, condition: str) -> dict[str, float | int | None]:
        """Means over the clips judged under a condition; None where nothing was measured."""
        found = [trial for trial in self.trials if trial.condition == condition]
        offsets = [trial.offset_frames for trial in found if trial.offset_frames is not None]
        length_s = sum(trial.length_s for trial in found)
        return {
            "LSE_C": _mean([trial.lse_c for trial in found]),
            "LSE_D": _mean([trial.lse_d for trial in found]),
            "within_1_frame": _mean([float(abs(offset) <= 1) for offset in offsets]),
            "word_error": _mean([trial.word_error for trial in found]),
            "duration_error_frames": _mean([None if trial.duration_error_frames is None else float(trial.duration_error_frames) for trial in found]),
            "rtf": sum(trial.work_s for trial in found) / length_s if length_s and condition != RECORDING else None,
            "clips": len(found),
        }


def evaluate_voice(plan: VoicePlan, engine: Speaker, judges: Judges, watch: Watch) -> VoiceResult:
    """Every clip under every condition. Raises BadSetting for a voice that does not see."""
    if not isinstance(engine, SeesFace):
        raise BadSetting(f"{engine.name} does not take the picture into its voice, so conditions mean nothing to it; name one that does.")
    trials: list[VoiceTrial] = []
    left_out: dict[str, str] = {}
    for done, clip in enumerate(plan.clips):
        watch(done, len(plan.clips))
        if not clip.text:
            left_out[clip.name] = "nobody says which words are said in it"
            continue
        try:
            with seen_file(clip.path, judges.tracker, judges.detector) as seen:
                trials += _said_again(plan, clip, seen, engine, judges)
        except (NotMeasurable, BadMedia, MediaToolFailed, EngineFailed) as error:
            left_out[clip.name] = str(error)
    watch(len(plan.clips), len(plan.clips))
    return VoiceResult(plan, judges.scorer.name, judges.scorer.version, tuple(trials), left_out)


def _said_again(plan: VoicePlan, clip: VoiceClip, seen: SeenFile, engine: SeesFace, judges: Judges) -> list[VoiceTrial]:
    if seen.sound is None:
        raise NotMeasurable("It has no sound to take the voice from.")
    track, lips = _face(seen, judges.scorer)
    recording = read_wav_span(seen.sound, TimeSpan(0, seen.info.duration_ms))
    guides = {name: _guide(plan, name, seen, track, recording) for name in plan.conditions}
    made = [judged(clip, RECORDING, recording, track, lips, judges)]
    for name, guide in guides.items():
        started = time.monotonic()
        audio = engine.seeing(guide).speak(clip.text, plan.language, plan.voice).audio
        work_s = time.monotonic() - started
        found = judged(clip, name, audio, track, lips, judges)
        asked, given = (round(seconds * MEL_FRAMES_PER_S) for seconds in (seen.info.duration_ms / 1000, len(audio.samples) / audio.rate_hz))
        made.append(replace(found, duration_error_frames=abs(given - asked), work_s=work_s, length_s=len(audio.samples) / audio.rate_hz))
    return made


def _guide(plan: VoicePlan, condition: str, seen: SeenFile, track: FaceTrack, recording: Audio) -> VoiceGuide:
    assert seen.archive is not None
    length_ms = seen.info.duration_ms
    return VoiceGuide(
        plan.scales(condition), plan.steps, plan.seed, span_ms=length_ms, slot_ms=length_ms,
        face=face_streams(seen.archive, track.id, TimeSpan(0, length_ms)), reference=Recording(recording),
    )  # fmt: skip


def _face(seen: SeenFile, scorer: SyncScorer) -> tuple[FaceTrack, object]:
    """The face that is seen longest, and its lips. Raises NotMeasurable where none is seen for half of the clip."""
    faces = [face for face in faces_of(seen, scorer) if face.lips is not None]
    if not faces:
        raise NotMeasurable("No face in it can be judged.")
    best = max(faces, key=lambda face: face.track.end_frame - face.track.start_frame)
    if best.track.end_frame - best.track.start_frame < LEAST_SEEN_RATIO * seen.tracks.frame_count:
        raise NotMeasurable("Its face is seen for less than half of it.")
    return best.track, best.lips


def judged(clip: VoiceClip, condition: str, audio: Audio, track: FaceTrack, lips: object, judges: Judges) -> VoiceTrial:
    """A sound of any rate against the lips of a track and the clip's words; scorers of lips listen at 16 kHz."""
    error = None if judges.word_error is None else judges.word_error(audio, clip.text)
    first = round(track.start_frame / FACE_RATE_HZ * audio.rate_hz)
    try:
        score = judges.scorer.score(lips, at_speech_rate(Audio(audio.samples[first:], audio.rate_hz)))
    except NotMeasurable as reason:
        return VoiceTrial(clip.name, condition, word_error=error, why=str(reason))
    return VoiceTrial(clip.name, condition, score.lse_c, score.lse_d, score.offset_frames, error)


def names_in(path: Path) -> tuple[str, ...]:
    """Names of clips, one a line. Raises BadSetting."""
    try:
        return tuple(name for name in path.read_text(encoding="utf-8").split() if name)
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"{path} cannot be read as a list of names ({error}).") from error


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None

"""Records that store tests put in and expect back whole: every optional field is used somewhere."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from studio.domain.line import Candidate, Estimate, Fit, FitReport, Line, LineStatus, Prediction, SpeakerProfile, Take, VoiceRef
from studio.domain.media import AudioTrack, MediaInfo, VideoTrack
from studio.domain.project import Cast, Job, JobKind, JobState, Project, Source
from studio.domain.settings import Guidance, Settings, TimingSettings
from studio.domain.timing import TimeSpan
from studio.store.database import new_id

ANNA = SpeakerProfile("a" * 32, "Anna", VoiceRef("espeak", "en+f3", rate_ratio=1.1))
BO = SpeakerProfile("b" * 32, "Bo “the Bear” 熊")


def a_project(owner: str) -> Project:
    return Project(
        new_id(), owner, "Pilot", "en", "zh", Settings(timing=TimingSettings(guard_ms=120)), created_at="2026-01-02T03:04:05+00:00"
    )


def a_source() -> Source:
    video = VideoTrack("h264", 1920, 1080, Fraction(24000, 1001), True, 90, None)
    audio = AudioTrack(0, "aac", 48_000, 2, "en", None, True, start_ms=-21)
    return Source("holiday 🎬.mov", "0" * 64 + ".mov", MediaInfo("mov", 61_250, 12_345_678, video, (audio,), 1, ("rotated",)))


def a_line(start_ms: int, **fields: object) -> Line:
    return replace(Line(new_id(), TimeSpan(start_ms, start_ms + 900), ANNA.id, f"It is {start_ms} ms."), **fields)


def a_cast() -> Cast:
    """Three lines in timeline order; the second uses every field."""
    rich = a_line(
        2000,
        speaker_id=BO.id,
        target_text="现在是两秒。",
        status=LineStatus.APPROVED,
        voice=VoiceRef("edge", "zh-CN-XiaoxiaoNeural", 1.25, 0.9),
        guidance=Guidance(face_scale=1.5, lip_scale=2.0),
        notes=("cue 2 overlapped cue 3", "sung"),
        pauses=(TimeSpan(300, 450),),
    )
    return Cast((ANNA, BO), (a_line(0, source_text=""), rich, a_line(4000)))


def a_candidate(line_id: str, rank: int) -> Candidate:
    prediction = Prediction(Estimate(700 + rank, 120, "espeak"), 80 + rank, 0.0833, Fit.TIGHT)
    judged = {"likelihood": -0.7, "back_translation": f"candidate {rank}", "missed_terms": ("张伟",), "slot_penalty": 0.25} if rank else {}
    return Candidate(new_id(), line_id, f"候选 {rank}", "lm/translation-small", -0.5 - rank, rank, prediction, **judged)


def a_take(line_id: str, fingerprint: str = "f" * 64) -> Take:
    report = FitReport(1200, 80, 150, 1.12, 866, 0)
    return Take(
        new_id(), line_id, "你好", VoiceRef("espeak", "cmn"), "1.52", "1" * 64 + ".wav", "2" * 64 + ".wav", report, fingerprint, "first try"
    )


def a_job(project: Project, kind: JobKind = JobKind.VOICE, **fields: object) -> Job:
    return replace(Job(new_id(), project.id, project.owner, kind, JobState.QUEUED), **fields)

"""What an evaluation of a voice averages, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from studio.domain.errors import BadSetting
from studio.domain.faces import FaceTrack
from studio.domain.line import VoiceRef
from studio.domain.sync import SyncScore
from studio.engines.protocols import Audio
from studio.evaluation.voice import Judges, VoicePlan, VoiceResult, VoiceTrial, evaluate_voice, judged
from studio.evaluation.voice_clips import VoiceClip
from tests.fakes import FakeLipScorer

PLAN = VoicePlan((), "en", VoiceRef("syncvoice", "small"))
TRIAL = VoiceTrial("a", "both", 3.0, 7.0, 1, 0.5, 0, work_s=2.0, length_s=4.0)


def result(*trials: VoiceTrial) -> VoiceResult:
    return VoiceResult(PLAN, "lips", "1", trials)


def test_a_summary_is_the_mean_of_what_was_measured() -> None:
    found = result(TRIAL, replace(TRIAL, lse_d=5.0, offset_frames=-3, word_error=0.0, duration_error_frames=2)).summary("both")
    assert found == {"LSE_C": 3.0, "LSE_D": 6.0, "within_1_frame": 0.5, "word_error": 0.25, "duration_error_frames": 1.0, "rtf": 0.5, "clips": 2}


def test_what_could_not_be_scored_is_not_counted_as_good_or_bad() -> None:
    found = result(TRIAL, VoiceTrial("b", "both", word_error=1.0, duration_error_frames=0, why="silent")).summary("both")
    assert (found["within_1_frame"], found["LSE_D"], found["word_error"], found["clips"]) == (1.0, 7.0, 0.75, 2)


def test_a_condition_nobody_measured_has_no_numbers() -> None:
    assert set(result(TRIAL).summary("lip").values()) == {None, 0}


def test_the_recording_costs_no_time() -> None:
    assert result(replace(TRIAL, condition="recording")).summary("recording")["rtf"] is None


@pytest.mark.parametrize("conditions", [("none", "nose"), ()])
def test_unknown_conditions_are_named(conditions: tuple[str, ...]) -> None:
    with pytest.raises(BadSetting, match="none, face, lip, both"):
        replace(PLAN, conditions=conditions)


def test_each_condition_sets_its_two_scales() -> None:
    assert [(PLAN.scales(name).face_scale, PLAN.scales(name).lip_scale) for name in PLAN.conditions] == [(0, 0), (1, 0), (0, 1), (1, 1)]


def test_a_voice_that_does_not_see_is_refused() -> None:
    class Blind:
        name = "espeak"

    judges = Judges(None, None, FakeLipScorer(), None)  # type: ignore[arg-type]
    with pytest.raises(BadSetting, match="espeak does not take the picture"):
        evaluate_voice(PLAN, Blind(), judges, lambda done, total: None)  # type: ignore[arg-type]


def test_a_clip_without_words_is_left_out_with_the_reason() -> None:
    class Seeing:
        name = "seeing"

        def seeing(self, guide: object) -> None: ...
        def follows_face(self, voice: object) -> bool: ...
        def voice_version(self, voice: object) -> str: ...
        def cloned(self, references: object, language: str) -> tuple: ...
        def why_unfit(self, recording: object) -> str: ...

    plan = replace(PLAN, clips=(VoiceClip("a", None, ""),))  # type: ignore[arg-type]
    found = evaluate_voice(plan, Seeing(), Judges(None, None, FakeLipScorer(), None), lambda done, total: None)  # type: ignore[arg-type]
    assert found.trials == ()
    assert "words" in found.left_out["a"]


def test_lips_are_scored_against_what_the_scorer_listens_at_whatever_rate_a_voice_speaks_at() -> None:
    class At16Khz(FakeLipScorer):
        def score(self, lips: np.ndarray, audio: Audio) -> SyncScore:
            assert (audio.rate_hz, len(audio.samples)) == (16_000, 14 * 640)
            return super().score(lips, audio)

    loud = np.random.default_rng(0).normal(0.0, 0.1, 15 * 960).astype(np.float32)
    scorer = At16Khz()
    lips = scorer.embed_lips(np.random.default_rng(1).integers(0, 255, (14, 8, 8)))
    track = FaceTrack(0, 1, 15, 0, 90.0, 40.0, 0.0, 1.0)
    trial = judged(VoiceClip("a", None, "words"), "none", Audio(loud, 24_000), track, lips, Judges(None, None, scorer, None))  # type: ignore[arg-type]
    assert trial.lse_d is not None and trial.why == ""

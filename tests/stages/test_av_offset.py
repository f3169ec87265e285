"""The vote on early or late sound: where it looks, when it speaks, and when it keeps quiet."""

from __future__ import annotations

import pytest

from studio.domain.faces import FaceTrack, FaceTracks
from studio.domain.sync import SyncScore
from studio.domain.timing import TimeSpan
from studio.stages.av_offset import MOST_PER_TRACK, MOST_STRETCHES, AvOffset, Stretch, stretches, vote


def track(number: int, start: int, end: int, **changes: float) -> FaceTrack:
    facts = {"face_px": 120.0, "mouth_px": 40.0, "profile_share": 0.0, "found_share": 1.0, "speaking_share": 0.9} | changes
    return FaceTrack(id=number, start_frame=start, end_frame=end, shot=0, **facts)


def tracks(*found: FaceTrack) -> FaceTracks:
    return FaceTracks(found, max(one.end_frame for one in found), "archive", "eyes 1")


def judged(offset: int, *, lse_c: float = 3.0, windows: int = 100, face: int = 1) -> tuple[Stretch, SyncScore]:
    return Stretch(face, 0, windows), SyncScore("lips", "mouth", lse_c, 7.0, offset, windows)


def decide(*scores: tuple[Stretch, SyncScore]) -> AvOffset:
    return vote(scores)


def test_only_faces_that_speak_and_can_be_judged_are_looked_at() -> None:
    talk = [TimeSpan(0, 40_000)]
    good = track(1, 0, 200)
    bad = [
        track(2, 0, 200, face_px=30.0), track(3, 0, 200, profile_share=0.95), track(4, 0, 200, speaking_share=0.1),
        track(5, 0, 200, found_share=0.5), track(6, 0, 30),
    ]  # fmt: skip
    assert {piece.track_id for piece in stretches(tracks(good, *bad), talk)} == {1}
    assert stretches(tracks(good), []) == ()


def test_a_long_film_costs_no_more_than_a_few_stretches_of_each_face() -> None:
    found = tracks(*[track(number, 3000 * number, 3000 * number + 2900) for number in range(1, 40)])
    chosen = stretches(found, [TimeSpan(0, 40 * 120_000)])
    assert len(chosen) == MOST_STRETCHES
    assert max([piece.track_id for piece in chosen].count(number) for number in range(1, 40)) <= MOST_PER_TRACK
    assert all(40 <= piece.end_frame - piece.start_frame <= 250 for piece in chosen)


def test_faces_that_agree_are_believed_and_the_sentence_says_how_far_and_how_many() -> None:
    found = decide(judged(-3), judged(-3, face=2), judged(-2, face=3), judged(7, lse_c=1.0, windows=50, face=4))
    assert (found.offset_frames, found.shift_ms, found.faces, found.stretches) == (-3, -120, 3, 4)
    assert found.why == "The sound is about 120 ms late (3 frames at 25 fps), found on 3 faces."
    assert (found.windows, found.is_off) == (300, True)


def test_a_single_frame_is_told_only_where_enough_speech_bears_it_out() -> None:
    little, much = decide(judged(1)), decide(*[judged(1, face=number) for number in range(5)])
    assert (little.offset_frames, little.is_off, little.why) == (1, False, "Sound and lips are together, to a frame, found on 1 face.")
    assert much.is_off and much.why == "The sound is about 40 ms early (1 frame at 25 fps), found on 5 faces."


def test_sound_in_its_place_is_said_to_be_so() -> None:
    found = decide(judged(0), judged(0, face=2))
    assert found.offset_frames == 0 and not found.is_off and "together" in found.why


@pytest.mark.parametrize(
    ("scores", "sentence"),
    [
        ((), "clearly enough"),
        ((judged(4, lse_c=0.3),), "clearly enough"),
        ((judged(4, lse_c=0.5),), "clearly enough"),
        ((judged(9), judged(-9, face=2), judged(3, face=3)), "disagree"),
    ],
    ids=["nothing judged", "weak", "alone and not sure", "no two alike"],
)
def test_weak_or_contrary_evidence_makes_no_claim(scores: tuple[tuple[Stretch, SyncScore], ...], sentence: str) -> None:
    found = decide(*scores)
    assert found.offset_frames is None and not found.is_off and found.shift_ms == 0
    assert sentence in found.why


def test_a_weak_score_has_no_vote_beside_a_clear_one() -> None:
    assert decide(judged(2), *[judged(-8, lse_c=0.3, face=number) for number in range(2, 9)]).offset_frames == 2


def test_weak_scores_that_agree_are_believed_together() -> None:
    assert decide(judged(2, lse_c=0.5)).offset_frames is None
    assert decide(judged(2, lse_c=0.5), judged(2, lse_c=0.5, face=2)).offset_frames == 2

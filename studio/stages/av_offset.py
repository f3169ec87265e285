"""Whether a programme's sound is early or late against its lips: several stretches of speaking faces judged, one vote.

Pure. Enter face tracks with who speaks and where speech is; leave the stretches to look at, and from their scores the offset, or why it
cannot be told. Nothing is claimed unless most of the evidence agrees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from studio.domain.faces import FACE_RATE_HZ, SMALLEST_FACE_PX, FaceTrack, FaceTracks
from studio.domain.sync import SyncScore
from studio.domain.timing import TimeSpan
from studio.stages.face_speech import speech_frames

FRAME_MS = 1000 // FACE_RATE_HZ
STRETCH_FRAMES, FEWEST_FRAMES = 250, 40
MOST_STRETCHES, MOST_PER_TRACK = 24, 4
LEAST_SPEECH_RATIO, LEAST_SPEAKING_RATIO = 0.4, 0.3
MOST_PROFILE_RATIO, LEAST_FOUND_RATIO = 0.9, 0.8
NEAR_FRAMES = 1  # votes this close to each other agree
LEAST_AGREEMENT_RATIO = 0.6
ONE_FRAME_WINDOWS = 500  # twenty seconds: from less speech a single frame cannot be told from none


@dataclass(frozen=True, slots=True)
class Stretch:
    """Frames of one face track in which its mouth speaks, end exclusive."""

    track_id: int
    start_frame: int
    end_frame: int


@dataclass(frozen=True, slots=True)
class AvOffset:
    """The verdict. `offset_frames` positive: the sound is early; None: it cannot be told, and `why` says why. `faces`: tracks that
    agree; `stretches`: how many were judged; `agreement_ratio`: share of the evidence within a frame of the verdict. `scorer` judged;
    `windows`: frames of speech that agree."""

    offset_frames: int | None
    faces: int
    stretches: int
    agreement_ratio: float
    scorer: str
    why: str
    windows: int = 0

    @property
    def is_off(self) -> bool:
        """Whether it should be corrected: off by two frames or more, or by one that enough speech bears out."""
        return self.offset_frames is not None and is_told(self.offset_frames, self.windows)

    @property
    def shift_ms(self) -> int:
        """How much later the sound must be played; negative: earlier."""
        return 0 if self.offset_frames is None else self.offset_frames * FRAME_MS


def stretches(tracks: FaceTracks, speech: Sequence[TimeSpan]) -> tuple[Stretch, ...]:
    """Where to look: pieces of at most 10 s of faces that speak, are large enough and frontal, those with the most speech first, at most
    a few of one face."""
    heard = speech_frames(speech, tracks.frame_count)
    found: list[tuple[float, Stretch]] = []
    for track in tracks.tracks:
        if not _is_fit(track):
            continue
        own = sorted(_pieces(track, heard), key=lambda item: -item[0])[:MOST_PER_TRACK]
        found += [(spoken * (track.speaking_share or 0.0), piece) for spoken, piece in own]
    found.sort(key=lambda item: (-item[0], item[1].start_frame))
    return tuple(piece for _, piece in found[:MOST_STRETCHES])


@dataclass(frozen=True, slots=True)
class Certainty:
    """How far a score must stand out (its contrast, `contrast`) to be heard at all, and how far those that agree must together, to be
    believed. From the bundled scorer on mouths and voices of different clips: of 2 s and more, 40 in 100 reach `heard_ratio` by chance,
    2 in 100 `sure_ratio`."""

    heard_ratio: float = 0.05
    sure_ratio: float = 0.1


def vote(scores: Sequence[tuple[Stretch, SyncScore]], certainty: Certainty = Certainty()) -> AvOffset:
    """One offset from many: the median weighted by each score's contrast and length. Where no scores stand out, or those that do
    disagree, or those that agree do not stand out far enough together, the offset is not told."""
    scorer = scores[0][1].scorer if scores else ""
    weak = AvOffset(None, 0, len(scores), 0.0, scorer, "No face speaks clearly enough, for long enough, to hold the sound against its lips.")
    sure = [(piece, score, contrast(score)) for piece, score in scores if contrast(score) >= certainty.heard_ratio]
    if not sure:
        return weak
    weights = np.array([ratio * score.windows for _, score, ratio in sure])
    offsets = np.array([score.offset_frames for _, score, _ in sure])
    middle = _weighted_median(offsets, weights)
    near = np.abs(offsets - middle) <= NEAR_FRAMES
    agreement_ratio = float(weights[near].sum() / weights.sum())
    faces = len({piece.track_id for (piece, _, _), is_near in zip(sure, near, strict=True) if is_near})
    if agreement_ratio < LEAST_AGREEMENT_RATIO:
        why = f"Faces disagree about the sound's place: only {100 * agreement_ratio:.0f} % of what was judged lies within a frame of {middle:+d} frames."
        return AvOffset(None, faces, len(scores), agreement_ratio, scorer, why)
    if sum(ratio for (_, _, ratio), is_near in zip(sure, near, strict=True) if is_near) < certainty.sure_ratio:
        return weak
    windows = sum(score.windows for (_, score, _), is_near in zip(sure, near, strict=True) if is_near)
    return AvOffset(middle, faces, len(scores), agreement_ratio, scorer, _sentence(middle, faces, windows), windows)


def is_told(offset_frames: int, windows: int) -> bool:
    """Whether an offset found on so much speech is one to speak of."""
    return abs(offset_frames) > 1 or (offset_frames != 0 and windows >= ONE_FRAME_WINDOWS)


def contrast(score: SyncScore) -> float:
    """LSE-C over LSE-D: how far the best offset stands out, whatever unit the scorer's distances have."""
    return score.lse_c / max(score.lse_d, 1e-9)


def _sentence(offset_frames: int, faces: int, windows: int) -> str:
    found = f"found on {faces} face{'s' if faces > 1 else ''}"
    if not is_told(offset_frames, windows):
        return f"Sound and lips are together{', to a frame' if offset_frames else ''}, {found}."
    way = "early" if offset_frames > 0 else "late"
    frames = f"{abs(offset_frames)} frame{'s' if abs(offset_frames) > 1 else ''} at {FACE_RATE_HZ} fps"
    return f"The sound is about {abs(offset_frames) * FRAME_MS} ms {way} ({frames}), {found}."


def _is_fit(track: FaceTrack) -> bool:
    is_seen = track.face_px >= SMALLEST_FACE_PX and track.profile_share <= MOST_PROFILE_RATIO and track.found_share >= LEAST_FOUND_RATIO
    speaks = track.speaking_share is not None and track.speaking_share >= LEAST_SPEAKING_RATIO
    return is_seen and speaks and track.end_frame - track.start_frame >= FEWEST_FRAMES


def _pieces(track: FaceTrack, heard: np.ndarray) -> list[tuple[int, Stretch]]:
    """A track in pieces of about equal length with enough speech, each with its count of spoken frames."""
    length = track.end_frame - track.start_frame
    count = -(-length // STRETCH_FRAMES)
    edges = [track.start_frame + length * number // count for number in range(count + 1)]
    spoken = [(int(heard[first:last].sum()), Stretch(track.id, first, last)) for first, last in zip(edges, edges[1:], strict=False)]
    return [(frames, piece) for frames, piece in spoken if frames >= LEAST_SPEECH_RATIO * (piece.end_frame - piece.start_frame)]


def _weighted_median(values: np.ndarray, weights: np.ndarray) -> int:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    return int(values[order][np.searchsorted(reached, reached[-1] / 2)])

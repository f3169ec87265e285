"""Which face speaks, and which face a line belongs to: the motion of mouths held against speech.

Enter face tracks, the archive of their curves and where speech is heard; leave the tracks with their share of speaking, and a
`LinePresence` for every line. Pure: nothing is looked at again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from studio.domain.faces import FACE_RATE_HZ, SMALLEST_FACE_PX, FaceTrack, FaceTracks, LinePresence, Presence
from studio.domain.line import Line
from studio.domain.timing import TimeSpan
from studio.media.face_archive import FaceArchive, FaceCurves
from studio.stages.face_tracks import PROFILE_DEG


_STILL_STIR = 2e-4
"""A crop that changes less than this from frame to frame (mean grey, 0..1) is a still picture; sensors and codecs stir more."""


@dataclass(frozen=True, slots=True)
class SpeechSigns:
    """A mouth speaks in a frame when its opening varies by over `least_motion` (standard deviation, of the face's height) within
    `window_frames`. A face can be the speaker of a line when its mouth moves in `least_share` of the speech in which it is seen; from
    `sure_share` on even against its other lines being another's. A line is on screen from `on_screen_share` of its speech seen,
    partly from `partly_share`. Tuned on clips whose speaker is known to be seen, or known not to be."""

    least_motion: float = 0.007
    window_frames: int = 13
    least_share: float = 0.45
    sure_share: float = 0.7
    on_screen_share: float = 0.8
    partly_share: float = 0.15


def speaking(
    tracks: FaceTracks, archive: FaceArchive | None, speech: Sequence[TimeSpan], signs: SpeechSigns = SpeechSigns()
) -> FaceTracks:
    """The same tracks with `speaking_share`: the share of a track's frames with speech in which its mouth moves as a speaker's does.

    `speech`: where anyone is heard, in order. `archive` may be None where there is no track. A track without any speech has share 0."""
    if archive is None or not tracks.tracks:
        return tracks
    is_heard = speech_frames(speech, tracks.frame_count)
    told = []
    for track in tracks.tracks:
        curves = archive.curves(track.id)
        moves = mouth_moves(curves, signs)[is_heard[track.start_frame : track.end_frame] & curves.found]
        told.append(replace(track, speaking_share=float(moves.mean()) if len(moves) else 0.0))
    return replace(tracks, tracks=tuple(told))


def assign(
    tracks: FaceTracks, archive: FaceArchive | None, lines: Sequence[Line], speech: Sequence[TimeSpan], signs: SpeechSigns = SpeechSigns()
) -> dict[str, LinePresence]:
    """For every line, by id, how its speaker's mouth is seen, with a sentence. Lines are judged by the speech inside them (where
    none is heard: by their whole span); a face belongs to one speaker, the one in whose lines it moves most."""
    end = max([tracks.frame_count, *(_frame_at(line.span.end_ms) + 1 for line in lines)])
    is_heard = speech_frames(speech, end)
    frames = {line.id: _line_frames(line.span, is_heard) for line in lines}
    glances = _glances(tracks, archive, frames, signs)
    owners = _owners(lines, glances)
    found = {}
    for line in lines:
        if frames[line.id][0] >= tracks.frame_count:
            found[line.id] = _unseen("The picture has ended before this line.")
        else:
            found[line.id] = _verdict(line, glances[line.id], owners, signs)
    return found


def speech_frames(speech: Sequence[TimeSpan], frame_count: int) -> np.ndarray:
    """For each frame of the 25 Hz grid whether its middle lies in a span, bool, shape (frame_count,)."""
    heard = np.zeros(frame_count, bool)
    for span in speech:
        heard[_frame_at(span.start_ms) : _frame_at(span.end_ms)] = True
    return heard


def mouth_moves(curves: FaceCurves, signs: SpeechSigns) -> np.ndarray:
    """For each frame of a track whether the mouth moves as in speech, bool, shape (frames,). Never where it was not seen."""
    opening = np.nan_to_num(curves.opening.astype(np.float64)) * curves.reach
    weight = curves.found.astype(np.float64)
    count, total, square = (_summed(values, signs.window_frames) for values in (weight, weight * opening, weight * opening**2))
    held = np.maximum(count, 1)
    deviation = np.sqrt(np.maximum(square / held - (total / held) ** 2, 0))
    return (deviation > signs.least_motion) & curves.found & (count > signs.window_frames // 3)


def _summed(values: np.ndarray, window: int) -> np.ndarray:
    """Sums over a window centred on each frame, shorter at the ends."""
    sums = np.concatenate(([0.0], np.cumsum(values)))
    places = np.arange(len(values))
    return sums[np.minimum(places + window // 2 + 1, len(values))] - sums[np.maximum(places - window // 2, 0)]


@dataclass(frozen=True, slots=True)
class _Glance:
    """One track during one line's speech, in frames: seen, moving, turned away; of `wanted` frames in all. `stir`: of its picture."""

    track: FaceTrack
    wanted: int
    seen: int
    moving: int
    turned: int
    stir: float

    @property
    def moving_share(self) -> float:
        return self.moving / self.seen if self.seen else 0.0

    def meets(self, other: _Glance) -> bool:
        """Whether both faces are there at some moment, so that they are two people."""
        return self.track.start_frame < other.track.end_frame and other.track.start_frame < self.track.end_frame


def _frame_at(ms: int) -> int:
    """The first frame whose middle lies at `ms` or later."""
    return max(0, -((1000 - 2 * ms * FACE_RATE_HZ) // 2000))


def _line_frames(span: TimeSpan, is_heard: np.ndarray) -> np.ndarray:
    """Numbers of the frames in which a line is spoken; all of its frames where no speech is heard in it. At least one."""
    first = _frame_at(span.start_ms)
    frames = np.arange(first, max(first + 1, _frame_at(span.end_ms)))
    spoken = frames[is_heard[frames]]
    return spoken if len(spoken) else frames


def _glances(
    tracks: FaceTracks, archive: FaceArchive | None, frames: Mapping[str, np.ndarray], signs: SpeechSigns
) -> dict[str, list[_Glance]]:
    """What is seen of each track during each line; every track is read once."""
    found: dict[str, list[_Glance]] = {line_id: [] for line_id in frames}
    line_ids = list(frames)
    firsts = np.array([wanted[0] for wanted in frames.values()], np.int64)
    lasts = np.array([wanted[-1] for wanted in frames.values()], np.int64)
    for track in tracks.tracks if archive is not None else ():
        numbers = np.flatnonzero((firsts < track.end_frame) & (lasts >= track.start_frame))
        if not len(numbers):
            continue
        curves = archive.curves(track.id)
        moves = mouth_moves(curves, signs)
        turned = (np.abs(curves.yaw_deg) > PROFILE_DEG) & curves.found
        for number in numbers:
            wanted = frames[line_ids[number]]
            places = wanted[(wanted >= track.start_frame) & (wanted < track.end_frame)] - track.start_frame
            if not curves.found[places].any():
                continue
            stir = float(np.nan_to_num(curves.stir[places]).mean())
            counts = (int(values[places].sum()) for values in (curves.found, moves, turned))
            found[line_ids[number]].append(_Glance(track, len(wanted), *counts, stir))
    return found


def _owners(lines: Sequence[Line], glances: Mapping[str, Sequence[_Glance]]) -> dict[int, str]:
    """The speaker of each track: the one in whose lines its mouth moves in the most frames."""
    frames: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for line in lines:
        for glance in glances[line.id]:
            frames[glance.track.id][line.speaker_id] += glance.moving
    return {track_id: max(sorted(votes), key=lambda speaker: votes[speaker]) for track_id, votes in frames.items() if any(votes.values())}


def _verdict(line: Line, glances: Sequence[_Glance], owners: Mapping[int, str], signs: SpeechSigns) -> LinePresence:
    """Who speaks the line: the track that moves most in it, unless its mouth belongs to someone else's lines."""
    if not glances:
        return _unseen("No face turned to the camera is seen while this line is spoken.")
    speakers = [glance for glance in glances if glance.moving_share >= signs.least_share]
    own = [glance for glance in speakers if owners[glance.track.id] == line.speaker_id]
    sure = [glance for glance in speakers if glance.moving_share >= signs.sure_share]
    candidates = own or sure
    if not candidates:
        return _unseen(_why_nobody(glances, speakers), glances)
    best = max(candidates, key=lambda glance: (glance.moving, -glance.track.id))
    if best.track.face_px < SMALLEST_FACE_PX:
        return _unseen(f"The face that speaks is {best.track.face_px:.0f} px wide; under {SMALLEST_FACE_PX} px no lips can be judged.", [best])
    others = [glance for glance in candidates if glance is not best and not glance.meets(best)]
    return _seen_as(best, others, signs, is_own=bool(own))


def _seen_as(best: _Glance, others: Sequence[_Glance], signs: SpeechSigns, *, is_own: bool) -> LinePresence:
    """`others`: the same line's face before or after `best`, over a cut or a loss."""
    share = min(1.0, (best.seen + sum(glance.seen for glance in others)) / best.wanted)
    is_profile = 2 * best.turned > best.seen
    if share < signs.partly_share:
        return _unseen(f"The face that speaks is seen for only {100 * share:.0f}\u00a0% of the line.", [best])
    presence = Presence.ON_SCREEN if share >= signs.on_screen_share else Presence.PARTLY
    why = f"The speaker's mouth is seen for {100 * share:.0f}\u00a0% of the line"
    shots = len({glance.track.shot for glance in (best, *others)})
    why += f", in {shots} shots" if shots > 1 else ""
    why += ", mostly in profile" if is_profile else ""
    why += "" if is_own else "; elsewhere this face speaks another speaker's lines"
    return LinePresence(presence, best.track.id, share, best.track.face_px, best.track.mouth_px, is_profile, why + ".")


def _unseen(why: str, seen: Sequence[_Glance] = ()) -> LinePresence:
    largest = max((glance.track for glance in seen), key=lambda track: track.face_px, default=None)
    face_px, mouth_px = (0.0, 0.0) if largest is None else (largest.face_px, largest.mouth_px)
    return LinePresence(Presence.OFF_SCREEN, None, 0.0, face_px, mouth_px, False, why)


def _why_nobody(glances: Sequence[_Glance], speakers: Sequence[_Glance]) -> str:
    count = len({glance.track.id for glance in glances})
    if speakers:
        return "The face that moves its lips here belongs to another speaker's lines; this line's speaker is not seen."
    if all(glance.stir < _STILL_STIR for glance in glances):
        return "The picture stands still: a face is seen, but its mouth never moves."
    if count == 1:
        return "A face is seen, but its mouth does not move with this line: whoever speaks it is off screen."
    return f"{count} faces are seen, but no mouth moves with this line: whoever speaks it is off screen."

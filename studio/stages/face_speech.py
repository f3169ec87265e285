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


@dataclass(frozen=True, slots=True)
class SpeechSigns:
    """A mouth speaks in a frame when its opening varies by over `least_motion` (standard deviation, of the face's height) within
    `window_frames`. A face owns a line when its mouth moves in at least `least_share` of the speech in which it is seen. A line is on
    screen from `on_screen_share` of its speech seen, partly from `partly_share`."""

    least_motion: float = 0.006
    window_frames: int = 13
    least_share: float = 0.35
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
        moves = mouth_moves(archive.curves(track.id), signs)
        heard = is_heard[track.start_frame : track.end_frame]
        told.append(replace(track, speaking_share=float(moves[heard].mean()) if heard.any() else 0.0))
    return replace(tracks, tracks=tuple(told))


def assign(
    tracks: FaceTracks, archive: FaceArchive | None, lines: Sequence[Line], speech: Sequence[TimeSpan], signs: SpeechSigns = SpeechSigns()
) -> dict[str, LinePresence]:
    """For every line, by id, how its speaker's mouth is seen, with a sentence. Lines are judged by the speech inside them (where
    none is heard: by their whole span); a face belongs to one speaker, the one in whose lines it moves most."""
    is_heard = speech_frames(speech, tracks.frame_count)
    glances = {line.id: _glances(tracks, archive, _line_frames(line.span, is_heard), signs) for line in lines}
    owners = _owners(lines, glances)
    return {line.id: _verdict(line, glances[line.id], owners, signs) for line in lines}


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
    return (deviation > signs.least_motion) & curves.found & (count >= signs.window_frames // 2)


def _summed(values: np.ndarray, window: int) -> np.ndarray:
    """Sums over a window centred on each frame, shorter at the ends."""
    sums = np.concatenate(([0.0], np.cumsum(values)))
    places = np.arange(len(values))
    return sums[np.minimum(places + window // 2 + 1, len(values))] - sums[np.maximum(places - window // 2, 0)]


@dataclass(frozen=True, slots=True)
class _Glance:
    """One track during one line's speech, in frames: seen, moving, turned away; of `wanted` frames in all."""

    track: FaceTrack
    wanted: int
    seen: int
    moving: int
    turned: int

    @property
    def moving_share(self) -> float:
        return self.moving / self.seen if self.seen else 0.0


def _frame_at(ms: int) -> int:
    """The first frame whose middle lies at `ms` or later."""
    return max(0, -((1000 - 2 * ms * FACE_RATE_HZ) // 2000))


def _line_frames(span: TimeSpan, is_heard: np.ndarray) -> np.ndarray:
    """Numbers of the frames in which a line is spoken; all of its frames where no speech is heard in it."""
    frames = np.arange(_frame_at(span.start_ms), max(_frame_at(span.start_ms) + 1, _frame_at(span.end_ms)))
    inside = frames[frames < len(is_heard)]
    spoken = inside[is_heard[inside]]
    return spoken if len(spoken) else frames


def _glances(tracks: FaceTracks, archive: FaceArchive | None, frames: np.ndarray, signs: SpeechSigns) -> list[_Glance]:
    if archive is None:
        return []
    found = []
    for track in tracks.tracks:
        inside = frames[(frames >= track.start_frame) & (frames < track.end_frame)]
        if not len(inside):
            continue
        start = max(track.start_frame, int(inside[0]) - signs.window_frames)
        curves = archive.curves(track.id, start, min(track.end_frame, int(inside[-1]) + 1 + signs.window_frames))
        places = inside - start
        moves, seen = mouth_moves(curves, signs)[places], curves.found[places]
        turned = (np.abs(curves.yaw_deg[places]) > PROFILE_DEG) & seen
        found.append(_Glance(track, len(frames), int(seen.sum()), int(moves.sum()), int(turned.sum())))
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
    seen = [glance for glance in glances if glance.seen]
    speakers = [glance for glance in seen if glance.moving_share >= signs.least_share]
    own = [glance for glance in speakers if owners.get(glance.track.id) == line.speaker_id]
    if not seen:
        return _unseen("No face is seen while this line is spoken.")
    if not own:
        return _unseen(_why_nobody(seen, speakers), seen)
    best = max(own, key=lambda glance: (glance.moving, -glance.track.id))
    if best.track.face_px < SMALLEST_FACE_PX:
        return _unseen(f"The face that speaks is {best.track.face_px:.0f} px wide; under {SMALLEST_FACE_PX} px no lips can be judged.", [best])
    return _seen_as(best, [glance for glance in own if glance.track.shot != best.track.shot], signs)


def _seen_as(best: _Glance, elsewhere: Sequence[_Glance], signs: SpeechSigns) -> LinePresence:
    share = min(1.0, (best.seen + sum(glance.seen for glance in elsewhere)) / best.wanted)
    is_profile = 2 * best.turned > best.seen
    presence = Presence.ON_SCREEN if share >= signs.on_screen_share else Presence.PARTLY
    if share < signs.partly_share:
        presence = Presence.OFF_SCREEN
    why = f"The speaker's mouth is seen for {share:.0%} of the line"
    why += f", in {len({glance.track.shot for glance in elsewhere}) + 1} shots" if elsewhere else ""
    why += ", mostly in profile." if is_profile else "."
    track_id = None if presence is Presence.OFF_SCREEN else best.track.id
    return LinePresence(presence, track_id, share, best.track.face_px, best.track.mouth_px, is_profile, why)


def _unseen(why: str, seen: Sequence[_Glance] = ()) -> LinePresence:
    largest = max((glance.track for glance in seen), key=lambda track: track.face_px, default=None)
    face_px, mouth_px = (0.0, 0.0) if largest is None else (largest.face_px, largest.mouth_px)
    return LinePresence(Presence.OFF_SCREEN, None, 0.0, face_px, mouth_px, False, why)


def _why_nobody(seen: Sequence[_Glance], speakers: Sequence[_Glance]) -> str:
    if speakers:
        return "The face that moves its lips here belongs to another speaker's lines; this line's speaker is not seen."
    count = len({glance.track.id for glance in seen})
    return f"{count} face{'s are' if count > 1 else ' is'} seen, but no mouth moves with this line: whoever speaks it is off screen."

"""Mel spectra cut, moved and joined again: what every temporal rule (papers §3.3) does to a clip, as a plan of pieces.

Enters a clip with the region that may change and a plan; leaves the edited mel and the frames that truly differ. A rule only has to
name pieces. The same plan also makes the identity edit: the clip as it was, with the joins and the blur that the rule would leave.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor

FRAMES_PER_S = 24_000 / 256
JOIN_FRAMES = 1  # on either side of a join that are drawn as a line from what lies before to what lies behind
CUT_FRAMES = 0.5  # a step in the source larger than this needs a join
TONE_FRAMES = 8  # room tone is laid in stretches of this length: they overlap in sound, single frames would flicker
TONE_SHARE = 0.1  # of the stretches of a clip, the quietest, that tone is taken from


class Origin(StrEnum):
    CLIP = "clip"
    DONOR = "donor"
    TONE = "tone"


@dataclass(frozen=True, slots=True)
class MelClip:
    """`mel` (frames, bands) log-mel of any scale; [`start`, `end`) is the region to be generated, all else stays. `word_edges`: frames
    where words begin or end, () where not known. `donor`: mel of another clip of the same speaker, (frames, bands), or None."""

    mel: Tensor
    start: int
    end: int
    word_edges: tuple[int, ...] = ()
    donor: Tensor | None = None

    def __post_init__(self) -> None:
        if self.mel.ndim != 2 or not 0 <= self.start < self.end <= len(self.mel):
            raise ValueError(f"The region {self.start}–{self.end} does not lie in a mel of shape {tuple(self.mel.shape)}.")
        if self.donor is not None and (self.donor.ndim != 2 or self.donor.shape[1] != self.mel.shape[1]):
            raise ValueError(f"The donor {tuple(self.donor.shape)} has other bands than the mel {tuple(self.mel.shape)}.")

    @property
    def frames(self) -> int:
        """Of the region."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Piece:
    """`frames` frames read from `origin` at positions at, at + step, at + 2·step … (frames of the clip or donor; tone has no position)."""

    origin: Origin
    frames: int
    at: float = 0.0
    step: float = 1.0

    @property
    def goes_on_at(self) -> float:
        return self.at + self.step * self.frames


@dataclass(frozen=True, slots=True)
class Plan:
    """Pieces that fill the region from its first frame to its last."""

    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Edited:
    """`mel` as long as the clip's; `changed` (frames,) is True exactly where a value differs from the clip."""

    mel: Tensor
    changed: Tensor


def render(plan: Plan, clip: MelClip, generator: torch.Generator) -> Edited:
    """The clip with its region filled by the plan. `generator`, on the CPU, draws the room tone."""
    filled = clip.mel.clone()
    at = clip.start
    for piece in plan.pieces:
        if piece.origin is Origin.TONE:
            filled[at : at + piece.frames] = room_tone(clip.mel, piece.frames, generator)
        else:
            filled[at : at + piece.frames] = _read(clip.mel if piece.origin is Origin.CLIP else clip.donor, _positions(piece))
        at += piece.frames
    assert at == clip.end, "a plan fills its region"
    return _edited(clip, filled, joins(plan, clip))


def rejoin(plan: Plan, clip: MelClip) -> Edited:
    """The identity edit: every frame at its own time, joined where the plan joins, and blurred where the plan reads between frames.

    Stretched pieces sway by at most half a frame (5 ms) at the stretch's own pace, so that as much is interpolated as by the rule.
    """
    positions = torch.arange(clip.start, clip.end, dtype=torch.float64)
    at = 0
    for piece in plan.pieces:
        if piece.origin is not Origin.TONE and piece.step > 0:
            reach = torch.arange(piece.frames, dtype=torch.float64) * abs(piece.step - 1) + piece.at % 1
            positions[at : at + piece.frames] += _triangle(reach)
        at += piece.frames
    filled = clip.mel.clone()
    filled[clip.start : clip.end] = _read(clip.mel, positions)
    return _edited(clip, filled, joins(plan, clip))


def joins(plan: Plan, clip: MelClip) -> tuple[int, ...]:
    """Frames of the clip before which the sound does not go on from the frame before; with the edges of the region, where they are such."""
    found, at = [], clip.start
    origin, expected = Origin.CLIP, float(clip.start)
    rest = Piece(Origin.CLIP, 0, float(clip.end))
    for piece in (*plan.pieces, rest):
        is_cut = piece.origin is not origin or (piece.origin is not Origin.TONE and abs(piece.at - expected) > CUT_FRAMES)
        if is_cut and 0 < at < len(clip.mel):
            found.append(at)
        origin, expected, at = piece.origin, piece.goes_on_at, at + piece.frames
    return tuple(found)


def displacements_frames(plan: Plan, clip: MelClip) -> Tensor:
    """(frames of the region,), how much later than in the clip each frame's sound comes; negative: earlier; NaN: tone or another clip's."""
    late, at = torch.full((clip.frames,), float("nan"), dtype=torch.float64), 0
    for piece in plan.pieces:
        if piece.origin is Origin.CLIP:
            late[at : at + piece.frames] = torch.arange(at, at + piece.frames) + clip.start - _positions(piece)
        at += piece.frames
    return late


def room_tone(mel: Tensor, frames: int, generator: torch.Generator) -> Tensor:
    """(frames, bands) put together from the quietest stretches of the clip."""
    length = min(TONE_FRAMES, len(mel))
    levels = mel.float().mean(-1).unfold(0, length, 1).mean(-1)
    quietest = levels.argsort()[: max(4, round(TONE_SHARE * len(levels)))]
    count = -(-frames // length)
    drawn = torch.randint(len(quietest), (count,), generator=generator).to(mel.device)
    places = quietest[drawn][:, None] + torch.arange(length, device=mel.device)
    return mel[places.flatten()[:frames]]


def _positions(piece: Piece) -> Tensor:
    return piece.at + piece.step * torch.arange(piece.frames, dtype=torch.float64)


def _read(mel: Tensor, positions: Tensor) -> Tensor:
    """Linear between frames; the end frames go on beyond the ends."""
    bound = positions.clamp(0, len(mel) - 1)
    before = bound.floor()
    share = (bound - before).to(mel.dtype).to(mel.device)[:, None]
    first = before.long().to(mel.device)
    return torch.lerp(mel[first], mel[(first + 1).clamp(max=len(mel) - 1)], share)


def _triangle(reach: Tensor) -> Tensor:
    """0 → ½ → 0 → −½ → 0 with slope 1: period 2."""
    return ((reach + 0.5) % 2 - 1).abs().neg() + 0.5


def _edited(clip: MelClip, filled: Tensor, places: tuple[int, ...]) -> Edited:
    """Joins drawn, inside the region alone."""
    whole = filled.clone()
    for join in places:
        left, right = max(0, join - JOIN_FRAMES - 1), min(len(filled) - 1, join + JOIN_FRAMES)
        for frame in range(max(clip.start, left + 1), min(clip.end, right)):
            whole[frame] = torch.lerp(filled[left], filled[right], (frame - left) / (right - left))
    return Edited(whole, (whole != clip.mel).any(-1))

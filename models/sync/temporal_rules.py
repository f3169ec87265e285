"""Ways to spoil the timing of a clip and nothing else: the rule-made negatives of SyncDPO for dubbing (papers §3.3).

Enters a clip with the region to be generated, a severity from 0 (subtle) to 1 (coarse) and a generator; leaves the edited mel with the
frames it changed. Even at 0 some sound is displaced by more than listeners forgive (ITU-R BT.1359: 45 ms early, 125 ms late). A new
rule is a function from these to a `Plan`, a member of `Rule` and an entry of `RULES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import torch
from torch import Tensor

from models.sync.splicing import FRAMES_PER_S, Edited, MelClip, Origin, Piece, Plan, rejoin, render

EARLY_FLOOR_FRAMES, LATE_FLOOR_FRAMES = 6, 14  # 64 and 149 ms: beyond 45 and 125 ms, with something to spare
SPAN_FLOOR_FRAMES = 12
MIN_REGION_FRAMES = 48  # under half a second there is no room to be out of step in
KNOTS_PER_S, LEAST_PACE = 2.0, 0.2  # of the local warp
QUIET_SHARE = 0.25  # of the way from a clip's quietest level to its loudest
PAUSE_FRAMES = 9  # shorter pauses are not worth dropping


class Rule(StrEnum):
    SCALE = "scale"
    REPLACE = "replace"
    SHIFT = "shift"
    REPEAT = "repeat"
    PAUSE = "pause"
    SHUFFLE = "shuffle"
    WARP = "warp"
    REVERSE = "reverse"


class RegionTooShort(ValueError):
    """The region is too short to be put out of step; the sentence gives both lengths."""


@dataclass(frozen=True, slots=True)
class EditedPair:
    """The clip, joined anew in place where its rival was joined (or left alone), and its rival out of step."""

    winner: Edited
    loser: Edited


def distort(rule: Rule, clip: MelClip, severity: float, generator: torch.Generator) -> Edited:
    """The clip out of step by one rule. Raises RegionTooShort, and ValueError for a severity outside 0–1."""
    return render(plan_of(rule, clip, severity, generator), clip, generator)


def edited_pair(rule: Rule, clip: MelClip, severity: float, generator: torch.Generator, *, is_rejoined: bool = True) -> EditedPair:
    """Winner and loser from one plan. `is_rejoined`: the winner bears the same joins, so that they give nothing away."""
    plan = plan_of(rule, clip, severity, generator)
    untouched = Edited(clip.mel, torch.zeros(len(clip.mel), dtype=torch.bool, device=clip.mel.device))
    return EditedPair(rejoin(plan, clip) if is_rejoined else untouched, render(plan, clip, generator))


def plan_of(rule: Rule, clip: MelClip, severity: float, generator: torch.Generator) -> Plan:
    if not 0 <= severity <= 1:
        raise ValueError(f"A severity lies between 0 and 1; {severity} does not.")
    if clip.frames < MIN_REGION_FRAMES:
        raise RegionTooShort(f"A region of {clip.frames} frames cannot be put out of step; {MIN_REGION_FRAMES} are the least.")
    plan = RULES[rule](clip, severity, generator)
    return Plan(tuple(piece for piece in plan.pieces if piece.frames > 0))


def scale(clip: MelClip, severity: float, generator: torch.Generator) -> Plan:
    """Stretched or pressed about an anchor, to 1.06–1.6 or 0.94–0.6 of its length; what is missing is room tone."""
    is_slower, last = _coin(generator), clip.frames - 1
    anchor = _between(0, last, generator)
    late, early = (last - anchor, anchor) if is_slower else (anchor, last - anchor)  # frames that come late or early
    least = min((LATE_FLOOR_FRAMES + 1) / max(late, 1e-6), (EARLY_FLOOR_FRAMES + 1) / max(early, 1e-6))  # 1: positions fall between frames
    asked = 1 - 1 / (1.06 + 0.54 * severity) if is_slower else 0.06 + 0.34 * severity
    drift = max(asked, least)
    step = 1 - drift if is_slower else 1 / (1 - drift)
    positions = anchor + (torch.arange(clip.frames, dtype=torch.float64) - anchor) * step
    inside = ((positions >= 0) & (positions <= last)).nonzero().flatten()
    first, count = int(inside[0]), len(inside)
    stretched = Piece(Origin.CLIP, count, clip.start + float(positions[first]), step)
    return Plan((Piece(Origin.TONE, first), stretched, Piece(Origin.TONE, clip.frames - first - count)))


def replace(clip: MelClip, severity: float, generator: torch.Generator) -> Plan:
    """8–60 % of the region overwritten by another span of the clip, or of the donor."""
    frames = max(SPAN_FLOOR_FRAMES, round((0.08 + 0.52 * severity) * clip.frames))
    if clip.donor is not None and len(clip.donor) >= frames and _coin(generator):
        origin, place = Origin.DONOR, _whole(0, len(clip.donor) - frames, generator)
        at = clip.start + _whole(0, clip.frames - frames, generator)
    else:
        origin, at = Origin.CLIP, clip.start + _whole(0, clip.frames - frames, generator)
        others = [start for start in range(len(clip.mel) - frames + 1) if abs(start - at) >= LATE_FLOOR_FRAMES]
        if not others:  # the span fills the middle of the clip: move it to an edge
            at, others = clip.start, [len(clip.mel) - frames]
        place = others[_whole(0, len(others) - 1, generator)]
    return Plan((_clip(clip.start, at), Piece(origin, frames, float(place)), _clip(at + frames, clip.end)))


def shift(clip: MelClip, severity: float, generator: torch.Generator) -> Plan:
    """Everything 0.08–1 s early, or 0.15–1 s late; the edge is room tone."""
    is_late = _coin(generator)
    frames = _span(0.08, 1.0, severity, clip, is_late=is_late)
    if is_late:
        return Plan((Piece(Origin.TONE, frames), _clip(clip.start, clip.end - frames)))
    return Plan((_clip(clip.start + frames, clip.end), Piece(Origin.TONE, frames)))


def repeat(clip: MelClip, severity: float, generator: torch.Generator) -> Plan:
    """A span of 0.15–0.8 s played twice; the rest is pushed, and cropped."""
    frames = _span(0.1, 0.8, severity, clip, is_late=True)
    again = clip.start + _whole(frames, clip.frames - frames, generator)
    return Plan((_clip(clip.start, again), _clip(again - frames, again), _clip(again, clip.end - frames)))


def pause(clip: MelClip, severity: float, generator: torch.Generator) -> Plan:
    """0.15–0.8 s of room tone put in at a word's edge, or 0.1–0.8 s of a pause taken out (where the clip has one in its region)."""
    runs = [(first, last) for first, last in _quiet_runs(clip) if last < clip.end]  # behind the last word nothing would move
    pauses = [(first, last) for first, last in runs if last - first >= PAUSE_FRAMES]
    edges = [edge for edge in clip.word_edges if clip.start <= edge < clip.end]
    if edges:
        pauses = [run for run in pauses if any(run[0] - 3 <= edge <= run[1] + 3 for edge in edges)]
    if pauses and _coin(generator):
        first, last = pauses[_whole(0, len(pauses) - 1, generator)]
        frames = min(last - first, _span(0.1, 0.8, severity, clip, is_late=False))
        cut = first + _whole(0, last - first - frames, generator)
        return Plan((_clip(clip.start, cut), _clip(cut + frames, clip.end), Piece(Origin.TONE, frames)))
    frames = _span(0.1, 0.8, severity, clip, is_late=True)
    loud = (~_quiet(clip)[: clip.end - frames]).nonzero().flatten()
    until = int(loud[-1]) if len(loud) else clip.start  # a pause put in later would move silence alone
    usable = [edge for edge in edges or [(first + last) // 2 for first, last in runs] if edge <= until]
    at = usable[_whole(0, len(usable) - 1, generator)] if usable else clip.start
    return Plan((_clip(clip.start, at), Piece(Origin.TONE, frames), _clip(at, clip.end - frames)))


def shuffle(clip: MelClip, severity: float, generator: torch.Generator) -> Plan:
    """Six blocks over the region in another order, none at its own place; down to two neighbours of 0.15 s that change places."""
    count = max(2, min(round(2 + 4 * severity), clip.frames // LATE_FLOOR_FRAMES))
    frames = round(LATE_FLOOR_FRAMES + (clip.frames // count - LATE_FLOOR_FRAMES) * severity)
    first = clip.start + _whole(0, clip.frames - count * frames, generator)
    order = list(range(count))
    for place in range(count - 1, 0, -1):  # one cycle through all places (Sattolo), so that no block stays
        other = _whole(0, place - 1, generator)
        order[place], order[other] = order[other], order[place]
    blocks = [_clip(first + block * frames, first + (block + 1) * frames) for block in order]
    return Plan((_clip(clip.start, first), *blocks, _clip(first + count * frames, clip.end)))


def warp(clip: MelClip, severity: float, generator: torch.Generator) -> Plan:
    """A rising, piecewise linear map of time with fixed ends; knots 0.06–0.5 s early, or 0.15–0.5 s late. One knot moves all the way."""
    inner = max(1, min(4, int(clip.frames / FRAMES_PER_S * KNOTS_PER_S)))
    knots = [round(clip.frames * index / (inner + 1)) for index in range(inner + 2)]
    far, is_late = _whole(1, inner, generator), _coin(generator)
    moves = [_between(-1, 1, generator) for _ in knots]
    moves[far] = 1.0 if is_late else -1.0
    least = LEAST_PACE * clip.frames / (inner + 1)
    sources = [0.0, *(knot - _knot_move(move, severity) for knot, move in zip(knots[1:-1], moves[1:-1], strict=True)), float(clip.frames)]
    sources[far] = min(max(sources[far], least * far), clip.frames - least * (inner + 1 - far))
    for index in range(far - 1, 0, -1):
        sources[index] = max(least * index, min(sources[index], sources[index + 1] - least))
    for index in range(far + 1, inner + 1):
        sources[index] = min(clip.frames - least * (inner + 1 - index), max(sources[index], sources[index - 1] + least))
    pieces = []
    for index in range(inner + 1):
        frames = knots[index + 1] - knots[index]
        pieces.append(Piece(Origin.CLIP, frames, clip.start + sources[index], (sources[index + 1] - sources[index]) / frames))
    return Plan(tuple(pieces))


def reverse(clip: MelClip, severity: float, generator: torch.Generator) -> Plan:
    """A span of 0.2 s up to the whole region backwards."""
    shortest = round(0.2 * FRAMES_PER_S)
    frames = round(shortest + (clip.frames - shortest) * severity)
    at = clip.start + _whole(0, clip.frames - frames, generator)
    return Plan((_clip(clip.start, at), Piece(Origin.CLIP, frames, at + frames - 1.0, -1.0), _clip(at + frames, clip.end)))


RULES: Mapping[Rule, Callable[[MelClip, float, torch.Generator], Plan]] = MappingProxyType(
    {
        Rule.SCALE: scale, Rule.REPLACE: replace, Rule.SHIFT: shift, Rule.REPEAT: repeat,
        Rule.PAUSE: pause, Rule.SHUFFLE: shuffle, Rule.WARP: warp, Rule.REVERSE: reverse,
    }
)  # fmt: skip


def _clip(start: int, end: int) -> Piece:
    return Piece(Origin.CLIP, end - start, float(start))


def _span(subtle_s: float, coarse_s: float, severity: float, clip: MelClip, *, is_late: bool) -> int:
    """Frames by severity, never under what is heard nor over half the region."""
    frames = round((subtle_s + (coarse_s - subtle_s) * severity) * FRAMES_PER_S)
    return min(clip.frames // 2, max(LATE_FLOOR_FRAMES if is_late else EARLY_FLOOR_FRAMES, frames))


def _knot_move(move: float, severity: float) -> float:
    """Frames late (negative: early) of a knot that goes `move` of the way, −1…1."""
    subtle = LATE_FLOOR_FRAMES if move > 0 else EARLY_FLOOR_FRAMES
    return move * (subtle + (0.5 * FRAMES_PER_S - subtle) * severity)


def _quiet(clip: MelClip) -> Tensor:
    """(frames of the clip,) True where it is nearly as quiet as it ever is."""
    levels = clip.mel.float().mean(-1)
    low, high = levels.quantile(0.05), levels.quantile(0.95)
    return levels <= low + QUIET_SHARE * (high - low)


def _quiet_runs(clip: MelClip) -> list[tuple[int, int]]:
    """[first, last) of the quiet stretches inside the region."""
    runs, first = [], None
    for frame, is_quiet in enumerate([*_quiet(clip)[clip.start : clip.end].tolist(), False], clip.start):
        if is_quiet and first is None:
            first = frame
        elif not is_quiet and first is not None:
            runs.append((first, frame))
            first = None
    return runs


def _coin(generator: torch.Generator) -> bool:
    return bool(torch.rand((), generator=generator) < 0.5)


def _between(low: float, high: float, generator: torch.Generator) -> float:
    return low + (high - low) * float(torch.rand((), generator=generator, dtype=torch.float64))


def _whole(low: int, high: int, generator: torch.Generator) -> int:
    """Between both, both included."""
    return int(torch.randint(low, high + 1, (), generator=generator))

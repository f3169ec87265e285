"""Multi-condition guidance: which conditions are evaluated, with what weight each velocity enters the sum (papers.md §4.3, §4.7).

Every form is a weighted sum of velocities under subsets of the conditions. A subset of weight zero is not evaluated at all, so a zero scale
costs nothing and cannot leak. Pure: no tensors here. `models/speech/syncvoice.py` evaluates the sum in one batched call.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from models.speech.fusion import Stream
from models.speech.solver import LATE


class GuidanceForm(StrEnum):
    """NESTED: each stream on top of those before it. INDEPENDENT: each on the text alone. ALIGNDIT: all streams as one condition."""

    NESTED = "nested"
    INDEPENDENT = "independent"
    ALIGNDIT = "aligndit"


@dataclass(frozen=True, slots=True)
class Scales:
    """s_t, s_v (drawn pauses), s_f, s_l. `text` is ZipVoice's own guidance scale; a stream at 0 is left out entirely."""

    text: float = 1.0
    pause: float = 0.0
    face: float = 0.0
    lip: float = 0.0
    form: GuidanceForm = GuidanceForm.NESTED

    def of(self, stream: Stream) -> float:
        return {Stream.PAUSE: self.pause, Stream.FACE: self.face, Stream.LIP: self.lip}[stream]

    def __post_init__(self) -> None:
        for name in ("text", "pause", "face", "lip"):
            if not 0.0 <= getattr(self, name) <= 20.0:
                raise ValueError(f"The {name} guidance scale must lie between 0 and 20, not {getattr(self, name)}.")


@dataclass(frozen=True, slots=True)
class Branch:
    """One evaluation of the net: with or without text and speech context, under these streams."""

    has_text: bool
    has_speech: bool
    streams: frozenset[Stream] = frozenset()


Sum = tuple[tuple[Branch, float], ...]


def weighted_branches(scales: Scales, available: Iterable[Stream], time: float, *, is_distilled: bool = False) -> Sum:
    """The branches to evaluate at flow time `time`, each with its weight; weights sum to one.

    The unguided branch follows ZipVoice: after `LATE` it forgets the speech context too, until then it keeps it and its scale is doubled.
    A distilled net has its text guidance as an input, so there is no unguided branch."""
    is_late = time > LATE
    unguided = Branch(has_text=False, has_speech=not is_late)
    text_scale = 0.0 if is_distilled else scales.text if is_late else 2.0 * scales.text
    weights: defaultdict[Branch, float] = defaultdict(float)
    plain = _with(frozenset())
    present = [stream for stream in Stream if stream in set(available) and scales.of(stream) > 0]
    weights[plain] += 1.0 + text_scale
    weights[unguided] -= text_scale
    for towards, origin, scale in _steps(scales, present, [stream for stream in Stream if stream in set(available)]):
        weights[_with(towards)] += scale
        weights[_with(origin)] -= scale
    return tuple((branch, weight) for branch, weight in weights.items() if weight != 0.0)


def _steps(scales: Scales, present: list[Stream], available: list[Stream]) -> list[tuple[frozenset[Stream], frozenset[Stream], float]]:
    """(towards, from, scale) of every residual term of the form."""
    if not present:
        return []
    if scales.form is GuidanceForm.ALIGNDIT:
        strongest = max(scales.of(stream) for stream in present)
        return [(frozenset(present), frozenset(), 1.0 + strongest)]
    if scales.form is GuidanceForm.INDEPENDENT:
        return [(frozenset({stream}), frozenset(), scales.of(stream)) for stream in present]
    steps, below = [], frozenset[Stream]()
    for stream in available:
        if stream is Stream.PAUSE and scales.pause == 0:
            continue  # a pause nobody drew is no condition the visual streams stand on
        if scales.of(stream) > 0:
            steps.append((below | {stream}, below, scales.of(stream)))
        below = below | {stream}
    return steps


def _with(streams: frozenset[Stream]) -> Branch:
    return Branch(has_text=True, has_speech=True, streams=streams)

"""Saying several lines within the memory there is: plans in, sound out, as many frames at once as fit.

Parts change nothing in the sound. Where memory still runs out the part is halved, the room stays that small, and `notices` says so; where
not even one fits, others' models are let go and waited for (`out_of_memory.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from studio.domain.errors import Cancelled, EngineFailed
from studio.engines.out_of_memory import NoRelief, OutOfMemory, Relief, within_memory
from studio.engines.protocols import Audio
from studio.engines.syncvoice_plan import Planned
from studio.engines.syncvoice_voice import NAME, SPEECH_RATE_HZ, OpenVoice

if TYPE_CHECKING:
    from models.speech.guidance import Scales
    from models.speech.synthesis import Said, Utterance

FRAMES_AT_ONCE = {"cpu": 4_000, "cuda": 60_000}
"""Frames of one call, padding and branches counted: about 3 and 40 GiB at the size of the public voices."""
HOP = 256
BRANCHES = 4
IsCancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class _Piece:
    """One call's share of a line."""

    line: int
    number: int
    utterance: Utterance
    scales: Scales
    steps: int

    @property
    def kind(self) -> int:
        """Pieces of one kind can be said in one call: as many solver steps; their scales may differ."""
        return self.steps

    @property
    def frames(self) -> int:
        prompt = self.utterance.prompt
        return self.utterance.frames + (0 if prompt is None else len(prompt.mel))


class SpeakingRoom:
    """`max_frames` of one call; it shrinks when memory runs out, and never grows. `relief`: who makes room on the device."""

    def __init__(self, max_frames: int, relief: Callable[[], Relief] = NoRelief) -> None:
        self.max_frames, self.relief, self._halvings = max_frames, relief, 0

    def notices(self) -> tuple[str, ...]:
        if not self._halvings:
            return ()
        times = "once" if self._halvings == 1 else f"{self._halvings} times"
        return (f"Memory ran short while lines were said, so fewer were said at once ({times} halved); nothing is missing, but it takes longer.",)

    def say(self, voice: OpenVoice, plans: Sequence[Planned], is_cancelled: IsCancelled | None = None) -> list[Audio]:
        """The sound of every plan, in order. Raises Cancelled, and EngineFailed where memory does not suffice for one passage."""
        pieces = [_Piece(line, number, one, plan.scales, plan.steps) for line, plan in enumerate(plans) for number, one in enumerate(plan.utterances)]
        pieces.sort(key=lambda piece: (piece.kind, piece.frames))
        said: dict[tuple[int, int], np.ndarray] = {}
        waiting = pieces
        while waiting:
            group, made = self._said(voice, waiting[: self._fitting(waiting)], is_cancelled)
            said |= {(piece.line, piece.number): one.samples[: piece.utterance.frames * HOP] for piece, one in zip(group, made, strict=True)}
            waiting = waiting[len(group) :]
        return [_joined(plan, [said[line, number] for number in range(len(plan.utterances))]) for line, plan in enumerate(plans)]

    def _fitting(self, waiting: Sequence[_Piece]) -> int:
        """How many of the first pieces go together: of one kind, and within the room; at least one."""
        count = 1
        while count < len(waiting) and waiting[count].kind == waiting[0].kind and (count + 1) * waiting[count].frames * BRANCHES <= self.max_frames:
            count += 1
        return count

    def _said(self, voice: OpenVoice, group: Sequence[_Piece], is_cancelled: IsCancelled | None) -> tuple[Sequence[_Piece], list[Said]]:
        """As many of the first pieces as memory holds, with their sound."""
        try:
            made = within_memory(lambda count: _one_call(voice, group[:count], is_cancelled), len(group), self.relief())
        except OutOfMemory as error:
            raise EngineFailed(NAME, "memory does not suffice even for one line; close other programs, shorten the line, or choose a smaller voice.") from error
        if made.halvings:
            self.max_frames, self._halvings = made.batch * group[made.batch - 1].frames * BRANCHES, self._halvings + made.halvings
        return group[: made.batch], made.result


def _one_call(voice: OpenVoice, group: Sequence[_Piece], is_cancelled: IsCancelled | None) -> list[Said]:
    from models.speech.solver import SolverStopped

    utterances = [_evened(piece.utterance, max(voice.synthesizer.net.config.backbone.fm_decoder_downsampling_factor)) for piece in group]
    try:
        return voice.synthesizer.say(utterances, [piece.scales for piece in group], steps=group[0].steps, is_cancelled=is_cancelled)
    except SolverStopped as error:
        raise Cancelled from error


def _evened(utterance: Utterance, factor: int) -> Utterance:
    """A few frames more, which nobody hears: the net looks at groups of `factor` frames, and a group that a line does not fill would be
    filled with what the longest line of the call leaves there."""
    prompt_frames = 0 if utterance.prompt is None else len(utterance.prompt.mel)
    extra = -(prompt_frames + utterance.frames) % factor
    frames = utterance.frames + extra
    timed = None if utterance.timed is None else replace(utterance.timed, total_frames=frames)
    speech = None if utterance.speech is None else np.append(utterance.speech, np.zeros(extra, bool))
    return replace(utterance, frames=frames, timed=timed, speech=speech)


def room_for(device: str, relief: Callable[[], Relief] = NoRelief) -> SpeakingRoom:
    return SpeakingRoom(FRAMES_AT_ONCE.get(device.partition(":")[0], FRAMES_AT_ONCE["cpu"]), relief)


def _joined(plan: Planned, pieces: Sequence[np.ndarray]) -> Audio:
    """Passages one behind the other, silence behind them, as loud as the recording they continue."""
    silence = np.zeros(plan.silent_frames * HOP, np.float32)
    return Audio((np.concatenate([*pieces, silence]) / plan.gain_ratio).astype(np.float32), SPEECH_RATE_HZ)

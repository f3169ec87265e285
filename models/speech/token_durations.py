"""How many mel frames each token gets, exact to the frame: evenly as published, or by word times and pauses that someone asks for.

Enters: counts of tokens, spans of words, seconds or milliseconds. Leaves: integer frames per token, whose rest up to the total
belongs to the pad that ends every row (papers §4.6). Pure functions; a new way to share frames is one more function.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.duration.rounding import isochronous
from models.speech.spectrum import HOP, RATE_HZ
from models.speech.tokens import PAD, TokenSpan

LEAST_FRAMES_PER_TOKEN = 2
"""21 ms: about 2.8 times the usual pace of 16 to 17 tokens a second; faster, no word is understood."""
_MS = 1000


class SlotTooShort(ValueError):
    """A slot that cannot hold its text. `asked_s`: the slot; `least_s`: the shortest one that could."""

    def __init__(self, asked_s: float, least_s: float) -> None:
        self.asked_s, self.least_s = asked_s, least_s
        super().__init__(f"This text needs at least {least_s:.1f} s and the slot has {asked_s:.1f} s; shorten it or give it more time.")


@dataclass(frozen=True, slots=True)
class WordTime:
    """When a word is said, in seconds from the start of the slot."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence of so many frames after a word: −1 before the first, the last word's number at the end."""

    after_word: int
    frames: int


@dataclass(frozen=True, slots=True)
class TimedTokens:
    """Tokens with the frames of each, in order; what is missing to `total_frames` is the pad's, at the end."""

    tokens: tuple[str, ...]
    frames: tuple[int, ...]
    total_frames: int

    def __post_init__(self) -> None:
        if len(self.tokens) != len(self.frames) or min(self.frames, default=0) < 0 or sum(self.frames) > self.total_frames:
            raise ValueError(f"{len(self.frames)} durations do not fit {len(self.tokens)} tokens in {self.total_frames} frames.")

    @property
    def pad_frames(self) -> int:
        return self.total_frames - sum(self.frames)


def slot_frames(slot_ms: int) -> int:
    """Frames of a slot in ms: rounded half up, in whole numbers (one frame is 32/3 ms)."""
    per_frame = _MS * HOP
    return (2 * slot_ms * RATE_HZ + per_frame) // (2 * per_frame)


def time_frames(time_s: float) -> int:
    """The frame border nearest to a time: rounded half up."""
    return math.floor(time_s * RATE_HZ / HOP + 0.5)


def frames_s(frames: int) -> float:
    return frames * HOP / RATE_HZ


def average_durations(tokens: int, total_frames: int) -> list[int]:
    """The published rule: every token floor(T / L) frames; all frames left over are the pad's (papers §4.6).

    Raises ValueError without tokens.
    """
    if tokens < 1:
        raise ValueError("There are no tokens to give frames to.")
    return [total_frames // tokens] * tokens


def predicted_frames(prompt_frames: int, prompt_tokens: int, tokens: int, speed_ratio: float = 1.0) -> int:
    """Frames of prompt and text together: T = Tp + ceil(Tp / Lp · L / speed), in float32 as the public code has it.

    Raises ValueError for a prompt without frames or tokens, and for a speed that is not above 0.
    """
    if prompt_frames < 1 or prompt_tokens < 1:
        raise ValueError("The reference has no speech or no words, so its pace is not known; give its transcript or a duration.")
    if not (math.isfinite(speed_ratio) and speed_ratio > 0):
        raise ValueError(f"The speed must be above 0; {speed_ratio} is not.")
    per_token = np.float32(prompt_frames) / np.float32(prompt_tokens)
    return prompt_frames + math.ceil(per_token * np.float32(tokens) / np.float32(speed_ratio))


def least_frames(spoken_tokens: int, frames_per_token: int = LEAST_FRAMES_PER_TOKEN) -> int:
    """The fewest frames in which so many spoken tokens can still be said."""
    return spoken_tokens * frames_per_token


def require_room(spoken_tokens: int, slot_ms: int, frames_per_token: int = LEAST_FRAMES_PER_TOKEN) -> None:
    """Raises SlotTooShort, with the shortest time that would do, for a text that the slot cannot hold."""
    least = least_frames(spoken_tokens, frames_per_token)
    if slot_frames(slot_ms) < least:
        raise SlotTooShort(slot_ms / _MS, frames_s(least))


def timed_by_words(
    tokens: Sequence[str], spans: Sequence[TokenSpan], times: Sequence[WordTime], total_frames: int, weights: Sequence[int] | None = None
) -> TimedTokens:
    """Every word where it is asked for: one span and one time per word, in order.

    Borders are rounded to frames; the frames of a word go to its tokens by `weights` (one per token; none: alike), each at
    least one where there is room. The time between words is the gap's last token's; where there is no gap token, and before
    the first word, a pad is put in. Time after the last word is the pad's. Words without tokens give their time to silence.
    Raises ValueError for times that overlap, run backwards or leave the slot.
    """
    borders = _borders(times, total_frames)
    if len(spans) != len(borders):
        raise ValueError(f"{len(borders)} word times do not fit {len(spans)} words.")
    weights = [1] * len(tokens) if weights is None else weights
    row, place, at = _Row(), 0, 0
    for span, (start, end) in zip(spans, borders, strict=True):
        if len(span) == 0:
            continue
        row.add_gap(tokens[place : span.first], start - at)
        row.add_word(tokens[span.first : span.last], end - start, weights[span.first : span.last])
        place, at = span.last, end
    row.add_rest(tokens[place:])
    return TimedTokens(tuple(row.tokens), tuple(row.frames), total_frames)


def timed_by_pauses(
    tokens: Sequence[str], spans: Sequence[TokenSpan], pauses: Sequence[Pause], total_frames: int, weights: Sequence[int] | None = None
) -> TimedTokens:
    """Pauses as long as asked for, and the rest of the slot shared among the spoken tokens by `weights` (none: alike).

    One span per word. Raises SlotTooShort where the pauses leave less than one frame for each spoken token, ValueError for
    a pause after a word that is not there.
    """
    silence = [0] * (len(spans) + 1)
    for pause in pauses:
        if not -1 <= pause.after_word < len(spans) or pause.frames < 0:
            raise ValueError(f"There is no pause of {pause.frames} frames after word {pause.after_word + 1} of {len(spans)}.")
        silence[pause.after_word + 1] += pause.frames
    weights = [1] * len(tokens) if weights is None else weights
    spoken = [place for span in spans for place in range(span.first, span.last)]
    room = total_frames - sum(silence)
    if not spoken or room < len(spoken):
        raise SlotTooShort(frames_s(total_frames), frames_s(len(spoken) + sum(silence)))
    frames = dict(zip(spoken, isochronous([weights[place] for place in spoken], room).tolist(), strict=True))
    row, place = _Row(), 0
    for before, span in zip(silence, spans, strict=False):
        row.add_gap(tokens[place : span.first], before)
        row.tokens += tokens[span.first : span.last]
        row.frames += [frames[number] for number in range(span.first, span.last)]
        place = span.last
    row.add_rest(tokens[place:])
    return TimedTokens(tuple(row.tokens), tuple(row.frames), total_frames)


@dataclass(slots=True)
class _Row:
    """Tokens and their frames as they are laid out from left to right."""

    tokens: list[str]
    frames: list[int]

    def __init__(self) -> None:
        self.tokens, self.frames = [], []

    def add_word(self, tokens: Sequence[str], frames: int, weights: Sequence[int]) -> None:
        least = 1 if frames >= len(tokens) else 0
        self.tokens += tokens
        self.frames += isochronous(weights, frames, least).tolist()

    def add_gap(self, tokens: Sequence[str], frames: int) -> None:
        """A silence: its marks a frame each where there is room, the rest its last token's."""
        gap = list(tokens) if tokens or frames == 0 else [PAD]
        if not gap:
            return
        marks = [1 if frames > number else 0 for number in range(len(gap) - 1)]
        self.tokens += gap
        self.frames += [*marks, frames - sum(marks)]

    def add_rest(self, tokens: Sequence[str]) -> None:
        """What stands behind the last word: marks without a time of their own; the silence there is the pad's."""
        self.tokens += tokens
        self.frames += [0] * len(tokens)


def _borders(times: Sequence[WordTime], total_frames: int) -> list[tuple[int, int]]:
    """First and last frame of every word."""
    before_s = 0.0
    for time in times:
        if not before_s <= time.start_s <= time.end_s:
            raise ValueError(f"The word at {time.start_s:.3f} to {time.end_s:.3f} s does not follow the one that ends at {before_s:.3f} s.")
        before_s = time.end_s
    borders = [(time_frames(time.start_s), time_frames(time.end_s)) for time in times]
    if borders and borders[-1][1] > total_frames:
        raise ValueError(f"The last word ends at {before_s:.3f} s, after the slot of {frames_s(total_frames):.3f} s.")
    return borders

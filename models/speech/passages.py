"""Long texts in passages a flow net says well, their sounds joined again, and a reference made ready to be continued.

Enters: tokens, or samples in ±1. Leaves: tokens of each passage; one sound. The rules and numbers are those of the public inference
program, so that the same text is cut at the same places. Another way to cut is one more function from tokens to passages.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.speech.tokens import SPACE, word_spans

PASSAGE_S = 25.0  # prompt and passage together: what the public voices were trained to say in one go
BATCH_S = 100.0
FADE_S = 0.1
TARGET_RMS = 0.1
SILENCE_DB = -50.0
KEPT_EDGE_S, KEPT_INNER_S, PROMPT_TAIL_S = 0.1, 1.0, 0.2
_STEP_S = 0.01
_ENDS = frozenset(";:,.!?；：，。！？")


def closed(text: str) -> str:
    """The text with a full stop where it ends without a mark: public voices leak or cut the last word of an open one."""
    stripped = text.strip()
    return stripped if not stripped or stripped[-1] in _ENDS else f"{stripped}."


def most_tokens(prompt_s: float, prompt_tokens: int, speed_ratio: float = 1.0, longest_s: float = PASSAGE_S) -> int:
    """How many tokens may follow a prompt at its own pace. Raises ValueError for a prompt that leaves no room, or has no words."""
    if prompt_tokens < 1 or prompt_s <= 0:
        raise ValueError("The reference has no speech or no words, so its pace is not known; give its transcript, or another one.")
    if prompt_s >= longest_s:
        raise ValueError(f"The reference lasts {prompt_s:.1f} s and leaves no room below {longest_s:.0f} s; use one of 1 to 10 s.")
    return max(1, int((longest_s - prompt_s) / (prompt_s / (prompt_tokens * speed_ratio))))


def passages_of(tokens: Sequence[str], most: int) -> list[list[str]]:
    """The tokens cut behind clause marks, short clauses together up to `most` tokens. Joined, the passages are the tokens.

    A clause longer than `most` is cut between words, into parts as even as they come; a single longer word stays whole.
    Raises ValueError for a limit below one token.
    """
    if most < 1:
        raise ValueError(f"A passage of {most} tokens says nothing; allow at least one.")
    passages: list[list[str]] = []
    for clause in _clauses(tokens):
        for part in [clause] if len(clause) <= most else _parts(clause, most):
            if passages and len(passages[-1]) + len(part) <= most:
                passages[-1] += part
            else:
                passages.append(list(part))
    return passages


def batches_of(token_counts: Sequence[int], prompt_s: float, token_s: float, longest_s: float = BATCH_S) -> list[list[int]]:
    """Passages by number, short ones first, in batches of at most `longest_s` with their prompts; a longer one has a batch of its own."""
    batches: list[list[int]] = []
    filled_s = 0.0
    for number in sorted(range(len(token_counts)), key=token_counts.__getitem__):
        cost_s = prompt_s + token_counts[number] * token_s
        if batches and filled_s + cost_s <= longest_s:
            batches[-1].append(number)
            filled_s += cost_s
        else:
            batches.append([number])
            filled_s = cost_s
    return batches


def joined(waves: Sequence[np.ndarray], rate_hz: int, fade_s: float = FADE_S) -> np.ndarray:
    """Sounds, samples last, one after the other, each faded linearly into the next over `fade_s` or as much as both have."""
    if not waves:
        return np.zeros(0, np.float32)
    whole = waves[0]
    for wave in waves[1:]:
        overlap = max(0, min(int(fade_s * rate_hz), whole.shape[-1], wave.shape[-1]))
        out = np.linspace(1.0, 0.0, overlap, dtype=np.float32)
        mixed = whole[..., whole.shape[-1] - overlap :] * out + wave[..., :overlap] * (1.0 - out)
        whole = np.concatenate([whole[..., : whole.shape[-1] - overlap], mixed, wave[..., overlap:]], axis=-1)
    return whole


@dataclass(frozen=True, slots=True)
class Levelled:
    """A reference as loud as the net knows it, and the gain that made it so: divide what is said after it by `gain_ratio`."""

    samples: np.ndarray
    gain_ratio: float


def levelled(samples: np.ndarray, target_rms: float = TARGET_RMS) -> Levelled:
    """A quiet reference brought up to `target_rms`; a loud one stays. Raises ValueError for digital silence."""
    rms = math.sqrt(float(np.mean(np.square(samples, dtype=np.float64)))) if samples.size else 0.0
    if rms == 0.0:
        raise ValueError("The reference is silent; choose a recording in which someone speaks.")
    gain_ratio = max(1.0, target_rms / rms)
    return Levelled((samples * gain_ratio).astype(np.float32), gain_ratio)


def prompt_sound(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """A reference to go on from: long silences shortened, edges trimmed, and 0.2 s of silence after it, so that its last sound
    does not leak. Samples (n,). Raises ValueError where nothing is louder than −50 dB."""
    kept = trimmed(samples, rate_hz, inner_s=2 * KEPT_INNER_S)
    if kept.size == 0:
        raise ValueError(f"Nothing in the reference is louder than {SILENCE_DB:.0f} dB; choose a recording in which someone speaks.")
    return np.concatenate([kept, np.zeros(int(PROMPT_TAIL_S * rate_hz), kept.dtype)])


def trimmed(samples: np.ndarray, rate_hz: int, *, inner_s: float | None = None) -> np.ndarray:
    """Samples (n,) with at most 0.1 s of silence at either edge, and silences inside cut to their first and last `inner_s` / 2
    where they are longer (None: left alone). Silence is below −50 dB over 10 ms. All silence gives no samples."""
    step = max(1, round(_STEP_S * rate_hz))
    is_loud = _loud_steps(samples, step)
    if not is_loud.any():
        return samples[:0]
    loud = np.flatnonzero(is_loud)
    edge = int(KEPT_EDGE_S * rate_hz)
    start, end = max(0, loud[0] * step - edge), min(len(samples), (loud[-1] + 1) * step + edge)
    if inner_s is None:
        return samples[start:end]
    half, pieces = int(inner_s * rate_hz / 2), []
    for before, after in zip(loud[:-1], loud[1:], strict=True):
        quiet, again = (before + 1) * step, after * step
        if again - quiet > 2 * half:
            pieces.append(samples[start : quiet + half])
            start = again - half
    return np.concatenate([*pieces, samples[start:end]])


def _loud_steps(samples: np.ndarray, step: int) -> np.ndarray:
    """For each 10 ms, the last one cut short, whether its power is above the threshold."""
    starts = np.arange(0, len(samples), step)
    if len(starts) == 0:
        return np.zeros(0, bool)
    power = np.add.reduceat(np.square(samples, dtype=np.float64), starts) / np.minimum(step, len(samples) - starts)
    return power > 10 ** (SILENCE_DB / 10)


def _clauses(tokens: Sequence[str]) -> list[list[str]]:
    """Cut behind each clause mark; further marks and spaces stay with the clause before."""
    clauses: list[list[str]] = []
    is_open = False
    for token in tokens:
        if clauses and not is_open and (token in _ENDS or token == SPACE):
            clauses[-1].append(token)
            continue
        if not is_open:
            clauses.append([])
        clauses[-1].append(token)
        is_open = token not in _ENDS
    return clauses


def _parts(clause: Sequence[str], most: int) -> list[list[str]]:
    """A long clause cut before words, as evenly as its words allow; the gap behind a word goes with it."""
    count = math.ceil(len(clause) / most)
    goal = len(clause) / count
    starts = [span.first for span in word_spans(clause) if span.is_word][1:]
    cuts, last = [0], 0
    for place, following in zip(starts, [*starts, len(clause)][1:], strict=True):
        if following - last > most or place >= goal * len(cuts):
            cuts.append(place)
            last = place
    return [list(clause[start:end]) for start, end in zip(cuts, [*cuts[1:], len(clause)], strict=True)]

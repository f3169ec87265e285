"""Where every moment of a take goes: stretches of speech, each at its own steady rate, with pauses between them. Checked at birth.

Enters as pieces in samples; asked for times and rates by whoever renders a take, moves its phones or reports on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from studio.domain.timing import ms_to_samples, samples_to_ms


@dataclass(frozen=True, slots=True)
class Piece:
    """Samples [take_start, take_end) of a take, heard at [out_start, out_end). A pause (`is_speech` False) may come from no samples
    at all, and may have any length; speech must be of both."""

    take_start_samples: int
    take_end_samples: int
    out_start_samples: int
    out_end_samples: int
    is_speech: bool = True

    @property
    def take_samples(self) -> int:
        return self.take_end_samples - self.take_start_samples

    @property
    def out_samples(self) -> int:
        return self.out_end_samples - self.out_start_samples

    @property
    def rate_ratio(self) -> float:
        """How much faster than in the take; > 1 is faster."""
        return self.take_samples / self.out_samples


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Slowest and fastest rate any stretch of speech may have, as factors of the take's own."""

    low_ratio: float
    high_ratio: float


@dataclass(frozen=True, slots=True)
class TimeMap:
    """Pieces in order, without gap or overlap in the take or in the output, from 0 in both. Speech keeps to `limits` to the sample."""

    pieces: tuple[Piece, ...]
    rate_hz: int
    limits: RateLimits

    def __post_init__(self) -> None:
        ends = [(0, 0), *((piece.take_end_samples, piece.out_end_samples) for piece in self.pieces)]
        for (take_at, out_at), piece in zip(ends[:-1], self.pieces, strict=True):
            if (piece.take_start_samples, piece.out_start_samples) != (take_at, out_at):
                raise ValueError(f"a piece must start where the one before ends, at {take_at} → {out_at} samples, not as {piece}")
            if piece.take_samples < 0 or piece.out_samples < 0:
                raise ValueError(f"time must not run backwards, as in {piece}")
            if piece.is_speech and not self._keeps_limits(piece):
                raise ValueError(f"speech must keep between {self.limits.low_ratio} and {self.limits.high_ratio}, not as {piece}")

    def _keeps_limits(self, piece: Piece) -> bool:
        """Whether its rate, but for the rounding to whole samples, lies inside the limits."""
        low, high = piece.take_samples / (piece.out_samples + 1), piece.take_samples / max(piece.out_samples - 1, 1e-9)
        return piece.take_samples > 0 and piece.out_samples > 0 and low <= self.limits.high_ratio and high >= self.limits.low_ratio

    @property
    def out_samples(self) -> int:
        return self.pieces[-1].out_end_samples if self.pieces else 0

    @property
    def take_samples(self) -> int:
        return self.pieces[-1].take_end_samples if self.pieces else 0

    @property
    def lead_ms(self) -> int:
        """Silence before the first word."""
        first = next((piece.out_start_samples for piece in self.pieces if piece.is_speech), 0)
        return samples_to_ms(first, self.rate_hz)

    @property
    def rates(self) -> tuple[float, ...]:
        """The rate of every stretch of speech, in order."""
        return tuple(piece.rate_ratio for piece in self.pieces if piece.is_speech)

    @property
    def mean_ratio(self) -> float:
        """Rate over all speech, pauses left out; 1.0 for a map without any."""
        speech = [piece for piece in self.pieces if piece.is_speech]
        return sum(piece.take_samples for piece in speech) / sum(piece.out_samples for piece in speech) if speech else 1.0

    @property
    def pauses_moved_ms(self) -> int:
        """How much silence inside the speech was added, and how much taken out, together; the silence before it does not count."""
        inner = [piece for piece in self.pieces[1:] if not piece.is_speech]
        return samples_to_ms(sum(abs(piece.out_samples - piece.take_samples) for piece in inner), self.rate_hz)

    def at_ms(self, take_ms: int) -> int:
        """When the moment `take_ms` of the take is heard."""
        place = min(ms_to_samples(take_ms, self.rate_hz), self.take_samples)
        for piece in self.pieces:
            if place < piece.take_end_samples:
                share = (place - piece.take_start_samples) / piece.take_samples
                return samples_to_ms(piece.out_start_samples + round(share * piece.out_samples), self.rate_hz)
        return samples_to_ms(self.out_samples, self.rate_hz)


def runs(time_map: TimeMap) -> tuple[tuple[int, tuple[Piece, ...]], ...]:
    """The output as stretches of sound that hang together: (silence before it in samples, its pieces). A pause that grew is parted in
    the middle and silence put between; one that shrank loses its middle; what is left of it belongs, unchanged, to its neighbours."""
    found: list[tuple[int, tuple[Piece, ...]]] = []
    held: list[Piece] = []
    silence = 0
    for piece in time_map.pieces:
        if piece.is_speech:
            held.append(piece)
            continue
        kept = min(piece.take_samples, piece.out_samples)
        before, after = _ends(piece, kept // 2, kept - kept // 2)
        if held or kept // 2:
            found.append((silence, tuple(held) + ((before,) if before.take_samples else ())))
            silence = 0
        silence += piece.out_samples - kept
        held = [after] if after.take_samples else []
    if held:
        found.append((silence, tuple(held)))
    return tuple(found)


def _ends(pause: Piece, before: int, after: int) -> tuple[Piece, Piece]:
    take, out = pause.take_start_samples, pause.out_start_samples
    first = Piece(take, take + before, out, out + before, is_speech=False)
    take, out = pause.take_end_samples, pause.out_end_samples
    return first, Piece(take - after, take, out - after, out, is_speech=False)


def knots(pieces: Sequence[Piece]) -> tuple[np.ndarray, np.ndarray]:
    """Corners of a run as (output, take) samples from its start, for linear interpolation. Each int64, shape (pieces + 1,)."""
    assert all(a.take_end_samples == b.take_start_samples for a, b in pairwise(pieces))
    first = pieces[0]
    out = [0, *(piece.out_end_samples - first.out_start_samples for piece in pieces)]
    take = [0, *(piece.take_end_samples - first.take_start_samples for piece in pieces)]
    return np.array(out), np.array(take)

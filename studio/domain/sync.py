"""How a take stands to the mouth: SyncNet scores, and the overlap of dubbed and source speech."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from studio.domain.timing import TimeSpan

FEWEST_WINDOWS = 31
CLEAR_CONTRAST = 0.10  # LSE-C over LSE-D: one in twenty strange sounds reaches it on clips of 2 to 6 s (bundled scorer, held-out speakers)
OVERLAP_FRAME_MS = 20
OVERLAP_DEFINITION = "20 ms frames in which both source and dub speak, over those in which either does (Jaccard)"


@dataclass(frozen=True, slots=True)
class SyncScore:
    """LSE-C (higher is better), LSE-D (lower is better) and AV offset (papers §5.1) of one sound against one mouth.

    Numbers of different `scorer`s or `crop`s must never be compared. `offset_frames` in video frames at 25 fps, positive: the
    sound is early. `windows`: how many windows the means are over; under 31 the zero padding inflates LSE-C.
    """

    scorer: str
    crop: str
    lse_c: float
    lse_d: float
    offset_frames: int
    windows: int

    @property
    def is_clear(self) -> bool:
        """Whether the best offset stands out from the others: over fewer windows than there are offsets, chance does so too."""
        return self.windows >= FEWEST_WINDOWS and self.lse_c >= CLEAR_CONTRAST * self.lse_d


@dataclass(frozen=True, slots=True)
class SpeechOverlap:
    """Dubbed against source speech in 20 ms frames. `jaccard` = both / either, `coverage` = both / source, `spill` = dub outside
    the source / dub (papers §8.2)."""

    jaccard: float
    coverage: float
    spill: float


@dataclass(frozen=True, slots=True)
class LineSync:
    """The lip verdict on one take. `score` None: not measurable, and `why` says why in a sentence ("" where there is a score).
    `overlap` None: there is no source speech to hold it against."""

    take_id: str
    score: SyncScore | None
    why: str
    overlap: SpeechOverlap | None


@dataclass(frozen=True, slots=True)
class LineCurves:
    """What the overlay plot of a line draws, all on the programme's timeline from `start_ms` to `end_ms`.

    `opening`: mouth opening at 25 Hz from `start_ms`, 0 shut to 1 wide, None where the mouth is not seen. `source_level`,
    `dub_level`: speech loudness at 25 Hz, 0..1. Spans: where each speaks. `presence_why`: who is (not) seen, a sentence."""

    start_ms: int
    end_ms: int
    opening: tuple[float | None, ...]
    source_level: tuple[float, ...]
    dub_level: tuple[float, ...]
    source_speech: tuple[TimeSpan, ...]
    dub_speech: tuple[TimeSpan, ...]
    presence_why: str


def speech_overlap(source: Sequence[TimeSpan], dub: Sequence[TimeSpan]) -> SpeechOverlap | None:
    """Overlap of two sets of speech spans on one timeline; None when the source never speaks.

    >>> speech_overlap([TimeSpan(0, 1000)], [TimeSpan(500, 1000)])
    SpeechOverlap(jaccard=0.5, coverage=0.5, spill=0.0)
    """
    first, second = _frames(source), _frames(dub)
    if not first:
        return None
    both = len(first & second)
    return SpeechOverlap(both / len(first | second), both / len(first), (len(second) - both) / len(second) if second else 0.0)


def _frames(spans: Sequence[TimeSpan]) -> set[int]:
    """Numbers of the frames whose middle lies inside a span."""
    half = OVERLAP_FRAME_MS // 2
    return {
        frame
        for span in spans
        for frame in range((span.start_ms + half) // OVERLAP_FRAME_MS, (span.end_ms + half - 1) // OVERLAP_FRAME_MS + 1)
        if span.start_ms <= frame * OVERLAP_FRAME_MS + half < span.end_ms
    }

"""Stage: the speech of a clip in, its stretches said in another language on the same timeline out. No text, no lines.

Stretches follow the pauses of the original; where one gets longer than its place, the next waits. To convert line by line, see `steps/voice.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from studio.domain.timing import TimeSpan, ms_to_samples
from studio.engines.protocols import Audio
from studio.engines.voice_protocols import SpeechToSpeech

LONGEST_MS = 8_000  # a stretch without a pause is parted evenly into pieces no longer than this
JOIN_GAP_MS = 150  # silence between stretches shorter than this parts no phrase


@dataclass(frozen=True, slots=True)
class Direction:
    """From which language to which."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """`span`: where the original speaks. `start_ms` and `length_ms`: where its translation lies."""

    span: TimeSpan
    start_ms: int
    length_ms: int


@dataclass(frozen=True, slots=True)
class Direct:
    """`audio`: the whole timeline, mono. `stretches` in order."""

    audio: Audio
    stretches: tuple[Stretch, ...]


def convert_clip(original: Audio, speech: Sequence[TimeSpan], engine: SpeechToSpeech, direction: Direction) -> Direct:
    """Every stretch of `speech` through the engine. As long as the original, or longer where the last stretch spills. Raises EngineFailed."""
    stretches, pieces, free_ms, rate_hz = [], [], 0, original.rate_hz
    for span in _phrases(speech):
        heard = original.samples[ms_to_samples(span.start_ms, rate_hz) : ms_to_samples(span.end_ms, rate_hz)]
        said = engine.convert(Audio(heard, rate_hz), direction.source, direction.target, span.length_ms).audio
        start_ms = max(span.start_ms, free_ms)
        stretches.append(Stretch(span, start_ms, said.length_ms))
        pieces.append((start_ms, said))
        free_ms = start_ms + said.length_ms
    return Direct(_laid_out(pieces, max(original.length_ms, free_ms), rate_hz), tuple(stretches))


def _phrases(speech: Sequence[TimeSpan]) -> Iterator[TimeSpan]:
    """Spans with tiny gaps joined and endless ones parted."""
    joined: list[TimeSpan] = []
    for span in speech:
        if joined and span.start_ms - joined[-1].end_ms < JOIN_GAP_MS:
            joined[-1] = TimeSpan(joined[-1].start_ms, span.end_ms)
        else:
            joined.append(span)
    for span in joined:
        count = -(-span.length_ms // LONGEST_MS)
        edges = [span.start_ms + span.length_ms * number // count for number in range(count + 1)]
        yield from (TimeSpan(start, end) for start, end in zip(edges[:-1], edges[1:], strict=True))


def _laid_out(pieces: Sequence[tuple[int, Audio]], length_ms: int, rate_hz: int) -> Audio:
    """Pieces on one silent timeline at the rate they were made in; without pieces, silence at `rate_hz`."""
    rate_hz = pieces[0][1].rate_hz if pieces else rate_hz
    lengths = [ms_to_samples(start_ms, rate_hz) + len(audio.samples) for start_ms, audio in pieces]
    samples = np.zeros(max([ms_to_samples(length_ms, rate_hz), *lengths]), np.float32)
    for start_ms, audio in pieces:
        start = ms_to_samples(start_ms, rate_hz)
        samples[start : start + len(audio.samples)] += audio.samples
    return Audio(samples, rate_hz)

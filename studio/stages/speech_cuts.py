"""Speech spans to lines of dialogue: stray fragments joined to their neighbour, long speech split at its quietest moments.

`Levels` remembers the energy of every 10 ms while the sound streams by, 6 MB for four hours.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from studio.domain.settings import LineSettings
from studio.domain.timing import TimeSpan

if TYPE_CHECKING:
    import numpy as np

FRAME_MS = 10
PAUSE_FRAMES = 20
FRAGMENT_MS = 600
JOIN_GAP_MS = 500
COMFORT_MS = 7_000
MIN_PIECE_MS = 1_000
PAUSE_DROP_RATIO = 0.06
TURN_EDGE_MS = 1_200
TURN_DIP_RATIO = 0.1
TURN_FRAMES = 10
_SILENCE = 1e-10


class Levels:
    """Mean power of every 10 ms of a 16 kHz stream, taken in passing."""

    def __init__(self, rate_hz: int) -> None:
        self._frame_samples = rate_hz * FRAME_MS // 1000
        self._power = array("f")

    def listening(self, blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        """Pass `blocks` (float32, shape (n,)) on and note their power."""
        import numpy as np

        held = np.zeros(0, np.float32)
        for block in blocks:
            yield block
            held = np.concatenate((held, block))
            whole = len(held) - len(held) % self._frame_samples
            frames = held[:whole].reshape(-1, self._frame_samples).astype(np.float64)
            self._power.frombytes(np.mean(frames**2, axis=1).astype(np.float32).tobytes())
            held = held[whole:]

    def of(self, span: TimeSpan) -> np.ndarray:
        """Mean power of the 10 ms frames in `span`, float64, shape (n_frames,)."""
        import numpy as np

        view = np.frombuffer(self._power, dtype=np.float32) if self._power else np.zeros(0, np.float32)
        return view[span.start_ms // FRAME_MS : span.end_ms // FRAME_MS].astype(np.float64)


def cut_speech(spans: Sequence[TimeSpan], levels: Levels, settings: LineSettings) -> tuple[TimeSpan, ...]:
    """Lines of `spans`: none longer than `max_line_ms`, few longer than seven seconds, few fragments."""
    return tuple(piece for span in _joined(spans, settings) for piece in _split(span, levels, settings.max_line_ms))


def _joined(spans: Sequence[TimeSpan], settings: LineSettings) -> list[TimeSpan]:
    """A fragment joins the neighbour across a short gap as long as the two stay a comfortable line."""
    result: list[TimeSpan] = []
    for span in spans:
        last = result[-1] if result else None
        is_fragment = last is not None and min(last.length_ms, span.length_ms) < FRAGMENT_MS
        is_near = last is not None and span.start_ms - last.end_ms <= JOIN_GAP_MS
        if last is not None and is_fragment and is_near and span.end_ms - last.start_ms <= min(COMFORT_MS, settings.max_line_ms):
            result[-1] = TimeSpan(last.start_ms, span.end_ms)
        else:
            result.append(span)
    return result


def _split(span: TimeSpan, levels: Levels, max_line_ms: int) -> list[TimeSpan]:
    """Halve at the quietest moment: always above `max_line_ms`, above a comfortable length only at a true pause."""
    done: list[TimeSpan] = []
    open_spans = [span]
    while open_spans:
        piece = open_spans.pop()
        at_ms = (
            _quietest_ms(piece, levels, is_forced=piece.length_ms > max_line_ms) if piece.length_ms > min(COMFORT_MS, max_line_ms) else None
        )
        if at_ms is None:
            done.append(piece)
        else:
            open_spans += [TimeSpan(at_ms, piece.end_ms), TimeSpan(piece.start_ms, at_ms)]
    return done


def _quietest_ms(span: TimeSpan, levels: Levels, *, is_forced: bool) -> int | None:
    """The middle of the quietest 200 ms away from the ends; None when that is no pause and a cut is not forced."""
    import numpy as np

    edge_ms = max(MIN_PIECE_MS, span.length_ms // 5)
    power = levels.of(span)
    middle = power[edge_ms // FRAME_MS : (span.length_ms - edge_ms) // FRAME_MS]
    if len(middle) <= PAUSE_FRAMES:
        return span.start_ms + span.length_ms // 2 if is_forced else None
    smooth = np.convolve(middle, np.full(PAUSE_FRAMES, 1 / PAUSE_FRAMES), mode="valid")
    at = int(np.argmin(smooth))
    is_pause = smooth[at] < PAUSE_DROP_RATIO * max(float(np.mean(power)), _SILENCE)
    if not is_pause and not is_forced:
        return None
    return span.start_ms + edge_ms + (at + PAUSE_FRAMES // 2) * FRAME_MS


def turn_moments(span: TimeSpan, levels: Levels) -> list[int]:
    """Moments in ms at which another person might take over: dips of 100 ms, a good second from the ends and each other."""
    import numpy as np

    power = levels.of(span)
    edge = TURN_EDGE_MS // FRAME_MS
    if len(power) < 2 * edge:
        return []
    smooth = np.convolve(power, np.full(TURN_FRAMES, 1 / TURN_FRAMES), mode="same")
    found: list[int] = []
    for at in np.argsort(smooth, kind="stable"):
        if smooth[at] >= TURN_DIP_RATIO * float(np.mean(power)):
            break
        if edge <= at < len(smooth) - edge and all(abs(at - other) >= edge for other in found):
            found.append(int(at))
    return sorted(span.start_ms + at * FRAME_MS for at in found)

"""Voice activity by silero-vad's ONNX file, which its wheel carries: onnxruntime and numpy only, one thread, constant memory.

Enters a stream of mono float32 blocks at 16 kHz; leave speech spans in ms. Model: snakers4/silero-vad (MIT).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.domain.errors import EngineFailed, EngineUnavailable
from studio.domain.timing import TimeSpan, samples_to_ms
from studio.engines.protocols import Availability

if TYPE_CHECKING:
    import numpy as np

RATE_HZ = 16_000
WINDOW_SAMPLES = 512
CONTEXT_SAMPLES = 64
STATE_SIZE = 128
WINDOWS_PER_CALL = 64
_MODEL = "silero_vad_16k_sequence.onnx"


@dataclass(frozen=True, slots=True)
class Hysteresis:
    """Speech begins at `begin_ratio` and lasts until the probability stays under `end_ratio` for `min_silence_ms`.

    Spans shorter than `min_speech_ms` are clicks; `pad_ms` is added at both ends, never into another span.
    """

    begin_ratio: float = 0.5
    end_ratio: float = 0.35
    min_speech_ms: int = 200
    pad_ms: int = 60


class SileroDetector:
    """VoiceActivityDetector. One per process is enough; every call has a state of its own."""

    name = "silero-vad"
    version = "6.2-sequence-1"
    licence = "MIT"

    def __init__(self, hysteresis: Hysteresis | None = None) -> None:
        self._hysteresis = Hysteresis() if hysteresis is None else hysteresis
        self._session: Any = None

    def available(self) -> Availability:
        if importlib.util.find_spec("onnxruntime") is None:
            return Availability(False, "the package onnxruntime is not installed; run: pip install onnxruntime")
        if _model_path() is None:
            return Availability(False, f"the package silero-vad with its {_MODEL} is not installed; run: pip install silero-vad")
        return Availability(True, "ready; its model is in the package silero-vad")

    def load(self) -> None:
        """Raises EngineUnavailable."""
        if self._session is not None:
            return
        verdict = self.available()
        path = _model_path()
        if not verdict.is_available or path is None:
            raise EngineUnavailable(self.name, verdict.why)
        self._session = _session(path)

    def speech(self, blocks: Iterator[np.ndarray], rate_hz: int, *, min_silence_ms: int) -> tuple[TimeSpan, ...]:
        """Speech spans of `blocks` (float32, shape (n,), any n, 16 kHz), in order, not overlapping. Raises EngineFailed."""
        if rate_hz != RATE_HZ:
            raise EngineFailed(self.name, f"it listens at {RATE_HZ} Hz, not at {rate_hz} Hz; resample first.")
        self.load()
        latch = _Latch(self._hysteresis, min_silence_ms)
        total_samples = 0
        for probabilities, samples in self._probabilities(blocks):
            total_samples += samples
            for probability in probabilities:
                latch.feed(float(probability))
        return latch.finish(samples_to_ms(total_samples, RATE_HZ))

    def _probabilities(self, blocks: Iterator[np.ndarray]) -> Iterator[tuple[np.ndarray, int]]:
        """Speech probability of every window of 512 samples, and how many real samples the windows hold."""
        import numpy as np

        hidden = np.zeros((1, 1, STATE_SIZE), np.float32)
        cell = np.zeros((1, 1, STATE_SIZE), np.float32)
        context = np.zeros(CONTEXT_SAMPLES, np.float32)
        for chunk, real_samples in _chunks(blocks, WINDOW_SAMPLES * WINDOWS_PER_CALL):
            held = np.concatenate((context, chunk))
            frames = np.lib.stride_tricks.sliding_window_view(held, CONTEXT_SAMPLES + WINDOW_SAMPLES)[::WINDOW_SAMPLES]
            feed = {"input": np.ascontiguousarray(frames), "h": hidden, "c": cell}
            probabilities, hidden, cell = self._session.run(None, feed)
            context = held[-CONTEXT_SAMPLES:]
            yield probabilities, real_samples


def _chunks(blocks: Iterator[np.ndarray], size: int) -> Iterator[tuple[np.ndarray, int]]:
    """`blocks` regrouped to `size` samples; the last one is filled with silence to whole windows."""
    import numpy as np

    held: list[np.ndarray] = []
    count = 0
    for block in blocks:
        held.append(np.asarray(block, dtype=np.float32).reshape(-1))
        count += len(held[-1])
        if count < size:
            continue
        joined = np.concatenate(held)
        for start in range(0, count - size + 1, size):
            yield joined[start : start + size], size
        held, count = [joined[count - count % size :]], count % size
    if count:
        silence = np.zeros(-count % WINDOW_SAMPLES, np.float32)
        yield np.concatenate((*held, silence)), count


class _Latch:
    """Turns probabilities, one per window, into spans."""

    def __init__(self, hysteresis: Hysteresis, min_silence_ms: int) -> None:
        self._set = hysteresis
        self._min_silence_ms = min_silence_ms
        self._at = 0
        self._start_ms: int | None = None
        self._silent_from_ms: int | None = None
        self._spans: list[tuple[int, int]] = []

    def feed(self, probability: float) -> None:
        now_ms = samples_to_ms(self._at * WINDOW_SAMPLES, RATE_HZ)
        self._at += 1
        if self._start_ms is None:
            if probability >= self._set.begin_ratio:
                self._start_ms, self._silent_from_ms = now_ms, None
        elif probability >= self._set.begin_ratio:
            self._silent_from_ms = None
        elif probability < self._set.end_ratio:
            if self._silent_from_ms is None:
                self._silent_from_ms = now_ms
            if now_ms - self._silent_from_ms >= self._min_silence_ms:
                self._close(self._silent_from_ms)

    def _close(self, end_ms: int) -> None:
        assert self._start_ms is not None
        if end_ms - self._start_ms >= self._set.min_speech_ms:
            self._spans.append((self._start_ms, end_ms))
        self._start_ms = self._silent_from_ms = None

    def finish(self, total_ms: int) -> tuple[TimeSpan, ...]:
        if self._start_ms is not None:
            self._close(total_ms if self._silent_from_ms is None else self._silent_from_ms)
        spans = []
        for position, (start_ms, end_ms) in enumerate(self._spans):
            before_ms = (self._spans[position - 1][1] + start_ms + 1) // 2 if position else 0
            is_last = position + 1 == len(self._spans)
            after_ms = total_ms if is_last else (end_ms + self._spans[position + 1][0]) // 2
            start_ms, end_ms = max(before_ms, start_ms - self._set.pad_ms), min(after_ms, end_ms + self._set.pad_ms)
            if end_ms > start_ms:
                spans.append(TimeSpan(start_ms, end_ms))
        return tuple(spans)


def _model_path() -> Path | None:
    """The ONNX file in the wheel, found without importing the package (which would import torch)."""
    package = importlib.util.find_spec("silero_vad")
    for folder in (package.submodule_search_locations or ()) if package is not None else ():
        path = Path(folder) / "data" / _MODEL
        if path.is_file():
            return path
    return None


def _session(path: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except (RuntimeError, OSError) as error:
        raise EngineUnavailable("silero-vad", f"its model {path.name} cannot be read ({error}); reinstall silero-vad.") from error

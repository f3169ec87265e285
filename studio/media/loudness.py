"""Programme loudness after EBU R128 / ITU-R BS.1770: of a file through ffmpeg, or of blocks as they stream by.

`LoudnessMeter` also answers for dialogue alone: energy within given spans only. Silence has no loudness: None, never −inf.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studio.domain.errors import MediaToolFailed
from studio.domain.timing import TimeSpan
from studio.media.ffmpeg import CancelCheck, ToolCall, input_args, run

if TYPE_CHECKING:
    import numpy as np

METER_RATE_HZ = 48_000
_HOP_MS = 100
_HOP_SAMPLES = METER_RATE_HZ * _HOP_MS // 1000
_ABSOLUTE_GATE_LUFS = -70.0
_K_WEIGHTING = (
    (1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585),
    (1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621),
)
"""BS.1770-4 tables 1 and 2 as second-order sections at 48 kHz: the head shelf, then the low cut."""
_SUMMARY = re.compile(r"^\s+(I|LRA|Peak):\s+(-?[\d.]+|-?inf|nan)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Loudness:
    """`integrated_lufs` gated, `true_peak_dbtp` over 4× oversampling, `range_lu` (LRA); None: silence, or too short to tell."""

    integrated_lufs: float | None
    true_peak_dbtp: float | None
    range_lu: float | None


def measure(path: Path, *, track: int = 0, cancel: CancelCheck | None = None) -> Loudness:
    """Loudness of one sound track of a file, by ffmpeg's own meter. Raises MediaToolFailed, Cancelled."""
    call = ToolCall("Measuring the loudness", cancel=cancel)
    meter = f"-map 0:a:{track} -vn -af ebur128=peak=true:framelog=quiet -f null -".split()
    words = run(["-loglevel", "info", *input_args(path), *meter], call)
    found = dict(_SUMMARY.findall(words[words.rfind("Summary:") :]))
    if "I" not in found:
        raise MediaToolFailed(call.action, "the meter gave no summary.")
    integrated = float(found["I"])
    is_silent = not integrated > _ABSOLUTE_GATE_LUFS
    peak = float(found.get("Peak", "-inf"))
    return Loudness(None if is_silent else integrated, peak if peak > -200 else None, None if is_silent else float(found["LRA"]))


class LoudnessMeter:
    """Feed blocks of shape (n_samples, channels) at 48 kHz in order, then ask. Memory: one number per 100 ms."""

    def __init__(self, channels: int = 2, *, keeps_peak: bool = True) -> None:
        import numpy as np

        self._keeps_peak = keeps_peak
        self._state = np.zeros((len(_K_WEIGHTING), 2, channels))
        self._rest = np.zeros((0, channels))
        self._energies: list[np.ndarray] = []
        self._peak_ratio = 0.0

    def add(self, block: np.ndarray) -> None:
        from scipy.signal import sosfilt

        import numpy as np

        if self._keeps_peak:
            self._peak_ratio = max(self._peak_ratio, true_peak_ratio(block, floor=self._peak_ratio))
        weighted, self._state = sosfilt(_K_WEIGHTING, block, axis=0, zi=self._state)
        samples = np.concatenate([self._rest, weighted])
        whole = len(samples) // _HOP_SAMPLES * _HOP_SAMPLES
        hops = samples[:whole].reshape(whole // _HOP_SAMPLES, _HOP_SAMPLES * samples.shape[1])
        self._energies.append(np.einsum("hs,hs->h", hops, hops) / _HOP_SAMPLES)
        self._rest = samples[whole:]

    def loudness(self) -> Loudness:
        """EBU R128 of everything fed so far."""
        energies = self._hops()
        peak = 20 * _log10(self._peak_ratio) if self._peak_ratio > 1e-10 else None
        return Loudness(_gated(_windows(energies, 4)), peak, _range(_windows(energies, 30)))

    def dialogue_lufs(self, spans: Sequence[TimeSpan]) -> float | None:
        """Loudness of the given spans only, without the relative gate; None where they are silent or empty."""
        import numpy as np

        energies = self._hops()
        if len(spans) == 1:
            chosen = energies[_hops_of(spans[0])]
        else:
            inside_mask = np.zeros(len(energies), dtype=bool)
            for span in spans:
                inside_mask[_hops_of(span)] = True
            chosen = energies[inside_mask]
        chosen = chosen[chosen > _energy(_ABSOLUTE_GATE_LUFS)]
        return _lufs(float(chosen.mean())) if len(chosen) else None

    def _hops(self) -> np.ndarray:
        """Energy per 100 ms; an unfinished last hop counts only where there is no whole one."""
        import numpy as np

        if len(self._energies) > 1:
            self._energies = [np.concatenate(self._energies)]
        energies = self._energies[0] if self._energies else np.zeros(0)
        if not len(energies) and len(self._rest):
            return np.array([(self._rest**2).sum() / len(self._rest)])
        return energies


def _hops_of(span: TimeSpan) -> slice:
    """The hops that lie mostly within a span, at least one."""
    first = round(span.start_ms / _HOP_MS)
    return slice(first, max(first + 1, round(span.end_ms / _HOP_MS)))


def true_peak_ratio(block: np.ndarray, *, floor: float = 0.0) -> float:
    """Highest inter-sample peak of a block as a ratio of full scale; looks closely only where it could exceed `floor`."""

    if not len(block):
        return 0.0
    height = magnitude(block)
    highest = float(height.max())
    if highest * 2 <= floor:
        return highest
    for start in range(0, len(block), _HOP_SAMPLES):
        if height[start : start + _HOP_SAMPLES].max() * 2 > max(highest, floor):
            highest = max(highest, float(oversampled_magnitude(block[max(0, start - 32) : start + _HOP_SAMPLES + 32]).max()))
    return highest


def oversampled_magnitude(block: np.ndarray) -> np.ndarray:
    """Per sample, the highest |value| of all channels over four times the points; shape (n_samples,)."""
    from scipy.signal import resample_poly

    import numpy as np

    dense = magnitude(resample_poly(block, 4, 1, axis=0))
    peaks = np.maximum(np.maximum(dense[0::4], dense[1::4]), np.maximum(dense[2::4], dense[3::4]))
    peaks[1:] = np.maximum(peaks[1:], np.maximum(dense[2:-4:4], dense[3:-4:4]))  # a peak between two samples counts for both
    return peaks


def magnitude(block: np.ndarray) -> np.ndarray:
    """Highest |value| of all channels, shape (n_samples,); channel by channel, which numpy does many times faster than by rows."""
    import numpy as np

    return functools.reduce(np.maximum, np.abs(block).T)


def _windows(energies: np.ndarray, hops: int) -> np.ndarray:
    """Mean energy of every window of `hops` hops; of all there is when that is less."""
    import numpy as np

    if len(energies) < hops:
        return np.array([energies.mean()]) if len(energies) and hops == 4 else np.zeros(0)
    return np.convolve(energies, np.full(hops, 1 / hops), "valid")


def _gated(windows: np.ndarray) -> float | None:
    loud = windows[windows > _energy(_ABSOLUTE_GATE_LUFS)]
    if not len(loud):
        return None
    loud = loud[loud > loud.mean() * 10**-1.0]
    return _lufs(float(loud.mean()))


def _range(windows: np.ndarray) -> float | None:
    """EBU Tech 3342: the 10th to 95th percentile of short-term loudness above the −20 LU relative gate."""
    import numpy as np

    loud = windows[windows > _energy(_ABSOLUTE_GATE_LUFS)]
    if not len(loud):
        return None
    loud = loud[loud > loud.mean() * 10**-2.0]
    low, high = np.percentile(10 * np.log10(loud), [10, 95])
    return float(high - low)


def _energy(lufs: float) -> float:
    return float(10 ** ((lufs + 0.691) / 10))


def _lufs(energy: float) -> float:
    return -0.691 + 10 * _log10(energy)


def _log10(value: float) -> float:
    from math import log10

    return log10(value)

"""What units are made of: 50 frames a second of timbre, loudness and pitch. 16 kHz speech in, (frames, dims) out, pure torch.

To describe speech otherwise, give another `FeatureConfig`, or a net with the same `forward` and `dims`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.parts.mel import LogMel, MelConfig

RATE_HZ, HOP = 16_000, 320
LOUD_LEVEL, QUIETEST_LEVEL = 0.16, 1e-4  # root mean square of loud frames, and what counts as none


@dataclass(frozen=True, slots=True)
class PitchConfig:
    """Pitch by autocorrelation. `window` and `fft` in samples at 16 kHz; `voiced_ratio`: how periodic a voiced frame is at least."""

    low_hz: float = 65.0
    high_hz: float = 400.0
    window: int = 640
    fft: int = 1024
    voiced_ratio: float = 0.45


@dataclass(frozen=True, slots=True)
class FeatureConfig:
    """`cepstra`: mel cepstrum coefficients beside the loudness. `context_frames`: neighbours on either side that a frame is seen with.
    `quiet_db`: frames this far below the loud ones do not count for the speaker's mean."""

    bands: int = 40
    cepstra: int = 12
    context_frames: int = 3
    quiet_db: float = 35.0
    pitch: PitchConfig = field(default_factory=PitchConfig)

    @property
    def frame_dims(self) -> int:
        return self.cepstra + 3

    @property
    def dims(self) -> int:
        return self.frame_dims * (2 * self.context_frames + 1)


class SpeechFeatures(nn.Module):
    """Mel cepstrum less the utterance's mean, loudness under its loud frames, pitch against its median, periodicity; with context.

    (samples,) at 16 kHz, ±1 → (samples // 320, dims): every value is relative to the utterance, so that loudness, microphone and height of
    a voice fall out as far as such simple means can. Frame k is centred at sample 320·k + 160. Source of the unit rate: papers §2.6.
    """

    def __init__(self, config: FeatureConfig | None = None) -> None:
        super().__init__()
        self.config = FeatureConfig() if config is None else config
        self.mel = LogMel(MelConfig(hop=HOP, bands=self.config.bands))
        self.register_buffer("cosines", _cosines(self.config.cepstra, self.config.bands), persistent=False)

    @property
    def dims(self) -> int:
        return self.config.dims

    def forward(self, samples: Tensor) -> Tensor:
        """Raises ValueError for speech shorter than one unit (20 ms)."""
        frames = len(samples) // HOP
        if frames < 1:
            raise ValueError(f"{len(samples)} samples are shorter than one unit of {HOP}; give more speech.")
        log_mel = self.mel(_at_level(samples)[HOP // 2 :][None])[0, :frames]
        loudness = torch.logsumexp(log_mel, dim=1)
        loud = torch.quantile(loudness, 0.95)
        counts_mask = loudness > loud - self.config.quiet_db * math.log(10) / 10
        cepstrum = log_mel @ self.cosines
        cepstrum = cepstrum - cepstrum[counts_mask].mean(0)
        pitch = track_pitch(samples, self.config.pitch)
        rows = (cepstrum, ((loudness - loud) / 4).clamp(-3, 1)[:, None], pitch.relative()[:, None], pitch.periodicity[:, None])
        return _with_context(torch.cat(rows, dim=1), self.config.context_frames)


@dataclass(frozen=True, slots=True)
class Pitch:
    """`hz` and `periodicity` (0..1), each (frames,) at 50 Hz; `is_voiced` marks where `hz` means something."""

    hz: Tensor
    periodicity: Tensor
    is_voiced: Tensor

    def relative(self) -> Tensor:
        """Octaves above the utterance's median pitch; 0 where there is none."""
        if not bool(self.is_voiced.any()):
            return torch.zeros_like(self.hz)
        octaves = torch.log2(self.hz) - torch.log2(self.hz[self.is_voiced].median())
        return torch.where(self.is_voiced, octaves, torch.zeros_like(octaves)).clamp(-1, 1)


def track_pitch(samples: Tensor, config: PitchConfig | None = None) -> Pitch:
    """Pitch of 16 kHz speech, (samples,), at the middle of every unit; parabolic peaks of the window-corrected autocorrelation."""
    config = PitchConfig() if config is None else config
    frames = len(samples) // HOP
    side = (config.window - HOP) // 2
    window = torch.hann_window(config.window, periodic=False, dtype=samples.dtype)
    cut = F.pad(samples[: frames * HOP], (side, config.window - HOP - side)).unfold(0, config.window, HOP)
    cut = (cut - cut.mean(1, keepdim=True)) * window
    shape = torch.fft.irfft(torch.fft.rfft(window, config.fft).abs().square())
    correlation = torch.fft.irfft(torch.fft.rfft(cut, config.fft).abs().square())
    low, high = int(RATE_HZ / config.high_hz), int(RATE_HZ / config.low_hz)
    ratio = correlation[:, : high + 1] / (correlation[:, :1] + 1e-6) * (shape[0] / shape[: high + 1])
    # long lags are held down a little, else half the true pitch would often win
    weighted = ratio[:, low:high] * (1 - 0.1 * torch.arange(high - low) / (high - low))
    best = weighted.argmax(1) + low
    left, middle, right = (ratio.gather(1, (best + step)[:, None])[:, 0] for step in (-1, 0, 1))
    bend = (left - 2 * middle + right).clamp(max=-1e-6)
    lag = best + (0.5 * (left - right) / bend).clamp(-0.5, 0.5)
    periodicity = middle.clamp(0, 1)
    return Pitch(RATE_HZ / lag, periodicity, periodicity > config.voiced_ratio)


def _at_level(samples: Tensor) -> Tensor:
    """Brought to one loudness of the loud frames, so that the floor of the mel energies lies at one place below them."""
    energy = samples[: len(samples) // HOP * HOP].view(-1, HOP).square().mean(1)
    return samples * (LOUD_LEVEL / torch.quantile(energy, 0.95).sqrt().clamp(min=QUIETEST_LEVEL))


def _with_context(rows: Tensor, context_frames: int) -> Tensor:
    """Each row beside its neighbours, the first and last repeated at the ends: (frames, dims·(2·context + 1))."""
    padded = torch.cat((rows[:1].expand(context_frames, -1), rows, rows[-1:].expand(context_frames, -1)))
    return torch.cat([padded[step : step + len(rows)] for step in range(2 * context_frames + 1)], dim=1)


def _cosines(cepstra: int, bands: int) -> Tensor:
    """Rows 1..cepstra of the cosine transform, turned: (bands, cepstra). Row 0, the level, is kept apart as loudness."""
    order = torch.arange(1, cepstra + 1)[None]
    return torch.cos(math.pi * order * (torch.arange(bands)[:, None] + 0.5) / bands) * math.sqrt(2 / bands)

"""The mel spectrum that the flow net fills and the vocoders turn to sound (papers §4.7): 24 kHz samples in, 100 log-mel bands out.

Its rates are written here once. Frame k is centred at sample 256·k; 93.75 frames a second.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.parts.mel import MelConfig, mel_bank

RATE_HZ = 24_000
HOP = 256
FFT = 1024
BANDS = 100
FRAMES_PER_S = RATE_HZ / HOP
FEATURE_SCALE = 0.1
"""The flow net sees log-mel times this."""
LOG_FLOOR = 1e-7
_BANK = MelConfig(RATE_HZ, FFT, HOP, FFT, BANDS, low_hz=0.0, high_hz=RATE_HZ / 2, floor=LOG_FLOOR)


def frames_of(samples: int) -> int:
    """How many frames so many samples are: rounded half up."""
    return (samples + HOP // 2) // HOP


def vocoder_bank() -> Tensor:
    """The triangular HTK filters, (100, 513), peak 1."""
    return mel_bank(_BANK)


class VocoderMel(nn.Module):
    """Natural log of mel magnitudes: samples (batch, n) at 24 kHz → (batch, frames, 100), frames = n / 256 rounded half up.

    Differentiable. Sounds shorter than half a window are followed by silence, so that their ends can be mirrored."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("hann", torch.hann_window(FFT), persistent=False)
        self.register_buffer("bank", vocoder_bank(), persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        frames = frames_of(samples.shape[-1])
        samples = F.pad(samples, (0, max(0, FFT // 2 + 1 - samples.shape[-1])))
        spectrum = torch.stft(samples, FFT, HOP, FFT, self.hann, center=True, pad_mode="reflect", return_complex=True)
        mel = torch.log(torch.clamp(self.bank @ magnitude(spectrum), min=LOG_FLOOR)).transpose(1, 2)
        return with_frames(mel, frames)


def magnitude(spectrum: Tensor) -> Tensor:
    """Of complex bins; the gradient of a silent bin is zero, not undefined."""
    power = spectrum.real.square() + spectrum.imag.square()
    return torch.where(power > 0, power, 1.0).sqrt() * (power > 0)


def with_frames(mel: Tensor, frames: int) -> Tensor:
    """(batch, any, bands) → (batch, frames, bands): cut, or its last frame repeated."""
    missing = frames - mel.shape[1]
    return mel[:, :frames] if missing <= 0 else torch.cat([mel, mel[:, -1:].expand(-1, missing, -1)], dim=1)

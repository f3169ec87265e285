"""The bundled vocoder: Vocos's blocks steer a pulse train and noise, where Vocos must invent phases. Log-mel in, 24 kHz samples out.

Phases that agree from frame to frame take Vocos days of adversarial training; here the pulses carry them (harmonics at the pitch the net hears in
the spectrum), and the net says how loud each is in every bin and, over the minimum phase of that envelope, how its phase departs. Same call shape
as `Vocos`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.speech.spectrum import BANDS, HOP, RATE_HZ
from models.speech.vocos import LARGEST_SIZE, Backbone, VocosConfig

LOWEST_HZ, HIGHEST_HZ, PITCH_BINS = 55.0, 550.0, 160
FILTER_FFT, FILTER_HOP = 512, 128
_BINS = FILTER_FFT // 2 + 1
_NEAR_BINS = 3  # on either side of the likeliest pitch, of which the mean is taken


@dataclass(frozen=True, slots=True)
class PulseVocosConfig:
    dim: int = 256
    intermediate_dim: int = 768
    num_layers: int = 6
    pitch_dim: int = 96

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> PulseVocosConfig:
        """Raises ValueError saying which size is wrong."""
        sizes = {name: value for name, value in values.items() if name != "kind"}
        for name, size in sizes.items():
            if name not in cls.__dataclass_fields__ or isinstance(size, bool) or not isinstance(size, int) or not 0 < size <= LARGEST_SIZE:
                raise ValueError(f"“{name}” = {size!r} is no size of this vocoder; {', '.join(cls.__dataclass_fields__)} are, whole numbers up to {LARGEST_SIZE}.")
        return cls(**sizes)

    @property
    def backbone(self) -> VocosConfig:
        return VocosConfig(BANDS, self.dim, self.intermediate_dim, self.num_layers)


@dataclass(frozen=True, slots=True)
class Steering:
    """What the sources follow at the mel's frames, both (batch, frames): `hz`, and `voiced`, 0 to 1."""

    hz: Tensor
    voiced: Tensor


@dataclass(frozen=True, slots=True)
class Rendered:
    """`samples` (batch, 256 · (frames − 1)); `pitch`: logits of the pitch bins, (batch, frames, 160); `voicing`: logits, (batch, frames)."""

    samples: Tensor
    pitch: Tensor
    voicing: Tensor


class PulseVocos(nn.Module):
    """`decode` as Vocos has it; `forward` takes the pitch and the noise from outside, for training."""

    def __init__(self, config: PulseVocosConfig | None = None) -> None:
        super().__init__()
        self.config = PulseVocosConfig() if config is None else config
        self.backbone = Backbone(self.config.backbone)
        self.out = nn.Linear(self.config.dim, HOP // FILTER_HOP * 3 * _BINS)
        wide = self.config.pitch_dim
        self.pitch = nn.Sequential(
            nn.Conv1d(BANDS, wide, 7, padding=3), nn.GELU(), nn.Conv1d(wide, wide, 7, padding=3), nn.GELU(),
            nn.Conv1d(wide, wide, 7, padding=3), nn.GELU(), nn.Conv1d(wide, PITCH_BINS + 1, 1),
        )  # fmt: skip
        self.register_buffer("window", torch.hann_window(FILTER_FFT), persistent=False)

    def decode(self, mel: Tensor, *, seed: int = 0) -> Tensor:
        """Log-mel (batch, 100, frames) → samples (batch, 256 · (frames − 1)). `seed` draws the noise of breath and consonants."""
        pitch, voicing = self.heard(mel)
        steering = Steering(hz_of(pitch), torch.sigmoid(4 * voicing))
        noise = torch.randn(mel.shape[0], (mel.shape[2] - 1) * HOP, generator=torch.Generator().manual_seed(seed)).to(mel)
        return self._render(mel, steering, noise)

    def sound_of(self, mel: Tensor, *, seed: int = 0) -> Tensor:
        """Log-mel (batch, frames, 100) → samples (batch, 256 · frames): the last frame is held."""
        return self.decode(torch.cat([mel, mel[:, -1:]], dim=1).transpose(1, 2), seed=seed)

    def forward(self, mel: Tensor, steering: Steering, noise: Tensor) -> Rendered:
        """`mel` (batch, 100, frames); `noise` (batch, 256 · (frames − 1)), white, of power 1."""
        pitch, voicing = self.heard(mel)
        return Rendered(self._render(mel, steering, noise), pitch, voicing)

    def heard(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of pitch (batch, frames, 160) and of voicing (batch, frames). The level of the sound does not matter to them."""
        relative = mel - mel.mean(dim=(1, 2), keepdim=True)
        logits = self.pitch(relative * 0.25).float().transpose(1, 2)
        return logits[..., :PITCH_BINS], logits[..., PITCH_BINS]

    def _render(self, mel: Tensor, steering: Steering, noise: Tensor) -> Tensor:
        tone, breath, turn = self._filters(mel)
        pulses = pulse_train(steering)
        spectrum = self._spectrum(pulses) * torch.polar(tone.exp(), minimum_phase(tone) + turn) + self._spectrum(noise) * breath.exp()
        return torch.istft(spectrum, FILTER_FFT, FILTER_HOP, window=self.window, center=True, length=noise.shape[1])

    def _filters(self, mel: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Log gains of pulses and noise and the turn of the pulses' phase, each (batch, 257, filter frames)."""
        said = self.out(self.backbone(mel)).float()
        batch, frames, _ = said.shape
        said = said.reshape(batch, frames * (HOP // FILTER_HOP), 3, _BINS)[:, : (frames - 1) * (HOP // FILTER_HOP) + 1]
        tone, breath, turn = (said[:, :, part].transpose(1, 2) for part in range(3))
        return (tone - 3).clamp(-12, 6), (breath - 5).clamp(-12, 6), turn

    def _spectrum(self, samples: Tensor) -> Tensor:
        return torch.stft(samples, FILTER_FFT, FILTER_HOP, window=self.window, center=True, return_complex=True)


def pulse_train(steering: Steering) -> Tensor:
    """Cosines of equal height at all multiples of the pitch up to half the rate, of power one half where voiced: (batch, 256 · (frames − 1)).

    The sum is taken in closed form; the highest harmonic fades in and out as the pitch moves."""
    hz, voiced = (F.interpolate(each[:, None], size=(each.shape[1] - 1) * HOP + 1, mode="linear", align_corners=True)[:, 0, :-1] for each in (steering.hz, steering.voiced))
    angle = torch.cumsum(hz.double() / RATE_HZ, dim=1).remainder(1.0).mul(2 * math.pi).float()
    room = 0.49 * RATE_HZ / hz
    count = room.floor()
    half = torch.sin(angle / 2)
    is_peak = half.abs() < 1e-4
    kernel = torch.where(is_peak, 2 * count + 1, torch.sin((count + 0.5) * angle) / torch.where(is_peak, 1.0, half))
    total = (kernel - 1) / 2 + (room - count) * torch.cos((count + 1) * angle)
    return total * torch.sqrt(2 * hz / RATE_HZ) * voiced


def minimum_phase(log_gain: Tensor) -> Tensor:
    """The phase that goes with an envelope (batch, bins, frames) when its energy comes as early as it can, as in a vocal tract."""
    cepstrum = torch.fft.irfft(log_gain, dim=1)
    size = cepstrum.shape[1]
    fold = torch.zeros(size, device=log_gain.device)
    fold[1 : size // 2] = 2.0
    fold[0] = fold[size // 2] = 1.0
    return torch.fft.rfft(cepstrum * fold[:, None], dim=1).imag


def bin_hz(device: torch.device | str = "cpu") -> Tensor:
    """The pitch at the middle of every bin, (160,), evenly spaced in octaves."""
    return torch.logspace(math.log10(LOWEST_HZ), math.log10(HIGHEST_HZ), PITCH_BINS, device=device)


def hz_of(logits: Tensor) -> Tensor:
    """(batch, frames, 160) → (batch, frames): the mean of the bins round the likeliest."""
    best = logits.argmax(-1, keepdim=True)
    is_near = (torch.arange(PITCH_BINS, device=logits.device) - best).abs() <= _NEAR_BINS
    weight = torch.softmax(logits.masked_fill(~is_near, -math.inf), dim=-1)
    return (weight @ bin_hz(logits.device).log()).exp()

"""What the vocoder is taught by: mel distances at several resolutions, spectra, the pitch it should hear, and small judges of spectrograms.

Functions of tensors; to teach by something else, add a function and its weight in `vocoder.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from models.parts.mel import MelConfig, mel_bank
from models.speech.pulse_vocos import PITCH_BINS, Rendered, Steering, bin_hz
from models.speech.spectrum import RATE_HZ, magnitude

SCALES = ((2048, 160), (1024, 100), (512, 50), (256, 25), (128, 12))  # window, mel bands
JUDGED = ((1024, 256), (400, 100), (128, 32))  # window, hop
QUIETEST = 1e-4
_BLUR_BINS = 1.2


class MultiMel(nn.Module):
    """Mean absolute difference of log-mel over five windows, 5 to 85 ms, plus a share of the plain log magnitudes'."""

    def __init__(self, plain_share: float = 0.05) -> None:
        super().__init__()
        self.plain_share = plain_share
        for fft, bands in SCALES:
            self.register_buffer(f"hann_{fft}", torch.hann_window(fft), persistent=False)
            self.register_buffer(f"bank_{fft}", mel_bank(MelConfig(RATE_HZ, fft, fft // 4, fft, bands, 0.0, RATE_HZ / 2)), persistent=False)

    def forward(self, made: Tensor, wanted: Tensor) -> Tensor:
        """Both (batch, samples), at least 1025 samples."""
        total = made.new_zeros(())
        for fft, _ in SCALES:
            one, other = (magnitude(_spectrum(each, fft, fft // 4, getattr(self, f"hann_{fft}"))) for each in (made, wanted))
            bank = getattr(self, f"bank_{fft}")
            total = total + (_log(bank @ one) - _log(bank @ other)).abs().mean() + self.plain_share * (_log(one) - _log(other)).abs().mean()
        return total / len(SCALES)


def hearing_loss(rendered: Rendered, steering: Steering) -> Tensor:
    """Cross-entropy of the pitch bins (a tenth of it where there is no pitch) and of voicing."""
    place = torch.log(steering.hz / bin_hz(steering.hz.device)[0]) / torch.log(bin_hz()[1] / bin_hz()[0]).to(steering.hz.device)
    wanted = torch.softmax(-0.5 * ((torch.arange(PITCH_BINS, device=place.device) - place[..., None]) / _BLUR_BINS).square(), dim=-1)
    apart = -(wanted * F.log_softmax(rendered.pitch, dim=-1)).sum(-1)
    return (apart * (0.1 + 0.9 * steering.voiced)).mean() + F.binary_cross_entropy_with_logits(rendered.voicing, steering.voiced)


class SpectrogramJudge(nn.Module):
    """Samples (batch, n) → what every layer saw, the last being the verdict at each place, (batch, 1, bands, frames)."""

    def __init__(self, fft: int, hop: int, width: int) -> None:
        super().__init__()
        self.fft, self.hop = fft, hop
        self.register_buffer("hann", torch.hann_window(fft), persistent=False)
        plan = ((1, width, (7, 3), (2, 1)), (width, width, (5, 3), (2, 1)), (width, width, (5, 3), (2, 1)), (width, width, (3, 3), (1, 1)))
        self.layers = nn.ModuleList(weight_norm(nn.Conv2d(a, b, size, step, [side // 2 for side in size])) for a, b, size, step in plan)
        self.verdict = weight_norm(nn.Conv2d(width, 1, 3, padding=1))

    def forward(self, samples: Tensor) -> list[Tensor]:
        x, seen = _log(magnitude(_spectrum(samples, self.fft, self.hop, self.hann)))[:, None] * 0.3 + 1, []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.1)
            seen.append(x)
        return [*seen, self.verdict(x)]


class Judges(nn.Module):
    """One judge per resolution."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.judges = nn.ModuleList(SpectrogramJudge(fft, hop, width) for fft, hop in JUDGED)

    def forward(self, samples: Tensor) -> list[list[Tensor]]:
        return [judge(samples) for judge in self.judges]


def judges_loss(real: Sequence[Sequence[Tensor]], made: Sequence[Sequence[Tensor]]) -> Tensor:
    """Hinge: real verdicts should pass 1, made ones stay below −1."""
    return torch.stack([F.relu(1 - one[-1]).mean() + F.relu(1 + other[-1]).mean() for one, other in zip(real, made, strict=True)]).mean()


def fooling_loss(made: Sequence[Sequence[Tensor]]) -> Tensor:
    """Hinge of the net that is judged."""
    return torch.stack([F.relu(1 - other[-1]).mean() for other in made]).mean()


def matching_loss(real: Sequence[Sequence[Tensor]], made: Sequence[Sequence[Tensor]]) -> Tensor:
    """Mean absolute difference of what the judges' layers saw, over the size of what they saw of real sound."""
    apart = [
        (other - one.detach()).abs().mean() / one.detach().abs().mean().clamp(min=1e-3)
        for ones, others in zip(real, made, strict=True) for one, other in zip(ones[:-1], others[:-1], strict=True)
    ]  # fmt: skip
    return torch.stack(apart).mean()


def _spectrum(samples: Tensor, fft: int, hop: int, hann: Tensor) -> Tensor:
    return torch.stft(samples.float(), fft, hop, fft, hann, center=True, pad_mode="reflect", return_complex=True)


def _log(size: Tensor) -> Tensor:
    return size.clamp(min=QUIETEST).log()

"""The last resort where no vocoder is at hand: phases found by going back and forth (Griffin and Lim, with momentum). Audibly hollow.

Called as a vocoder is, so that it can stand in for one; whoever uses it says so.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.speech.spectrum import FFT, HOP, vocoder_bank

ITERATIONS, MOMENTUM = 32, 0.99


class GriffinLim(nn.Module):
    """No weights. `decode` and `sound_of` as `Vocos` has them."""

    def __init__(self, iterations: int = ITERATIONS) -> None:
        super().__init__()
        self.iterations = iterations
        bank = vocoder_bank()
        self.register_buffer("spread", torch.linalg.pinv(bank.double()).float(), persistent=False)
        self.register_buffer("hann", torch.hann_window(FFT), persistent=False)

    def decode(self, mel: Tensor, *, seed: int = 0) -> Tensor:
        """Log-mel (batch, 100, frames) → samples (batch, 256 · (frames − 1)); `seed` draws the phases to begin with."""
        size = (self.spread @ mel.float().exp()).clamp(min=1e-7)
        angle = torch.rand(size.shape, generator=torch.Generator().manual_seed(seed)).to(size) * 2 * torch.pi
        turn, before = torch.polar(torch.ones_like(size), angle), torch.zeros_like(size)
        for _ in range(self.iterations if mel.shape[2] > 2 else 0):
            again = torch.stft(self._sound(size * turn), FFT, HOP, FFT, self.hann, center=True, return_complex=True)
            turn, before = again - MOMENTUM / (1 + MOMENTUM) * before, again
            turn = turn / turn.abs().clamp(min=1e-9)
        return self._sound(size * turn)

    def sound_of(self, mel: Tensor, *, seed: int = 0) -> Tensor:
        """Log-mel (batch, frames, 100) → samples (batch, 256 · frames): the last frame is held."""
        return self.decode(torch.cat([mel, mel[:, -1:]], dim=1).transpose(1, 2), seed=seed)

    def _sound(self, spectrum: Tensor) -> Tensor:
        return torch.istft(spectrum, FFT, HOP, FFT, self.hann, center=True)


def griffin_lim(mel: Tensor, *, iterations: int = ITERATIONS, seed: int = 0) -> Tensor:
    """Log-mel (batch, frames, 100) → samples (batch, 256 · frames) at 24 kHz."""
    return GriffinLim(iterations).to(mel.device).sound_of(mel, seed=seed)

"""The bundled frozen speaker encoder: 16 kHz speech in, a 256-wide unit vector of the voice out (papers §4.2; GE2E, three LSTM layers).

Reads the published Resemblyzer weights as they are. Its spectra are mel power (no logarithm) of 40 Slaney-scaled bands; an utterance is
heard in overlapping windows of 1.6 s whose vectors are averaged.
"""

from __future__ import annotations

import math
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.checkpoint import BadWeights, read_tensors

RATE_HZ, FFT, HOP, BANDS = 16_000, 400, 160, 40
WIDTH, LAYERS = 256, 3
WINDOW_FRAMES = 160
WINDOWS_PER_S = 1.3
LEAST_COVERAGE = 0.75  # the last window counts where the sound fills so much of it
QUIETEST_RMS = 10 ** (-30 / 20)  # softer speech is brought up to this level


class Voiceprint(nn.Module):
    """`forward`: mel power (batch, frames, 40) → unit vectors (batch, 256), none of their numbers negative."""

    kind, width = "resemblyzer", WIDTH

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(BANDS, WIDTH, LAYERS, batch_first=True)
        self.linear = nn.Linear(WIDTH, WIDTH)
        self.register_buffer("bank", slaney_bank(), persistent=False)
        self.register_buffer("hann", torch.hann_window(FFT), persistent=False)

    def forward(self, mel: Tensor) -> Tensor:
        _, (hidden, _) = self.lstm(mel)
        return F.normalize(torch.relu(self.linear(hidden[-1])), dim=1)

    def mel(self, samples: Tensor) -> Tensor:
        """(samples,) at 16 kHz → (frames, 40)."""
        spectrum = torch.stft(samples, FFT, HOP, FFT, self.hann, center=True, pad_mode="constant", return_complex=True)
        return (self.bank @ spectrum.abs().square()).T

    @torch.inference_mode()
    def embed(self, samples: Tensor) -> Tensor:
        """(samples,) −1..1 at 16 kHz → (256,). Raises ValueError for a sound without anything in it."""
        level = float(samples.square().mean().sqrt()) if len(samples) else 0.0
        if level == 0.0:
            raise ValueError("This sound is silent; a voice cannot be known from it. Choose one with a few seconds of speech.")
        starts = window_starts(len(samples))
        missing = (starts[-1] + WINDOW_FRAMES) * HOP - len(samples)
        mel = self.mel(F.pad(samples * max(1.0, QUIETEST_RMS / level), (0, max(0, missing))))
        return F.normalize(self(torch.stack([mel[start : start + WINDOW_FRAMES] for start in starts])).mean(0), dim=0)


def window_starts(samples: int) -> list[int]:
    """First frames of the windows of a sound; at least one."""
    step = round(RATE_HZ / WINDOWS_PER_S / HOP)
    frames = math.ceil((samples + 1) / HOP)
    starts = list(range(0, max(1, frames - WINDOW_FRAMES + step + 1), step))
    covered = (samples - starts[-1] * HOP) / (WINDOW_FRAMES * HOP)
    return starts[:-1] if covered < LEAST_COVERAGE and len(starts) > 1 else starts


def open_voiceprint(path: Path, *, sha256: str | None = None) -> Voiceprint:
    """The encoder from its weights: safetensors, or the published `pretrained.pt`. Raises BadWeights."""
    tensors = read_tensors(path, sha256=sha256)
    net = Voiceprint()
    wanted = net.state_dict()
    if missing := [key for key in wanted if key not in tensors or tensors[key].shape != wanted[key].shape]:
        raise BadWeights(f"{path} is not a Resemblyzer encoder: “{missing[0]}” is missing or has another shape.")
    net.load_state_dict({key: tensors[key].float() for key in wanted})
    return net.eval()


def slaney_bank() -> Tensor:
    """Triangles of equal area, evenly spaced on Slaney's mel scale (linear to 1 kHz, logarithmic above), (40, 201)."""
    edges = _slaney_hz(torch.linspace(0.0, _slaney_mel(RATE_HZ / 2), BANDS + 2, dtype=torch.float64))
    bins = torch.linspace(0, RATE_HZ / 2, FFT // 2 + 1, dtype=torch.float64)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    return (torch.clamp(torch.minimum(rising, falling), min=0.0) * (2.0 / (edges[2:] - edges[:-2]))[:, None]).float()


_LINEAR_HZ, _BREAK_HZ, _LOG_STEP = 200.0 / 3.0, 1000.0, math.log(6.4) / 27.0


def _slaney_mel(hz: float) -> float:
    return hz / _LINEAR_HZ if hz < _BREAK_HZ else _BREAK_HZ / _LINEAR_HZ + math.log(hz / _BREAK_HZ) / _LOG_STEP


def _slaney_hz(mel: Tensor) -> Tensor:
    above = mel - _BREAK_HZ / _LINEAR_HZ
    return torch.where(above < 0, mel * _LINEAR_HZ, _BREAK_HZ * torch.exp(_LOG_STEP * above.clamp(min=0)))

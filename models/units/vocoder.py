"""Units to a voice: durations, then ConvNeXt blocks that steer a harmonic source and a noise source, filtered and overlapped to a waveform.

Enters unit ids (or mixed embeddings) at 50 Hz; leaves 16 kHz samples, 320 per unit, with a gradient to the embeddings. Chosen over the
transposed convolutions of papers §2.6 because without an adversary a pulse train keeps voices clear in minutes of CPU training; names
`dict` and `dur_predictor` are that section's.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.checkpoint import MODEL_FILE, BadWeights, load_strictly, read_tensors
from models.duration.predictor import DurationPredictor, soft_durations
from models.units.encoder import read_config, write_folder
from models.units.features import HOP, RATE_HZ

LOWEST_HZ, HIGHEST_HZ = 50.0, 500.0
FFT, FILTER_HOP = 512, 80


@dataclass(frozen=True, slots=True)
class VocoderConfig:
    """`voices`: what it can sound like, one per language it was taught. `bands`: of the filters of the two sources."""

    units: int
    voices: tuple[str, ...] = ("en", "zh")
    unit_dim: int = 128
    width: int = 160
    blocks: int = 4
    fine_blocks: int = 1
    bands: int = 64
    harmonics: int = 90


@dataclass(frozen=True, slots=True)
class Controls:
    """What steers the sources, at 100 Hz: `log_hz` and `voicing` (logits), both (batch, frames); `tone` and `noise`, natural log of the
    filters' gains, (batch, frames, bands)."""

    log_hz: Tensor
    voicing: Tensor
    tone: Tensor
    noise: Tensor


class Block(nn.Module):
    """ConvNeXt over time: (batch, width, frames) in and out."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width)
        self.wide, self.narrow = nn.Linear(width, 3 * width), nn.Linear(3 * width, width)
        self.gain = nn.Parameter(torch.full((width,), 0.1))

    def forward(self, frames: Tensor) -> Tensor:
        inner = self.norm(self.depthwise(frames).transpose(1, 2))
        return frames + (self.gain * self.narrow(F.gelu(self.wide(inner)))).transpose(1, 2)


class UnitVocoder(nn.Module):
    """One net per bundle of voices. `durations`, `controls`, `render` are its three parts; `forward` is the last two."""

    def __init__(self, config: VocoderConfig) -> None:
        super().__init__()
        self.config = config
        self.dict = nn.Embedding(config.units, config.unit_dim)
        self.spkr = nn.Embedding(len(config.voices), config.unit_dim)
        self.dur_predictor = DurationPredictor(config.unit_dim, dropout=0.2)
        self.enter = nn.Conv1d(2 * config.unit_dim, config.width, 5, padding=2)
        self.coarse = nn.Sequential(*(Block(config.width) for _ in range(config.blocks)))
        self.finer = nn.ConvTranspose1d(config.width, config.width, 4, stride=2, padding=1)
        self.fine = nn.Sequential(*(Block(config.width) for _ in range(config.fine_blocks)))
        self.leave = nn.Linear(config.width, 2 + 2 * config.bands)
        self.register_buffer("window", torch.hann_window(FFT), persistent=False)
        self.register_buffer("spread", _spread(config.bands), persistent=False)

    def voice(self, name: str) -> int:
        """Raises ValueError for a voice it does not have."""
        if name not in self.config.voices:
            raise ValueError(f"the unit vocoder speaks {', '.join(self.config.voices)}, not {name}.")
        return self.config.voices.index(name)

    def log_durations(self, units: Tensor, keep: Tensor, voices: Tensor) -> Tensor:
        """Units without repeats (batch, units), `keep` False on padding, voices (batch,) → log(d + 1), (batch, units)."""
        return self.dur_predictor(self.dict(units) + self.spkr(voices)[:, None], keep)

    @torch.no_grad()
    def durations(self, units: Tensor, voice: str) -> Tensor:
        """Natural length of each of one line's units, (count,) real, in units of 20 ms."""
        voices = torch.tensor([self.voice(voice)])
        return soft_durations(self.log_durations(units[None], torch.ones(1, len(units), dtype=torch.bool), voices))[0]

    def controls(self, embedded: Tensor, voices: Tensor) -> Controls:
        """Embedded units frame by frame (batch, frames, unit_dim), voices (batch,) → controls at twice as many frames."""
        frames = torch.cat((embedded, self.spkr(voices)[:, None].expand_as(embedded)), dim=2).transpose(1, 2)
        fine = self.fine(self.finer(self.coarse(self.enter(frames))))
        pitch, voicing, tone, noise = self.leave(fine.transpose(1, 2)).split((1, 1, self.config.bands, self.config.bands), dim=2)
        # pitch is told as octaves around 120 Hz, gains around −6, where speech begins to be heard
        log_hz = (pitch[..., 0] * 0.7 + 4.8).clamp(torch.tensor(LOWEST_HZ).log().item(), torch.tensor(HIGHEST_HZ).log().item())
        return Controls(log_hz, voicing[..., 0], tone * 2 - 4, noise * 2 - 5)

    def render(self, controls: Controls, generator: torch.Generator) -> Tensor:
        """Controls (batch, frames) at 100 Hz → samples (batch, 160 · frames). The generator draws the noise."""
        batch, frames = controls.log_hz.shape
        samples = frames * HOP // 2
        voicing = _at_samples(torch.sigmoid(controls.voicing), samples)
        source = voicing * pulses(_at_samples(controls.log_hz.exp(), samples), self.config.harmonics)
        noise = torch.randn(batch, samples, generator=generator)
        spectrum = self._filtered(source, controls.tone) + self._filtered(noise, controls.noise)
        return torch.istft(spectrum, FFT, FILTER_HOP, window=self.window, center=True, length=samples)

    def forward(self, embedded: Tensor, voices: Tensor, generator: torch.Generator) -> Tensor:
        """(batch, frames, unit_dim) at 50 Hz → (batch, 320 · frames) samples, ±1."""
        return torch.tanh(self.render(self.controls(embedded, voices), generator))

    @torch.no_grad()
    def speak(self, units: Tensor, voice: str, *, seed: int = 0) -> Tensor:
        """Unit ids frame by frame (frames,) → (320 · frames,) samples. Raises ValueError for a voice it does not have."""
        voices = torch.tensor([self.voice(voice)])
        return self(self.dict(units)[None], voices, torch.Generator().manual_seed(seed))[0]

    def _filtered(self, source: Tensor, log_gains: Tensor) -> Tensor:
        spectrum = torch.stft(source, FFT, FILTER_HOP, window=self.window, center=True, return_complex=True)
        gains = F.interpolate(log_gains.transpose(1, 2), size=spectrum.shape[2], mode="linear", align_corners=False)
        return spectrum * (self.spread.T @ gains).clamp(max=4).exp()


def pulses(hz: Tensor, harmonics: int) -> Tensor:
    """Cosines at all multiples of the pitch below half the rate, of equal height: hz (batch, samples) → (batch, samples)."""
    phase = torch.cumsum(hz.double() / RATE_HZ, dim=1).remainder(1.0).float() * (2 * torch.pi)
    total = torch.zeros_like(hz)
    # cos((k + 1)φ) = 2 cos φ cos kφ − cos((k − 1)φ): one multiplication a harmonic
    before, now, step = torch.ones_like(phase), torch.cos(phase), 2 * torch.cos(phase)
    for number in range(1, harmonics + 1):
        total = total + now * ((0.48 * RATE_HZ - number * hz) / hz).clamp(0, 1)
        before, now = now, step * now - before
    return total * torch.sqrt(2 * hz / RATE_HZ)


def save_vocoder(vocoder: UnitVocoder, folder: Path, *, half: bool = False) -> None:
    """`half`: in half precision, for weights that travel with the project."""
    write_folder(folder, asdict(vocoder.config), {name: tensor.half() if half else tensor for name, tensor in vocoder.state_dict().items()})


def open_vocoder(folder: Path, *, sha256: str | None = None) -> UnitVocoder:
    """The vocoder of a folder (config.json, model.safetensors), in evaluation mode. Raises BadWeights."""
    plain = read_config(folder)
    try:
        vocoder = UnitVocoder(VocoderConfig(**{key: tuple(value) if isinstance(value, list) else value for key, value in plain.items()}))
    except TypeError as error:
        raise BadWeights(f"{folder / 'config.json'} does not describe a unit vocoder ({error}); fetch or copy it again.") from error
    tensors = read_tensors(folder / MODEL_FILE, sha256=sha256)
    load_strictly(vocoder, {name: tensor.float() for name, tensor in tensors.items()}, str(folder))
    return vocoder.eval()


def _at_samples(values: Tensor, samples: int) -> Tensor:
    return F.interpolate(values[:, None], size=samples, mode="linear", align_corners=False)[:, 0]


def _spread(bands: int) -> Tensor:
    """How a bin's log gain is put together from the bands, evenly spaced in mel: (bands, bins), columns sum to 1."""
    hz = torch.linspace(0, RATE_HZ / 2, FFT // 2 + 1, dtype=torch.float64)
    place = torch.log1p(hz / 700) / torch.log1p(torch.tensor(RATE_HZ / 1400, dtype=torch.float64)) * (bands - 1)
    return (1 - (place[None] - torch.arange(bands, dtype=torch.float64)[:, None]).abs()).clamp(min=0).float()

"""What the unit vocoder is taught by: spectra at several resolutions, a log-mel distance, and the pitch it should sing.

Pure functions of waveforms; no adversary.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from models.parts.mel import LogMel
from models.units.features import Pitch
from models.units.vocoder import Controls

RESOLUTIONS = ((1024, 256), (512, 128), (256, 64))
FLOOR = 1e-5


def spectral_loss(made: Tensor, wanted: Tensor) -> Tensor:
    """Mean over resolutions of spectral convergence + log magnitude distance; both (batch, samples)."""
    total = made.new_zeros(())
    for fft, hop in RESOLUTIONS:
        window = torch.hann_window(fft)
        one, other = (torch.stft(each, fft, hop, window=window, return_complex=True).abs().clamp(min=FLOOR) for each in (made, wanted))
        total = total + (other - one).norm() / other.norm().clamp(min=FLOOR) + (one.clamp(min=1e-3).log() - other.clamp(min=1e-3).log()).abs().mean()
    return total / len(RESOLUTIONS)


def mel_distance(made: Tensor, wanted: Tensor, mel: LogMel) -> Tensor:
    """Mean absolute difference of natural-log mel energies; 1.0 is 4.3 dB."""
    return (mel(made) - mel(wanted)).abs().mean()


def pitch_loss(controls: Controls, wanted: Pitch) -> Tensor:
    """Distance in log pitch where the speech is voiced, and cross-entropy of whether it is. `wanted`: (batch, frames) at 50 Hz."""
    hz, is_voiced = (each.repeat_interleave(2, dim=-1) for each in (wanted.hz, wanted.is_voiced.float()))
    apart = ((controls.log_hz - hz.log()).abs() * is_voiced).sum() / is_voiced.sum().clamp(min=1)
    return apart + 0.2 * F.binary_cross_entropy_with_logits(controls.voicing, is_voiced)


def duration_loss(log_durations: Tensor, lengths: Tensor, keep: Tensor) -> Tensor:
    """Mean squared error against log(d + 1) (papers §2.6); `lengths` (batch, units) in units of 20 ms, `keep` False on padding."""
    return ((log_durations - torch.log1p(lengths.float())).square() * keep).sum() / keep.sum()

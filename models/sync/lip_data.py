"""What the lip scorer learns from: windows of mouths with their sound, made various so that few people stand for many.

Enters: a folder of feature files (`models.recipes.lip_features` writes it) with `clips.csv`. Leaves: batches of tensors.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from models.parts.mel import LogMel, MelConfig
from models.sync.lip_scorer import MOUTH_SIDE_PX, RATE_HZ, SAMPLES_PER_FRAME, normalised

MEL_PER_FRAME = 4
CLIPS_FILE = "clips.csv"
SHAPE_SIZE = 7  # gaps and widths of the lips, and the chin, in face heights: `models.recipes.lip_features` measures them


class BadFeatures(ValueError):
    """A feature folder that cannot be read; the sentence names what is wrong and where."""


@dataclass(frozen=True, slots=True)
class ClipInfo:
    """A row of `clips.csv`. `group`: speaker or source, never split. `set_id`: clips of one picture; `system` "original" or
    the dubbing system. `tier`: licence tier of the footage."""

    name: str
    group: str
    set_id: str
    system: str
    tier: str

    @property
    def is_original(self) -> bool:
        return self.system == "original"


@dataclass(frozen=True, slots=True)
class LipClip:
    """One clip in memory. `mouths` uint8 (frames, 64, 64); `mel` float32 (4·frames, bands); `seen` bool (frames,); `shape` float32
    (frames, SHAPE_SIZE): widths and gaps of the lips, each without its mean and in its own deviation over the clip."""

    info: ClipInfo
    mouths: Tensor
    mel: Tensor
    seen: Tensor
    shape: Tensor

    @property
    def frames(self) -> int:
        return len(self.mouths)


def read_clips(folder: Path) -> tuple[ClipInfo, ...]:
    """Raises BadFeatures."""
    try:
        with (folder / CLIPS_FILE).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return tuple(ClipInfo(row["name"], row["group"], row["set_id"], row["system"], row["tier"]) for row in rows)
    except (OSError, KeyError) as error:
        raise BadFeatures(f"{folder} has no readable {CLIPS_FILE} ({error}); make it with python -m models.recipes.lip_features.") from error


def read_clip(folder: Path, info: ClipInfo, bands: int) -> LipClip:
    """Mouths and log-mel of one clip, cut to their common length. Raises BadFeatures."""
    path = folder / f"{info.name}.npz"
    try:
        with np.load(path, allow_pickle=False) as arrays:
            mouths, seen, audio, shape = arrays["crops"], arrays["ok"], arrays["audio"], arrays["shape"]
    except (OSError, KeyError, ValueError) as error:
        raise BadFeatures(f"{path} cannot be read as lip features ({error}); make the folder again.") from error
    frames = min(len(mouths), len(audio) // SAMPLES_PER_FRAME)
    samples = torch.from_numpy(audio[: frames * SAMPLES_PER_FRAME].astype(np.float32) / 32768.0)
    mel = LogMel(MelConfig(rate_hz=RATE_HZ, bands=bands))(samples[None])[0, : MEL_PER_FRAME * frames]
    if shape.shape != (len(mouths), SHAPE_SIZE):
        raise BadFeatures(f"{path} holds lip shapes of {shape.shape}, not {(len(mouths), SHAPE_SIZE)}; make the folder again.")
    lips = torch.from_numpy(shape[:frames].astype(np.float32))
    lips = ((lips - lips.mean(0)) / (lips.std(0) + 1e-3)).clamp(-4, 4)
    return LipClip(info, torch.from_numpy(mouths[:frames]), mel, torch.from_numpy(seen[:frames]), lips)


def fold_of(group: str, folds: int) -> int:
    """Which of `folds` parts a speaker or source belongs to, by its name alone."""
    return int(hashlib.sha256(group.encode()).hexdigest(), 16) % folds


@dataclass(frozen=True, slots=True)
class Window:
    """Which stretch of a clip: pictures from `start` on, heard `lag` frames later, both played `pace` times as fast."""

    clip: LipClip
    start: int
    lag: int = 0
    pace: float = 1.0


@dataclass(frozen=True, slots=True)
class WindowBatch:
    """`pictures` (batch, frames, side, side), normalised; `mel` (batch, 4·(frames + 2·margin), bands), the sound of the same stretch
    and `margin` frames around it; `inside` bool (batch, frames + 2·margin): where that sound exists; `shape` (batch, frames, 7)."""

    pictures: Tensor
    mel: Tensor
    inside: Tensor
    shape: Tensor


@dataclass(frozen=True, slots=True)
class Cut:
    """How windows are cut: `frames` of picture, `margin` frames of sound on both sides, `side_px` of the mouth."""

    frames: int
    margin: int
    side_px: int


def pick_window(clip: LipClip, frames: int, generator: torch.Generator, lag: int = 0) -> Window:
    """A random stretch at a random pace: who speaks faster also moves faster."""
    pace = float(0.85 + 0.3 * torch.rand((), generator=generator))
    return Window(clip, int(torch.randint(max(1, clip.frames - round(frames * pace) + 1), (), generator=generator)), lag, pace)


def make_batch(windows: Sequence[Window], cut: Cut, generator: torch.Generator) -> WindowBatch:
    """Augmented windows: each picture sequence is moved, scaled, turned, mirrored, relit and blurred as a whole, each sound is
    coloured, warped in frequency, masked and given a background."""
    pictures = torch.stack([_pictures(window, cut.frames) for window in windows])
    sounds, inside = zip(*(cut_mel(window, cut) for window in windows), strict=True)
    shape = torch.stack([_between(window.clip.shape, _places(window, cut.frames)) for window in windows])
    seen = normalised(varied_pictures(pictures, cut.side_px, generator))
    return WindowBatch(seen, varied_mel(torch.stack(sounds), generator), torch.stack(inside), shape)


def _places(window: Window, frames: int) -> Tensor:
    return window.start + window.pace * torch.arange(frames)


def _pictures(window: Window, frames: int) -> Tensor:
    return _between(window.clip.mouths, _places(window, frames))


def cut_mel(window: Window, cut: Cut) -> tuple[Tensor, Tensor]:
    """The sound around a window, (4·(frames + 2·margin), bands), padded with the clip's quietest level, and where it exists."""
    mel = window.clip.mel
    steps = torch.arange(-cut.margin * MEL_PER_FRAME, (cut.frames + cut.margin) * MEL_PER_FRAME)
    places = (window.start + window.lag) * MEL_PER_FRAME + window.pace * steps
    is_there = (places >= 0) & (places <= len(mel) - 1)
    out = torch.where(is_there[:, None], _between(mel, places), mel.amin())
    return out, is_there.view(-1, MEL_PER_FRAME).all(1)


def _between(rows: Tensor, places: Tensor) -> Tensor:
    """Rows at fractional places, from both neighbours; the ends go on."""
    held = places.clamp(0, len(rows) - 1)
    low = held.floor().long()
    share = (held - low).view(-1, *[1] * (rows.dim() - 1))
    return rows[low].float() * (1 - share) + rows[(low + 1).clamp(max=len(rows) - 1)].float() * share


def varied_pictures(grey: Tensor, side_px: int, generator: torch.Generator) -> Tensor:
    """(batch, frames, 64, 64) → (batch, frames, side, side): one random affine map per sequence, mirror, gamma, blur, noise, a patch."""
    batch, frames = grey.shape[:2]

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(shape or (batch,), generator=generator)

    angle, scale = uniform(-0.2, 0.2), uniform(0.8, 1.2) * side_px / MOUTH_SIDE_PX
    stretch = uniform(0.9, 1.1)
    mirror = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    maps = torch.zeros(batch, 2, 3)
    maps[:, 0, 0], maps[:, 0, 1] = scale * stretch * torch.cos(angle) * mirror, -scale * torch.sin(angle)
    maps[:, 1, 0], maps[:, 1, 1] = scale * torch.sin(angle) * mirror, scale / stretch * torch.cos(angle)
    maps[:, 0, 2], maps[:, 1, 2] = uniform(-0.12, 0.12), uniform(-0.12, 0.12)
    moved = F.grid_sample(grey, F.affine_grid(maps, [batch, frames, side_px, side_px], align_corners=False), padding_mode="border", align_corners=False)
    lit = 255.0 * (moved / 255.0).clamp(1e-3, 1).pow(torch.exp(uniform(-0.5, 0.5))[:, None, None, None])
    soft = F.avg_pool2d(lit, 3, 1, 1)
    mix = (uniform(-0.5, 1.0).clamp(min=0))[:, None, None, None]
    lit = lit * (1 - mix) + soft * mix
    lit = lit + torch.randn(lit.shape, generator=generator) * uniform(0, 8)[:, None, None, None]
    return _patched(lit, generator)


def _patched(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """A grey square over a corner region in one of four sequences: hands, microphones, captions."""
    side = pictures.shape[-1]
    for index in range(len(pictures)):
        if float(torch.rand((), generator=generator)) < 0.25:
            size = int(torch.randint(side // 8, side // 3, (), generator=generator))
            top, left = (int(torch.randint(side - size, (), generator=generator)) for _ in range(2))
            pictures[index, :, top : top + size, left : left + size] = 128.0
    return pictures


def varied_mel(mel: Tensor, generator: torch.Generator) -> Tensor:
    """(batch, time, bands): other vocal tracts (the band axis warped), other microphones (a smooth colour), other rooms (a noise floor),
    and other codecs (bands and times smoothed), so that neither a voice nor a vocoder can be told by ear."""
    batch, time, bands = mel.shape

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(batch, generator=generator)

    places = torch.linspace(-1, 1, bands)[None] * uniform(0.88, 1.12)[:, None] + uniform(-0.06, 0.06)[:, None]
    grid = torch.stack([places[:, None].expand(batch, time, bands), torch.linspace(-1, 1, time)[None, :, None].expand(batch, time, bands)], -1)
    warped = F.grid_sample(mel[:, None], grid, padding_mode="border", align_corners=True)[:, 0]
    knots = torch.randn(batch, 1, 6, generator=generator) * uniform(0, 1.5)[:, None, None]
    coloured = warped + F.interpolate(knots, bands, mode="linear", align_corners=True)
    smooth = F.avg_pool2d(coloured[:, None], (3, 3), 1, 1, count_include_pad=False)[:, 0]
    mix = uniform(-0.5, 0.8).clamp(min=0)[:, None, None]
    mixed = coloured * (1 - mix) + smooth * mix
    loud = torch.quantile(mixed.flatten(1), 0.95, dim=1)
    floor = (loud - uniform(2.5, 9.0))[:, None, None]
    noisy = torch.logaddexp(mixed, floor + 0.5 * torch.randn(mixed.shape, generator=generator))
    behind = torch.roll(mixed, 1, dims=0) - uniform(1.5, 12.0)[:, None, None]
    return _masked(torch.logaddexp(noisy, behind), generator)


def _masked(mel: Tensor, generator: torch.Generator) -> Tensor:
    """Two stretches of bands and one of time at the mean level, in each sound."""
    batch, time, bands = mel.shape
    level = mel.mean(dim=(1, 2), keepdim=True)

    def stretch(size: int, most: int) -> Tensor:
        length = torch.randint(most + 1, (batch, 1), generator=generator)
        start = torch.randint(size, (batch, 1), generator=generator)
        places = torch.arange(size)[None]
        return (places >= start) & (places < start + length)

    hidden = (stretch(bands, 6) | stretch(bands, 6))[:, None, :] | stretch(time, 12)[:, :, None]
    return torch.where(hidden, level, mel)

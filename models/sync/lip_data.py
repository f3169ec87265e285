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
MIN_SEEN_SHARE = 0.85


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
    """One clip in memory. `mouths` uint8 (frames, 64, 64); `mel` float32 (4·frames, bands); `seen` bool (frames,)."""

    info: ClipInfo
    mouths: Tensor
    mel: Tensor
    seen: Tensor

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
            mouths, seen, audio = arrays["crops"], arrays["ok"], arrays["audio"]
    except (OSError, KeyError, ValueError) as error:
        raise BadFeatures(f"{path} cannot be read as lip features ({error}); make the folder again.") from error
    frames = min(len(mouths), len(audio) // SAMPLES_PER_FRAME)
    samples = torch.from_numpy(audio[: frames * SAMPLES_PER_FRAME].astype(np.float32) / 32768.0)
    mel = LogMel(MelConfig(rate_hz=RATE_HZ, bands=bands))(samples[None])[0, : MEL_PER_FRAME * frames]
    return LipClip(info, torch.from_numpy(mouths[:frames]), mel, torch.from_numpy(seen[:frames]))


def fold_of(group: str, folds: int) -> int:
    """Which of `folds` parts a speaker or source belongs to, by its name alone."""
    return int(hashlib.sha256(group.encode()).hexdigest(), 16) % folds


@dataclass(frozen=True, slots=True)
class Window:
    """Which stretch of a clip: `frames` pictures from `start`."""

    clip: LipClip
    start: int


@dataclass(frozen=True, slots=True)
class WindowBatch:
    """`pictures` (batch, frames, side, side), normalised; `mel` (batch, 4·(frames + 2·margin), bands), the sound of the same stretch
    and `margin` frames around it; `inside` bool (batch, frames + 2·margin): where that sound exists."""

    pictures: Tensor
    mel: Tensor
    inside: Tensor


@dataclass(frozen=True, slots=True)
class Cut:
    """How windows are cut: `frames` of picture, `margin` frames of sound on both sides, `side_px` of the mouth."""

    frames: int
    margin: int
    side_px: int


def pick_window(clip: LipClip, frames: int, generator: torch.Generator) -> Window:
    return Window(clip, int(torch.randint(max(1, clip.frames - frames + 1), (), generator=generator)))


def make_batch(windows: Sequence[Window], cut: Cut, generator: torch.Generator) -> WindowBatch:
    """Augmented windows: each picture sequence is moved, scaled, turned, mirrored, relit and blurred as a whole, each sound is
    coloured, warped in frequency and given a noise floor."""
    pictures = torch.stack([_pictures(window, cut.frames) for window in windows])
    sounds, inside = zip(*(cut_mel(window, cut) for window in windows), strict=True)
    return WindowBatch(
        normalised(varied_pictures(pictures, cut.side_px, generator)), varied_mel(torch.stack(sounds), generator), torch.stack(inside)
    )


def _pictures(window: Window, frames: int) -> Tensor:
    found = window.clip.mouths[window.start : window.start + frames].float()
    return found if len(found) == frames else torch.cat([found, found[-1:].expand(frames - len(found), -1, -1)])


def cut_mel(window: Window, cut: Cut) -> tuple[Tensor, Tensor]:
    """The sound around a window, (4·(frames + 2·margin), bands), padded with the clip's quietest level, and where it exists."""
    mel = window.clip.mel
    first, count = (window.start - cut.margin) * MEL_PER_FRAME, (cut.frames + 2 * cut.margin) * MEL_PER_FRAME
    out = mel.amin().expand(count, mel.shape[1]).clone()
    begin, end = max(0, first), min(len(mel), first + count)
    out[begin - first : end - first] = mel[begin:end]
    places = torch.arange(first // MEL_PER_FRAME, first // MEL_PER_FRAME + cut.frames + 2 * cut.margin)
    return out, (places >= 0) & (places < window.clip.frames)


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
    return torch.logaddexp(mixed, floor + 0.5 * torch.randn(mixed.shape, generator=generator))

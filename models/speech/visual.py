"""What a speech net sees of a face: pose and motion, lip features, and 25 pictures a second brought to the rate of its mel frames.

Enters: landmarks, mouth crops or features of the user's own. Leaves: (frames, width) float32. Another encoder keeps `VisualEncoder`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from models.speech.spectrum import FRAMES_PER_S

VIDEO_RATE_HZ = 25.0
FACE_WIDTH = 24
KNOWN_WIDTHS = {256: "3D-ResNet lips", 512: "ResNet lips or face", 768: "AV-HuBERT base", 1024: "AV-HuBERT large"}
_SMOOTH_FRAMES = 25
_FEWEST_FRAMES = 1


class VisualEncoder(Protocol):
    """`width` of what leaves; `encode` takes (frames, ...) of one face at 25 fps and gives (frames, width) float32."""

    width: int

    def encode(self, frames: Tensor) -> Tensor: ...


def to_mel_frames(features: Tensor, frames: int, *, frames_per_s: float = FRAMES_PER_S, video_rate_hz: float = VIDEO_RATE_HZ) -> Tensor:
    """(batch, video frames, width) → (batch, frames, width), papers §4.1: mel frame k at (k + ½) / 93.75 s, linear between the picture
    centres (j + ½) / 25 s; before the first and after the last centre the edge is held. Differentiable; a constant stays constant.

    Raises ValueError for features without a picture."""
    pictures = features.shape[1]
    if pictures < _FEWEST_FRAMES:
        raise ValueError("These visual features have no picture at all; leave the visual branches off for this line.")
    times = (torch.arange(frames, dtype=torch.float64, device=features.device) + 0.5) / frames_per_s
    places = (times * video_rate_hz - 0.5).clamp(0, pictures - 1)
    low = places.floor().long().clamp(max=max(0, pictures - 2))
    share = (places - low).to(features.dtype)[:, None]
    first, second = features[:, low], features[:, (low + 1).clamp(max=pictures - 1)]
    return first + share * (second - first)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the landmarks of interest stand in an array of points."""

    right_eye: int
    left_eye: int
    nose: int
    chin: int
    forehead: int
    upper_inner: int
    lower_inner: int
    upper_outer: int
    lower_outer: int
    corners: tuple[int, int]


LIP_POINTS = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409,
    78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415,
)  # fmt: skip
KEPT_POINTS = (*LIP_POINTS, 33, 263, 1, 152, 10)
"""Which of the face mesh the archives keep: lips, outer corners of the eyes, nose, chin, forehead."""
_MESH = _Places(33, 263, 1, 152, 10, 13, 14, 0, 17, (61, 291))
_KEPT = _Places(*(KEPT_POINTS.index(point) for point in (33, 263, 1, 152, 10, 13, 14, 0, 17)), (KEPT_POINTS.index(61), KEPT_POINTS.index(291)))


def face_features(points: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Pose, motion and opening of one face, (frames, 24) float32 of about unit size, blind to the place and size of the face in the picture.

    `points`: (frames, 478, 2) of the face mesh, or the (frames, 45, 2) of KEPT_POINTS, in pixels; `seen`: (frames,) bool. Of the mouth
    only how far it and the jaw are open goes in: this stream carries timing and energy, the lips' own stream their shape. Columns: roll, yaw,
    pitch, head height, jaw, chin aside, inner opening, outer opening, corner height, change of each of roll, yaw, pitch, jaw, inner and outer
    opening, size of the last three changes' sum over 0.2 s and over 1 s, opening over its own 1 s mean, head motion in x and y, its speed,
    change of size, mean opening of 1 s, seen. Frames not seen repeat the face before.
    Raises ValueError for other shapes."""
    if points.ndim != 3 or points.shape[1] not in (45, 478) or points.shape[2] != 2 or len(seen) != len(points):
        raise ValueError(f"Landmarks of a face are (frames, 478, 2) or (frames, 45, 2) with as many marks of seen; these are {points.shape} and {seen.shape}.")
    if not seen.any():
        return np.zeros((len(points), FACE_WIDTH), np.float32)
    places = _MESH if points.shape[1] == 478 else _KEPT
    held = points[_last_seen(seen)].astype(np.float64)
    centre, size, roll, upright = _upright(held, places)
    pose = _pose(upright, places, roll)
    opening = pose[:, 6] + pose[:, 7]
    change = 4.0 * _change(pose[:, [0, 1, 2, 4, 6, 7]])
    energy = np.abs(change[:, 3:]).sum(1)
    motion = 40.0 * _change(centre) / size[:, None]
    columns = [
        pose, change, _mean(energy, 5)[:, None], _mean(energy, 25)[:, None], (opening - _mean(opening, 25))[:, None], motion,
        np.linalg.norm(motion, axis=1)[:, None], 400.0 * _change(np.log(size))[:, None], _mean(opening, 25)[:, None],
        seen[:, None].astype(np.float64),
    ]  # fmt: skip
    return np.clip(np.concatenate(columns, axis=1), -6.0, 6.0).astype(np.float32)


def _last_seen(seen: np.ndarray) -> np.ndarray:
    """For each frame the last one where the face was seen, or the first ever."""
    last = np.maximum.accumulate(np.where(seen, np.arange(len(seen)), -1))
    return np.where(last < 0, int(np.argmax(seen)), last)


def _upright(points: np.ndarray, places: _Places) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Centre between the eyes, smoothed eye distance, roll, and points turned upright in units of the eye distance."""
    right, left = points[:, places.right_eye], points[:, places.left_eye]
    centre, across = (right + left) / 2, left - right
    size = np.maximum(_mean(np.linalg.norm(across, axis=1), _SMOOTH_FRAMES), 1.0)
    roll = np.arctan2(across[:, 1], across[:, 0])
    cos, sin = np.cos(roll)[:, None], np.sin(roll)[:, None]
    x, y = points[..., 0] - centre[:, :1], points[..., 1] - centre[:, 1:]
    return centre, size, roll, np.stack([cos * x + sin * y, cos * y - sin * x], axis=-1) / size[:, None, None]


def _pose(upright: np.ndarray, places: _Places, roll: np.ndarray) -> np.ndarray:
    """(frames, 9): where things stand against the person's own usual, in tenths of the eye distance."""
    nose, chin, forehead = upright[:, places.nose], upright[:, places.chin], upright[:, places.forehead]
    corners = upright[:, list(places.corners)].mean(1)
    inner = upright[:, places.lower_inner, 1] - upright[:, places.upper_inner, 1]
    outer = upright[:, places.lower_outer, 1] - upright[:, places.upper_outer, 1]
    usual = [nose[:, 0], nose[:, 1], nose[:, 1] - forehead[:, 1], chin[:, 1] - nose[:, 1], chin[:, 0] - nose[:, 0]]
    kept = [inner, outer - np.median(outer), corners[:, 1] - nose[:, 1] - np.median(corners[:, 1] - nose[:, 1])]
    return np.stack([10.0 * roll] + [10.0 * (value - np.median(value)) for value in usual] + [10.0 * value for value in kept], axis=1)


def _change(values: np.ndarray) -> np.ndarray:
    """Central differences per frame; at the ends the one neighbour there is."""
    return np.gradient(values, axis=0) if len(values) > 1 else np.zeros_like(values)


def _mean(values: np.ndarray, width: int) -> np.ndarray:
    """Running mean of an odd `width` with held edges."""
    held = np.pad(values, width // 2, mode="edge")
    return np.convolve(held, np.full(width, 1.0 / width), mode="valid")


@dataclass(frozen=True, slots=True)
class FeatureFile:
    """Features of the user's own encoder (AV-HuBERT, ResNet, …) for one face at 25 fps: `values` (frames, width) float32."""

    values: np.ndarray

    @property
    def width(self) -> int:
        return self.values.shape[1]


def read_features(path: Path, *, width: int | None = None, pictures: int | None = None) -> FeatureFile:
    """An .npz with one array `features`, or an .npy, of shape (frames, width) at 25 fps. `width` and `pictures`, where given, are checked: the
    net's width, and how many pictures the face has (one more or less is forgiven: the end is cut or repeated).

    Raises ValueError with what differs."""
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            values = loaded if isinstance(loaded, np.ndarray) else loaded["features"]
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise ValueError(f"{path} cannot be read as visual features ({error}); save one array “features” of (frames, width) with numpy.savez.") from error
    if values.ndim != 2 or not len(values) or values.dtype.kind != "f" or not np.isfinite(values).all():
        raise ValueError(f"{path} should hold finite numbers of shape (frames, width) at 25 fps; it holds {values.dtype} of {values.shape}.")
    if width is not None and values.shape[1] != width:
        raise ValueError(f"{path} is {_described(values.shape[1])}, this voice was trained with {_described(width)}; use the encoder it was trained with.")
    if pictures is not None and abs(len(values) - pictures) > 1:
        raise ValueError(f"{path} has features of {len(values)} pictures, the face has {pictures} at 25 fps; extract them at 25 fps from the same clip.")
    if pictures is not None:
        values = values[np.minimum(np.arange(pictures), len(values) - 1)]
    return FeatureFile(values.astype(np.float32))


def _described(width: int) -> str:
    return f"{width} wide ({KNOWN_WIDTHS[width]})" if width in KNOWN_WIDTHS else f"{width} wide"

"""Drawing with Pillow in local coordinates: smooth closed shapes, strokes, and soft light. Paths are float arrays of shape (n, 2)."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, sin

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Points = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Placement:
    """Local units to image pixels: scale, then turn by `tilt_rad`, then move. `yaw` and `nod` shift what lies in front of a head."""

    x_px: float
    y_px: float
    scale: float
    tilt_rad: float = 0.0
    yaw: float = 0.0
    nod: float = 0.0

    def apply(self, path: np.ndarray) -> np.ndarray:
        c, s = cos(self.tilt_rad) * self.scale, sin(self.tilt_rad) * self.scale
        return np.stack([path[:, 0] * c - path[:, 1] * s + self.x_px, path[:, 0] * s + path[:, 1] * c + self.y_px], 1)

    def on_face(self, path: np.ndarray, *, half_width: float = 66.0) -> np.ndarray:
        """Shift a path that lies on the front of the head: the middle moves most, the outline not at all."""
        depth = np.sqrt(np.clip(1 - (path[:, 0] / half_width) ** 2, 0, 1))
        return np.stack([path[:, 0] + self.yaw * depth, path[:, 1] + self.nod * depth], 1)


def smooth(points: Points, *, is_closed: bool = True, steps: int = 10) -> np.ndarray:
    """A Catmull-Rom curve through the points."""
    p = np.array(points, float)
    count = len(p)
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    out = []
    for i in range(count if is_closed else count - 1):
        a, b, c, d = (p[(i + k) % count] if is_closed else p[min(max(i + k, 0), count - 1)] for k in (-1, 0, 1, 2))
        out.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - 3 * c + d - a) * t**3))
    return np.concatenate(out if is_closed else [*out, p[-1:]])


def mirrored(points: Points) -> Points:
    """Right half given from top to bottom; returns the whole outline."""
    return points + [(-x, y) for x, y in reversed(points) if x != 0]


def ellipse(x: float, y: float, half_width: float, half_height: float, *, count: int = 40) -> np.ndarray:
    turn = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([x + half_width * np.cos(turn), y + half_height * np.sin(turn)], 1)


class Pen:
    """Draws on one RGB image under one placement."""

    def __init__(self, image: Image.Image, place: Placement) -> None:
        self.image, self.place = image, place
        self._draw = ImageDraw.Draw(image)

    def fill(self, path: np.ndarray, colour: Colour) -> None:
        self._draw.polygon([tuple(point) for point in self.place.apply(path)], fill=colour)

    def stroke(self, path: np.ndarray, colour: Colour, width: float) -> None:
        """An open line with round joints and ends; `width` in local units."""
        points, size = self.place.apply(path), width * self.place.scale
        self._draw.line([tuple(point) for point in points], fill=colour, width=max(1, round(size)), joint="curve")
        for x, y in (points[0], points[-1]):
            self._draw.ellipse([x - size / 2, y - size / 2, x + size / 2, y + size / 2], fill=colour)

    def soft(self, path: np.ndarray, colour: Colour, *, alpha: float, blur: float, clip: np.ndarray | None = None) -> None:
        """A see-through shape with blurred edges (`blur` in local units), kept inside `clip` where one is given."""
        points, radius = self.place.apply(path), blur * self.place.scale
        kept = points if clip is None else self.place.apply(clip)
        reach = 0 if clip is not None else 3 * radius
        low = np.maximum(np.floor(kept.min(0) - reach), 0).astype(int)
        high = np.minimum(np.ceil(kept.max(0) + reach), self.image.size).astype(int)
        if (high <= low).any():
            return
        mask = _mask(points - low, tuple(high - low), round(255 * alpha))
        if radius > 0:
            mask = mask.filter(ImageFilter.GaussianBlur(radius))
        if clip is not None:
            mask = ImageChops.multiply(mask, _mask(kept - low, tuple(high - low), 255))
        self.image.paste(colour, (int(low[0]), int(low[1]), int(high[0]), int(high[1])), mask)


def _mask(points: np.ndarray, size: tuple[int, int], level: int) -> Image.Image:
    mask = Image.new("L", (int(size[0]), int(size[1])), 0)
    ImageDraw.Draw(mask).polygon([tuple(point) for point in points], fill=level)
    return mask

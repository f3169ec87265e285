"""Drawn faces that the face tracker takes for real ones: where they are, how wide the mouth is open and how large they are is known exactly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

SKIN, HAIR, LIPS, INSIDE, DARK = (225, 175, 150), (60, 40, 30), (170, 70, 70), (50, 15, 20), (10, 10, 10)


@dataclass(frozen=True, slots=True)
class Drawn:
    """One face: its middle and width in px, and how wide the mouth is open (0 shut, 0.2 wide)."""

    x: float = 160.0
    y: float = 120.0
    width_px: float = 100.0
    opening: float = 0.0


def picture(*faces: Drawn, width: int = 320, height: int = 240, back: tuple[int, int, int] = (120, 140, 150)) -> np.ndarray:
    """RGB uint8, shape (height, width, 3)."""
    canvas = np.full((height, width, 3), back, np.uint8)
    for face in faces:
        _draw(canvas, face)
    return cv2.GaussianBlur(canvas, (3, 3), 0)


def _draw(canvas: np.ndarray, face: Drawn) -> None:
    unit = face.width_px / 1.64

    def place(x: float, y: float) -> tuple[int, int]:
        return round((face.x + x * unit) * 16), round((face.y + y * unit) * 16)

    def oval(x: float, y: float, wide: float, high: float, colour: tuple[int, int, int]) -> None:
        axes = (round(wide * unit * 16), round(high * unit * 16))
        cv2.ellipse(canvas, place(x, y), axes, 0, 0, 360, colour, -1, cv2.LINE_AA, 4)

    oval(0, -0.15, 1.0, 1.25, HAIR)
    oval(0, 1.5, 0.45, 0.6, (190, 140, 115))
    oval(0, 0.1, 0.82, 1.08, SKIN)
    oval(0, -0.95, 0.8, 0.35, HAIR)
    for side in (-1, 1):
        oval(side * 0.36, -0.1, 0.19, 0.1, (250, 250, 250))
        oval(side * 0.36, -0.1, 0.09, 0.09, (70, 45, 30))
        oval(side * 0.36, -0.1, 0.045, 0.045, DARK)
        oval(side * 0.36, -0.3, 0.22, 0.035, HAIR)
        oval(side * 0.1, 0.34, 0.05, 0.03, (150, 100, 85))
    oval(0, 0.22, 0.1, 0.14, (205, 150, 128))
    oval(0, 0.62, 0.3, 0.08 + face.opening * 0.5, LIPS)
    if face.opening > 0:
        oval(0, 0.62, 0.22, face.opening * 0.5, INSIDE)
    else:
        cv2.line(canvas, place(-0.28, 0.62), place(0.28, 0.62), (110, 40, 45), 2, cv2.LINE_AA, 4)


def talking(frame: int) -> float:
    """An opening that moves as in speech: four syllables a second at 25 frames a second."""
    return 0.2 * (0.5 - 0.5 * float(np.cos(2 * np.pi * frame * 4 / 25)))


def film(path: Path, pictures: list[np.ndarray], *, rate: str = "25") -> Path:
    """The pictures as an H.264 film without sound."""
    import subprocess

    import imageio_ffmpeg

    height, width = pictures[0].shape[:2]
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", rate]
    argv += ["-i", "pipe:0", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "12", "-pix_fmt", "yuv420p", str(path)]
    subprocess.run(argv, input=b"".join(item.tobytes() for item in pictures), check=True, capture_output=True)
    return path

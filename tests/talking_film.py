"""A film whose one face is a green square with a black mouth that opens when a tone sounds: what the fake tracker and scorer judge.

Where the face is, when it speaks and how late the sound is are known exactly. Also a WAV of any other talk, for takes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np

from studio.domain.timing import ms_to_samples

WIDTH, HEIGHT, SIDE = 320, 240, 100
LEFT, TOP = 110, 60
RATE_HZ, FRAME_MS = 16_000, 40
FRAMES = 100


def talk(seed: int = 0, frames: int = FRAMES) -> np.ndarray:
    """How loud the voice is in each frame, 0..1: syllables of changing length and strength, with rests between."""
    chance = np.random.default_rng(seed)
    loud = np.zeros(frames, np.float32)
    at = 5
    while at < frames - 8:
        length = int(chance.integers(2, 7))
        loud[at : at + length] = chance.uniform(0.4, 1.0)
        at += length + int(chance.integers(1, 4))
    return loud


def voice(loud: np.ndarray, *, late_ms: int = 0) -> np.ndarray:
    """A tone as loud as `loud` says, at 16 kHz, moved by `late_ms`; as long as the frames."""
    size = ms_to_samples(FRAME_MS, RATE_HZ)
    level = np.repeat(loud, size)
    moved = np.zeros_like(level)
    by = ms_to_samples(abs(late_ms), RATE_HZ)
    if late_ms >= 0:
        moved[by:] = level[: len(level) - by]
    else:
        moved[: len(level) - by] = level[by:]
    return (0.3 * moved * np.sin(2 * np.pi * 200 * np.arange(len(level)) / RATE_HZ)).astype(np.float32)


def picture(opening: float) -> np.ndarray:
    """RGB uint8; no face for an opening below 0."""
    canvas = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    if opening >= 0:
        canvas[TOP : TOP + SIDE, LEFT : LEFT + SIDE] = (30, 220, 30)
        half = round(opening * 18)
        canvas[TOP + 70 - half : TOP + 70 + half + 1, LEFT + 25 : LEFT + 75] = 0
    return canvas


def talking_film(path: Path, *, late_ms: int = 0, loud: np.ndarray | None = None, has_face: bool = True, has_sound: bool = True) -> Path:
    """H.264 and PCM in Matroska, 25 fps."""
    import imageio_ffmpeg
    import soundfile

    loud = talk() if loud is None else loud
    frames = b"".join(picture(float(value) if has_face else -1.0).tobytes() for value in loud)
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}", "-r", "25", "-i", "pipe:0"]
    if has_sound:
        wav = path.with_suffix(".wav")
        soundfile.write(wav, voice(loud, late_ms=late_ms), RATE_HZ, subtype="PCM_16")
        argv += ["-i", str(wav), "-c:a", "pcm_s16le"]
    argv += ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "12", "-pix_fmt", "yuv420p", str(path)]
    subprocess.run(argv, input=frames, check=True, capture_output=True)
    return path

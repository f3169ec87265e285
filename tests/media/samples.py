"""Small media made by ffmpeg's own sources: each function writes one file and gives its path back."""

from __future__ import annotations

import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import soundfile

PICTURE = "testsrc2=size={size}:rate={rate}:duration={seconds}"
CLICKS = "aevalsrc='0.8*lt(mod(t,0.5),0.004)*sin(2*PI*1000*t)+0.02*sin(2*PI*(200+50*t)*t)':s={hz}:d={seconds}"


def ffmpeg(*arguments: str) -> None:
    subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *arguments], check=True, stdin=subprocess.DEVNULL, capture_output=True
    )


def film(path: Path, *codecs: str, seconds: float = 2, rate: str = "25", size: str = "160x120", hz: int = 44100, channels: int = 2) -> Path:
    """A test picture with clicks every half second under a slow sweep; `codecs` are ffmpeg's output options."""
    picture = PICTURE.format(size=size, rate=rate, seconds=seconds)
    sound = CLICKS.format(hz=hz, seconds=seconds)
    haste = ["-preset", "ultrafast"] if "libx264" in codecs else ["-deadline", "realtime", "-cpu-used", "8"] if "libvpx" in codecs else []
    ffmpeg("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-ac", str(channels), *codecs, *haste, str(path))
    return path


def sound(path: Path, *codecs: str, seconds: float = 2, hz: int = 44100) -> Path:
    ffmpeg("-f", "lavfi", "-i", CLICKS.format(hz=hz, seconds=seconds), *codecs, str(path))
    return path


def tone(path: Path, *, seconds: float = 0.5, hz: int = 300, rate_hz: int = 22050, level: float = 0.3) -> Path:
    """A mono WAV of a sine, as a stand-in for a take."""
    moments = np.arange(int(seconds * rate_hz)) / rate_hz
    soundfile.write(path, (level * np.sin(2 * np.pi * hz * moments)).astype(np.float32), rate_hz)
    return path


def container_s(path: Path) -> float | None:
    """What the container itself says it lasts."""
    import av

    with av.open(str(path)) as opened:
        return opened.duration / 1_000_000 if opened.duration else None

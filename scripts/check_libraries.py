"""After installing: loads every package that leans on a system library, and says in one sentence which library is missing."""

from __future__ import annotations

import ctypes
import re
import subprocess
import sys
from collections.abc import Callable

DEBIAN = {
    "libGL.so.1": "libgl1",
    "libX11.so.6": "libx11-6",
    "libxcb.so.1": "libxcb1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libgomp.so.1": "libgomp1",
    "libstdc++.so.6": "libstdc++6",
    "libz.so.1": "zlib1g",
    "libsndfile.so.1": "libsndfile1",
}


def _soundfile() -> None:
    import soundfile  # noqa: F401


def _av() -> None:
    import av  # noqa: F401


def _torch() -> None:
    import torch  # noqa: F401


def _onnxruntime() -> None:
    import onnxruntime  # noqa: F401


def _opencv() -> None:
    import cv2  # noqa: F401


def _mediapipe() -> None:
    import mediapipe  # noqa: F401


def _espeak() -> None:
    import espeakng_loader

    ctypes.CDLL(espeakng_loader.get_library_path())


def _ffmpeg() -> None:
    import imageio_ffmpeg

    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-version"], check=True, capture_output=True, stdin=subprocess.DEVNULL)


CHECKS: dict[str, Callable[[], None]] = {
    "soundfile": _soundfile,
    "av": _av,
    "torch": _torch,
    "onnxruntime": _onnxruntime,
    "opencv-contrib-python": _opencv,
    "mediapipe": _mediapipe,
    "espeakng-loader": _espeak,
    "imageio-ffmpeg": _ffmpeg,
}

WITHOUT = {
    "opencv-contrib-python": "Without it the studio runs, but does not look for faces.",
    "mediapipe": "Without it the studio runs, but does not look for faces.",
}
"""What is missing without a package the studio can do without."""


def complaint(package: str, error: Exception) -> str:
    """One sentence: which package, which system library, and how to get it."""
    found = re.search(r"lib[\w.+-]+\.(?:so|dylib)[\w.]*", str(error))
    if found and "cannot open shared object" in str(error):
        library = found.group()
        remedy = f"apt-get install {DEBIAN[library]}" if library in DEBIAN else f"apt-file search {library} names the package"
        return f"The package {package} needs the system library {library}; install it (Debian, Ubuntu: {remedy}) and run the command again."
    return f"The package {package} does not load on this machine ({str(error).splitlines()[0]}); delete .venv and run the command again."


def main() -> int:
    for package, check in CHECKS.items():
        try:
            check()
        except (ImportError, OSError, RuntimeError, subprocess.CalledProcessError) as error:
            print(complaint(package, error), *filter(None, [WITHOUT.get(package)]), file=sys.stderr)
            if package not in WITHOUT:
                return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

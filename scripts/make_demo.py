"""Makes assets/demo from nothing: the clip, its lines in two languages, and the project file. `python -m scripts.make_demo`.

Enters: scripts/demo/story.py. Leaves: demo.mp4, demo.en.vtt, demo.zh.vtt, demo.json. To tell another story, edit PARTS there.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import soundfile
from PIL import Image
from scipy.signal import butter, resample_poly, sosfilt

from scripts.demo.acting import Acting
from scripts.demo.canvas import Placement
from scripts.demo.harbour import HEIGHT, WIDTH, Harbour
from scripts.demo.people import draw_cake, draw_mara, draw_tom
from scripts.demo.story import FPS, SpokenPart, frame_count, speak_story

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "demo"
SIZE, FINE = (640, 360), 3  # people are drawn three times larger and scaled down
RATE_HZ = 48_000


@dataclass(frozen=True, slots=True)
class Shot:
    """Where people stand in a shot (output pixels, scale), how soft the background is, and which part of it is seen."""

    tom: tuple[float, float, float] | None
    mara: tuple[float, float, float] | None
    blur_px: float
    view: tuple[float, float, float, float]  # of the harbour picture: left, top, right, bottom as shares


SHOTS = {
    "both": Shot((188, 178, 0.80), (446, 186, 0.80), 0.6, (0, 0, 1, 1)),
    "tom": Shot((300, 176, 1.18), None, 5, (0.0, 0.06, 0.82, 0.88)),
    "mara": Shot(None, (345, 196, 1.18), 5, (0.18, 0.06, 1.0, 0.88)),
}


def shot_of(frame: int, spoken: tuple[SpokenPart, ...]) -> tuple[str, int]:
    """The shot on screen and the frame it began at: cuts fall midway into the pause before a line."""
    name, since = spoken[0].part.shot, 0
    for before, item in zip(spoken, spoken[1:], strict=False):
        cut = (before.end_ms + item.start_ms) // 2 * FPS // 1000
        if cut <= frame and item.part.shot != name:
            name, since = item.part.shot, cut
    return name, since


def draw_frame(frame: int, harbour: Harbour, people: dict[str, Acting], spoken: tuple[SpokenPart, ...]) -> bytes:
    name, since = shot_of(frame, spoken)
    shot, large = SHOTS[name], (SIZE[0] * FINE, SIZE[1] * FINE)
    left, top, right, bottom = shot.view
    scene = harbour.paint(frame / FPS, blur_px=shot.blur_px)
    image = scene.resize(large, Image.Resampling.BICUBIC, (left * WIDTH, top * HEIGHT, right * WIDTH, bottom * HEIGHT))
    for who, spot, draw in (("Tom", shot.tom, draw_tom), ("Mara", shot.mara, draw_mara)):
        if spot is not None:
            x, y, scale = (value * FINE for value in spot)
            draw(image, Placement(x, y, scale), people[who].pose(frame))
            if who == "Tom" and name == "both":
                draw_cake(image, Placement(x, y, scale))
    push = min(0.03, 0.0003 * (frame - since))  # a slow push in
    box = (large[0] * push / 2, large[1] * push / 2, large[0] * (1 - push / 2), large[1] * (1 - push / 2))
    return image.resize(SIZE, Image.Resampling.LANCZOS, box).tobytes()


def sea_sound(length: int) -> np.ndarray:
    """Waves and wind, and a bell buoy far off; float32, shape (length, 2)."""
    rng = np.random.default_rng(11)
    time_s = np.arange(length) / RATE_HZ
    bed = np.zeros((length, 2))
    for side in (0, 1):
        noise = rng.standard_normal(length)
        wash = sosfilt(butter(2, (180, 1400), "bandpass", fs=RATE_HZ, output="sos"), noise)
        rumble = sosfilt(butter(2, 110, fs=RATE_HZ, output="sos"), noise)
        swell = 0.5 + 0.5 * np.sin(2 * np.pi * time_s / 6.5 + side * 0.7) * np.sin(2 * np.pi * time_s / 4.1 + 1)
        bed[:, side] = 0.018 * wash * (0.35 + swell) + 0.05 * rumble
    for at_s, level in ((1.9, 0.010), (9.3, 0.008), (17.6, 0.009), (23.9, 0.010)):
        start = int(at_s * RATE_HZ)
        tail = np.arange(max(0, min(length - start, 3 * RATE_HZ))) / RATE_HZ
        ring = sum(np.exp(-tail * decay) * np.sin(2 * np.pi * hz * tail) for hz, decay in ((523, 1.6), (1247, 2.6), (1811, 4.0)))
        bed[start : start + len(tail)] += level * ring[:, None] * [0.7, 1.0]
    return bed


def mix_sound(spoken: tuple[SpokenPart, ...]) -> np.ndarray:
    """Voices a little left and right over the sea; float32, shape (n_samples, 2) at 48 kHz."""
    length = frame_count(spoken) * RATE_HZ // FPS
    mix = sea_sound(length)
    for item in spoken:
        voice = resample_poly(item.samples, RATE_HZ * 2, item.rate_hz * 2)
        voice *= 0.085 / np.sqrt(np.mean(voice**2))
        start = item.start_ms * RATE_HZ // 1000
        sides = (1.0, 0.82) if item.part.who == "Tom" else (0.82, 1.0)
        mix[start : start + len(voice)] += voice[: length - start, None] * sides
    fade = np.minimum(1, np.minimum(np.arange(length), np.arange(length)[::-1]) / (0.4 * RATE_HZ))
    return np.clip(mix * fade[:, None], -0.98, 0.98).astype(np.float32)


def stamp(ms: int) -> str:
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"


def subtitles(spoken: tuple[SpokenPart, ...], *, is_chinese: bool) -> str:
    cues = [
        f"{number}\n{stamp(item.start_ms)} --> {stamp(item.end_ms)}\n<v {item.part.who}>{item.part.chinese if is_chinese else item.part.text}\n"
        for number, item in enumerate(spoken, 1)
    ]
    return "\n".join(["WEBVTT\n", *cues])


def encode(spoken: tuple[SpokenPart, ...], sound: Path, out: Path) -> None:
    """Draw every frame into one encoder; a single thread, so that the same versions give the same file."""
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"]
    argv += ["-s", f"{SIZE[0]}x{SIZE[1]}", "-r", str(FPS), "-i", "-", "-i", str(sound)]
    argv += ["-c:v", "libx264", "-preset", "veryslow", "-tune", "animation", "-crf", "22", "-threads", "1", "-pix_fmt", "yuv420p"]
    argv += ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-vf", "scale=out_color_matrix=bt709"]
    argv += ["-c:a", "aac", "-b:a", "96k", "-metadata:s:a:0", "language=eng", "-map_metadata", "-1", "-fflags", "+bitexact"]
    argv += ["-movflags", "+faststart", "-f", "mp4", str(out)]
    harbour = Harbour()
    people = {"Tom": Acting("Tom", spoken, 1), "Mara": Acting("Mara", spoken, 2)}
    with subprocess.Popen(argv, stdin=subprocess.PIPE) as encoder:
        for frame in range(frame_count(spoken)):
            encoder.stdin.write(draw_frame(frame, harbour, people, spoken))
        encoder.stdin.close()
        if encoder.wait() != 0:
            raise SystemExit("ffmpeg could not encode the clip; its words are above.")


def write_beside(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    spoken = speak_story()
    with tempfile.TemporaryDirectory() as folder:
        sound, part = Path(folder) / "sound.wav", FOLDER / "demo.mp4.part"
        soundfile.write(sound, mix_sound(spoken), RATE_HZ)
        encode(spoken, sound, part)
        os.replace(part, FOLDER / "demo.mp4")
    write_beside(FOLDER / "demo.en.vtt", subtitles(spoken, is_chinese=False))
    write_beside(FOLDER / "demo.zh.vtt", subtitles(spoken, is_chinese=True))
    about = {
        "name": "The last ferry",
        "media": "demo.mp4",
        "source_language": "en",
        "target_language": "zh",
        "lines": "demo.en.vtt",
        "translation": "demo.zh.vtt",
    }
    write_beside(FOLDER / "demo.json", json.dumps(about, indent=2) + "\n")


if __name__ == "__main__":
    main()

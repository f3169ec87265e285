"""What the benchmarks dub: the demo, and longer programmes joined from it or from a folder of real clips, with their lines."""

from __future__ import annotations

import csv
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg

DEMO = Path(__file__).resolve().parent.parent / "assets" / "demo"
CUE = re.compile(r"(\d+):(\d+):(\d+)\.(\d+) --> (\d+):(\d+):(\d+)\.(\d+)\n(.+)")


@dataclass(frozen=True, slots=True)
class Material:
    name: str
    media: Path
    lines: Path
    duration_s: float


def demo_programme(name: str, length_s: float, folder: Path) -> Material:
    """The demo, over and over, `length_s` long; picture and sound copied, lines moved along."""
    cues = [_cue(found) for found in CUE.finditer((DEMO / "demo.en.vtt").read_text(encoding="utf-8"))]
    once_s = media_seconds(DEMO / "demo.mp4")
    media = folder / f"{name}.mp4"
    _ffmpeg("-stream_loop", str(int(length_s / once_s)), "-i", str(DEMO / "demo.mp4"), "-t", str(length_s), "-c", "copy", str(media))
    duration_s = media_seconds(media)
    moved = [(start + k * once_s, end + k * once_s, text) for k in range(int(length_s / once_s) + 1) for start, end, text in cues]
    return Material(name, media, _write_lines(folder / f"{name}.vtt", [cue for cue in moved if cue[1] < duration_s]), duration_s)


def real_programme(name: str, length_s: float, clips: Path, folder: Path) -> Material:
    """Clips of an index.csv (file, duration_s, transcript, language) joined, scaled to one size; one line for each transcript."""
    with (clips / "index.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["transcript"] and row["language"] == "en" and row["acodec"] and row["width"]]
    chosen, cues, at_s = [], [], 0.0
    while at_s < length_s and rows:
        row = rows[len(chosen) % len(rows)]
        chosen.append(_same_shape(clips / row["file"], folder / f"part{len(chosen) % len(rows)}.mp4"))
        part_s = media_seconds(chosen[-1])
        cues.append((at_s, at_s + part_s - 0.05, row["transcript"]))
        at_s += part_s
    listing = folder / "parts.txt"
    listing.write_text("".join(f"file '{path.name}'\n" for path in chosen), encoding="utf-8")
    media = folder / f"{name}.mp4"
    _ffmpeg("-f", "concat", "-i", str(listing), "-c", "copy", str(media))
    return Material(name, media, _write_lines(folder / f"{name}.vtt", cues), media_seconds(media))


def media_seconds(path: Path) -> float:
    import av

    with av.open(str(path)) as container:
        return float(container.duration or 0) / av.time_base


def _same_shape(source: Path, out: Path) -> Path:
    if not out.exists():
        fit = "scale=640:360:force_original_aspect_ratio=decrease,pad=640:360:-1:-1,fps=25"
        sound = ("-ar", "48000", "-ac", "2", "-c:a", "aac")
        _ffmpeg("-i", str(source), "-vf", fit, "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", *sound, str(out))
    return out


def _cue(found: re.Match[str]) -> tuple[float, float, str]:
    numbers = [int(text) for text in found.groups()[:8]]
    start, end = (h * 3600 + m * 60 + s + ms / 1000 for h, m, s, ms in (numbers[:4], numbers[4:]))
    return start, end, found.group(9)


def _write_lines(path: Path, cues: list[tuple[float, float, str]]) -> Path:
    def stamp(seconds: float) -> str:
        ms = round(seconds * 1000)
        return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"

    path.write_text("WEBVTT\n\n" + "\n".join(f"{stamp(a)} --> {stamp(b)}\n{text}\n" for a, b, text in cues), encoding="utf-8")
    return path


def _ffmpeg(*words: str) -> None:
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *words], check=True, stdin=subprocess.DEVNULL)

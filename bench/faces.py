"""Face tracking of a film, decoding and archive included: frames a second, and memory while it goes on. `python -m bench.faces CLIP`.

The clip is brought to 640 × 360 at 25 Hz once, then played over and over as if it were one long film; memory is that of this process
and the tracker's together. On a busy machine the CPU time per frame says more than the wall time: decoding and looking run side by side.
A film of two hours is too long to look at here: what could grow with it, joining and archive, is fed as many faces by itself.
Aim: 60 frames/s on two cores, and memory that does not grow.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import psutil

from bench.machine import as_plain, this_machine
from studio.domain.faces import FACE_RATE_HZ, MOUTH_SIDE_PX, FaceTracks
from studio.engines.faces_mediapipe import MediapipeFaceTracker
from studio.engines.protocols import FaceSeen
from studio.media.face_archive import FaceArchiveWriter
from studio.media.ffmpeg import ToolCall, input_args, local, run
from studio.media.pictures import PictureQuery, pictures
from studio.stages.face_tracks import TrackJoiner
from studio.stages.faces import Watch, track_faces

AIM_FPS = 60.0
SIZE = (640, 360)
FILM_FRAMES = 2 * 3600 * FACE_RATE_HZ  # two hours
SAMPLES = 20


@dataclass(slots=True)
class Watched:
    """What is noted while frames go by: memory in MiB at even distances, and the CPU seconds of both processes."""

    every_frames: int
    memory_mib: list[tuple[int, float]] = field(default_factory=list)
    worker_cpu_s: float = 0.0

    def look(self, done: int) -> None:
        if done % self.every_frames:
            return
        me = psutil.Process()
        workers = me.children()
        self.memory_mib.append((done, round(sum(process.memory_info().rss for process in (me, *workers)) / 2**20, 1)))
        self.worker_cpu_s = max(self.worker_cpu_s, sum(sum(process.cpu_times()[:2]) for process in workers))


@dataclass(frozen=True, slots=True)
class Result:
    """`decode_fps`: pictures alone. CPU in ms per frame of this process (decoding, cuts, joining, archive) and of the tracker's."""

    frames: int
    faces_per_frame: float
    fps: float
    decode_fps: float
    own_cpu_ms: float
    worker_cpu_ms: float
    cpu_bound_fps: float
    memory_mib: list[tuple[int, float]]
    memory_growth_mib: float
    archive_bytes_per_frame: float


def looped(clip: Path, frames: int) -> Iterator[np.ndarray]:
    """The clip's pictures, decoded again each time round, `frames` in all."""
    left = frames
    while left > 0:
        for picture in pictures(PictureQuery(clip, clip.name)):
            yield picture
            left -= 1
            if left == 0:
                return


def measure(clip: Path, folder: Path, frames: int) -> Result:
    """Track `frames` of the looped clip; `folder` takes the archive."""
    started = time.perf_counter()
    count = sum(1 for _ in looped(clip, min(frames, 1000)))
    decode_fps = count / (time.perf_counter() - started)
    watched, archive = Watched(max(1, frames // SAMPLES)), folder / "faces.npz"
    cpu_s, started = time.process_time(), time.perf_counter()
    with FaceArchiveWriter(archive) as writer:
        found = track_faces(looped(clip, frames), MediapipeFaceTracker(), writer, Watch(progress=watched.look))
    wall_s, cpu_s = time.perf_counter() - started, time.process_time() - cpu_s
    own_ms, worker_ms = 1000 * cpu_s / frames, 1000 * watched.worker_cpu_s / watched.memory_mib[-1][0]
    settled = [mib for _, mib in watched.memory_mib[len(watched.memory_mib) // 4 :]]
    return Result(
        frames=frames,
        faces_per_frame=round(_faces(found) / frames, 2),
        fps=round(frames / wall_s, 1),
        decode_fps=round(decode_fps, 1),
        own_cpu_ms=round(own_ms, 2),
        worker_cpu_ms=round(worker_ms, 2),
        cpu_bound_fps=round(min(1000 / max(own_ms, worker_ms), 2000 / (own_ms + worker_ms)), 1),
        memory_mib=watched.memory_mib,
        memory_growth_mib=round(settled[-1] - settled[0], 1),
        archive_bytes_per_frame=round(archive.stat().st_size / frames, 1),
    )


@dataclass(frozen=True, slots=True)
class Joined:
    """A whole film's faces through joining and archive alone: memory in MiB at even distances of frames."""

    frames: int
    tracks: int
    seconds: float
    memory_mib: list[tuple[int, float]]
    memory_growth_mib: float


def joined(folder: Path, frames: int, shot_frames: int = 250) -> Joined:
    """Two made-up faces in every frame, a cut every ten seconds, `frames` in all."""
    y, x = np.mgrid[:MOUTH_SIDE_PX, :MOUTH_SIDE_PX].astype(np.uint8)
    mouths = [x + y * number for number in range(8)]
    shape = np.random.default_rng(0).uniform(0, 100, (478, 2)).astype(np.float32)
    watched, started = Watched(max(1, frames // SAMPLES)), time.perf_counter()
    with FaceArchiveWriter(folder / "film.npz") as writer:
        joiner = TrackJoiner(writer)
        for frame in range(frames):
            faces = [FaceSeen((left, 50.0, 100.0, 100.0), shape + left, 0.0, mouths[frame % 8]) for left in (50.0, 300.0)]
            joiner.feed(faces, is_cut=frame % shot_frames == 0)
            watched.look(frame + 1)
        tracks = joiner.finish()
    settled = [mib for _, mib in watched.memory_mib[len(watched.memory_mib) // 4 :]]
    return Joined(frames, len(tracks), round(time.perf_counter() - started, 1), watched.memory_mib, round(settled[-1] - settled[0], 1))


def _faces(found: FaceTracks) -> float:
    return sum((track.end_frame - track.start_frame) * track.found_share for track in found.tracks)


def _prepared(clip: Path, folder: Path) -> Path:
    """The clip at 640 × 360 and 25 Hz, H.264, without sound."""
    out = folder / "clip.mp4"
    width, height = SIZE
    look = f"scale={width}:{height}:force_original_aspect_ratio=decrease,pad={width}:{height}:(ow-iw)/2:(oh-ih)/2,fps={FACE_RATE_HZ}"
    run([*input_args(clip), "-an", "-vf", look, "-c:v", "libx264", "-pix_fmt", "yuv420p", local(out)], ToolCall("Preparing the clip"))
    return out


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.faces", description=__doc__.splitlines()[0])
    parser.add_argument("clip", type=Path, help="a film with a face")
    parser.add_argument("--frames", type=int, default=5000, help=f"how long to go on; a film of two hours has {FILM_FRAMES:,} frames")
    parser.add_argument("--film-frames", type=int, default=FILM_FRAMES, help="frames fed to joining and archive alone")
    parser.add_argument("--json", type=Path, default=None)
    args = parser.parse_args(argv)
    machine = this_machine()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(_prepared(args.clip, Path(folder)), Path(folder), args.frames)
        film = joined(Path(folder), args.film_frames)
    report = {
        "command": "python -m bench.faces " + " ".join(argv if argv is not None else sys.argv[1:]),
        "machine": as_plain(machine) | {"load_after": round(os.getloadavg()[0], 1)},
        "aim_fps": AIM_FPS,
        "result": asdict(found),
        "film": asdict(film),
    }
    if args.json is not None:
        args.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(machine)
    _tell(found, film)
    return 0


def _tell(found: Result, film: Joined) -> None:
    print(f"{found.frames} frames of 640 × 360, {found.faces_per_frame} faces in each: {found.fps} frames/s (aim {AIM_FPS:g}); decoding alone {found.decode_fps}")
    print(f"CPU per frame: {found.own_cpu_ms} ms here, {found.worker_cpu_ms} ms in the tracker: {found.cpu_bound_fps} frames/s on two free cores")
    print(f"memory {found.memory_mib[0][1]} → {found.memory_mib[-1][1]} MiB, {found.memory_growth_mib:+} after the first quarter; archive {found.archive_bytes_per_frame} bytes a frame")
    print(f"joining and archive of {film.frames} frames, {film.tracks} tracks: {film.seconds} s, memory {film.memory_growth_mib:+} MiB after the first quarter")


if __name__ == "__main__":
    sys.exit(main())

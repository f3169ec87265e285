"""Mouth crops, lip shapes and sound of talking-face clips, as the lip recipes learn from them: one .npz per clip and `clips.csv`.

    python -m models.recipes.lip_features --index clips/index.csv --out build/lips
    python -m models.recipes.lip_features --videos grid_s1 --group grid_s1 --tier A --out build/lips

Clips that are there already are not looked at again. An index has columns file, group, set_id, system, tier, category; of every clip the
face that is largest most of the time is kept. Keys: crops (frames, 64, 64) uint8, shape (frames, 7) float32 in face heights, points
(frames, 45, 2) float32 in pixels (`models.speech.visual.KEPT_POINTS`), ok (frames,) bool, audio int16 at 16 kHz, from the same moment.
"""

from __future__ import annotations

import argparse
import csv
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from models.speech.visual import KEPT_POINTS
from models.sync.lip_data import CLIPS_FILE, ClipInfo
from models.sync.lip_scorer import MOUTH_SIDE_PX, RATE_HZ
from studio.domain.errors import StudioError
from studio.engines.faces_mediapipe import MediapipeFaceTracker
from studio.engines.protocols import FaceSeen
from studio.media.decode import SoundQuery, audio_blocks
from studio.media.pictures import PictureQuery, pictures
from studio.media.probe import probe

NOT_TALKING = ("no_speech", "no_audio", "active_speaker_silence", "animation", "multi_scene", "no_face_segments", "composite_long", "synthetic_face")
REDRAWN = ("av2av", "cascaded", "silent")  # systems that redraw the lips to their sound, or give none: no rivals of an original
FOREHEAD, CHIN, NOSE = 10, 152, 1  # of the face mesh
SHAPE = ((13, 14), (81, 178), (311, 402), (78, 308), (61, 291), (0, 17), (CHIN, NOSE))  # inner gaps, inner and outer width, height, jaw


@dataclass(frozen=True, slots=True)
class Footage:
    path: Path
    info: ClipInfo


def from_index(index: Path) -> Iterator[Footage]:
    """Originals of talking faces, and dubs whose picture is the original's."""
    with index.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            system = row["system"] or "original"
            if row["category"] in NOT_TALKING or system in REDRAWN:
                continue
            name = row["file"].rsplit(".", 1)[0].replace("/", "__")
            yield Footage(index.parent / row["file"], ClipInfo(name, row["group"], row["set_id"], system, row["tier"]))


def from_folder(folder: Path, group: str, tier: str) -> Iterator[Footage]:
    for path in sorted(folder.glob("*.mp4")):
        yield Footage(path, ClipInfo(f"{group}__{path.stem}", group, "", "original", tier))


def look(footage: Footage, out: Path) -> str | None:
    """Write the features of one clip; a sentence where there are none."""
    target = out / f"{footage.info.name}.npz"
    if target.is_file():
        return None
    try:
        info = probe(footage.path, name=footage.path.name)
        if not info.audio:
            return f"{footage.path.name} has no sound."
        faces = list(MediapipeFaceTracker().faces(pictures(PictureQuery(footage.path, footage.path.name))))
        audio = np.concatenate([block[:, 0] for block in audio_blocks(SoundQuery(footage.path, info.audio[0].index, RATE_HZ, channels=1))])
    except StudioError as error:
        return f"{footage.path.name}: {error}"
    mouths, shape, seen, points = main_face(faces)
    if not seen.any():
        return f"{footage.path.name} shows no face."
    beside = target.with_suffix(".part.npz")
    np.savez_compressed(beside, crops=mouths, shape=shape, points=points, ok=seen, audio=(np.clip(audio, -1, 1) * 32767).astype(np.int16))
    os.replace(beside, target)
    return None


def main_face(faces: Sequence[tuple[FaceSeen, ...]]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(crops, shapes, seen, points) of the face that goes on best from the one before, the largest to begin with. Gaps repeat the last crop."""
    mouths = np.zeros((len(faces), MOUTH_SIDE_PX, MOUTH_SIDE_PX), np.uint8)
    shape, seen = np.zeros((len(faces), len(SHAPE)), np.float32), np.zeros(len(faces), bool)
    points = np.zeros((len(faces), len(KEPT_POINTS), 2), np.float32)
    centre: np.ndarray | None = None
    for frame, found in enumerate(faces):
        if found:
            face = max(found, key=lambda item: item.box[2] if centre is None else -float(np.abs(_centre(item) - centre).max()))
            centre, seen[frame], mouths[frame], points[frame] = _centre(face), True, face.mouth, face.landmarks[list(KEPT_POINTS)]
            height = max(1.0, float(np.linalg.norm(face.landmarks[CHIN] - face.landmarks[FOREHEAD])))
            shape[frame] = [float(np.linalg.norm(face.landmarks[one] - face.landmarks[other])) / height for one, other in SHAPE]
        elif frame:
            mouths[frame], shape[frame], points[frame] = mouths[frame - 1], shape[frame - 1], points[frame - 1]
    return mouths, shape, seen, points


def _centre(face: FaceSeen) -> np.ndarray:
    left, top, width, height = face.box
    return np.array([left + width / 2, top + height / 2])


def write_list(out: Path, infos: Sequence[ClipInfo]) -> None:
    """`clips.csv` of every clip that has features, those of earlier runs kept."""
    path, rows = out / CLIPS_FILE, {}
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            rows = {row[0]: tuple(row) for row in list(csv.reader(file))[1:]}
    rows |= {info.name: astuple(info) for info in infos if (out / f"{info.name}.npz").is_file()}
    beside = path.with_suffix(".part")
    with beside.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("name", "group", "set_id", "system", "tier"), *rows.values()])
    os.replace(beside, path)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", type=Path, help="a table of clips")
    parser.add_argument("--videos", type=Path, help="a folder of .mp4 of one person")
    parser.add_argument("--group", default="", help="who or what the videos of --videos show; one name for all")
    parser.add_argument("--tier", default="A", help="licence tier of --videos")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(argv)
    if options.index is None and options.videos is None:
        parser.error("name clips with --index or --videos")
    if options.videos is not None and not options.group:
        parser.error("--videos needs --group: who the videos show")
    footage = list(chain(
        from_index(options.index) if options.index is not None else (),
        from_folder(options.videos, options.group, options.tier) if options.videos is not None else (),
    ))
    options.out.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(options.workers) as pool:
        for sentence in pool.map(look, footage, [options.out] * len(footage)):
            if sentence is not None:
                print(sentence, flush=True)
    write_list(options.out, [item.info for item in footage])
    print(f"{len(list(options.out.glob('*.npz')))} clips in {options.out}.", flush=True)


if __name__ == "__main__":
    main()

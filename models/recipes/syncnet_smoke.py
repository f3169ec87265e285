"""Made-up lip features in which a bright square opens with the loudness of a tone: something a tiny net can learn in seconds."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from models.sync.lip_data import CLIPS_FILE, SHAPE_SIZE
from models.sync.lip_scorer import MOUTH_SIDE_PX, SAMPLES_PER_FRAME


def smoke_features(folder: Path, *, clips: int = 6, frames: int = 60, seed: int = 0) -> Path:
    """Write `clips` originals and one dub of the first; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.RandomState(seed)
    rows = []
    for number in range(clips):
        opening = np.clip(np.convolve(random.rand(frames), np.ones(3) / 3, "same"), 0, 1)
        _write(folder / f"made{number}.npz", opening, opening, random)
        rows.append((f"made{number}", f"person{number}", f"set{number}", "original", "A"))
        if number == 0:
            _write(folder / "made0_dub.npz", opening, random.permutation(opening), random)
            rows.append(("made0_dub", "person0", "set0", "dubber", "A"))
    with (folder / CLIPS_FILE).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("name", "group", "set_id", "system", "tier"), *rows])
    return folder


def _write(path: Path, opening: np.ndarray, loudness: np.ndarray, random: np.random.RandomState) -> None:
    frames = len(opening)
    crops = np.full((frames, MOUTH_SIDE_PX, MOUTH_SIDE_PX), 90, np.uint8)
    for frame, wide in enumerate(opening):
        half = int(3 + 12 * wide)
        crops[frame, 32 - half : 32 + half, 20:44] = 200
    tone = np.sin(2 * np.pi * 220 * np.arange(frames * SAMPLES_PER_FRAME) / 16_000)
    audio = tone * np.repeat(loudness, SAMPLES_PER_FRAME) * 9000 + random.randn(frames * SAMPLES_PER_FRAME) * 20
    np.savez_compressed(path, crops=crops, ok=np.ones(frames, bool), shape=np.repeat(opening[:, None], SHAPE_SIZE, 1), audio=audio.astype(np.int16))

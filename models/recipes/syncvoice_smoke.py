"""Made-up utterances for a smoke run and for tests: tones with words, and a mouth that opens with them. Nothing to learn from but that it runs."""

from __future__ import annotations

import numpy as np

from models.recipes.syncvoice_data import Spoken
from models.speech.spectrum import BANDS, FRAMES_PER_S
from models.speech.visual import FACE_WIDTH, VIDEO_RATE_HZ

LIP_WIDTH = 64
VOICE_WIDTH = 256


def made_up(seed: int, count: int = 12, seconds: float = 0.6) -> list[Spoken]:
    rng = np.random.default_rng(seed)
    return [_one(rng, number, seconds) for number in range(count)]


def _one(rng: np.random.Generator, number: int, seconds: float) -> Spoken:
    frames, pictures = round(seconds * FRAMES_PER_S), round(seconds * VIDEO_RATE_HZ)
    tokens = tuple(rng.choice(list("abdeiou "), size=6))
    edges = np.linspace(0.1, seconds - 0.1, len(tokens) + 1)
    voice = rng.normal(size=VOICE_WIDTH)
    return Spoken(
        name=f"made_{number}", speaker="nobody", group="s1" if number % 2 else "made", split="valid" if number < 2 else "train",
        text="".join(tokens), mel=(rng.normal(size=(frames, BANDS)) - 5.0).astype(np.float16), tokens=tokens,
        starts_s=edges[:-1].astype(np.float32), ends_s=edges[1:].astype(np.float32), voice=(voice / np.linalg.norm(voice)).astype(np.float32),
        face=rng.normal(size=(pictures, FACE_WIDTH)).astype(np.float32), lips=rng.normal(size=(pictures, LIP_WIDTH)).astype(np.float32),
        is_seen=np.ones(pictures, bool), is_aligned=True,
    )  # fmt: skip

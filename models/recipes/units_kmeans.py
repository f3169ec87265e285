"""Step `kmeans` of the unit recipe: the bottleneck that parts phones and not voices, and the centroids in it.

Enters speech of many voices with phone times, and real speech without; leaves a `UnitEncoder`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from models.units.encoder import UnitEncoder, UnitEncoderConfig
from models.units.features import HOP, RATE_HZ, Pitch
from models.units.kmeans import KmeansConfig, deduplicate, distortion, fit_kmeans
from studio.engines.voice_protocols import Mark

FEWEST_SHARE = 1 / 2000  # of all frames that a phone has, to count as a class
TONE_OCTAVES = 0.1  # so far from the median a Mandarin vowel is high or low: its tones are meaning
TONAL = ("zh",)
FRAME_MS = 1000 * HOP // RATE_HZ
BATCH_FRAMES = 512


@dataclass(frozen=True, slots=True)
class Heard:
    """Features of one utterance, (frames, dims), and the phone of each frame; None: real speech, nobody knows."""

    rows: torch.Tensor
    phones: list[str] | None


@dataclass(frozen=True, slots=True)
class UnitQuality:
    """`purity`: share of synthetic frames whose unit's commonest phone is theirs. `units_per_s` after removing repeats."""

    distortion: float
    purity: float
    units_per_s: float
    used: int


def phones_of_frames(marks: Sequence[Mark], frames: int, language: str, pitch: Pitch | None = None) -> list[str]:
    """The phone in the middle of each 20 ms frame, with its language; stress does not count. With `pitch`, voiced frames of a language
    with tones also tell whether they are high or low."""
    names, at = [], 0
    heights = pitch.relative() if pitch is not None and language in TONAL else torch.zeros(frames)
    for frame in range(frames):
        middle_ms = frame * FRAME_MS + FRAME_MS // 2
        while at < len(marks) - 1 and marks[at].end_ms <= middle_ms:
            at += 1
        symbol = marks[at].symbol.strip("ˈˌ") if marks else ""
        octaves = float(heights[frame])
        tone = "+" if symbol and octaves > TONE_OCTAVES else "-" if symbol and octaves < -TONE_OCTAVES else ""
        names.append(f"{language}:{symbol}{tone}")
    return names


def fit_encoder(heard: Sequence[Heard], config: UnitEncoderConfig, kmeans: KmeansConfig, passes: int, seed: int) -> UnitEncoder:
    """The bottleneck learns the phones in `passes` over the synthetic speech; centroids are those of all that was heard.

    Raises ValueError where there is too little speech.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        encoder = UnitEncoder(config)
        rows = torch.cat([one.rows for one in heard])
        encoder.mean.copy_(rows.mean(0))
        encoder.scale.copy_(rows.std(0).clamp(min=1e-3))
        _learn_phones(encoder, [one for one in heard if one.phones is not None], passes)
    encoder.eval()
    with torch.no_grad():
        points = encoder.bottleneck(rows)
        encoder.centroids.copy_(fit_kmeans(points, kmeans, torch.Generator().manual_seed(seed)))
        encoder.spread.fill_(distortion(points, encoder.centroids))
    return encoder


def _learn_phones(encoder: UnitEncoder, known: Sequence[Heard], passes: int) -> None:
    rows, labels = labelled(torch.cat([one.rows for one in known]), [name for one in known for name in one.phones or ()])
    head = nn.Linear(encoder.config.width, int(labels.max()) + 1)
    optimizer = torch.optim.AdamW([*encoder.body.parameters(), *head.parameters()], lr=2e-3, weight_decay=0.01)
    steps = passes * len(rows) // BATCH_FRAMES + 1
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = 2e-3 * (1 - step / steps)
        chosen = torch.randint(len(rows), (BATCH_FRAMES,))
        loss = nn.functional.cross_entropy(head(encoder.bottleneck(rows[chosen])), labels[chosen], label_smoothing=0.1)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def labelled(rows: Tensor, names: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Frames of phones that are not too rare, and the number of each one's phone."""
    counts = Counter(names)
    kept = {name: index for index, name in enumerate(sorted(name for name, count in counts.items() if count >= max(2, FEWEST_SHARE * len(names))))}
    if not kept:
        raise ValueError("there is no speech with phones to learn from; give more phrases.")
    labels = torch.tensor([kept.get(name, -1) for name in names])
    return rows[labels >= 0], labels[labels >= 0]


@torch.no_grad()
def judge(encoder: UnitEncoder, heard: Sequence[Heard]) -> UnitQuality:
    """Quality on speech that need not have been fitted on."""
    units = [encoder.units_of_rows(one.rows) for one in heard]
    both: dict[int, Counter[str]] = {}
    for ids, one in zip(units, heard, strict=True):
        for unit, name in zip(ids.tolist(), one.phones or (), strict=False):
            both.setdefault(unit, Counter())[name] += 1
    total = sum(counts.total() for counts in both.values())
    runs = sum(len(deduplicate(ids).units) for ids in units)
    seconds = sum(map(len, units)) * HOP / RATE_HZ
    purity = sum(max(counts.values()) for counts in both.values()) / max(1, total)
    far = distortion(torch.cat([encoder.bottleneck(one.rows) for one in heard]), encoder.centroids)
    return UnitQuality(far, purity, runs / seconds, len(np.unique(torch.cat(units).numpy())))

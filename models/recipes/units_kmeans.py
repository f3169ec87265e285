"""Step `kmeans` of the unit recipe: the projection that parts phones and not voices, and the centroids in it.

Enters speech of many voices with phone times, and real speech without; leaves a `UnitEncoder`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from models.units.encoder import UnitEncoder, UnitEncoderConfig
from models.units.features import HOP, RATE_HZ
from models.units.kmeans import KmeansConfig, assign, deduplicate, distortion, fit_kmeans
from studio.engines.protocols import Mark

FEWEST_SHARE = 1 / 2000  # of all frames that a phone has, to count as a class
PITCH_WEIGHT = 5.0  # an octave in units of the spread within a phone: Mandarin needs its tones
FRAME_MS = 1000 * HOP // RATE_HZ


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


def phones_of_frames(marks: Sequence[Mark], frames: int, language: str) -> list[str]:
    """The phone in the middle of each 20 ms frame, with its language; stress does not count."""
    names, at = [], 0
    for frame in range(frames):
        middle_ms = frame * FRAME_MS + FRAME_MS // 2
        while at < len(marks) - 1 and marks[at].end_ms <= middle_ms:
            at += 1
        names.append(f"{language}:{marks[at].symbol.strip('ˈˌ')}" if marks else f"{language}:")
    return names


def fit_encoder(heard: Sequence[Heard], config: UnitEncoderConfig, kmeans: KmeansConfig, generator: torch.Generator) -> UnitEncoder:
    """Statistics of all that was heard. Raises ValueError where there is too little speech."""
    encoder = UnitEncoder(config)
    known = [one for one in heard if one.phones is not None]
    rows = torch.cat([one.rows for one in known]).double()
    names = [name for one in known for name in one.phones or ()]
    encoder.mean.copy_(torch.cat([one.rows for one in heard]).mean(0))
    pitch = torch.zeros(rows.shape[1], 1, dtype=torch.float64)
    pitch[encoder.features.config.frame_dims * config.features.context_frames + config.features.cepstra + 1] = PITCH_WEIGHT
    parting = discriminant(rows, names, config.projected - 1)
    encoder.projection.copy_(torch.cat((parting, pitch), dim=1))
    points = (torch.cat([one.rows for one in heard]) - encoder.mean) @ encoder.projection
    encoder.centroids.copy_(fit_kmeans(points, kmeans, generator))
    return encoder


def discriminant(rows: torch.Tensor, names: Sequence[str], dims: int) -> torch.Tensor:
    """Linear discriminant analysis: (features, dims) directions, best first, in which the spread within a class is 1."""
    counts = Counter(names)
    kept = {name: index for index, name in enumerate(sorted(name for name, count in counts.items() if count >= max(2, FEWEST_SHARE * len(names))))}
    if len(kept) <= dims:
        raise ValueError(f"{len(kept)} phones are too few to find {dims} directions; give more speech.")
    labels = torch.tensor([kept.get(name, -1) for name in names])
    rows, labels = rows[labels >= 0], labels[labels >= 0]
    totals = torch.bincount(labels).double()
    means = torch.zeros(len(kept), rows.shape[1], dtype=torch.float64).index_add_(0, labels, rows) / totals[:, None]
    apart = means - rows.mean(0)
    between = (apart * totals[:, None]).T @ apart / len(rows)
    rest = rows - means[labels]
    within = rest.T @ rest / len(rows) + 1e-4 * torch.eye(rows.shape[1], dtype=torch.float64)
    whiten = torch.linalg.inv(torch.linalg.cholesky(within))
    _, directions = torch.linalg.eigh(whiten @ between @ whiten.T)
    return whiten.T @ directions.flip(1)[:, :dims]


def judge(encoder: UnitEncoder, heard: Sequence[Heard]) -> UnitQuality:
    """Quality on speech that need not have been fitted on."""
    points = [(one.rows - encoder.mean) @ encoder.projection for one in heard]
    units = [assign(each, encoder.centroids) for each in points]
    both: dict[int, Counter[str]] = {}
    for ids, one in zip(units, heard, strict=True):
        for unit, name in zip(ids.tolist(), one.phones or (), strict=False):
            both.setdefault(unit, Counter())[name] += 1
    total = sum(counts.total() for counts in both.values())
    runs = sum(len(deduplicate(ids).units) for ids in units)
    seconds = sum(map(len, units)) * HOP / RATE_HZ
    purity = sum(max(counts.values()) for counts in both.values()) / max(1, total)
    used = len(np.unique(torch.cat(units).numpy()))
    return UnitQuality(distortion(torch.cat(points), encoder.centroids), purity, runs / seconds, used)
